use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use futures::FutureExt as _;

use super::*;
use crate::failure::Failure as _;
use crate::resilience::{CallBudget, CallExhausted, Idempotency};

/// Is ready at its second poll.
async fn later<V>(value: V) -> V {
    tokio::task::yield_now().await;
    value
}

/// Polls a call `k` times and drops it, for every `k`: whatever it was doing, nothing of it is left.
#[test]
fn a_call_that_is_dropped_at_any_poll_leaves_nothing_behind() {
    for k in 0..64 {
        let clock = ManualClock::default();
        let fallback = three(&clock)
            .retry(RetryPolicy::default().base(Duration::from_millis(100)))
            .breaker(
                Breaker::builder()
                    .consecutive(2)
                    .probes(1, Duration::from_secs(60)),
            )
            .build()
            .unwrap();
        let operations = AtomicU64::new(0);
        let polled = {
            let call = fallback.execute(|attempt| {
                operations.fetch_add(1, Ordering::Relaxed);
                let down = attempt.name() != "c";
                later(if down {
                    Err(failed(FailureClass::Transient))
                } else {
                    Ok(())
                })
            });
            let mut call = Box::pin(call);
            let mut context = Context::from_waker(Waker::noop());
            (0..k).any(|_| {
                clock.advance(Duration::from_millis(30));
                matches!(call.as_mut().poll(&mut context), Poll::Ready(Ok(())))
            })
        };
        let statistics = fallback.statistics();
        assert_eq!(statistics.calls, u64::from(k > 0), "after {k} polls");
        assert_eq!(
            (statistics.served, statistics.in_flight),
            (u64::from(polled), 0),
            "after {k} polls"
        );
        assert_eq!(statistics.cancelled, statistics.calls - statistics.served);
        let attempts: u64 = statistics.targets.iter().map(|target| target.calls).sum();
        assert_eq!(attempts, operations.load(Ordering::Relaxed), "after {k} polls");
        assert!(statistics.targets.iter().all(|target| target.in_flight == 0));
        let seen = fallback.monitor().performance().overall;
        assert_eq!((seen.total + seen.cancelled, seen.in_flight), (attempts, 0));
        // Nobody's only probe is lost with it.
        clock.advance(Duration::from_secs(30));
        let mut again = Box::pin(fallback.execute(|_| std::future::ready(Ok::<_, Failed>(()))));
        assert!(again.as_mut().now_or_never().unwrap().is_ok(), "after {k} polls");
        assert_eq!(fallback.status()[0].state, "closed", "after {k} polls");
        if polled {
            return;
        }
    }
    panic!("the call never ended");
}

#[tokio::test]
async fn a_panic_counts_as_a_failure_and_goes_on_to_the_caller() {
    let fallback = three(&ManualClock::default())
        .breaker(Breaker::builder().consecutive(1))
        .build()
        .unwrap();
    let panics = fallback.execute(|_| async { panic!("on purpose") as Result<(), Failed> });
    AssertUnwindSafe(panics).catch_unwind().await.unwrap_err();
    let before_it_begins = fallback.execute(|attempt| {
        assert_ne!(attempt.name(), "b", "on purpose");
        std::future::ready(Ok::<_, Failed>(()))
    });
    AssertUnwindSafe(before_it_begins)
        .catch_unwind()
        .await
        .unwrap_err();
    let statistics = fallback.statistics();
    assert_eq!(
        (statistics.failed, statistics.cancelled, statistics.in_flight),
        (2, 0, 0)
    );
    for target in &statistics.targets[..2] {
        assert_eq!((target.failed, target.in_flight, target.state), (1, 0, "open"));
        assert_eq!(target.last_error.unwrap().class, "transient");
    }
    assert_eq!(ask(&fallback, &[]).await.0, ["c"]);
}

#[tokio::test]
async fn every_call_and_attempt_is_accounted_for() {
    let clock = ManualClock::default();
    let fallback = three(&clock).build().unwrap();
    ask(&fallback, &[]).await.1.unwrap();
    ask(&fallback, &[("a", failed(FailureClass::Transient))])
        .await
        .1
        .unwrap();
    ask(&fallback, &[("a", failed(FailureClass::Rejected))])
        .await
        .1
        .unwrap_err();
    let open = fallback
        .call()
        .run(|_| std::future::ready(Ok::<_, Failed>(())))
        .await
        .unwrap()
        .into_parts();
    clock.advance(Duration::from_secs(1));
    let statistics = fallback.statistics();
    let calls = (
        statistics.calls,
        statistics.served,
        statistics.failed,
        statistics.fallbacks,
    );
    assert_eq!(calls, (4, 3, 1, 1));
    let (a, b) = (&statistics.targets[0], &statistics.targets[1]);
    assert_eq!((a.calls, a.served, a.failed, a.in_flight), (5, 1, 3, 1));
    assert_eq!(
        (a.fallbacks_from, a.fallbacks_to, b.fallbacks_from, b.fallbacks_to),
        (1, 0, 0, 1)
    );
    let last = a.last_error.unwrap();
    assert_eq!(
        (last.class, clock.now().since(last.at)),
        ("rejected", Duration::from_secs(1))
    );
    let shown = serde_json::to_value(&statistics).unwrap();
    assert_eq!(shown["targets"][0]["mode"], "enabled");
    assert_eq!(shown["targets"][1]["latency"]["mean_ms"], 0.0);
    drop(open);
    assert_eq!(fallback.status()[0].cancelled, 1);

    fallback.reset_target("a").unwrap();
    assert_eq!((fallback.status()[0].calls, fallback.status()[1].calls), (0, 1));
    fallback.reset();
    let statistics = fallback.statistics();
    assert_eq!((statistics.calls, statistics.targets[1].calls), (0, 0));
    assert_eq!(fallback.reset_target("z").unwrap_err().kind(), ErrorKind::Unknown);
}

#[tokio::test]
async fn a_reader_who_panics_says_nothing_about_the_target() {
    let fallback = three(&ManualClock::default())
        .breaker(Breaker::builder().consecutive(1))
        .build()
        .unwrap();
    let served = fallback
        .call()
        .run(|_| std::future::ready(Ok::<_, Failed>(())))
        .await
        .unwrap();
    let reading = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let _open = served.into_parts();
        panic!("on purpose");
    }));
    reading.unwrap_err();
    let status = &fallback.status()[0];
    assert_eq!((status.cancelled, status.failed, status.state), (1, 0, "closed"));
}

#[tokio::test]
async fn one_budget_bounds_retries_and_fallbacks_of_a_call() {
    let clock = ManualClock::default();
    let fallback = three(&clock).build().unwrap();
    let down = |_| std::future::ready(Err::<(), _>(failed(FailureClass::Transient)));
    let budget = CallBudget::default().attempts(3);
    let exhausted = fallback.call().budget(&budget).run(down).await.unwrap_err();
    assert_eq!(
        (exhausted.attempts().len(), exhausted.budget()),
        (3, Some(CallExhausted::Attempts))
    );
    assert_eq!(exhausted.last_error().unwrap().class(), FailureClass::Transient);
    assert_eq!(budget.attempts_left(), 0);
    let free = fallback.call().run(down).await.unwrap_err();
    assert_eq!((free.attempts().len(), free.budget()), (6, None));
}

#[tokio::test]
async fn what_may_be_done_once_is_repeated_only_if_nothing_was_done() {
    for (class, attempts) in [
        (FailureClass::Throttled, 6),
        (FailureClass::Transient, 1),
        (FailureClass::Credential, 1),
    ] {
        let fallback = three(&ManualClock::default()).build().unwrap();
        let down = |_| std::future::ready(Err::<(), _>(failed(class)));
        let exhausted = fallback
            .call()
            .idempotency(Idempotency::Once)
            .run(down)
            .await
            .unwrap_err();
        assert_eq!(exhausted.attempts().len(), attempts, "{class:?}");
    }
}

/// Two layers of two attempts at three targets each would be 36 requests.
#[tokio::test]
async fn a_set_within_a_set_does_not_retry_what_is_retried_around_it() {
    let clock = ManualClock::default();
    let (outer, inner) = (three(&clock).build().unwrap(), three(&clock).build().unwrap());
    let requests = Arc::new(AtomicU64::new(0));
    let outcome = outer
        .run(&ByClass, CallBudget::default().attempts(8), |attempt| {
            let (inner, requests) = (inner.clone(), Arc::clone(&requests));
            async move {
                let inside = inner.call().budget(attempt.nested()).run(|_| {
                    requests.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(Err::<(), _>(failed(FailureClass::Transient)))
                });
                inside
                    .await
                    .map(drop)
                    .map_err(|_| failed(FailureClass::Transient))
            }
        })
        .await;
    outcome.unwrap_err();
    assert_eq!(requests.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn a_target_that_fails_leaves_the_others_their_retries() {
    let clock = ManualClock::default();
    let policy = RetryPolicy::default().attempts(2).base(Duration::ZERO);
    let fallback = three(&clock).budget_per_target(28).retry(policy.clone());
    let fallback = fallback
        .breaker(Breaker::builder().consecutive(0))
        .build()
        .unwrap();
    let a = [("a", failed(FailureClass::Transient))];
    for expected in [["a", "a", "b"].as_slice(), &["a", "a", "b"], &["a", "b"]] {
        assert_eq!(ask(&fallback, &a).await.0, expected);
    }
    let both = [
        ("a", failed(FailureClass::Transient)),
        ("b", failed(FailureClass::Transient)),
    ];
    assert_eq!(
        ask(&fallback, &both).await.0,
        ["a", "b", "b", "c"],
        "b still has its own"
    );
    let shared = three(&clock)
        .budget(RetryBudget::new(14))
        .retry(policy)
        .build()
        .unwrap();
    assert_eq!(ask(&shared, &both).await.0, ["a", "a", "b", "c"]);
}

#[tokio::test]
async fn a_share_of_the_requests_knows_the_first_attempts() {
    let clock = ManualClock::default();
    let share = RetryBudget::share_of_requests(100, 0, clock.clone());
    let fallback = three(&clock).budget(share).build().unwrap();
    let (asked, _) = ask(&fallback, &[("a", failed(FailureClass::Transient))]).await;
    assert_eq!(asked, ["a", "a", "b"]);
}

#[tokio::test]
async fn nobody_is_asked_after_a_wait_that_took_longer_than_the_call_has() {
    let clock = ManualClock::default();
    let fallback = three(&clock).build().unwrap();
    let deadline = Deadline::after(&clock, Duration::from_secs(1));
    let down = |_| {
        let asked = Some(Duration::from_millis(500));
        std::future::ready(Err::<(), _>(Failed {
            class: FailureClass::Transient,
            asked,
        }))
    };
    let overslept = async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(2));
    };
    let (ended, ()) = tokio::join!(fallback.run(&ByClass, deadline, down), overslept);
    let exhausted = ended.unwrap_err();
    assert_eq!(
        (exhausted.attempts().len(), exhausted.budget()),
        (1, Some(CallExhausted::Deadline))
    );
}
