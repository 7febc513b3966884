//! Silences, inhibition and mute times.

use super::*;
use crate::matcher::{Matcher, Matchers};
use crate::route::{InhibitRule, Route};
use crate::silence::Silence;

fn of(name: &str) -> Matchers {
    [Matcher::equal("alertname", name)].into_iter().collect()
}

#[tokio::test]
async fn a_silence_holds_back_what_fires_and_lets_through_the_end_of_what_was_told() {
    let house = House::new();
    house.fire(named("told")).await;
    let silence = Silence::new(
        [r#"alertname=~"told|quiet|short""#.parse().unwrap()]
            .into_iter()
            .collect::<Matchers>(),
        house.now(),
        house.now() + HOUR,
    )
    .by("ana", "deploy");
    let id = house.engine.silence(silence).await.unwrap();
    let quiet = house.fire(named("quiet")).await;
    house.fire(named("short")).await;
    house.fire(named("other")).await;
    house.resolve(named("told")).await;
    house.resolve(named("short")).await;
    assert_eq!(
        house.heard(),
        [
            "WARNING: told=firing",
            "WARNING: other=firing",
            "RESOLVED: told=resolved"
        ]
    );
    let until = house.now() + HOUR;
    assert_eq!(house.stages(quiet), [Stage::Silenced { by: vec![id], until }]);
    house.after(HOUR).await;
    assert_eq!(
        house.heard(),
        ["WARNING: quiet=firing"],
        "what is over by then is not told"
    );
}

#[tokio::test]
async fn a_silence_that_is_ended_early_lets_through_at_once() {
    let house = House::new();
    let id = house
        .engine
        .silence(Silence::new(of("a"), house.now(), house.now() + HOUR))
        .await
        .unwrap();
    house.fire(named("a")).await;
    assert!(house.heard().is_empty());
    house.engine.expire_silence(id, "ana").await.unwrap();
    house.engine.tick().await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    let again = house.engine.expire_silence(id, "ana").await.unwrap_err();
    assert_eq!(again.kind(), crate::ErrorKind::NotFound);
    let endless = Silence::new(Matchers::new(), house.now(), house.now() + HOUR);
    assert_eq!(
        house.engine.silence(endless).await.unwrap_err().kind(),
        crate::ErrorKind::Invalid
    );
}

#[tokio::test]
async fn of_two_who_change_one_version_of_a_silence_the_second_is_refused() {
    use crate::ErrorKind;
    let house = House::new();
    let silence = Silence::new(of("a"), house.now(), house.now() + HOUR);
    let mut other = silence.clone();
    other.matchers = vec![of("b")];
    let kind = |result: Result<_, crate::Error>| result.map_err(|error| error.kind());
    let engine = &house.engine;
    let unknown = engine.replace_silence(silence.clone(), 1).await;
    assert_eq!(kind(unknown.map(drop)), Err(ErrorKind::NotFound));
    let id = engine.silence(silence).await.unwrap();
    assert_eq!(engine.silences()[0].version, 1);
    engine.replace_silence(other.clone(), 1).await.unwrap();
    let late = engine.replace_silence(other.clone(), 1).await;
    assert_eq!(kind(late.map(drop)), Err(ErrorKind::Conflict));
    let late = engine.expire_silence_if(id, 1, "ana").await;
    assert_eq!(kind(late), Err(ErrorKind::Conflict));
    engine.silence(other.clone()).await.unwrap();
    assert_eq!(
        engine.silences()[0].version,
        3,
        "whoever says no version counts too"
    );
    engine.expire_silence_if(id, 3, "ana").await.unwrap();
    let ended = &engine.silences()[0];
    assert_eq!((ended.version, ended.is_active(house.now())), (4, false));
    assert_eq!(ended.matchers, other.matchers);
    let over = engine.expire_silence_if(id, 4, "ana").await;
    assert_eq!(kind(over), Err(ErrorKind::NotFound));
}

#[test]
fn a_silence_that_was_stored_without_a_version_has_the_first() {
    let silence = Silence::new(of("a"), Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + HOUR);
    let mut stored = serde_json::to_value(&silence).unwrap();
    stored.as_object_mut().unwrap().remove("version");
    let read: Silence = serde_json::from_value(stored).unwrap();
    assert_eq!(read, silence);
}

#[tokio::test]
async fn an_alert_keeps_others_of_its_kind_back_as_long_as_it_fires() {
    let rule = InhibitRule {
        source: of("node down"),
        target: [Matcher::equal("tier", "service")].into_iter().collect(),
        equal: vec!["host".to_owned()],
    };
    let house = House::with(|builder| builder.inhibit(rule));
    let service =
        |name: &str, host: &str| Labels::from([("alertname", name), ("tier", "service"), ("host", host)]);
    let down = Labels::from([("alertname", "node down"), ("host", "h1")]);
    let source = house.fire(down.clone()).await;
    let target = house.fire(service("slow", "h1")).await;
    house.fire(service("short", "h1")).await;
    house.fire(service("slow elsewhere", "h2")).await;
    house.resolve(service("short", "h1")).await;
    assert_eq!(
        house.heard(),
        ["WARNING: node down=firing", "WARNING: slow elsewhere=firing"]
    );
    assert_eq!(house.stages(target), [Stage::Inhibited { by: source }]);
    house.resolve(down).await;
    assert_eq!(
        house.heard(),
        ["RESOLVED: node down=resolved", "WARNING: slow=firing"]
    );
}

#[tokio::test]
async fn what_is_source_and_target_of_one_rule_keeps_nobody_like_it_back() {
    let both: Matchers = [Matcher::equal("tier", "x")].into_iter().collect();
    let rule = InhibitRule {
        source: both.clone(),
        target: both,
        equal: Vec::new(),
    };
    let house = House::with(|builder| builder.inhibit(rule));
    house.fire([("alertname", "a"), ("tier", "x")]).await;
    house.fire([("alertname", "b"), ("tier", "x")]).await;
    assert_eq!(house.heard(), ["WARNING: a=firing", "WARNING: b=firing"]);
}

#[tokio::test]
async fn a_muted_route_tells_at_its_end_what_still_matters() {
    // 2026-01-01T00:00:00Z is a Thursday; the interval is made by its JSON form.
    let night: crate::time_interval::TimeInterval =
        serde_json::from_str(r#"{"times":[{"start_time":"00:00","end_time":"06:00"}]}"#).unwrap();
    let house = House::with(|builder| {
        builder
            .times("night", [night])
            .route(Route::to("recorder").mute_during("night"))
    });
    let firing = house.fire(named("a")).await;
    house.fire(named("b")).await;
    house.resolve(named("b")).await;
    assert_eq!(
        house.stages(firing),
        [Stage::Muted {
            by: vec!["night".to_owned()]
        }]
    );
    house.after(HOUR * 6 - SECOND).await;
    assert!(house.heard().is_empty());
    house.after(SECOND).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.after(HOUR * 18).await;
    house.heard();
    house.resolve(named("a")).await;
    assert!(house.heard().is_empty(), "the end waits for the morning too");
    house.after(HOUR * 6).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
}
