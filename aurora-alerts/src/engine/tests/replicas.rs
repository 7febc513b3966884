//! Several engines on one store: one leads, the others hand it what they are told and take over.

use super::*;
use crate::matcher::{Matcher, Matchers};
use crate::rule::Rule;
use crate::silence::Silence;
use crate::store::{AlertStore as _, MemoryStore};

struct Pair {
    clock: ManualClock,
    told: Recorder,
    store: MemoryStore,
    one: AlertEngine,
    two: AlertEngine,
}

impl Pair {
    fn new() -> Self {
        let clock = ManualClock::default();
        let told = Recorder::new();
        let store = MemoryStore::new().clock(clock.clone());
        let build = || engine(&clock, &told, &store);
        let (one, two) = (build(), build());
        Self {
            clock,
            told,
            store,
            one,
            two,
        }
    }

    /// Waits for what the first, which leads, answers.
    async fn asking<T>(&self, asked: impl Future<Output = T>) -> T {
        beside(&self.one, &self.clock, asked).await
    }

    async fn passing(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(SECOND);
            self.one.tick().await;
            self.two.tick().await;
        }
    }
}

fn engine(clock: &ManualClock, told: &Recorder, store: &MemoryStore) -> AlertEngine {
    AlertEngine::builder()
        .rule(Rule::new("Error rate high").metric("error_rate").above(20.0))
        .notify(told.clone())
        .store(store.clone())
        .clock(clock.clone())
        .build()
        .unwrap()
}

#[tokio::test]
async fn what_a_follower_is_told_its_leader_does() {
    let pair = Pair::new();
    pair.passing(1).await;
    assert_eq!((pair.one.leads(), pair.two.leads()), (true, false));
    let alert = PostedAlert::new(named("a"));
    let fingerprint = alert.fingerprint();
    pair.two.post([alert]).await.unwrap();
    pair.two.record("error_rate", 50.0);
    pair.passing(2).await;
    let mut told = heard(&pair.told);
    told.sort();
    assert_eq!(told, ["WARNING: Error rate high=firing", "WARNING: a=firing"]);
    assert_eq!(
        pair.two.active().len(),
        2,
        "what the leader has written is seen everywhere"
    );

    pair.asking(pair.two.acknowledge([fingerprint], "ana", "", None))
        .await
        .unwrap();
    let all: Matchers = [Matcher::equal("alertname", "quiet")].into_iter().collect();
    let now = pair.clock.now();
    let id = pair
        .asking(pair.two.silence(Silence::new(all, now, now + HOUR)))
        .await
        .unwrap();
    assert_eq!(pair.two.silences().len(), 1, "whoever made it sees it");
    pair.one.post([PostedAlert::new(named("quiet"))]).await.unwrap();
    pair.passing(1).await;
    assert!(heard(&pair.told).is_empty());
    assert!(pair.one.get(fingerprint).unwrap().acknowledgement.is_some());
    assert_eq!(pair.one.silences().len(), 1);
    pair.asking(pair.two.expire_silence(id, "ana")).await.unwrap();
    for _ in 0..2 {
        let over = pair.asking(pair.two.expire_silence(id, "ana")).await;
        assert_eq!(over.unwrap_err().kind(), crate::ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn an_answer_is_waited_for_no_longer_than_another_could_lead() {
    let pair = Pair::new();
    pair.passing(1).await;
    // The one that led is gone: the one that was asked takes its place and answers itself.
    let unknown = crate::silence::SilenceId::new(pair.clock.now());
    let mut asked = std::pin::pin!(pair.two.expire_silence(unknown, "ana"));
    let answer = loop {
        if let std::task::Poll::Ready(answer) = futures::poll!(asked.as_mut()) {
            break answer;
        }
        pair.clock.advance(SECOND);
    };
    assert_eq!(answer.unwrap_err().kind(), crate::ErrorKind::NotFound);
    assert!(pair.two.leads());

    // One that keeps the lead and does nothing is not waited for for ever.
    let mut asked = std::pin::pin!(pair.one.expire_silence(unknown, "ana"));
    let answer = loop {
        if let std::task::Poll::Ready(answer) = futures::poll!(asked.as_mut()) {
            break answer;
        }
        pair.clock.advance(SECOND);
        assert!(
            pair.store
                .lead(&pair.two.inner.holder, HOUR)
                .await
                .unwrap()
                .is_some()
        );
    };
    assert_eq!(answer.unwrap_err().kind(), crate::ErrorKind::Unavailable);
}

#[tokio::test]
async fn answers_that_were_read_are_forgotten() {
    let pair = Pair::new();
    pair.passing(1).await;
    let unknown = crate::silence::SilenceId::new(pair.clock.now());
    let answer = pair.asking(pair.two.expire_silence(unknown, "ana")).await;
    assert_eq!(answer.unwrap_err().kind(), crate::ErrorKind::NotFound);
    let answers = || async {
        let state = pair.store.load().await.unwrap().state;
        let of_answers = |key: &str| key.starts_with("answer/");
        state.iter().filter(|((_, key), _)| of_answers(key)).count()
    };
    assert_eq!(answers().await, 1);
    pair.passing(61).await;
    assert_eq!(answers().await, 0);
}

/// Each replica measures its own traffic: what is judged is that of both.
#[tokio::test]
async fn replicas_that_measure_different_things_are_judged_together() {
    let pair = Pair::new();
    pair.passing(1).await;
    let measure = async |one: (f64, u64), two: (f64, u64), seconds: u64| {
        let labels = || [("target", "a")];
        for _ in 0..seconds {
            for (engine, (value, count)) in [(&pair.one, one), (&pair.two, two)] {
                let share = crate::Share { count, least: 5 };
                engine.offer_share("error_rate", labels(), value, share).unwrap();
            }
            pair.passing(1).await;
        }
        heard(&pair.told)
    };
    // 100 of 400 failed: above 20 percent, though one replica saw none of it.
    let firing = ["WARNING: Error rate high=firing"];
    assert_eq!(measure((0.0, 200), (50.0, 200), 30).await, firing);
    assert_eq!(pair.one.active()[0].state.value, Some(25.0));
    assert!(
        measure((50.0, 200), (0.0, 200), 30).await.is_empty(),
        "it goes on firing"
    );
    assert_eq!(
        measure((0.0, 900), (50.0, 100), 30).await,
        ["RESOLVED: Error rate high=resolved"]
    );
    // Too few on each, and enough of both; what was said before no longer counts.
    pair.passing(16).await;
    assert!(measure((100.0, 2), (100.0, 2), 30).await.is_empty());
    assert_eq!(measure((100.0, 3), (100.0, 3), 30).await, firing);
    // One that is gone no longer counts.
    assert_eq!(
        measure((0.0, 100), (100.0, 1), 5).await,
        ["RESOLVED: Error rate high=resolved"]
    );
    for _ in 0..30 {
        let share = crate::Share { count: 10, least: 5 };
        pair.two
            .offer_share("error_rate", [("target", "a")], 40.0, share)
            .unwrap();
        pair.passing(1).await;
    }
    assert_eq!(heard(&pair.told), firing);
}

/// Whoever takes over knows its own share alone at first, and judges nothing by it.
#[tokio::test]
async fn one_that_takes_over_judges_together_with_the_others_from_its_first_tick_on() {
    let pair = Pair::new();
    let three = engine(&pair.clock, &pair.told, &pair.store);
    let offer = |engine: &AlertEngine, value: f64, count: u64| {
        let share = crate::Share { count, least: 5 };
        engine
            .offer_share("error_rate", [("target", "a")], value, share)
            .unwrap();
    };
    pair.passing(1).await;
    three.tick().await;
    for _ in 0..5 {
        offer(&three, 0.0, 1_000);
        three.tick().await;
        offer(&pair.two, 50.0, 6);
        pair.passing(1).await;
    }
    assert!(pair.one.leads() && heard(&pair.told).is_empty());
    pair.one.shutdown(SECOND).await;
    for _ in 0..40 {
        offer(&pair.two, 50.0, 6);
        offer(&three, 0.0, 1_000);
        pair.clock.advance(SECOND);
        pair.two.tick().await;
        three.tick().await;
    }
    assert!(pair.two.leads());
    assert!(heard(&pair.told).is_empty(), "3 of 1,006 failed");
    // The last one is judged by itself, as soon as the others count no longer.
    three.shutdown(SECOND).await;
    for _ in 0..20 {
        offer(&pair.two, 50.0, 6);
        pair.clock.advance(SECOND);
        pair.two.tick().await;
    }
    assert_eq!(heard(&pair.told), ["WARNING: Error rate high=firing"]);
}

#[tokio::test]
async fn when_the_leader_is_gone_another_goes_on_and_tells_nothing_twice() {
    let pair = Pair::new();
    pair.passing(1).await;
    pair.one.post([PostedAlert::new(named("a"))]).await.unwrap();
    pair.two.record("error_rate", 50.0);
    pair.passing(2).await;
    assert_eq!(heard(&pair.told).len(), 2);
    for _ in 0..12 {
        pair.clock.advance(SECOND);
        pair.two.tick().await;
    }
    assert!(pair.two.leads());
    assert!(
        heard(&pair.told).is_empty(),
        "neither the alert nor the sample again"
    );
    let end = PostedAlert::new(named("a")).ends_at(pair.clock.now());
    pair.one.post([end]).await.unwrap();
    pair.passing(1).await;
    assert!(!pair.one.leads(), "it was away too long, and follows now");
    assert_eq!(heard(&pair.told), ["RESOLVED: a=resolved"]);
}

#[tokio::test]
async fn a_leader_that_ends_in_order_is_followed_at_once() {
    let pair = Pair::new();
    pair.passing(1).await;
    pair.one.shutdown(SECOND).await;
    pair.two.post([PostedAlert::new(named("a"))]).await.unwrap();
    pair.two.tick().await;
    assert!(pair.two.leads());
    assert_eq!(heard(&pair.told), ["WARNING: a=firing"]);
    let late = pair.one.post([PostedAlert::new(named("b"))]).await.unwrap_err();
    assert_eq!(late.kind(), crate::ErrorKind::Closed);
}
