//! Several engines on one store: one leads, the others hand it what they are told and take over.

use super::*;
use crate::matcher::{Matcher, Matchers};
use crate::rule::Rule;
use crate::silence::Silence;
use crate::store::MemoryStore;

struct Pair {
    clock: ManualClock,
    told: Recorder,
    one: AlertEngine,
    two: AlertEngine,
}

impl Pair {
    fn new() -> Self {
        let clock = ManualClock::default();
        let told = Recorder::new();
        let store = MemoryStore::new().clock(clock.clone());
        let build = || {
            AlertEngine::builder()
                .rule(Rule::new("Error rate high").metric("error_rate").above(20.0))
                .notify(told.clone())
                .store(store.clone())
                .clock(clock.clone())
                .build()
                .unwrap()
        };
        let (one, two) = (build(), build());
        Self {
            clock,
            told,
            one,
            two,
        }
    }

    async fn passing(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(SECOND);
            self.one.tick().await;
            self.two.tick().await;
        }
    }
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

    pair.two
        .acknowledge([fingerprint], "ana", "", None)
        .await
        .unwrap();
    let all: Matchers = [Matcher::equal("alertname", "quiet")].into_iter().collect();
    let now = pair.clock.now();
    pair.two
        .silence(Silence::new(all, now, now + HOUR))
        .await
        .unwrap();
    pair.passing(2).await;
    pair.one.post([PostedAlert::new(named("quiet"))]).await.unwrap();
    pair.passing(1).await;
    assert!(heard(&pair.told).is_empty());
    assert!(pair.one.get(fingerprint).unwrap().acknowledgement.is_some());
    assert_eq!(pair.one.silences().len(), 1);
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
