use std::time::Duration;

use crate::failure::{Failure, FailureClass};
use crate::resilience::{Breaker, BreakerBuilder, BreakerState, Outcome};
use crate::rng::Random;
use crate::time::ManualClock;

const SECOND: Duration = Duration::from_secs(1);

fn failed() -> Outcome {
    Outcome::Failed(FailureClass::Transient, None)
}

fn throttled(asked: Option<Duration>) -> Outcome {
    Outcome::Failed(FailureClass::Throttled, asked)
}

fn on(clock: &ManualClock) -> BreakerBuilder {
    Breaker::builder()
        .clock(clock.clone())
        .random(Random::seeded(1))
        .open_for(10 * SECOND, 60 * SECOND)
}

fn record(breaker: &Breaker, outcome: Outcome, times: usize) {
    for _ in 0..times {
        breaker
            .try_acquire()
            .expect("admitted")
            .record(outcome, Duration::from_millis(10));
    }
}

#[test]
fn opens_when_the_share_of_failures_reaches_the_threshold_and_not_before_the_minimum() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(0)
        .minimum_calls(10)
        .failure_percent(50)
        .build();
    record(&breaker, Outcome::Success, 5);
    record(&breaker, failed(), 4);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "nine calls are below the minimum"
    );
    record(&breaker, failed(), 1);
    assert_eq!(breaker.state(), BreakerState::Open, "exactly half is enough");
}

#[test]
fn slow_successes_open_it_too() {
    let clock = ManualClock::default();
    let breaker = on(&clock).minimum_calls(4).slow(50, SECOND).build();
    for elapsed in [2, 0, 2, 0] {
        breaker
            .try_acquire()
            .unwrap()
            .record(Outcome::Success, elapsed * SECOND);
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn throttling_counts_in_the_share_but_not_in_the_row() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(3).minimum_calls(100).build();
    record(&breaker, throttled(None), 20);
    assert_eq!(breaker.state(), BreakerState::Closed);
    record(&breaker, failed(), 3);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn a_callers_mistake_says_nothing_about_the_target() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).minimum_calls(1).build();
    record(&breaker, Outcome::Failed(FailureClass::Rejected, None), 50);
    record(&breaker, Outcome::Failed(FailureClass::Cancelled, None), 50);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn retry_after_holds_calls_back_and_refused_credentials_longer() {
    let clock = ManualClock::default();
    let breaker = on(&clock).refused_for(60 * SECOND).build();
    record(&breaker, throttled(Some(3 * SECOND)), 1);
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (rejected.retry_after, rejected.state),
        (3 * SECOND, BreakerState::Held)
    );
    clock.advance(3 * SECOND);
    record(&breaker, Outcome::Failed(FailureClass::Credential, None), 1);
    clock.advance(59 * SECOND);
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (rejected.retry_after, rejected.state),
        (SECOND, BreakerState::Refused)
    );
    assert_eq!(rejected.class(), FailureClass::Credential);
    clock.advance(SECOND);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn half_open_admits_exactly_its_probes_and_closes_on_success() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(2, 30 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let (one, two) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    let third = breaker.try_acquire().expect_err("a third probe is one too many");
    assert_eq!(
        third.retry_after,
        10 * SECOND,
        "the others may be back long before their limit"
    );
    one.record(Outcome::Success, SECOND);
    two.record(Outcome::Success, SECOND);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn a_dropped_probe_gives_its_place_back_and_a_throttled_one_fails() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    drop(breaker.try_acquire().unwrap());
    breaker
        .try_acquire()
        .expect("the place is free again")
        .record(throttled(None), SECOND);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn half_open_cannot_stick_and_each_reopening_lasts_longer() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(1, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    let first = breaker.try_acquire().unwrap_err().retry_after;
    clock.advance(first);
    let lost_probe = breaker.try_acquire().unwrap();
    clock.advance(5 * SECOND);
    assert_eq!(breaker.state(), BreakerState::Open, "nobody judged it in time");
    let second = breaker.try_acquire().unwrap_err().retry_after;
    assert!(second > first + first / 2, "{first:?} then {second:?}");
    lost_probe.record(Outcome::Success, SECOND);
    assert_eq!(
        breaker.state(),
        BreakerState::Open,
        "an outcome of an earlier cycle changes nothing"
    );
}

#[test]
fn a_probe_that_has_begun_to_answer_need_not_end_in_time() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(2, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    let (mut one, mut two) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    one.answered(SECOND);
    one.answered(SECOND);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "one call is one probe");
    two.answered(SECOND);
    assert_eq!(breaker.state(), BreakerState::Closed);
    clock.advance(100 * SECOND);
    drop(one);
    assert_eq!(
        breaker.state(),
        BreakerState::Closed,
        "a slow reader says nothing"
    );
    two.record(failed(), SECOND);
    assert_eq!(breaker.state(), BreakerState::Open, "it failed after all");
}

#[test]
fn a_probe_is_one_call_however_it_ends_after_its_answer_began() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(3, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    let (mut one, mut two) = (breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap());
    let _three = breaker.try_acquire().unwrap();
    one.answered(SECOND);
    one.record(failed(), SECOND);
    let seen = breaker.snapshot();
    assert_eq!(
        (seen.state, seen.calls, seen.failed),
        (BreakerState::HalfOpen, 1, 1)
    );
    two.answered(SECOND);
    two.record(Outcome::Failed(FailureClass::Cancelled, None), SECOND);
    assert!(breaker.try_acquire().is_err(), "its place was used");
}

#[test]
fn a_probe_that_begins_to_answer_too_late_does_not_close_the_circuit() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(1, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    let mut probe = breaker.try_acquire().unwrap();
    clock.advance(5 * SECOND);
    probe.answered(5 * SECOND);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn an_open_circuit_does_not_wait_for_ever_to_be_probed() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(1, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(1_000 * SECOND);
    assert!(
        breaker.try_acquire().is_ok(),
        "nobody asked for a while; the first to ask is the probe"
    );
}

#[test]
fn a_probe_has_its_whole_time_however_long_the_circuit_was_half_open_before() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).probes(2, 5 * SECOND).build();
    record(&breaker, failed(), 1);
    clock.advance(11 * SECOND);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "somebody looked");
    clock.advance(100 * SECOND);
    let probe = breaker.try_acquire().unwrap();
    clock.advance(4 * SECOND);
    assert_eq!(
        breaker.state(),
        BreakerState::HalfOpen,
        "the probe is still in time"
    );
    probe.record(Outcome::Success, SECOND);
    clock.advance(100 * SECOND);
    assert_eq!(breaker.state(), BreakerState::HalfOpen, "no probe is under way");
    record(&breaker, Outcome::Success, 1);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn settings_that_could_never_be_met_are_brought_into_range() {
    let clock = ManualClock::default();
    let small = on(&clock).consecutive(0).window(4).probes(9, SECOND).build();
    record(&small, failed(), 4);
    assert_eq!(small.state(), BreakerState::Open, "the minimum fits the window");
    clock.advance(11 * SECOND);
    record(&small, Outcome::Success, 4);
    assert_eq!(
        small.state(),
        BreakerState::Closed,
        "as many probes as the window holds"
    );

    let never = on(&clock).failure_percent(0).slow(0, SECOND).build();
    record(&never, Outcome::Success, 20);
    assert_eq!(never.state(), BreakerState::Closed, "no failure is no reason");
    let always = on(&clock).consecutive(0).failure_percent(200).build();
    record(&always, failed(), 10);
    assert_eq!(always.state(), BreakerState::Open);
}

#[test]
fn a_circuit_may_stay_open_for_ever() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(1)
        .open_for(Duration::MAX, Duration::MAX)
        .build();
    record(&breaker, failed(), 1);
    clock.advance(1_000_000 * SECOND);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn reset_lets_calls_pass_at_once() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    record(&breaker, failed(), 1);
    breaker.reset();
    assert_eq!(breaker.state(), BreakerState::Closed);
}
