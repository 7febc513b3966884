#[cfg(feature = "templates")]
mod templates;

use aurora_core::time::ManualClock;
use proptest::prelude::*;
use serde_json::json;

use super::super::message::hostile::{name_start, notifications, worst};
use super::*;
use crate::channels::samples::{self, firing};
use crate::notification::Status;
use crate::notifier::NotifyErrorKind;
use crate::testing::fakes::{FakeResponse, FakeSlack};
use crate::testing::{notifier_contract, sample_notification};

fn slack(url: impl Into<Secret>) -> Slack {
    Slack::builder(url).clock(ManualClock::default()).build().unwrap()
}

async fn fake() -> (FakeSlack, Slack) {
    let fake = FakeSlack::start().await.unwrap();
    let slack = slack(fake.url());
    (fake, slack)
}

/// All texts that Slack reads as mrkdwn.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if fields.get("type") == Some(&json!("mrkdwn")) => {
            found.push(fields["text"].as_str().unwrap().to_owned());
        }
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn check(notification: &Notification) {
    let slack = slack("https://hooks.example.com/x");
    let body = slack.render(notification).json.unwrap();
    assert_eq!(FakeSlack::refusal(&body), None, "{body}");
    let whole = body.to_string();
    for index in 0..notification.alerts.len() {
        assert!(whole.contains(&name_start(index)), "alert {index}: {whole}");
    }
    let mut found = vec![body["text"].as_str().unwrap().to_owned()];
    texts(&body, &mut found);
    for text in found {
        for markup in text.split('<').skip(1) {
            let allowed = ["http://", "https://", "!date^"];
            assert!(allowed.iter().any(|start| markup.starts_with(start)), "{text}");
        }
        for entity in text.split('&').skip(1) {
            let allowed = ["amp;", "lt;", "gt;"];
            assert!(allowed.iter().any(|start| entity.starts_with(start)), "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn every_alert_is_named_and_every_limit_holds(notification in notifications(20)) {
        check(&notification);
    }
}

#[test]
fn the_worst_case_fits_too() {
    for text in ["&<".repeat(1_100), "🚨\n".repeat(1_100), "a".repeat(1_100)] {
        check(&worst(20, &text));
    }
}

#[test]
fn every_sort_of_notification_has_its_form() {
    let slack = Slack::builder("https://hooks.example.com/x")
        .channel("#ops")
        .username("Aurora")
        .build()
        .unwrap();
    for (name, notification) in samples::all() {
        insta::assert_json_snapshot!(name, slack.render(&notification).json);
    }
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent() {
    let (fake, slack) = fake().await;
    let notification = firing();
    assert_eq!(slack.send(&notification).await.unwrap(), Receipt::new());
    assert_eq!(fake.accepted(), [slack.render(&notification).json.unwrap()]);
    assert_eq!(fake.mentions("Error rate high"), 1);
    let request = &fake.server().requests()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn answers_become_the_kinds_of_the_tables() {
    let (fake, slack) = fake().await;
    let json = |value: Value| FakeResponse::new(200).json(&value);
    let table = [
        (
            FakeResponse::new(400).text("invalid_payload"),
            NotifyErrorKind::Client,
            None,
        ),
        (
            FakeResponse::new(400).text("invalid_blocks"),
            NotifyErrorKind::Client,
            None,
        ),
        (
            FakeResponse::new(403).text("invalid_token"),
            NotifyErrorKind::Auth,
            None,
        ),
        (
            FakeResponse::new(403).text("action_prohibited"),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            FakeResponse::new(404).text("channel_not_found"),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            FakeResponse::new(404).text("no_service"),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            FakeResponse::new(404).text("no_team"),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            FakeResponse::new(410).text("channel_is_archived"),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            FakeResponse::new(404).text("<html>"),
            NotifyErrorKind::Client,
            None,
        ),
        (FakeResponse::new(403), NotifyErrorKind::Auth, None),
        (
            FakeResponse::new(302).header("location", "/x"),
            NotifyErrorKind::Client,
            None,
        ),
        (
            FakeResponse::new(500).text("rollup_error"),
            NotifyErrorKind::Server,
            None,
        ),
        (
            FakeResponse::new(503).header("retry-after", 9),
            NotifyErrorKind::Server,
            Some(9),
        ),
        (
            FakeResponse::new(429).header("retry-after", 30),
            NotifyErrorKind::RateLimited,
            Some(30),
        ),
        (
            FakeResponse::new(429)
                .header("retry-after", 30)
                .text("rate_limited"),
            NotifyErrorKind::RateLimited,
            Some(30),
        ),
        // The clock of the tests begins with 2026.
        (
            FakeResponse::new(429).header("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT"),
            NotifyErrorKind::RateLimited,
            Some(60),
        ),
        (
            json(json!({"ok": false, "error": "channel_is_archived"})),
            NotifyErrorKind::Gone,
            None,
        ),
        (
            json(json!({"ok": false, "error": "never_heard_of"})),
            NotifyErrorKind::Client,
            None,
        ),
        (
            json(json!({"ok": false, "error": "fatal_error"})),
            NotifyErrorKind::Server,
            None,
        ),
        (
            FakeResponse::new(200).text("<html>welcome</html>"),
            NotifyErrorKind::Server,
            None,
        ),
        (FakeResponse::new(200), NotifyErrorKind::Server, None),
        (FakeResponse::new(204), NotifyErrorKind::Server, None),
        (FakeResponse::new(201).text("ok"), NotifyErrorKind::Server, None),
    ];
    let notification = sample_notification("a", Status::Firing);
    for (response, kind, wait) in table {
        let shown = format!("{response:?}");
        fake.server().answer_next(response);
        let error = slack.send(&notification).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (kind, wait.map(Duration::from_secs)),
            "{shown}"
        );
    }
    assert!(fake.accepted().is_empty());
    fake.server().answer_next(json(json!({"ok": true})));
    assert!(slack.send(&notification).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_lost_is_tried_again() {
    let (fake, slack) = fake().await;
    fake.server().lose_next_answer();
    let error = slack.send(&firing()).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(fake.accepted().len(), 1, "which it cannot know");
}

#[tokio::test]
async fn the_spacing_is_what_slack_takes() {
    let clock = ManualClock::default();
    let fake = FakeSlack::limited(clock.clone()).await.unwrap();
    let slack = slack(fake.url());
    slack.send(&firing()).await.unwrap();
    let error = slack.send(&firing()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    for _ in 0..3 {
        clock.advance(slack.limits().spacing);
        slack.send(&firing()).await.unwrap();
    }
    assert_eq!(fake.accepted().len(), 4);
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_address() {
    let builder = Slack::builder("http://127.0.0.1:1/services/private");
    let shown = format!("{builder:?}");
    let slack = builder.build().unwrap();
    let error = slack.send(&firing()).await.unwrap_err();
    assert!(error.is_retryable());
    let (fake, other) = fake().await;
    fake.server().answer_next(FakeResponse::new(400).text("private"));
    let refused = other.send(&firing()).await.unwrap_err();
    let shown = format!("{shown} {error} {error:?} {slack:?} {refused} {refused:?}");
    assert!(!shown.contains("private"), "{shown}");
}

#[test]
fn everything_wrong_is_said_at_once_without_the_address() {
    let builder = Slack::builder("ftp://private")
        .channel("")
        .username("x".repeat(81));
    let error = builder.timeout(Duration::ZERO).build().unwrap_err();
    assert_eq!(error.problems().len(), 4, "{error}");
    assert!(!error.to_string().contains("private"), "{error}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let (fake, slack) = fake().await;
    notifier_contract(&slack).await;
    assert!(fake.mentions("Contract") > 0);
}
