use std::time::Duration;

use crate::resilience::{CallBudget, CallExhausted, Deadline};
use crate::time::{Clock, ManualClock, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn every_layer_draws_from_the_same_attempts() {
    let clock = ManualClock::default();
    let call = CallBudget::default().attempts(3);
    let (retry, fallback) = (call.clone(), CallBudget::from(&call));
    for layer in [&call, &retry, &fallback] {
        drop(layer.take_attempt(&clock).unwrap().begin());
    }
    assert_eq!(call.take_attempt(&clock).unwrap_err(), CallExhausted::Attempts);
    assert_eq!(retry.take_retry(&clock).unwrap_err(), CallExhausted::Attempts);
}

#[test]
fn an_attempt_that_never_began_goes_back() {
    let clock = ManualClock::default();
    let call = CallBudget::default().attempts(1);
    for _ in 0..5 {
        drop(call.take_attempt(&clock).unwrap());
    }
    assert_eq!(call.attempts_left(), 1);
    drop(call.take_attempt(&clock).unwrap().begin());
    assert_eq!(call.attempts_left(), 0, "one that began does not");
}

#[test]
fn no_attempt_begins_with_less_than_the_useful_minimum() {
    let clock = ManualClock::default();
    let call = CallBudget::new(Deadline::after(&clock, SECOND)).min_useful(SECOND / 4);
    assert!(call.allows(&clock, SECOND * 3 / 4));
    assert!(!call.allows(&clock, SECOND * 3 / 4 + Duration::from_nanos(1)));
    clock.advance(SECOND * 3 / 4);
    let attempt = call.take_attempt(&clock).unwrap();
    assert_eq!(
        attempt.timeout(&clock, SECOND),
        SECOND / 4,
        "the configured time is cut to what is left"
    );
    assert_eq!(attempt.timeout(&clock, SECOND / 8), SECOND / 8);
    drop(attempt);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(call.take_attempt(&clock).unwrap_err(), CallExhausted::Deadline);
    assert_eq!(call.attempts_left(), 16, "nothing was taken");
}

#[test]
fn nothing_begins_at_the_deadline_even_if_any_time_were_useful() {
    let clock = ManualClock::default();
    let call = CallBudget::new(Deadline::after(&clock, SECOND)).min_useful(Duration::ZERO);
    clock.advance(SECOND);
    assert_eq!(call.take_attempt(&clock).unwrap_err(), CallExhausted::Deadline);
}

#[test]
fn a_nested_client_makes_the_one_attempt_that_was_paid_for() {
    let clock = ManualClock::default();
    let call = CallBudget::default().attempts(2);
    let outer = call.take_attempt(&clock).unwrap().begin();
    let inner = outer.nested();
    assert_eq!(inner.depth(), 1);
    drop(inner.take_attempt(&clock).unwrap()); // not begun: still paid for
    let deeper = inner.take_attempt(&clock).unwrap().begin().nested();
    drop(deeper.take_attempt(&clock).unwrap().begin());
    assert_eq!(call.attempts_left(), 1, "three layers, one attempt");
    assert_eq!(deeper.take_retry(&clock).unwrap_err(), CallExhausted::Nested);
    drop(inner.take_attempt(&clock).unwrap().begin());
    assert_eq!(
        call.attempts_left(),
        0,
        "another target inside is another attempt of the whole call"
    );
    assert_eq!(deeper.take_attempt(&clock).unwrap_err(), CallExhausted::Attempts);
}

#[test]
fn a_nested_client_cannot_give_itself_more_than_the_call_has() {
    let clock = ManualClock::default();
    let call = CallBudget::new(Deadline::NONE).attempts(2);
    let outer = call.take_attempt(&clock).unwrap().begin();
    let inner = outer.nested().attempts(50);
    drop(inner.take_attempt(&clock).unwrap().begin());
    drop(inner.take_attempt(&clock).unwrap().begin());
    assert_eq!(inner.take_attempt(&clock).unwrap_err(), CallExhausted::Attempts);
    assert_eq!(call.attempts_left(), 0);
}

#[test]
fn the_earlier_deadline_counts_and_a_corrected_wall_clock_changes_nothing() {
    let clock = ManualClock::default();
    let near = Deadline::after(&clock, SECOND);
    let call = CallBudget::new(Deadline::after(&clock, 9 * SECOND)).until(near);
    assert_eq!(call.deadline(), near);
    clock.set_wall(clock.now() + Duration::from_secs(24 * 60 * 60));
    assert!(call.take_attempt(&clock).is_ok());
    clock.set_wall(Timestamp::UNIX_EPOCH);
    assert!(call.take_attempt(&clock).is_ok());
}
