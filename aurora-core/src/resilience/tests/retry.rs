use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use crate::failure::{Failure, FailureClass};
use crate::resilience::{Backoff, Deadline, Retry, RetryBudget, RetryPolicy};
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
    let outcome = retry.run(deadline, || {
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
                .run(Deadline::NONE, || {
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
                    prop_assert!(wait <= asked * 5 / 4 + Duration::from_millis(50));
                }
                None => prop_assert!(wait <= Duration::from_secs(20)),
            },
            Backoff::TooLong(wait) => prop_assert!(wait > Duration::from_secs(5)),
            Backoff::GiveUp => prop_assert!(false, "attempts are left"),
        }
    }
}
