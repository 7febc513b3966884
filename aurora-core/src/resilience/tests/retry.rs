use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use crate::failure::{Failure, FailureClass};
use crate::resilience::{
    Backoff, CallBudget, CallExhausted, Deadline, GaveUp, Idempotency, Retry, RetryBudget, RetryError,
    RetryPolicy,
};
use crate::rng::Random;
use crate::time::ManualClock;

#[derive(Debug, thiserror::Error)]
#[error("failed as {0:?}")]
struct Failed(FailureClass, Option<Duration>);

impl Failure for Failed {
    fn class(&self) -> FailureClass {
        self.0
    }

    fn retry_after(&self) -> Option<Duration> {
        self.1
    }
}

async fn count_attempts(retry: Retry, deadline: Deadline, failure: impl Fn() -> Failed + Send + Sync) -> u32 {
    let calls = AtomicU32::new(0);
    let outcome = retry.run(deadline, Idempotency::Idempotent, |_| {
        calls.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Err::<(), _>(failure()))
    });
    assert!(outcome.await.is_err());
    calls.into_inner()
}

fn instant(policy: RetryPolicy) -> Retry {
    Retry::new(policy.base(Duration::ZERO).throttle_base(Duration::ZERO))
}

#[tokio::test]
async fn repeats_what_can_help_and_nothing_else() {
    for (class, calls) in [
        (FailureClass::Transient, 3),
        (FailureClass::Timeout, 3),
        (FailureClass::Throttled, 3),
        (FailureClass::Credential, 1),
        (FailureClass::Rejected, 1),
        (FailureClass::Cancelled, 1),
    ] {
        let made = count_attempts(instant(RetryPolicy::default()), Deadline::NONE, || {
            Failed(class, None)
        });
        assert_eq!(made.await, calls, "{class:?}");
    }
}

#[tokio::test]
async fn an_empty_budget_ends_retries_with_the_original_error() {
    let budget = RetryBudget::new(14);
    let failure = || Failed(FailureClass::Transient, None);
    let retry = instant(RetryPolicy::default().attempts(10)).budget(budget);
    assert_eq!(
        count_attempts(retry.clone(), Deadline::NONE, failure).await,
        2,
        "one retry costs 14"
    );
    assert_eq!(
        count_attempts(retry, Deadline::NONE, failure).await,
        1,
        "nothing is left"
    );
}

#[tokio::test]
async fn no_wait_runs_past_the_deadline() {
    let clock = ManualClock::default();
    let deadline = Deadline::after(&clock, Duration::from_secs(1));
    let failure = || Failed(FailureClass::Throttled, Some(Duration::from_secs(2)));
    let made = count_attempts(Retry::default().clock(clock), deadline, failure).await;
    assert_eq!(made, 1);
}

#[tokio::test]
async fn waits_on_the_clock_for_as_long_as_the_target_asked() {
    let clock = ManualClock::default();
    let retry = Retry::default().clock(clock.clone());
    let calls = Arc::new(AtomicU32::new(0));
    let run = {
        let calls = calls.clone();
        tokio::task::spawn(async move {
            retry
                .run(Deadline::NONE, Idempotency::Idempotent, |_| {
                    let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
                    let asked = Some(Duration::from_secs(3));
                    std::future::ready(if first {
                        Err(Failed(FailureClass::Throttled, asked))
                    } else {
                        Ok(())
                    })
                })
                .await
        })
    };
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_millis(2_999));
    tokio::task::yield_now().await;
    assert_eq!(calls.load(Ordering::SeqCst), 1, "not before the three seconds");
    clock.advance(Duration::from_secs(2));
    run.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_begins_after_a_wait_that_took_longer_than_the_call_has() {
    let (clock, budget) = (ManualClock::default(), RetryBudget::default());
    let retry = Retry::default().clock(clock.clone()).budget(budget.clone());
    let call = CallBudget::new(Deadline::after(&clock, Duration::from_secs(1)));
    let asked = || Failed(FailureClass::Transient, Some(Duration::from_millis(500)));
    let overslept = async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(2));
    };
    let run = ended(retry, &call, Idempotency::Idempotent, asked());
    let (ended, ()) = tokio::join!(run, overslept);
    assert_eq!(ended, (GaveUp::Call(CallExhausted::Deadline), 1));
    assert_eq!(
        (call.attempts_left(), budget.tokens()),
        (15, 500),
        "what was not begun is back"
    );
}

#[test]
fn the_longest_settings_do_not_overflow() {
    let policy = RetryPolicy::default()
        .attempts(u32::MAX)
        .base(Duration::MAX)
        .cap(Duration::MAX)
        .max_wait(Duration::MAX);
    for asked in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
        for made in [1, 2, u32::MAX - 1] {
            let backoff = policy.backoff(made, FailureClass::Transient, asked, &Random::seeded(1));
            assert!(matches!(backoff, Backoff::Wait(wait) if wait >= asked.unwrap_or_default()));
        }
    }
}

proptest! {
    #[test]
    fn a_wait_is_never_wider_than_the_policy_and_never_shorter_than_asked(
        made in 1_u32..40, asked_ms in proptest::option::of(0_u64..100_000), seed: u64, throttled: bool,
    ) {
        let policy = RetryPolicy::default().attempts(u32::MAX);
        let class = if throttled { FailureClass::Throttled } else { FailureClass::Transient };
        let asked = asked_ms.map(Duration::from_millis);
        match policy.backoff(made, class, asked, &Random::seeded(seed)) {
            Backoff::Wait(wait) => match asked {
                Some(asked) => {
                    prop_assert!(wait >= asked);
                    prop_assert!(wait <= asked.max(Duration::from_secs(20)));
                }
                None => prop_assert!(wait <= Duration::from_secs(20)),
            },
            Backoff::TooLong(wait) => prop_assert!(wait > Duration::from_secs(5)),
            Backoff::GiveUp => prop_assert!(false, "attempts are left"),
        }
    }
}

/// Runs against a target that always fails so; how it ended, and after how many attempts.
async fn ended(
    retry: Retry,
    call: impl Into<CallBudget> + Send,
    how: Idempotency,
    error: Failed,
) -> (GaveUp, u32) {
    let made = AtomicU32::new(0);
    let run = retry.run(call, how, |_| {
        made.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Err::<(), _>(Failed(error.0, error.1)))
    });
    let ended = run.await.unwrap_err();
    assert_eq!(ended.attempts(), made.into_inner());
    assert!(
        ended.error().is_none_or(|last| last.0 == error.0),
        "the original error"
    );
    (ended.gave_up(), ended.attempts())
}

#[tokio::test]
async fn says_why_there_was_no_further_attempt() {
    let clock = ManualClock::default();
    let retry = || instant(RetryPolicy::default()).clock(clock.clone());
    let soon = |secs| Deadline::after(&clock, Duration::from_secs(secs));
    let down = || Failed(FailureClass::Transient, None);
    let asks = |secs| Failed(FailureClass::Throttled, Some(Duration::from_secs(secs)));
    let (again, once) = (Idempotency::Idempotent, Idempotency::Once);

    let refused = Failed(FailureClass::Credential, None);
    assert_eq!(
        ended(retry(), Deadline::NONE, again, refused).await,
        (GaveUp::NotRetryable, 1)
    );
    assert_eq!(
        ended(retry(), Deadline::NONE, once, down()).await,
        (GaveUp::NotIdempotent, 1)
    );
    assert_eq!(
        ended(retry(), Deadline::NONE, again, down()).await,
        (GaveUp::Attempts, 3)
    );
    let broke = retry().budget(RetryBudget::new(20));
    assert_eq!(
        ended(broke, Deadline::NONE, again, down()).await,
        (GaveUp::RetryBudgetExhausted, 2)
    );
    let two = CallBudget::default().attempts(2);
    let out = GaveUp::Call(CallExhausted::Attempts);
    assert_eq!(ended(retry(), two, again, down()).await, (out, 2));
    let later = |secs| GaveUp::RetryLater(Duration::from_secs(secs));
    assert_eq!(
        ended(retry(), Deadline::NONE, again, asks(120)).await,
        (later(120), 1)
    );
    assert_eq!(
        ended(retry(), soon(2), again, asks(3)).await,
        (later(3), 1),
        "more than is left"
    );
    let passed = soon(1);
    clock.advance(Duration::from_secs(1));
    let late = GaveUp::Call(CallExhausted::Deadline);
    assert_eq!(
        ended(retry(), passed, again, down()).await,
        (late, 0),
        "not even begun"
    );
}

#[derive(Debug, thiserror::Error)]
#[error("connection refused")]
struct NeverArrived;

impl Failure for NeverArrived {
    fn class(&self) -> FailureClass {
        FailureClass::Transient
    }

    fn not_executed(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn what_must_not_be_repeated_is_repeated_when_it_never_arrived() {
    let retry = instant(RetryPolicy::default());
    let run = retry.run(Deadline::NONE, Idempotency::of_request("POST", false), |_| {
        std::future::ready(Err::<(), _>(NeverArrived))
    });
    assert_eq!(run.await.unwrap_err().attempts(), 3);
    assert_eq!(Idempotency::of_request("POST", true), Idempotency::Idempotent);
    assert_eq!(Idempotency::of_request("DELETE", false), Idempotency::Idempotent);
}

#[tokio::test]
async fn a_client_inside_an_attempt_does_not_retry_again() {
    let (outer, inner) = (instant(RetryPolicy::default()), instant(RetryPolicy::default()));
    let (calls, call) = (AtomicU32::new(0), CallBudget::default());
    let run = outer.run(&call, Idempotency::Idempotent, |inside| {
        let (inner, calls) = (&inner, &calls);
        async move {
            let down = |_| {
                calls.fetch_add(1, Ordering::SeqCst);
                std::future::ready(Err::<(), _>(Failed(FailureClass::Transient, None)))
            };
            let ended = inner.run(inside, Idempotency::Idempotent, down).await;
            assert_eq!(
                ended.as_ref().unwrap_err().gave_up(),
                GaveUp::Call(CallExhausted::Nested)
            );
            ended
        }
    });
    assert_eq!(run.await.unwrap_err().attempts(), 3);
    assert_eq!(calls.into_inner(), 3, "and not nine");
    assert_eq!(call.attempts_left(), 13);
}

#[test]
fn a_dropped_retry_gives_back_what_it_had_taken() {
    for polls in 0..3 {
        let (clock, budget, call) = (
            ManualClock::default(),
            RetryBudget::new(100),
            CallBudget::default(),
        );
        let retry = Retry::default().clock(clock.clone()).budget(budget.clone());
        let ended = super::poll_then_drop(polls, || {
            retry.run(&call, Idempotency::Idempotent, |_| {
                std::future::ready(Err::<(), _>(Failed(FailureClass::Transient, None)))
            })
        });
        assert!(!ended, "it waits for its second attempt");
        assert_eq!(budget.tokens(), 100, "{polls}");
        assert_eq!(
            call.attempts_left(),
            if polls == 0 { 16 } else { 15 },
            "one attempt was made"
        );
    }
}

/// Three tiers in a row, each with its own budget and three attempts, over a bottom that fails `percent` of its requests;
/// how many requests arrive there for each that comes in at the top. `aware` tiers pass the call's budget on.
async fn offered(
    percent: u64,
    aware: bool,
    requests: u32,
    budget: impl Fn(&ManualClock) -> RetryBudget + Send + Sync,
) -> f64 {
    let clock = ManualClock::default();
    let tier = || {
        instant(RetryPolicy::default())
            .clock(clock.clone())
            .budget(budget(&clock))
    };
    let (top, middle, low, dice) = (tier(), tier(), tier(), Random::seeded(7));
    let arrived = AtomicU32::new(0);
    let bottom = || {
        arrived.fetch_add(1, Ordering::SeqCst);
        let up = dice.below(100) >= percent;
        std::future::ready(if up {
            Ok(())
        } else {
            Err(Failed(FailureClass::Transient, None))
        })
    };
    let again = Idempotency::Idempotent;
    let flat = |error: RetryError<Failed>| error.into_error().expect("an attempt was made");
    let pass = |call: CallBudget| if aware { call } else { CallBudget::default() };
    for _ in 0..requests {
        clock.advance(Duration::from_millis(1));
        let low = |call| async { low.run(pass(call), again, |_| bottom()).await.map_err(flat) };
        let middle = |call| async { middle.run(pass(call), again, low).await.map_err(flat) };
        top.run(CallBudget::default(), again, middle).await.ok();
    }
    f64::from(arrived.into_inner()) / f64::from(requests)
}

#[tokio::test]
async fn three_tiers_of_three_attempts_offer_at_most_a_fifth_more_during_an_outage() {
    for aware in [false, true] {
        let tokens = offered(100, aware, 20_000, |_| RetryBudget::default()).await;
        assert!(tokens <= 1.2, "{tokens}");
    }
    let unbounded = offered(100, false, 100, |_| RetryBudget::new(u32::MAX)).await;
    assert!(
        unbounded > 26.0,
        "without a budget it is an avalanche: {unbounded}"
    );
}

#[tokio::test]
async fn a_share_of_requests_holds_the_load_at_any_rate_of_failure_when_one_layer_retries() {
    for percent in (10..=100).step_by(10) {
        let share = |clock: &ManualClock| RetryBudget::share_of_requests(20, 0, clock.clone());
        let load = offered(percent, true, 5_000, share).await;
        assert!(load <= 1.2, "{percent} % fail: {load}");
        eprintln!(
            "LOAD {percent}: {}",
            offered(percent, true, 5_000, |_| RetryBudget::default()).await
        );
    }
}
