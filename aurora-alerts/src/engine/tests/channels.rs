//! Channels that are throttled, broken, or gone.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::*;
use crate::notification::{Notification, Reason};
use crate::notifier::{Limits, Notifier, NotifyError, NotifyErrorKind, Receipt, Scope};
use crate::testing::Failing;

/// Several targets, of which each answers as it is told.
#[derive(Debug, Clone)]
struct Chats {
    targets: Vec<String>,
    errors: Arc<Mutex<Vec<(String, NotifyErrorKind)>>>,
    told: Recorder,
}

impl Chats {
    fn new(targets: &[&str]) -> Self {
        Self {
            targets: targets.iter().map(|&target| target.to_owned()).collect(),
            errors: Arc::default(),
            told: Recorder::new(),
        }
    }

    fn failing(self, target: &str, kind: NotifyErrorKind) -> Self {
        self.errors.lock().unwrap().push((target.to_owned(), kind));
        self
    }

    fn heard_at(&self, target: &str) -> Vec<String> {
        let told = self.told.notifications();
        let there = told
            .iter()
            .filter(|told| told.target == target && told.alerts[0].rule == "a");
        there
            .map(|told| format!("{}: {}", told.mark(), told.alerts[0].rule))
            .collect()
    }
}

#[async_trait]
impl Notifier for Chats {
    fn name(&self) -> &str {
        "chats"
    }

    fn targets(&self) -> Vec<String> {
        self.targets.clone()
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let errors = self.errors.lock().unwrap().clone();
        match errors.iter().find(|(target, _)| *target == notification.target) {
            Some((_, kind)) => Err(NotifyError::new(*kind, "as told").with_scope(Scope::Target)),
            None => self.told.send(notification).await,
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_throttled_channel_becomes_a_digest_the_worst_first() {
    let throttled = Failing::new(NotifyErrorKind::RateLimited)
        .times(1)
        .retry_after(MINUTE);
    let house = House::with(|builder| builder.notify(throttled.clone()));
    house.fire(named("first")).await;
    for n in 0..30 {
        house.fire(named(&format!("w{n:02}"))).await;
    }
    house.fire(severe("worst")).await;
    house.resolve(named("w03")).await;
    house.passing(61).await;
    house.passing(200).await;
    let taken = throttled.taken();
    assert_eq!(taken[0].reason, Reason::Digest);
    assert_eq!(taken[0].alerts[0].rule, "worst");
    let named: Vec<&str> = taken
        .iter()
        .flat_map(|told| &told.alerts)
        .map(|alert| alert.rule.as_str())
        .collect();
    assert_eq!(named.len(), 32, "each once: {named:?}");
    assert!(taken.len() <= 2, "{} messages", taken.len());
    let short = taken
        .iter()
        .flat_map(|told| &told.alerts)
        .find(|alert| alert.rule == "w03")
        .unwrap();
    assert!(short.is_over_before_told());
    assert_eq!(house.told.notifications().len(), 33, "no other channel waited");
}

#[tokio::test]
async fn a_channel_with_a_pace_keeps_it_and_sums_up() {
    let paced = Recorder::new().with_limits(Limits::default().spacing(SECOND));
    let house = House::with(|builder| builder.notify_as("paced", paced.clone()));
    let alerts = ["a", "b", "c", "d"].map(|name| PostedAlert::new(named(name)));
    house.engine.post(alerts).await.unwrap();
    house.engine.tick().await;
    assert_eq!(paced.take().len(), 1);
    house.passing(1).await;
    let told = paced.take();
    assert_eq!((told.len(), told[0].alerts.len()), (1, 3));
}

#[tokio::test]
async fn a_broken_channel_is_switched_off_its_alerts_go_elsewhere_and_it_says_so_itself() {
    let gone = Failing::new(NotifyErrorKind::Gone).times(1);
    let fallback = Recorder::new();
    let house = House::with(|builder| {
        builder
            .notify(gone.clone())
            .notify_as("fallback", fallback.clone())
            .fallback("fallback")
            .route(crate::Route::to("failing").each_alert())
    });
    let alert = house.fire(named("a")).await;
    let told = heard(&fallback);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&"WARNING: a=firing".to_owned()));
    assert!(told.contains(&"CRITICAL: Notification channel broken=firing".to_owned()));
    assert_eq!(gone.attempts().len(), 1);
    let status = &house.engine.channels()[1];
    assert_eq!(status.disabled_by, Some(NotifyErrorKind::Gone));
    house.fire(named("b")).await;
    assert_eq!(heard(&fallback), ["WARNING: b=firing"]);
    assert_eq!(gone.attempts().len(), 1, "nothing more is sent there");

    house.engine.enable_channel("failing").await.unwrap();
    house.passing(2).await;
    let mut taken: Vec<String> = gone
        .taken()
        .iter()
        .map(|told| told.alerts[0].rule.clone())
        .collect();
    taken.sort();
    assert_eq!(taken, ["a", "b"], "what it missed");
    assert_eq!(
        heard(&fallback),
        ["RESOLVED: Notification channel broken=resolved"]
    );
    house.resolve(named("a")).await;
    assert_eq!(
        heard(&fallback),
        ["RESOLVED: a=resolved"],
        "who was told that it fires hears of its end"
    );
    assert!(house.engine.explain(alert).is_some());
    let unknown = house.engine.enable_channel("failing").await.unwrap_err();
    assert_eq!(unknown.kind(), crate::ErrorKind::NotFound);
}

#[tokio::test]
async fn without_a_fallback_what_a_broken_channel_cannot_tell_waits_until_it_is_mended() {
    let gone = Failing::new(NotifyErrorKind::Gone).times(1);
    let house = House::with(|builder| builder.notify(gone.clone()));
    let alert = house.fire(named("a")).await;
    house.passing(30).await;
    assert!(matches!(house.stages(alert)[0], Stage::Disabled { .. }));
    house.engine.enable_channel("failing").await.unwrap();
    house.passing(1).await;
    let taken: Vec<String> = gone
        .taken()
        .iter()
        .map(|told| told.alerts[0].rule.clone())
        .collect();
    assert!(taken.contains(&"a".to_owned()), "{taken:?}");
}

#[tokio::test]
async fn one_target_that_is_gone_stops_no_other() {
    let chats = Chats::new(&["one", "two", "three"])
        .failing("two", NotifyErrorKind::Gone)
        .failing("three", NotifyErrorKind::Server);
    let house = House::with(|builder| builder.notify(chats.clone()));
    house.fire(named("a")).await;
    house.resolve(named("a")).await;
    house.passing(5).await;
    assert_eq!(chats.heard_at("one"), ["WARNING: a", "RESOLVED: a"]);
    assert!(chats.heard_at("two").is_empty());
    chats.errors.lock().unwrap().clear();
    house.passing(120).await;
    let told = chats.told.notifications();
    let late: Vec<_> = told.iter().filter(|told| told.target == "three").collect();
    let mentions: Vec<u64> = late
        .iter()
        .flat_map(|told| &told.alerts)
        .filter(|alert| alert.rule == "a")
        .flat_map(|alert| alert.changes.iter().map(|change| change.seq))
        .collect();
    assert_eq!(mentions, [1, 2], "both changes, each once");
    assert!(chats.heard_at("two").is_empty(), "until somebody mends it");
}

#[tokio::test]
async fn a_message_that_is_refused_for_good_goes_to_the_fallback_and_is_not_tried_again() {
    let picky = Failing::new(NotifyErrorKind::Client).times(1);
    let fallback = Recorder::new();
    let house = House::with(|builder| {
        builder
            .notify(picky.clone())
            .notify_as("fallback", fallback.clone())
            .fallback("fallback")
            .route(crate::Route::to("failing"))
    });
    let alert = house.fire(named("a")).await;
    house.passing(30).await;
    assert_eq!(picky.attempts().len(), 1);
    assert_eq!(heard(&fallback), ["WARNING: a=firing"]);
    assert!(matches!(house.stages(alert)[0], Stage::Refused { .. }));
    house.resolve(named("a")).await;
    assert_eq!(picky.taken().len(), 1, "its end is a message of its own");
}

#[tokio::test]
async fn a_channel_can_be_tried_and_looked_at_without_an_alert() {
    let chats = Chats::new(&["one", "two"]).failing("two", NotifyErrorKind::Auth);
    let house = House::with(|builder| builder.notify(chats.clone()));
    assert_eq!(house.engine.probe("recorder").await.unwrap().len(), 1);
    assert_eq!(house.heard(), ["TEST: Aurora test=firing"]);
    let error = house.engine.probe("chats").await.unwrap_err();
    assert_eq!(error.to_string(), "channel \"chats\": as told");
    assert_eq!(
        house.engine.probe("x").await.unwrap_err().kind(),
        crate::ErrorKind::NotFound
    );
    let preview = house
        .engine
        .preview("recorder", &Notification::test("", house.now()))
        .unwrap();
    assert_eq!(preview.title, "[TEST] Aurora test");
    assert!(house.engine.active().is_empty());
}

#[tokio::test]
async fn every_alert_can_be_asked_where_it_stands() {
    let failing = Failing::new(NotifyErrorKind::Server).times(1).retry_after(MINUTE);
    let house = House::with(|builder| builder.notify(failing));
    let alert = house.fire(named("a")).await;
    let stages = house.stages(alert);
    let [
        Stage::Queued {
            attempts: 1,
            throttled_until: Some(until),
            ..
        },
        Stage::Told { .. },
    ] = stages.as_slice()
    else {
        panic!("{stages:?}");
    };
    assert!(*until >= house.now() + MINUTE);
    house.passing(120).await;
    assert!(
        house
            .stages(alert)
            .iter()
            .all(|stage| matches!(stage, Stage::Told { .. }))
    );
    assert!(house.engine.explain(named("x").fingerprint()).is_none());
}
