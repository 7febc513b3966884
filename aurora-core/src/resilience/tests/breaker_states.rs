use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use proptest::prelude::*;

use super::{Failed, poll_then_drop, ready_after};
use crate::failure::{Failure, FailureClass};
use crate::resilience::{
    Breaker, BreakerBuilder, BreakerState as S, Guarded, Outcome, TransitionReason as Why, Transitions,
};
use crate::rng::Random;
use crate::time::{Clock, ManualClock, Timestamp};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const DOWN: Outcome = Outcome::Failed(FailureClass::Transient, None);
const STATES: [S; 8] = [
    S::Closed,
    S::Open,
    S::HalfOpen,
    S::Refused,
    S::Held,
    S::ForcedOpen,
    S::Disabled,
    S::MetricsOnly,
];

fn on(clock: &ManualClock) -> BreakerBuilder {
    Breaker::builder()
        .clock(clock.clone())
        .random(Random::seeded(1))
        .open_for(10 * SECOND, 60 * SECOND)
}

fn record(breaker: &Breaker, outcome: Outcome) {
    breaker.try_acquire().expect("admitted").record(outcome, MS);
}

/// What a subscriber has heard so far.
fn heard(transitions: &mut Transitions) -> Vec<(S, S, Why)> {
    let mut heard = Vec::new();
    while let Some(Some(change)) = futures::FutureExt::now_or_never(transitions.next()) {
        heard.push((change.from, change.to, change.reason));
    }
    heard
}

#[test]
fn a_time_window_forgets_and_an_idle_gap_arms_the_minimum_again() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(0)
        .window_seconds(10)
        .minimum_calls(4)
        .build();
    for _ in 0..3 {
        record(&breaker, DOWN);
    }
    clock.advance(10 * SECOND);
    assert_eq!(breaker.snapshot().calls, 0);
    for _ in 0..3 {
        record(&breaker, DOWN);
    }
    assert_eq!(breaker.state(), S::Closed, "the three before the gap are gone");
    record(&breaker, DOWN);
    assert_eq!(breaker.state(), S::Open);
}

#[test]
fn a_rate_is_undefined_below_the_minimum_and_exact_from_there() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(0)
        .minimum_calls(3)
        .failure_percent(100)
        .slow(100, SECOND)
        .build();
    record(&breaker, DOWN);
    breaker
        .try_acquire()
        .unwrap()
        .record(Outcome::Success, 2 * SECOND);
    assert_eq!(
        (breaker.snapshot().failure_rate, breaker.snapshot().slow_rate),
        (None, None)
    );
    breaker.try_acquire().unwrap().record(Outcome::Success, SECOND);
    let seen = breaker.snapshot();
    let third = Some(100.0 / 3.0);
    assert_eq!(
        (seen.failure_rate, seen.slow_rate),
        (third, third),
        "exactly the limit is not slow"
    );
    assert_eq!(
        (seen.calls, seen.failed, seen.slow),
        (3, 1, 1),
        "a slow success is no failure"
    );
}

#[test]
fn a_row_is_named_before_a_share_and_each_change_is_told_once() {
    let clock = ManualClock::default();
    let breaker = on(&clock).minimum_calls(2).consecutive(2).build();
    let mut transitions = breaker.subscribe();
    record(&breaker, DOWN);
    record(&breaker, DOWN);
    for _ in 0..3 {
        assert!(breaker.try_acquire().is_err());
    }
    assert_eq!(breaker.snapshot().not_permitted, 3);
    clock.advance(11 * SECOND);
    record(&breaker, Outcome::Success);
    assert_eq!(
        heard(&mut transitions),
        [
            (S::Closed, S::Open, Why::Consecutive),
            (S::Open, S::HalfOpen, Why::WaitOver),
            (S::HalfOpen, S::Closed, Why::ProbesPassed)
        ]
    );
    let shares = on(&clock).minimum_calls(2).consecutive(0).build();
    let mut transitions = shares.subscribe();
    record(&shares, DOWN);
    record(&shares, DOWN);
    assert_eq!(heard(&mut transitions), [(S::Closed, S::Open, Why::FailureRate)]);
    let slow = on(&clock).minimum_calls(1).slow(100, Duration::ZERO).build();
    let mut transitions = slow.subscribe();
    record(&slow, Outcome::Success);
    assert_eq!(heard(&mut transitions), [(S::Closed, S::Open, Why::SlowRate)]);
    drop(slow);
    assert_eq!(
        futures::FutureExt::now_or_never(transitions.next()),
        Some(None),
        "it is gone"
    );
}

#[test]
fn retry_after_lengthens_an_opening_within_its_bound() {
    for (asked, opens) in [(30, 30), (1_000, 100)] {
        let clock = ManualClock::default();
        let breaker = on(&clock).consecutive(1).hold_cap(100 * SECOND).build();
        record(
            &breaker,
            Outcome::Failed(FailureClass::Transient, Some(asked * SECOND)),
        );
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!((rejected.state, rejected.retry_after), (S::Open, opens * SECOND));
        clock.advance(opens * SECOND);
        assert_eq!(breaker.state(), S::HalfOpen);
    }
}

#[test]
fn openings_double_within_their_jitter_and_cap_and_begin_anew_after_a_close() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    for base in [10, 20, 40, 60, 60] {
        record(&breaker, DOWN);
        let open = breaker.try_acquire().unwrap_err().retry_after;
        let base = base * SECOND;
        assert!(
            open >= base.mul_f64(0.9) && open <= base.mul_f64(1.1).min(60 * SECOND),
            "{open:?}"
        );
        clock.advance(open);
    }
    record(&breaker, Outcome::Success);
    record(&breaker, DOWN);
    assert!(breaker.try_acquire().unwrap_err().retry_after <= 11 * SECOND);
}

#[test]
fn a_refused_credential_is_a_state_of_its_own_and_leaves_the_circuit_as_it_is() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(1)
        .minimum_calls(1)
        .refused_for(60 * SECOND)
        .build();
    let mut transitions = breaker.subscribe();
    record(&breaker, Outcome::Failed(FailureClass::Credential, None));
    assert_eq!(breaker.state(), S::Refused);
    assert!(!breaker.state().admits());
    assert_eq!((breaker.snapshot().calls, breaker.snapshot().reopens), (0, 0));
    clock.advance(60 * SECOND);
    record(&breaker, Outcome::Success);
    assert_eq!(
        heard(&mut transitions),
        [
            (S::Closed, S::Refused, Why::Credential),
            (S::Refused, S::Closed, Why::WaitOver)
        ]
    );
    // A probe that is refused has not failed: the circuit stays half-open and its place is free.
    record(&breaker, DOWN);
    clock.advance(11 * SECOND);
    record(&breaker, Outcome::Failed(FailureClass::Credential, None));
    assert_eq!(breaker.state(), S::Refused);
    clock.advance(60 * SECOND);
    assert_eq!(breaker.state(), S::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn late_outcomes_of_an_earlier_cycle_change_nothing() {
    let clock = ManualClock::default();
    for late in [
        DOWN,
        Outcome::Success,
        Outcome::Failed(FailureClass::Credential, None),
        Outcome::Failed(FailureClass::Throttled, Some(500 * SECOND)),
        Outcome::Failed(FailureClass::Rejected, None),
    ] {
        let breaker = on(&clock).consecutive(1).probes(1, 5 * SECOND).build();
        let stale = breaker.try_acquire().unwrap();
        record(&breaker, DOWN);
        clock.advance(11 * SECOND);
        let probe = breaker.try_acquire().unwrap();
        stale.record(late, MS);
        assert_eq!(breaker.state(), S::HalfOpen, "{late:?}");
        assert!(breaker.try_acquire().is_err(), "{late:?} gave no place back");
        probe.record(Outcome::Success, MS);
        assert_eq!(breaker.state(), S::Closed);
    }
}

#[test]
fn exactly_the_probes_pass_in_all_until_judged() {
    let clock = ManualClock::default();
    let breaker = on(&clock)
        .consecutive(1)
        .probes(3, 50 * SECOND)
        .failure_percent(50)
        .build();
    record(&breaker, DOWN);
    clock.advance(11 * SECOND);
    record(&breaker, Outcome::Success); // back already, and still one of the three
    let held: Vec<_> = std::iter::from_fn(|| breaker.try_acquire().ok()).collect();
    assert_eq!(held.len(), 2);
    assert_eq!(breaker.snapshot().not_permitted, 1);
    for permit in held {
        permit.record(Outcome::Failed(FailureClass::Throttled, None), MS);
    }
    assert_eq!(breaker.state(), S::Open, "two of three failed");
}

#[test]
fn states_by_hand() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    breaker.set(S::ForcedOpen).unwrap();
    clock.advance(10_000 * SECOND);
    assert_eq!(breaker.try_acquire().unwrap_err().state, S::ForcedOpen);
    breaker.set(S::Disabled).unwrap();
    record(&breaker, DOWN);
    assert_eq!((breaker.state(), breaker.snapshot().calls), (S::Disabled, 0));
    breaker.set(S::MetricsOnly).unwrap();
    for _ in 0..20 {
        record(&breaker, DOWN);
    }
    let seen = breaker.snapshot();
    assert_eq!(
        (seen.state, seen.calls, seen.failure_rate),
        (S::MetricsOnly, 20, Some(100.0))
    );
    breaker.set(S::HalfOpen).unwrap();
    record(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), S::Closed);
    breaker.set(S::Open).unwrap();
    assert!(breaker.try_acquire().is_err());
    breaker.reset();
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn changes_that_make_no_sense_are_errors() {
    let clock = ManualClock::default();
    for from in [
        S::Closed,
        S::Open,
        S::HalfOpen,
        S::ForcedOpen,
        S::Disabled,
        S::MetricsOnly,
    ] {
        for to in STATES {
            let breaker = on(&clock).build();
            if from == S::HalfOpen {
                breaker.set(S::Open).unwrap();
            }
            breaker.set(from).unwrap();
            let illegal = matches!(to, S::Refused | S::Held) || (from, to) == (S::Closed, S::HalfOpen);
            let mut transitions = breaker.subscribe();
            match breaker.set(to) {
                Ok(()) => assert!(!illegal, "{from:?} to {to:?}"),
                Err(error) => assert!(illegal && error.from == from && error.to == to, "{error}"),
            }
            let changes = usize::from(!illegal && from != to);
            assert_eq!(heard(&mut transitions).len(), changes, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn a_panic_is_a_failure_and_poisons_nothing() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    let call = breaker.call(async || -> Result<(), Failed> { panic!("the call's own fault") });
    let panicked = catch_unwind(AssertUnwindSafe(|| poll_then_drop(1, || call)));
    assert!(panicked.is_err());
    assert_eq!(breaker.state(), S::Open);
    clock.advance(11 * SECOND);
    record(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), S::Closed);
}

#[test]
fn a_dropped_call_gives_its_place_back_whenever_it_is_dropped() {
    let clock = ManualClock::default();
    for polls in 0..4 {
        let breaker = on(&clock).consecutive(1).build();
        record(&breaker, DOWN);
        clock.advance(11 * SECOND);
        assert_eq!(breaker.state(), S::HalfOpen);
        let ended = poll_then_drop(polls, || breaker.call(|| ready_after(5, Ok::<_, Failed>(()))));
        assert!(!ended);
        assert_eq!(breaker.state(), S::HalfOpen);
        assert!(breaker.try_acquire().is_ok(), "dropped after {polls} polls");
    }
}

#[tokio::test]
async fn a_refused_call_is_never_begun() {
    let breaker = on(&ManualClock::default()).build();
    breaker.set(S::ForcedOpen).unwrap();
    let refused = breaker
        .call(async || -> Result<(), Failed> { panic!("begun") })
        .await;
    let error = refused.unwrap_err();
    assert!(matches!(&error, Guarded::Refused(rejected) if rejected.state == S::ForcedOpen));
    assert!(error.not_executed());
    assert_eq!(error.to_string(), "the circuit is forced_open");
}

#[test]
fn a_named_breaker_counts_its_changes_and_rejections() {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let breaker = on(&ManualClock::default()).consecutive(1).name("sim-a").build();
        record(&breaker, DOWN);
        assert!(breaker.try_acquire().is_err());
    });
    let counted: Vec<_> = snapshots
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| (key.key().name().to_owned(), value))
        .collect();
    assert!(counted.contains(&(
        "aurora_breaker_transitions_total".to_owned(),
        DebugValue::Counter(1)
    )));
    assert!(counted.contains(&("aurora_breaker_rejected_total".to_owned(), DebugValue::Counter(1))));
}

#[test]
fn a_corrected_wall_clock_changes_nothing() {
    let clock = ManualClock::default();
    let breaker = on(&clock).consecutive(1).build();
    record(&breaker, DOWN);
    clock.set_wall(clock.now() + Duration::from_secs(86_400));
    assert_eq!(breaker.state(), S::Open);
    clock.set_wall(Timestamp::UNIX_EPOCH);
    clock.advance(11 * SECOND);
    assert_eq!(breaker.state(), S::HalfOpen);
}

proptest! {
    /// However calls, outcomes and time are mixed: the changes that are told form one chain from closed to the state that
    /// is seen, never skip from closed to half-open, and a half-open circuit lets no more calls pass than its probes.
    #[test]
    fn changes_form_a_chain(steps in proptest::collection::vec((0_u8..7, 0_u32..15), 1..120), probes in 1_u32..4) {
        let clock = ManualClock::default();
        let breaker = on(&clock).consecutive(3).minimum_calls(5).probes(probes, 5 * SECOND).build();
        let mut transitions = breaker.subscribe();
        let (mut held, mut state) = (Vec::new(), S::Closed);
        for (step, wait) in steps {
            match step {
                0 | 1 => held.extend(breaker.try_acquire().ok()),
                2 => drop(held.pop()),
                3 => clock.advance(wait * SECOND),
                _ => if let Some(permit) = held.pop() {
                    let outcome = match step {
                        4 => Outcome::Success,
                        5 => DOWN,
                        _ => Outcome::Failed(FailureClass::Throttled, Some(wait * SECOND)),
                    };
                    permit.record(outcome, MS);
                },
            }
            if breaker.state() == S::HalfOpen {
                let more: Vec<_> = std::iter::from_fn(|| breaker.try_acquire().ok()).take(9).collect();
                prop_assert!(more.len() <= probes as usize);
            }
            for (from, to, _) in heard(&mut transitions) {
                prop_assert_eq!(from, state);
                prop_assert_ne!(from, to);
                prop_assert_ne!((from, to), (S::Closed, S::HalfOpen));
                state = to;
            }
            prop_assert_eq!(breaker.state(), state);
        }
    }
}
