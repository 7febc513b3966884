//! Model checks: the breaker, the bulkhead and the budgets under many interleavings of threads.
//!
//! The source files themselves are compiled here once more with shuttle's locks and atomics in place of std's (see
//! `aurora-core/src/sync.rs`), so what is checked is the code that runs. Shuttle switches threads at every use of those
//! and repeats each check under random schedules (and under schedules by priority, PCT), each of which it can replay.
#![expect(
    dead_code,
    unreachable_pub,
    reason = "the files say more than these checks use"
)]

mod sync {
    pub(crate) use shuttle::sync::{Mutex, PoisonError};

    pub(crate) mod atomic {
        pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    }
}

#[path = "../src/resilience"]
mod resilience {
    pub mod breaker;
    pub mod budget;
    pub mod bulkhead;
    pub mod call;
    mod gate;
    mod guarded;
    mod shed;
    mod window;

    mod deadline {
        pub use aurora_core::resilience::Deadline;
    }
    pub use deadline::Deadline;
}

use std::sync::Arc;
use std::time::Duration;

use aurora_core::{failure, rng, time};
use failure::FailureClass;
use resilience::Deadline;
use resilience::breaker::{Breaker, BreakerState, Outcome, Transition, TransitionReason};
use resilience::budget::RetryBudget;
use resilience::bulkhead::Bulkhead;
use resilience::call::CallBudget;
use rng::Random;
use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;
use time::ManualClock;

const SECOND: Duration = Duration::from_secs(1);
const DOWN: Outcome = Outcome::Failed(FailureClass::Transient, None);

/// Runs `check` under 500 random schedules and 500 by priority.
fn explore(check: fn()) {
    shuttle::check_random(check, 500);
    shuttle::check_pct(check, 500, 3);
}

fn together(threads: u32, run: impl Fn(u32) + Send + Sync + 'static) {
    let run = Arc::new(run);
    let handles: Vec<_> = (0..threads)
        .map(|number| {
            let run = Arc::clone(&run);
            thread::spawn(move || run(number))
        })
        .collect();
    for handle in handles {
        assert!(handle.join().is_ok());
    }
}

fn breaker(clock: &ManualClock, probes: u32) -> Breaker {
    Breaker::builder()
        .clock(clock.clone())
        .random(Random::seeded(1))
        .consecutive(1)
        .probes(probes, 60 * SECOND)
        .open_for(10 * SECOND, 60 * SECOND)
        .build()
}

/// A half-open circuit lets exactly its probes pass, whoever asks at the same time, and dropped probes are given again.
#[test]
fn a_half_open_breaker_never_has_more_than_its_probes() {
    explore(|| {
        let clock = ManualClock::default();
        let breaker = breaker(&clock, 2);
        breaker.try_acquire().unwrap().record(DOWN, SECOND);
        clock.advance(11 * SECOND);
        let (out, passed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (shared, counted) = (breaker.clone(), Arc::clone(&passed));
        together(4, move |number| {
            let Ok(permit) = shared.try_acquire() else { return };
            assert!(out.fetch_add(1, Ordering::SeqCst) < 2, "a third probe");
            out.fetch_sub(1, Ordering::SeqCst);
            if number == 0 {
                drop(permit); // given up
            } else {
                counted.fetch_add(1, Ordering::SeqCst);
                permit.record(Outcome::Success, SECOND);
            }
        });
        let closed = breaker.state() == BreakerState::Closed;
        assert_eq!(closed, passed.load(Ordering::SeqCst) >= 2);
    });
}

/// Failures of several threads open the circuit once: one transition, and outcomes that come after it change nothing.
#[test]
fn a_breaker_opens_once() {
    explore(|| {
        let clock = ManualClock::default();
        let breaker = breaker(&clock, 1);
        let mut transitions = breaker.subscribe();
        let permits: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
        let handles: Vec<_> = permits
            .into_iter()
            .map(|permit| thread::spawn(move || permit.record(DOWN, SECOND)))
            .collect();
        for handle in handles {
            assert!(handle.join().is_ok());
        }
        let seen = breaker.snapshot();
        assert_eq!((seen.state, seen.reopens), (BreakerState::Open, 1));
        let mut told: Vec<Transition> = Vec::new();
        while let Some(Some(change)) = futures::FutureExt::now_or_never(transitions.next()) {
            told.push(change);
        }
        assert!(matches!(told[..], [change] if change.reason == TransitionReason::Consecutive));
    });
}

/// Tokens are never made or lost: what is taken at once stays within the bucket, and what is put back is there again.
#[test]
fn a_retry_budget_keeps_its_tokens() {
    explore(|| {
        let budget = RetryBudget::new(30);
        let shared = budget.clone();
        together(4, move |number| {
            let Some(mut retry) = shared.withdraw(FailureClass::Transient) else {
                return;
            };
            match number {
                0 => drop(retry), // never made
                _ => {
                    retry.spend();
                    shared.succeeded(Some(retry));
                }
            }
        });
        assert_eq!(budget.tokens(), 30);
        let spent = budget.clone();
        let made = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&made);
        together(4, move |_| {
            if let Some(mut retry) = spent.withdraw(FailureClass::Transient) {
                retry.spend();
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        assert_eq!((made.load(Ordering::SeqCst), budget.tokens()), (2, 2));
    });
}

/// All layers together begin exactly the attempts of the call, and a nested client's first attempt is paid for once.
#[test]
fn a_call_budget_is_spent_once() {
    explore(|| {
        let clock = ManualClock::default();
        let call = CallBudget::default().attempts(3);
        let first = call.take_attempt(&clock).unwrap().begin();
        let (nested, begun) = (first.nested(), Arc::new(AtomicU32::new(0)));
        let (shared, counted) = (call.clone(), Arc::clone(&begun));
        together(4, move |number| {
            let budget = if number < 2 { &nested } else { &shared };
            if let Ok(attempt) = budget.take_attempt(&clock) {
                if number == 3 {
                    return; // not begun: it goes back
                }
                drop(attempt.begin());
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let begun = begun.load(Ordering::SeqCst);
        // Two of the total are left, and one was paid for; one taken in vain may have kept another away.
        assert!((2..=3).contains(&begun), "{begun}");
        assert_eq!(call.attempts_left(), 3 - begun);
    });
}

/// Never more slots than there are, and none is lost: whoever leaves, gives up waiting or is let in, all end.
#[test]
fn a_bulkhead_never_overfills_and_never_forgets_a_waiter() {
    explore(|| {
        let clock = ManualClock::default();
        let bulkhead = Bulkhead::new(1).queue(8, 60 * SECOND).clock(clock);
        let inside = Arc::new(AtomicU32::new(0));
        let shared = bulkhead.clone();
        together(4, move |number| {
            let tenant: Arc<str> = if number % 2 == 0 { "a" } else { "b" }.into();
            if number == 3 {
                // Looks once and gives up, at whatever moment that is.
                let mut future = Box::pin(shared.acquire(&tenant, Deadline::NONE));
                let waker = std::task::Waker::noop();
                drop(future.as_mut().poll(&mut std::task::Context::from_waker(waker)));
                return;
            }
            let slot = block_on(shared.acquire(&tenant, Deadline::NONE)).expect("there is room to wait");
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two in one slot");
            inside.fetch_sub(1, Ordering::SeqCst);
            drop(slot);
        });
        assert_eq!((bulkhead.in_use(), bulkhead.waiting()), (0, 0));
    });
}
