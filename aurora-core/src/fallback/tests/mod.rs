mod accounting;
mod checking;
mod choosing;
mod gates;
mod registering;

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::failure::{Failure, FailureClass};
use crate::resilience::{Breaker, Deadline, RetryBudget};
use crate::time::ManualClock;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("failed as {class:?}")]
struct Failed {
    class: FailureClass,
    asked: Option<Duration>,
}

impl Failure for Failed {
    fn class(&self) -> FailureClass {
        self.class
    }

    fn retry_after(&self) -> Option<Duration> {
        self.asked
    }

    fn not_executed(&self) -> bool {
        self.class == FailureClass::Throttled
    }
}

fn failed(class: FailureClass) -> Failed {
    Failed { class, asked: None }
}

fn three(clock: &ManualClock) -> FallbackBuilder<&'static str> {
    let policy = RetryPolicy::default()
        .attempts(2)
        .base(Duration::ZERO)
        .throttle_base(Duration::ZERO);
    Fallback::builder()
        .target(Target::new("c", "third").priority(3))
        .target(Target::new("a", "first"))
        .target(Target::new("b", "second").priority(2))
        .retry(policy)
        .clock(clock.clone())
        .random(Random::seeded(1))
}

/// Runs one call in which the named targets fail, and tells who was asked in which order.
async fn ask<T: Send + Sync>(
    fallback: &Fallback<T>,
    failing: &[(&str, Failed)],
) -> (Vec<String>, Result<String, Exhausted<Failed>>) {
    let asked = Mutex::new(Vec::new());
    let outcome = fallback
        .run(&ByClass, Deadline::NONE, |attempt| {
            asked.lock().unwrap().push(attempt.name().to_owned());
            let error = failing
                .iter()
                .find(|(name, _)| *name == attempt.name())
                .map(|(_, error)| error.clone());
            std::future::ready(error.map_or(Ok(()), Err))
        })
        .await
        .map(|served| {
            let target = served.target().to_owned();
            served.into_value();
            target
        });
    (asked.into_inner().unwrap(), outcome)
}

#[tokio::test]
async fn targets_are_tried_by_priority_and_transient_failures_retried_first() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let (asked, served) = ask(&fallback, &[("a", failed(FailureClass::Transient))]).await;
    assert_eq!(asked, ["a", "a", "b"]);
    assert_eq!(served.unwrap(), "b");
}

#[tokio::test]
async fn whoever_refuses_us_is_left_at_once_and_left_alone_afterwards() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let refused = [("a", failed(FailureClass::Credential))];
    assert_eq!(ask(&fallback, &refused).await.0, ["a", "b"]);
    assert_eq!(ask(&fallback, &refused).await.0, ["b"], "a is held back");
    assert_eq!(fallback.status()[0].skipped, 1);
    fallback.reset();
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
}

#[tokio::test]
async fn a_callers_mistake_is_surfaced_without_asking_others() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let (asked, outcome) = ask(&fallback, &[("a", failed(FailureClass::Rejected))]).await;
    assert_eq!(asked, ["a"]);
    assert_eq!(
        outcome.unwrap_err().last_error(),
        Some(&failed(FailureClass::Rejected))
    );
}

#[tokio::test]
async fn when_all_fail_every_error_is_kept() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let down = failed(FailureClass::Transient);
    let (asked, outcome) = ask(
        &fallback,
        &[("a", down.clone()), ("b", down.clone()), ("c", down)],
    )
    .await;
    assert_eq!(asked, ["a", "a", "b", "b", "c", "c"]);
    let exhausted = outcome.unwrap_err();
    assert_eq!(exhausted.attempts().len(), 6);
    assert_eq!(
        exhausted.to_string(),
        "no target answered: 6 attempts failed, 0 targets were passed over"
    );
}

#[tokio::test]
async fn an_open_circuit_is_passed_over_until_its_probe_succeeds() {
    let clock = ManualClock::default();
    let fallback = three(&clock)
        .breaker(Breaker::builder().consecutive(2))
        .build()
        .unwrap();
    let down = [("a", failed(FailureClass::Transient))];
    assert_eq!(ask(&fallback, &down).await.0, ["a", "a", "b"]);
    assert_eq!(ask(&fallback, &down).await.0, ["b"]);
    clock.advance(Duration::from_secs(10));
    assert_eq!(ask(&fallback, &[]).await.0, ["a"], "the probe");
    assert_eq!(fallback.status()[0].state, "closed");
}

#[tokio::test]
async fn a_long_retry_after_moves_on_at_once_and_holds_the_target_back() {
    let clock = ManualClock::default();
    let fallback = three(&clock).build().unwrap();
    let busy = Failed {
        class: FailureClass::Throttled,
        asked: Some(Duration::from_secs(120)),
    };
    assert_eq!(ask(&fallback, &[("a", busy)]).await.0, ["a", "b"]);
    let again = clock.now() + Duration::from_secs(120);
    let open_until = || {
        fallback
            .status()
            .iter()
            .map(|at| at.open_until)
            .collect::<Vec<_>>()
    };
    assert_eq!(open_until(), [Some(again), None, None]);
    clock.advance(Duration::from_secs(119));
    assert_eq!(ask(&fallback, &[]).await.0, ["b"]);
    assert_eq!(open_until(), [Some(again), None, None]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
    assert_eq!(open_until(), [None, None, None]);
}

#[tokio::test]
async fn the_only_target_is_waited_for_when_it_is_back_soon() {
    let clock = ManualClock::default();
    let fallback = Fallback::builder()
        .target(Target::new("a", ()))
        .retry(RetryPolicy::never())
        .clock(clock.clone())
        .build()
        .unwrap();
    let busy = Failed {
        class: FailureClass::Throttled,
        asked: Some(Duration::from_secs(3)),
    };
    assert!(ask(&fallback, &[("a", busy)]).await.1.is_err());
    let waiting = {
        let fallback = fallback.clone();
        tokio::task::spawn(async move { ask(&fallback, &[]).await.1.unwrap() })
    };
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_millis(3_750));
    assert_eq!(waiting.await.unwrap(), "a");
}

#[tokio::test]
async fn whoever_is_skipped_after_a_wait_tells_how_long_it_was() {
    let clock = ManualClock::default();
    let minute = Duration::from_secs(60);
    let fallback = three(&clock)
        .retry(RetryPolicy::default().base(Duration::from_secs(10)))
        .breaker(Breaker::builder().consecutive(1).open_for(minute, minute))
        .build()
        .unwrap();
    let call = tokio::task::spawn(async move {
        let operation = |attempt: Attempt<&'static str>| async move {
            match attempt.name() {
                "a" => Err(failed(FailureClass::Transient)),
                _ => Ok(()),
            }
        };
        let served = fallback.call().run(operation).await.unwrap();
        let trail = served.attempts().iter();
        trail
            .map(|record| (record.target.clone(), record.waited))
            .collect::<Vec<_>>()
    });
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(20));
    let trail = call.await.unwrap();
    let names: Vec<_> = trail.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["a", "a", "b"],
        "the circuit is open when the retry is due"
    );
    let waited = trail[1].1;
    assert!(
        waited > Duration::ZERO && waited <= Duration::from_secs(20),
        "{waited:?}"
    );
    assert_eq!((trail[0].1, trail[2].1), (Duration::ZERO, Duration::ZERO));
}

#[tokio::test]
async fn callers_who_wait_for_the_same_target_do_not_come_back_at_once() {
    let clock = ManualClock::default();
    let fallback = Fallback::builder()
        .target(Target::new("a", ()))
        .retry(RetryPolicy::never())
        .clock(clock.clone())
        .random(Random::seeded(1))
        .build()
        .unwrap();
    let busy = Failed {
        class: FailureClass::Throttled,
        asked: Some(Duration::from_secs(4)),
    };
    assert!(ask(&fallback, &[("a", busy)]).await.1.is_err());
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (fallback, clock) = (fallback.clone(), clock.clone());
        waiting.spawn(async move {
            ask(&fallback, &[]).await.1.unwrap();
            clock.elapsed()
        });
    }
    while clock.sleepers() < 20 {
        tokio::task::yield_now().await;
    }
    let mut came = Vec::new();
    for _ in 0..60 {
        clock.advance(Duration::from_millis(100));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        while let Some(at) = waiting.try_join_next() {
            came.push(at.unwrap());
        }
    }
    assert_eq!(came.len(), 20);
    assert!(
        came.iter().all(|at| *at >= Duration::from_secs(4)),
        "not before it asked for"
    );
    came.dedup();
    assert!(came.len() > 3, "{came:?}");
}

#[tokio::test]
async fn no_attempt_begins_after_the_deadline() {
    let clock = ManualClock::default();
    let fallback = three(&clock).build().unwrap();
    let deadline = Deadline::after(&clock, Duration::from_secs(1));
    let outcome = fallback
        .run(&ByClass, deadline, |_| {
            clock.advance(Duration::from_secs(2));
            std::future::ready(Err::<(), _>(failed(FailureClass::Timeout)))
        })
        .await;
    assert_eq!(outcome.unwrap_err().attempts().len(), 1);
}

#[tokio::test]
async fn a_plan_can_rule_out_targets_that_would_not_do_better() {
    struct NotSecond;
    impl Plan<&'static str, Failed> for NotSecond {
        fn action(&self, _: &Failed, _: &&'static str) -> Action {
            Action::Next
        }
        fn may_follow(&self, _: &Failed, failed: &&'static str, candidate: &&'static str) -> bool {
            !(*failed == "first" && *candidate == "second")
        }
    }
    let fallback = three(&ManualClock::default()).build().unwrap();
    let served = fallback
        .run(&NotSecond, Deadline::NONE, |attempt| {
            let first = *attempt.payload() == "first";
            std::future::ready(if first {
                Err(failed(FailureClass::Rejected))
            } else {
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(served.target(), "c");
}

#[tokio::test]
async fn an_open_lease_decides_later_and_a_dropped_one_decides_nothing() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let call = || {
        fallback.run(&ByClass, Deadline::NONE, |_| {
            std::future::ready(Ok::<_, Failed>(()))
        })
    };
    let (.., lease) = call().await.unwrap().into_parts();
    lease.failed(FailureClass::Transient, None);
    let (.., dropped) = call().await.unwrap().into_parts();
    drop(dropped);
    let status = &fallback.status()[0];
    assert_eq!((status.served, status.failed), (0, 1));
}

#[tokio::test]
async fn a_target_is_as_slow_as_its_answer_not_as_its_reader() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let fallback = three(&clock).monitor(monitor.clone()).build().unwrap();
    let served = fallback
        .run(&ByClass, Deadline::NONE, |_| {
            clock.advance(Duration::from_secs(2));
            std::future::ready(Ok::<_, Failed>(()))
        })
        .await
        .unwrap();
    let (.., lease) = served.into_parts();
    clock.advance(Duration::from_secs(300));
    assert_eq!(lease.elapsed(), Duration::from_secs(2));
    lease.succeeded();
    let recorded = monitor.summary("a").unwrap().p50_ms.unwrap();
    assert!((1_900.0..2_100.0).contains(&recorded), "{recorded} ms");
}

#[tokio::test]
async fn a_retry_that_the_circuit_refuses_or_nobody_waits_for_costs_no_budget() {
    let clock = ManualClock::default();
    let budget = RetryBudget::new(100);
    let down = [("a", failed(FailureClass::Transient))];
    let opens = three(&clock).budget(budget.clone());
    let opens = opens.breaker(Breaker::builder().consecutive(1)).build().unwrap();
    assert_eq!(ask(&opens, &down).await.0, ["a", "b"]);
    assert_eq!(budget.tokens(), 100, "the circuit opened before the retry");

    let waits = RetryPolicy::default().base(Duration::from_secs(10));
    let waits = three(&clock).budget(budget.clone()).retry(waits).build().unwrap();
    let waiting = tokio::task::spawn(async move { ask(&waits, &down).await.0 });
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(budget.tokens(), 86);
    waiting.abort();
    waiting.await.unwrap_err();
    assert_eq!(budget.tokens(), 100, "the caller left during the wait");
}
