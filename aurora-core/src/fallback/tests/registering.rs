use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn names(fallback: &Fallback<&'static str>) -> Vec<String> {
    fallback.names()
}

#[test]
fn wrong_settings_are_refused_all_at_once() {
    let checks = Checks::new(|_| std::future::ready(Ok::<_, Failed>(())))
        .interval(Duration::ZERO)
        .timeout(Duration::ZERO)
        .thresholds(0, 3)
        .jitter_percent(51)
        .concurrency(0);
    let refused = Fallback::builder()
        .target(Target::new("a", ()))
        .target(Target::new("a", ()))
        .target(Target::new("", ()))
        .checks(checks)
        .build()
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Settings);
    assert_eq!(
        refused.to_string(),
        "interval of the checks: 10 ms to 1 h; time limit of a check: more than zero, up to 1 min; \
         thresholds of the checks: 1 to 100; jitter of the checks: 0 to 50 percent; checks at once: 1 to 100; \
         two targets are named \"a\"; a target needs a name"
    );
}

#[tokio::test]
async fn targets_come_change_and_go() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    assert_eq!(names(&fallback), ["a", "b", "c"]);
    let twice = fallback.register(Target::new("a", "again")).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Duplicate);
    fallback.register(Target::new("d", "fourth").priority(2)).unwrap();
    assert_eq!(names(&fallback), ["a", "b", "d", "c"]);

    ask(&fallback, &[("a", failed(FailureClass::Credential))])
        .await
        .1
        .unwrap();
    fallback.update(Target::new("a", "new").priority(9)).unwrap();
    assert_eq!(names(&fallback), ["b", "d", "c", "a"]);
    let a = &fallback.status()[3];
    assert_eq!((a.failed, a.healthy), (1, false), "what was learned of it stays");

    fallback.remove("b").unwrap();
    assert_eq!(fallback.remove("b").unwrap_err().kind(), ErrorKind::Unknown);
    assert_eq!(
        fallback.update(Target::new("b", "")).unwrap_err().kind(),
        ErrorKind::Unknown
    );
    assert_eq!(
        fallback.register(Target::new("", "")).unwrap_err().kind(),
        ErrorKind::Settings
    );
    assert_eq!(ask(&fallback, &[]).await.0, ["d"]);
    fallback.register(Target::new("b", "second")).unwrap();
    let b = fallback
        .status()
        .into_iter()
        .find(|status| status.name == "b")
        .unwrap();
    assert_eq!(b.calls, 0, "whoever comes back is new");
}

#[tokio::test]
async fn a_set_has_an_end() {
    let fallback = Fallback::builder().build().unwrap();
    for n in 0..1_000 {
        fallback.register(Target::new(n.to_string(), ())).unwrap();
    }
    assert_eq!(
        fallback.register(Target::new("more", ())).unwrap_err().kind(),
        ErrorKind::Full
    );
}

#[tokio::test]
async fn a_call_under_way_keeps_the_targets_with_which_it_began() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    let served = fallback
        .run(&ByClass, Deadline::NONE, |attempt| {
            if attempt.name() == "a" {
                fallback.remove("b").unwrap();
                fallback.remove("a").unwrap();
                fallback.update(Target::new("c", "changed")).unwrap();
            }
            let down = attempt.name() != "b";
            std::future::ready(if down {
                Err(failed(FailureClass::Credential))
            } else {
                Ok(*attempt.payload())
            })
        })
        .await
        .unwrap();
    assert_eq!((served.target(), *served.payload()), ("b", "second"));
    assert_eq!(served.into_value(), "second");
    assert_eq!(ask(&fallback, &[]).await.0, ["c"]);
}

#[tokio::test]
async fn targets_are_taken_out_and_put_back_by_hand() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    fallback.set_mode("a", Mode::Draining).unwrap();
    fallback.set_mode("b", Mode::Disabled).unwrap();
    assert_eq!(ask(&fallback, &[]).await.0, ["c"]);
    let status = fallback.status();
    assert_eq!(
        (status[0].mode, status[0].healthy, status[0].skipped),
        (Mode::Draining, false, 0)
    );
    fallback.set_mode("a", Mode::Enabled).unwrap();
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
    assert_eq!(
        fallback.set_mode("z", Mode::Enabled).unwrap_err().kind(),
        ErrorKind::Unknown
    );
    for name in ["a", "c"] {
        fallback.set_mode(name, Mode::Draining).unwrap();
    }
    let (asked, outcome) = ask(&fallback, &[]).await;
    assert!(asked.is_empty() && outcome.unwrap_err().attempts().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_go_on_while_targets_come_and_go() {
    const CALLERS: u64 = 8;
    const CALLS: u64 = 300;
    let fallback = Fallback::builder()
        .target(Target::new("steady", 0_u64).priority(5))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let operations = std::sync::Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (fallback, operations) = (fallback.clone(), std::sync::Arc::clone(&operations));
        tasks.spawn(async move {
            for _ in 0..CALLS {
                let answer = fallback.execute(|attempt| {
                    operations.fetch_add(1, Ordering::Relaxed);
                    let payload = *attempt.payload();
                    async move {
                        tokio::task::yield_now().await;
                        if payload % 3 == 1 {
                            Err(failed(FailureClass::Rejected))
                        } else {
                            Ok(payload)
                        }
                    }
                });
                drop(answer.await);
            }
        });
    }
    let churn = fallback.clone();
    tasks.spawn(async move {
        for n in 1..=400_u64 {
            churn.register(Target::new(format!("t{n}"), n)).unwrap();
            tokio::task::yield_now().await;
            churn
                .update(Target::new(format!("t{n}"), n + 1).priority(2))
                .unwrap();
            tokio::task::yield_now().await;
            churn.remove(&format!("t{n}")).unwrap();
        }
    });
    tokio::time::timeout(Duration::from_secs(60), async {
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    })
    .await
    .unwrap();
    let statistics = fallback.statistics();
    assert_eq!(statistics.calls, CALLERS * CALLS);
    assert_eq!((statistics.in_flight, statistics.cancelled), (0, 0));
    assert_eq!(statistics.served + statistics.failed, CALLERS * CALLS);
    let all = fallback.monitor().performance().overall;
    let ended = all.total + all.rejected + all.cancelled;
    assert_eq!((ended, all.in_flight), (operations.load(Ordering::Relaxed), 0));
}
