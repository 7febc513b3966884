#[cfg(feature = "templates")]
mod templates;

use aurora_core::time::ManualClock;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::message::hostile::{name_start, notifications, worst};
use super::*;
use crate::channels::samples::{self, firing};
use crate::notification::Status;
use crate::notifier::NotifyErrorKind;
use crate::testing::fakes::{FakeResponse, FakeTeams};
use crate::testing::{notifier_contract, sample_notification};

fn teams(url: impl Into<Secret>) -> Teams {
    Teams::builder(url).clock(ManualClock::default()).build().unwrap()
}

async fn fake() -> (FakeTeams, Teams) {
    let fake = FakeTeams::start().await.unwrap();
    let teams = teams(fake.url());
    (fake, teams)
}

/// Whether something in it is a block whose text is read as Markdown.
fn has_markdown(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.get("type") == Some(&json!("TextBlock")) || fields.values().any(has_markdown)
        }
        Value::Array(values) => values.iter().any(has_markdown),
        _ => false,
    }
}

fn check(notification: &Notification) {
    let body = teams("https://example.com/x").render(notification).json.unwrap();
    assert_eq!(FakeTeams::refusal(&body), None, "{body}");
    assert!(!has_markdown(&body));
    let whole = body.to_string();
    for index in 0..notification.alerts.len() {
        assert!(whole.contains(&name_start(index)), "alert {index}: {whole}");
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
    for text in ["\"\\".repeat(1_100), "🚨\n".repeat(1_100), "a".repeat(1_100)] {
        check(&worst(20, &text));
    }
}

#[test]
fn every_sort_of_notification_has_its_form() {
    let teams = teams("https://example.com/x");
    for (name, notification) in samples::all() {
        insta::assert_json_snapshot!(name, teams.render(&notification).json);
    }
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent() {
    let (fake, teams) = fake().await;
    assert_eq!(teams.send(&firing()).await.unwrap(), Receipt::new());
    assert_eq!(fake.accepted(), [teams.render(&firing()).json.unwrap()]);
    fake.server().answer_next(FakeResponse::new(200));
    assert!(teams.send(&firing()).await.is_ok());
}

#[tokio::test]
async fn statuses_become_the_kinds_of_the_tables() {
    let (fake, teams) = fake().await;
    let table = [
        (FakeResponse::new(201), NotifyErrorKind::Server, None),
        (FakeResponse::new(204), NotifyErrorKind::Server, None),
        (
            FakeResponse::new(302).header("location", "/x"),
            NotifyErrorKind::Client,
            None,
        ),
        (FakeResponse::new(400), NotifyErrorKind::Client, None),
        (FakeResponse::new(401), NotifyErrorKind::Auth, None),
        (FakeResponse::new(404), NotifyErrorKind::Gone, None),
        (FakeResponse::new(410), NotifyErrorKind::Gone, None),
        (FakeResponse::new(413), NotifyErrorKind::Client, None),
        (
            FakeResponse::new(429).header("retry-after", 12),
            NotifyErrorKind::RateLimited,
            Some(12),
        ),
        (FakeResponse::new(429), NotifyErrorKind::RateLimited, None),
        (FakeResponse::new(502), NotifyErrorKind::Server, None),
        (FakeResponse::new(504), NotifyErrorKind::Timeout, None),
    ];
    let notification = sample_notification("a", Status::Firing);
    for (response, kind, wait) in table {
        let shown = format!("{response:?}");
        fake.server().answer_next(response);
        let error = teams.send(&notification).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (kind, wait.map(Duration::from_secs)),
            "{shown}"
        );
    }
    assert!(fake.accepted().is_empty());
}

#[tokio::test]
async fn the_spacing_is_what_teams_takes() {
    let clock = ManualClock::default();
    let fake = FakeTeams::limited(clock.clone()).await.unwrap();
    let teams = teams(fake.url());
    for _ in 0..9 {
        teams.send(&firing()).await.unwrap();
        clock.advance(teams.limits().spacing);
    }
    teams.send(&firing()).await.unwrap();
    let error = teams.send(&firing()).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::RateLimited);
    assert!(error.retry_after().is_some());
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_address() {
    let builder = Teams::builder("http://127.0.0.1:1/workflows/private?sig=private");
    let shown = format!("{builder:?}");
    let teams = builder.build().unwrap();
    let error = teams.send(&firing()).await.unwrap_err();
    assert!(error.is_retryable());
    let (fake, other) = fake().await;
    let mut refusals = String::new();
    for code in ["WorkflowTriggerIsNotEnabled", "secretsecret", "see /private"] {
        let body = json!({"error": {"code": code}});
        fake.server().answer_next(FakeResponse::new(400).json(&body));
        let refused = other.send(&firing()).await.unwrap_err();
        refusals.push_str(&format!("{refused} {refused:?}"));
    }
    assert!(refusals.contains("(WorkflowTriggerIsNotEnabled)"), "{refusals}");
    assert!(!refusals.contains("secretsecret"), "{refusals}");
    let shown = format!("{shown} {error} {error:?} {teams:?} {refusals}");
    assert!(!shown.contains("private"), "{shown}");
}

#[test]
fn everything_wrong_is_said_at_once_without_the_address() {
    let error = Teams::builder("private")
        .timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(!error.to_string().contains("private"), "{error}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let (fake, teams) = fake().await;
    notifier_contract(&teams).await;
    assert!(fake.mentions("Contract") > 0);
}
