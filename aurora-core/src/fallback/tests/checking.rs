use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::sync::oneshot;

use super::super::checks::{CheckState, Turn};
use super::*;

const EVERY: Duration = Duration::from_secs(10);

type Down = Arc<Mutex<BTreeSet<&'static str>>>;

/// Checks that fail for the names in the set.
fn checks(down: &Down) -> Checks<&'static str> {
    let down = Arc::clone(down);
    Checks::new(move |attempt: Attempt<&'static str>| {
        let is_down = down.lock().unwrap().contains(attempt.name());
        std::future::ready(if is_down {
            Err(failed(FailureClass::Timeout))
        } else {
            Ok(())
        })
    })
    .interval(EVERY)
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_target_is_out_after_its_failures_and_back_after_its_successes() {
    let down = Down::default();
    let fallback = three(&ManualClock::default())
        .checks(checks(&down))
        .build()
        .unwrap();
    down.lock().unwrap().insert("a");
    for _ in 0..2 {
        assert_eq!(
            fallback
                .check_now()
                .await
                .iter()
                .filter(|report| !report.well)
                .count(),
            1
        );
    }
    assert_eq!(ask(&fallback, &[]).await.0, ["a"], "two failures are not three");
    fallback.check_now().await;
    assert_eq!(fallback.status()[0].checked, Some(false));
    let (asked, outcome) = ask(&fallback, &[]).await;
    assert_eq!((asked, outcome.unwrap()), (vec!["b".to_owned()], "b".to_owned()));
    assert_eq!(fallback.status()[0].skipped, 1);
    down.lock().unwrap().clear();
    fallback.check_now().await;
    assert_eq!(ask(&fallback, &[]).await.0, ["b"], "one success is not two");
    fallback.check_now().await;
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
}

#[tokio::test]
async fn checks_that_find_everybody_down_take_nobody_out() {
    let down: Down = Arc::new(Mutex::new(BTreeSet::from(["a", "b", "c"])));
    let fallback = three(&ManualClock::default())
        .checks(checks(&down))
        .build()
        .unwrap();
    for _ in 0..3 {
        fallback.check_now().await;
    }
    assert!(fallback.status().iter().all(|status| !status.healthy));
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
}

#[tokio::test]
async fn a_target_that_is_out_is_asked_when_nobody_else_may_be() {
    let (clock, long) = (ManualClock::default(), Duration::from_secs(300));
    let down: Down = Arc::new(Mutex::new(BTreeSet::from(["b", "c"])));
    let fallback = three(&clock)
        .breaker(Breaker::builder().consecutive(1).open_for(long, long))
        .checks(checks(&down))
        .build()
        .unwrap();
    for _ in 0..3 {
        fallback.check_now().await;
    }
    let failing = [("a", failed(FailureClass::Transient))];
    assert_eq!(ask(&fallback, &failing).await.0, ["a"], "the others are out");
    let failing = [("b", failed(FailureClass::Transient))];
    assert_eq!(
        ask(&fallback, &failing).await.0,
        ["b"],
        "a may not be called; one of those who are out was asked"
    );
    assert_eq!(ask(&fallback, &[]).await.0, ["c"]);
}

#[tokio::test]
async fn a_check_does_not_shorten_what_the_target_asked_for() {
    let clock = ManualClock::default();
    let fallback = three(&clock)
        .breaker(Breaker::builder().consecutive(1))
        .checks(checks(&Down::default()))
        .build()
        .unwrap();
    let busy = Failed {
        class: FailureClass::Transient,
        asked: Some(Duration::from_secs(60)),
    };
    ask(&fallback, &[("a", busy)]).await.1.unwrap();
    assert_eq!(fallback.status()[0].state, "open");
    fallback.check_now().await;
    assert_eq!(fallback.status()[0].state, "open");
    clock.advance(Duration::from_secs(60));
    fallback.check_now().await;
    assert_eq!(fallback.status()[0].state, "half_open");
}

/// Runs the checks of `fallback` beside the test.
fn beside<T: Send + Sync + 'static>(fallback: &Fallback<T>) -> tokio::task::JoinHandle<()> {
    let fallback = fallback.clone();
    tokio::task::spawn(async move { fallback.run_checks(std::future::pending()).await })
}

#[tokio::test]
async fn slow_checks_of_the_first_do_not_starve_those_of_the_last() {
    let clock = ManualClock::default();
    let begun = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&begun);
    let checks = Checks::new(move |attempt: Attempt<()>| {
        seen.lock().unwrap().insert(attempt.name().to_owned());
        std::future::pending::<Result<(), Failed>>()
    });
    let mut builder = Fallback::builder()
        .clock(clock.clone())
        .checks(checks.interval(EVERY).concurrency(1));
    for n in 0..20 {
        builder = builder.target(Target::new(n.to_string(), ()));
    }
    let running = beside(&builder.build().unwrap());
    for _ in 0..20 {
        settle().await;
        clock.advance(Duration::from_secs(2));
    }
    assert_eq!(begun.lock().unwrap().len(), 20);
    running.abort();
}

#[tokio::test]
async fn a_reset_begins_no_second_check_of_a_target_that_is_being_checked() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let checks = Checks::new(move |_: Attempt<&'static str>| {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<Result<(), Failed>>()
    });
    let fallback = three(&ManualClock::default()).checks(checks).build().unwrap();
    let running = beside(&fallback);
    settle().await;
    fallback.reset();
    settle().await;
    assert_eq!(made.load(Ordering::Relaxed), 3);
    running.abort();
}

#[tokio::test]
async fn a_check_that_succeeds_shortens_an_open_circuit() {
    let (clock, long) = (ManualClock::default(), Duration::from_secs(300));
    let fallback = three(&clock)
        .breaker(Breaker::builder().consecutive(1).open_for(long, long))
        .checks(checks(&Down::default()))
        .build()
        .unwrap();
    ask(&fallback, &[("a", failed(FailureClass::Transient))])
        .await
        .1
        .unwrap();
    assert_eq!(fallback.status()[0].state, "open");
    fallback.check_now().await;
    assert_eq!(fallback.status()[0].state, "half_open");
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
    assert_eq!(fallback.status()[0].state, "closed");
    ask(&fallback, &[("a", failed(FailureClass::Credential))])
        .await
        .1
        .unwrap();
    fallback.check_now().await;
    assert!(
        !fallback.status()[0].healthy,
        "a key that was refused is no better for a check without it"
    );
}

#[tokio::test]
async fn checks_run_at_their_interval_until_they_are_told_to_stop() {
    let (clock, down) = (ManualClock::default(), Down::default());
    let fallback = three(&clock)
        .checks(checks(&down).jitter_percent(0))
        .build()
        .unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = {
        let fallback = fallback.clone();
        tokio::task::spawn(async move { fallback.run_checks(async { drop(stopped.await) }).await })
    };
    settle().await;
    down.lock().unwrap().insert("a");
    for check in 1..=3 {
        assert!(fallback.status()[0].healthy, "before check {check}");
        clock.advance(EVERY);
        settle().await;
    }
    assert_eq!(fallback.status()[0].checked, Some(false));
    fallback.register(Target::new("late", "late")).unwrap();
    fallback.set_mode("a", Mode::Disabled).unwrap();
    down.lock().unwrap().clear();
    settle().await;
    for _ in 0..2 {
        clock.advance(EVERY);
        settle().await;
    }
    let checked = |name: &str| {
        fallback
            .status()
            .into_iter()
            .find(|status| status.name == name)
            .unwrap()
            .checked
    };
    assert_eq!(checked("late"), Some(true));
    assert_eq!(checked("a"), Some(false), "nobody checks what is disabled");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_check_that_hangs_or_panics_has_failed_and_holds_up_no_other() {
    let clock = ManualClock::default();
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let checks = Checks::new(move |attempt: Attempt<&'static str>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let name = attempt.name().to_owned();
        async move {
            match name.as_str() {
                "a" => std::future::pending().await,
                "b" => panic!("on purpose"),
                _ => Ok::<_, Failed>(()),
            }
        }
    });
    let checks = checks
        .interval(EVERY)
        .timeout(Duration::from_secs(2))
        .thresholds(1, 1)
        .concurrency(2);
    let fallback = three(&clock).checks(checks).build().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = {
        let fallback = fallback.clone();
        tokio::task::spawn(async move { fallback.run_checks(async { drop(stopped.await) }).await })
    };
    settle().await;
    assert_eq!(
        made.load(Ordering::Relaxed),
        3,
        "a hangs, and the other place went to b and then to c"
    );
    clock.advance(Duration::from_secs(2));
    settle().await;
    let found: Vec<_> = fallback.status().iter().map(|status| status.checked).collect();
    assert_eq!(found, [Some(false), Some(false), Some(true)]);
    running.abort();
    running.await.unwrap_err();
    drop(stop);
    assert_eq!(ask(&fallback, &[]).await.0, ["c"]);
    let again = fallback.run_checks(settle());
    clock.advance(EVERY * 2);
    again.await;
    assert!(
        made.load(Ordering::Relaxed) > 3,
        "a loop that was dropped leaves nothing behind"
    );
}

#[tokio::test]
async fn no_more_checks_are_made_at_once_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (under_way, highest) = (Arc::clone(&now), Arc::clone(&most));
    let checks = Checks::new(move |_: Attempt<()>| {
        let (now, most) = (Arc::clone(&under_way), Arc::clone(&highest));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, Failed>(())
        }
    });
    let mut builder = Fallback::builder()
        .clock(ManualClock::default())
        .checks(checks.concurrency(3));
    for n in 0..20 {
        builder = builder.target(Target::new(n.to_string(), ()));
    }
    let fallback = builder.build().unwrap();
    assert_eq!(fallback.check_now().await.len(), 20);
    assert_eq!(most.swap(0, Ordering::SeqCst), 3);
    fallback.reset();
    fallback
        .run_checks(async {
            for _ in 0..20 {
                settle().await;
            }
        })
        .await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn without_checks_there_is_only_the_wait_for_the_end() {
    let fallback = three(&ManualClock::default()).build().unwrap();
    assert!(fallback.check_now().await.is_empty());
    fallback.run_checks(settle()).await;
    assert_eq!(fallback.status()[0].checked, None);
}

proptest! {
    /// The model looks at the last answers alone.
    #[test]
    fn a_target_turns_only_after_a_row(answers in proptest::collection::vec(any::<bool>(), 1..60), rise in 1_u32..4, fall in 1_u32..4) {
        let mut state = CheckState::default();
        let mut up = None;
        for (at, well) in answers.iter().enumerate() {
            let turn = state.judge(*well, rise, fall);
            let row = answers[..=at].iter().rev().take_while(|answer| *answer == well).count();
            let before = up;
            if row >= if *well { rise as usize } else { fall as usize } {
                up = Some(*well);
            }
            prop_assert_eq!(state.is_up(), up);
            let expected = match (before, up) {
                (Some(false), Some(true)) => Some(Turn::Up),
                (None | Some(true), Some(false)) => Some(Turn::Down),
                _ => None,
            };
            prop_assert_eq!(turn, expected);
        }
    }
}
