use std::collections::BTreeMap;

use super::*;

/// Holds targets back by name, now or after having been asked.
#[derive(Default)]
struct Keeper {
    held: BTreeMap<&'static str, Duration>,
    is_slow: bool,
    asked: Mutex<Vec<&'static str>>,
}

impl Gate<&'static str> for Keeper {
    fn admit<'a>(&'a self, target: &'a &'static str) -> Admission<'a> {
        self.asked.lock().unwrap().push(target);
        let held = self.held.get(target).copied();
        match held {
            _ if self.is_slow => Admission::Ask(Box::pin(async move {
                tokio::task::yield_now().await;
                held
            })),
            Some(wait) => Admission::Hold(wait),
            None => Admission::Pass,
        }
    }
}

#[tokio::test]
async fn whom_the_gate_holds_back_is_passed_over_like_an_open_circuit() {
    for is_slow in [false, true] {
        let fallback = three(&ManualClock::default()).build().unwrap();
        let hour = Duration::from_secs(3_600);
        let keeper = Keeper {
            held: [("first", hour)].into(),
            is_slow,
            ..Keeper::default()
        };
        let answer = fallback
            .call()
            .gate(&keeper)
            .run(|attempt| async move { Ok::<_, Failed>(*attempt.payload()) })
            .await
            .unwrap();
        assert_eq!(answer.target(), "b");
        assert!(matches!(
            answer.attempts()[0].outcome,
            AttemptOutcome::Skipped { retry_after } if retry_after == hour
        ));
        assert_eq!(answer.into_value(), "second");
        assert_eq!(*keeper.asked.lock().unwrap(), ["first", "second"]);
        let counts: Vec<_> = fallback
            .status()
            .iter()
            .map(|status| (status.served, status.skipped))
            .collect();
        assert_eq!(counts, [(0, 1), (1, 0), (0, 0)]);
    }
}

#[tokio::test]
async fn the_gate_is_asked_before_every_attempt_and_not_about_open_circuits() {
    let fallback = three(&ManualClock::default())
        .breaker(Breaker::builder().consecutive(1))
        .retry(RetryPolicy::never().max_wait(Duration::ZERO))
        .build()
        .unwrap();
    let keeper = Keeper::default();
    let down = |_: Attempt<&'static str>| std::future::ready(Err::<(), _>(failed(FailureClass::Transient)));
    fallback.call().gate(&keeper).run(down).await.unwrap_err();
    assert_eq!(*keeper.asked.lock().unwrap(), ["first", "second", "third"]);
    fallback.call().gate(&keeper).run(down).await.unwrap_err();
    assert_eq!(keeper.asked.lock().unwrap().len(), 3, "their circuits are open");
}

/// Whatever fails says nothing about its target.
struct Forgiving;

impl Plan<&'static str, Failed> for Forgiving {
    fn action(&self, _: &Failed, _: &&'static str) -> Action {
        Action::Next
    }

    fn tells(&self, _: &Failed, _: &&'static str) -> FailureClass {
        FailureClass::Rejected
    }
}

#[tokio::test]
async fn the_plan_says_what_the_circuit_is_told() {
    let fallback = three(&ManualClock::default())
        .breaker(Breaker::builder().consecutive(1))
        .build()
        .unwrap();
    let down = |_: Attempt<&'static str>| std::future::ready(Err::<(), _>(failed(FailureClass::Transient)));
    for _ in 0..3 {
        fallback.call().plan(&Forgiving).run(down).await.unwrap_err();
    }
    assert!(
        fallback
            .status()
            .iter()
            .all(|status| status.state == "closed" && status.failed == 3)
    );
}
