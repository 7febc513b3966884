use std::time::Duration;

use aurora_core::time::ManualClock;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::channels::samples;
use crate::notification::{Reason, Status};
use crate::notifier::NotifyErrorKind;
use crate::testing::fakes::{FakeIncidentStatus, FakePagerDuty, FakeResponse};
use crate::testing::{notifier_contract, sample_notification};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn connected() -> (FakePagerDuty, PagerDuty) {
    let fake = FakePagerDuty::start(KEY).await.unwrap();
    let channel = PagerDuty::builder(KEY).endpoint(fake.url());
    let channel = channel.clock(ManualClock::default()).build().unwrap();
    (fake, channel)
}

fn pagerduty(dedup: Dedup) -> PagerDuty {
    let builder = PagerDuty::builder(KEY)
        .dedup(dedup)
        .client("Clinic", "https://clinic.example.com");
    builder.build().unwrap()
}

fn actions(fake: &FakePagerDuty) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let requests = fake.server().requests();
    requests
        .iter()
        .map(|request| request.json().unwrap())
        .map(|event| (text(&event["event_action"]), text(&event["dedup_key"])))
        .collect()
}

#[test]
fn events_look_like_this() {
    for (name, notification) in samples::all() {
        let channel = pagerduty(Dedup::Alert);
        let rendered = channel.render(&notification);
        assert_eq!(rendered, channel.render(&notification), "pure");
        insta::assert_json_snapshot!(format!("pagerduty_{name}"), rendered.json.unwrap());
    }
    let group = pagerduty(Dedup::Group).render(&samples::several());
    insta::assert_json_snapshot!("pagerduty_group", group.json.unwrap());
}

#[tokio::test]
async fn an_alert_is_one_incident_from_its_firing_to_its_end() {
    let (fake, channel) = connected().await;
    let mut firing = samples::firing();
    let receipt = channel.send(&firing).await.unwrap();
    assert_eq!(receipt.message, Some(firing.alerts[0].fingerprint.to_string()));
    channel.send(&firing).await.unwrap();
    let incidents = fake.incidents();
    assert_eq!(
        (incidents.len(), incidents[0].opened),
        (1, 2),
        "a repetition opens no other"
    );
    assert!(
        incidents[0]
            .title
            .starts_with("[WARNING] Error rate high: error_rate 31 > 20")
    );

    firing.reason = Reason::Acknowledged;
    channel.send(&firing).await.unwrap();
    assert_eq!(fake.incidents()[0].status, FakeIncidentStatus::Acknowledged);
    let mut resolved = sample_notification("Error rate high", Status::Resolved);
    resolved.alerts[0].fingerprint = firing.alerts[0].fingerprint;
    channel.send(&resolved).await.unwrap();
    assert_eq!(fake.incidents().len(), 1);
    assert_eq!(fake.incidents()[0].status, FakeIncidentStatus::Closed);
}

#[tokio::test]
async fn what_was_over_before_it_was_told_is_triggered_and_resolved_in_this_order() {
    let (fake, channel) = connected().await;
    let over = samples::over_before_told();
    fake.server().answer_next(FakeResponse::new(503));
    assert!(channel.send(&over).await.is_err());
    assert_eq!(
        fake.server().requests().len(),
        1,
        "no resolve without its trigger"
    );
    channel.send(&over).await.unwrap();
    let key = over.alerts[0].fingerprint.to_string();
    let expected = ["trigger", "trigger", "resolve"].map(|action| (action.to_owned(), key.clone()));
    assert_eq!(actions(&fake), expected);
    assert_eq!(fake.incidents()[0].status, FakeIncidentStatus::Closed);
}

#[tokio::test]
async fn the_keys_are_those_of_the_alerts_or_of_the_group() {
    let fake = FakePagerDuty::start(KEY).await.unwrap();
    let several = samples::several();
    let build = |dedup| {
        PagerDuty::builder(KEY)
            .endpoint(fake.url())
            .dedup(dedup)
            .build()
            .unwrap()
    };
    build(Dedup::Alert).send(&several).await.unwrap();
    build(Dedup::Group).send(&several).await.unwrap();
    let keys: Vec<_> = fake
        .incidents()
        .into_iter()
        .map(|incident| incident.key)
        .collect();
    let mut expected: Vec<_> = several.alerts[..2]
        .iter()
        .map(|alert| alert.fingerprint.to_string())
        .collect();
    expected.push("group:ops/{zone=\"sa-east-1\"}".to_owned());
    assert_eq!(keys, expected);
    assert_eq!(
        build(Dedup::Alert).limits(),
        Limits::default().alerts(1).acknowledging()
    );
    assert_eq!(
        build(Dedup::Group).limits(),
        Limits::default().alerts(100).acknowledging()
    );
}

#[tokio::test]
async fn statuses_decide_about_repetition() {
    let table = [
        (FakeResponse::new(400), NotifyErrorKind::Client, None),
        (FakeResponse::new(403), NotifyErrorKind::Auth, None),
        (
            FakeResponse::new(429).header("retry-after", 7),
            NotifyErrorKind::RateLimited,
            Some(7),
        ),
        (FakeResponse::new(500), NotifyErrorKind::Server, None),
        (
            FakeResponse::new(503).header("retry-after", 9),
            NotifyErrorKind::Server,
            Some(9),
        ),
    ];
    let (fake, channel) = connected().await;
    for (answer, kind, wait) in table {
        fake.server().answer_next(answer);
        let error = channel.send(&samples::firing()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (kind, wait.map(Duration::from_secs))
        );
    }
    fake.server().lose_next_answer();
    let error = channel.send(&samples::firing()).await.unwrap_err();
    assert!(error.is_retryable());
    channel.send(&samples::firing()).await.unwrap();
    assert_eq!(
        fake.incidents().len(),
        1,
        "the lost one and its repetition are one"
    );
}

#[tokio::test]
async fn an_event_that_is_too_large_goes_without_its_details() {
    let (fake, channel) = connected().await;
    let mut notification = samples::firing();
    for index in 0..200 {
        notification.alerts[0]
            .labels
            .insert(format!("label{index}"), "x".repeat(7_000));
    }
    channel.send(&notification).await.unwrap();
    let event = fake.server().requests()[0].json().unwrap();
    assert!(
        event["payload"]["custom_details"]["note"]
            .as_str()
            .unwrap()
            .contains("left out")
    );
    let summary = event["payload"]["summary"].as_str().unwrap();
    assert!(
        summary.ends_with('…'),
        "the labels are in the line, and it is cut with a mark"
    );
}

#[test]
fn everything_wrong_is_said_at_once_without_secrets() {
    let error = PagerDuty::builder("too short, secret")
        .endpoint("ftp://private")
        .client("x", "javascript:alert(1)")
        .timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
    assert!(!error.to_string().contains("secret") && !error.to_string().contains("private"));
}

#[tokio::test]
async fn neither_errors_nor_debug_nor_what_is_shown_have_the_key() {
    let builder = PagerDuty::builder(KEY).endpoint("http://127.0.0.1:1/private");
    let mut shown = format!("{builder:?}");
    let channel = builder.build().unwrap();
    let error = channel.send(&samples::firing()).await.unwrap_err();
    shown.push_str(&format!(
        "{error} {error:?} {channel:?} {:?}",
        channel.render(&samples::firing())
    ));
    for secret in [KEY, "private"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[cfg(feature = "templates")]
#[test]
fn templates_take_the_place_of_the_summary() {
    use crate::template::Template;
    let texts = Texts::new()
        .with_title(Template::title("{{ alerts[0].rule }} in {{ common_labels.zone }}").unwrap())
        .with_body(Template::text("{{ alerts[0].reading }}").unwrap());
    let channel = PagerDuty::builder(KEY).texts(texts).build().unwrap();
    let json = channel.render(&samples::firing()).json.unwrap();
    assert_eq!(json[0]["payload"]["summary"], "Error rate high in sa-east-1");
    assert_eq!(json[0]["payload"]["custom_details"]["text"], "error_rate 31 > 20");
}

#[tokio::test]
async fn keeps_the_contract() {
    let (_fake, channel) = connected().await;
    notifier_contract(&channel).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_makes_an_event_within_the_limits(
        text in "\\PC{0,40}|[\\r\\n\u{0}-\u{1f}\u{202e}🚨]{0,40}",
        times in prop_oneof![Just(1_usize), Just(400)],
        group in any::<bool>(),
    ) {
        let dedup = if group { Dedup::Group } else { Dedup::Alert };
        let notification = samples::hostile(&text.repeat(times), Status::Firing);
        let events = pagerduty(dedup).render(&notification).json.unwrap();
        for event in events.as_array().unwrap() {
            prop_assert!(event.to_string().len() <= 512_000 - 100);
            prop_assert!(event["dedup_key"].as_str().unwrap().chars().count() <= 255);
            let summary = event["payload"]["summary"].as_str().unwrap();
            prop_assert!((1..=1_024).contains(&summary.chars().count()));
            prop_assert!(!event["payload"]["source"].as_str().unwrap().is_empty());
        }
    }
}
