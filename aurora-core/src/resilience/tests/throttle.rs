use std::time::Duration;

use crate::failure::FailureClass;
use crate::resilience::{ClientThrottle, Outcome, ShedReason};
use crate::rng::Random;
use crate::time::ManualClock;

const REFUSED: Outcome = Outcome::Failed(FailureClass::Throttled, None);

fn on(clock: &ManualClock) -> ClientThrottle {
    ClientThrottle::default()
        .clock(clock.clone())
        .random(Random::seeded(3))
}

/// How many of `calls` are sent, each of which ends so.
fn sent(throttle: &ClientThrottle, calls: u32, outcome: Outcome) -> u32 {
    let permits = (0..calls).filter_map(|_| throttle.try_acquire().ok().map(|permit| permit.record(outcome)));
    u32::try_from(permits.count()).unwrap()
}

#[test]
fn a_healthy_target_and_one_that_takes_half_get_everything() {
    let throttle = on(&ManualClock::default());
    assert_eq!(sent(&throttle, 100, Outcome::Success), 100);
    assert_eq!(sent(&throttle, 99, REFUSED), 99, "K = 2: half may be refused");
    assert_eq!(
        sent(&throttle, 1, Outcome::Failed(FailureClass::Rejected, None)),
        1,
        "worked on is accepted"
    );
}

#[test]
fn the_chance_is_the_formula_of_the_book_and_local_refusals_count() {
    let throttle = on(&ManualClock::default());
    sent(&throttle, 10, Outcome::Success);
    sent(&throttle, 30, REFUSED);
    // However many of the thirty were sent: all forty are requests.
    assert!(
        (throttle.rejects() - 20.0 / 41.0).abs() < 1e-12,
        "{}",
        throttle.rejects()
    );
}

#[test]
fn requests_count_before_they_are_answered() {
    let throttle = on(&ManualClock::default());
    let held = throttle.try_acquire().unwrap();
    assert!(
        (throttle.rejects() - 0.5).abs() < f64::EPSILON,
        "one under way, none accepted"
    );
    drop(held);
    assert!(throttle.rejects() < f64::EPSILON, "given up is taken back");
    let asked = Some(Duration::from_secs(1));
    let held = throttle.try_acquire().unwrap();
    held.record(Outcome::Failed(FailureClass::Cancelled, asked));
    assert!(
        throttle.rejects() < f64::EPSILON,
        "whatever it was told meanwhile"
    );
}

#[test]
fn one_call_in_ten_passes_whatever_happens() {
    let throttle = on(&ManualClock::default());
    sent(&throttle, 1_000, REFUSED);
    assert!((throttle.rejects() - 0.9).abs() < f64::EPSILON);
    let passed = sent(&throttle, 10_000, REFUSED);
    assert!((900..1_100).contains(&passed), "{passed}");
    let shed = std::iter::from_fn(|| Some(throttle.try_acquire()))
        .find_map(Result::err)
        .unwrap();
    assert_eq!(shed.reason, ShedReason::ClientThrottled);
}

#[test]
fn two_minutes_later_all_is_forgotten() {
    let clock = ManualClock::default();
    let throttle = on(&clock);
    sent(&throttle, 1_000, REFUSED);
    clock.advance(Duration::from_secs(110));
    assert!(throttle.rejects() > 0.8);
    clock.advance(Duration::from_secs(10));
    assert!(throttle.rejects() < f64::EPSILON);
}
