#[cfg(feature = "templates")]
mod templates;

use std::time::Duration;

use aurora_core::time::ManualClock;
use proptest::prelude::*;
use serde_json::json;

use super::super::message::hostile::{name_start, notifications, worst};
use super::*;
use crate::channels::samples::{self, firing};
use crate::notification::Status;
use crate::notifier::NotifyErrorKind;
use crate::testing::fakes::{FakeDiscord, FakeResponse};
use crate::testing::{notifier_contract, sample_notification};

fn discord(url: impl Into<Secret>) -> Discord {
    Discord::builder(url)
        .clock(ManualClock::default())
        .build()
        .unwrap()
}

async fn fake() -> (FakeDiscord, Discord) {
    let fake = FakeDiscord::start().await.unwrap();
    let discord = discord(fake.url());
    (fake, discord)
}

fn check(notification: &Notification) {
    let body = discord("https://example.com/x")
        .render(notification)
        .json
        .unwrap();
    assert_eq!(FakeDiscord::refusal(&body), None, "{body}");
    assert_eq!(body["allowed_mentions"], json!({"parse": []}));
    let whole = body.to_string();
    for index in 0..notification.alerts.len() {
        assert!(whole.contains(&name_start(index)), "alert {index}: {whole}");
    }
    // Where a link begins without a backslash, it is one of ours.
    for link in whole.split("](<").skip(1) {
        assert!(link.starts_with("http"), "{whole}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn every_alert_is_named_and_every_limit_holds(notification in notifications(10)) {
        check(&notification);
    }
}

#[test]
fn the_worst_case_fits_too() {
    for text in ["*_".repeat(1_100), "🚨\n".repeat(1_100), "a".repeat(1_100)] {
        check(&worst(10, &text));
    }
}

#[test]
fn every_sort_of_notification_has_its_form() {
    let discord = Discord::builder("https://example.com/x")
        .username("Aurora")
        .build()
        .unwrap();
    for (name, notification) in samples::all() {
        insta::assert_json_snapshot!(name, discord.render(&notification).json);
    }
}

#[test]
fn markdown_in_texts_is_shown_and_not_obeyed() {
    let notification = sample_notification(r"a*b_c~d`e|f<g>h[i](j)#k\l", Status::Resolved);
    let body = discord("https://example.com/x")
        .render(&notification)
        .json
        .unwrap();
    let shown = r"**\[RESOLVED\] a\*b\_c\~d\`e\|f\<g\>h\[i\]\(j\)\#k\\l**";
    assert_eq!(body["content"], shown);
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent_and_the_message_is_named() {
    let (fake, discord) = fake().await;
    let receipt = discord.send(&firing()).await.unwrap();
    assert!(receipt.message.is_some_and(|id| !id.is_empty()));
    assert_eq!(receipt.rest, None);
    assert_eq!(fake.accepted(), [discord.render(&firing()).json.unwrap()]);
    assert_eq!(fake.server().requests()[0].query, "wait=true");
}

#[test]
fn other_parts_of_the_query_are_kept() {
    let discord = discord("https://example.com/x?thread_id=7&wait=false");
    assert_eq!(discord.url.query(), Some("thread_id=7&wait=true"));
}

#[tokio::test]
async fn the_last_message_of_a_window_is_followed_by_the_rest_that_discord_asks_for() {
    let clock = ManualClock::default();
    let fake = FakeDiscord::limited(clock.clone()).await.unwrap();
    let discord = discord(fake.url());
    for _ in 0..4 {
        assert_eq!(discord.send(&firing()).await.unwrap().rest, None);
    }
    clock.advance(Duration::from_millis(500));
    let rest = discord.send(&firing()).await.unwrap().rest.unwrap();
    assert_eq!(rest, Duration::from_millis(1_500));

    let error = discord.send(&firing()).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::RateLimited);
    assert!(error.retry_after() >= Some(rest), "{error:?}");
    clock.advance(rest);
    assert_eq!(discord.send(&firing()).await.unwrap().rest, None);
    assert_eq!(fake.accepted().len(), 6);
}

#[tokio::test]
async fn answers_become_the_kinds_of_the_tables() {
    let (fake, discord) = fake().await;
    let limited = |body: Value| FakeResponse::new(429).json(&body);
    let millis = Duration::from_millis;
    let table = [
        (
            FakeResponse::new(400).json(&json!({"code": 50_035})),
            NotifyErrorKind::Client,
            None,
        ),
        (
            FakeResponse::new(401).json(&json!({"code": 50_027})),
            NotifyErrorKind::Auth,
            None,
        ),
        (FakeResponse::new(403), NotifyErrorKind::Auth, None),
        (
            FakeResponse::new(404).json(&json!({"code": 10_015})),
            NotifyErrorKind::Gone,
            None,
        ),
        (FakeResponse::new(410), NotifyErrorKind::Gone, None),
        (FakeResponse::new(413), NotifyErrorKind::Client, None),
        (
            FakeResponse::new(302).header("location", "/x"),
            NotifyErrorKind::Client,
            None,
        ),
        (FakeResponse::new(500), NotifyErrorKind::Server, None),
        (
            FakeResponse::new(502).text("<html>"),
            NotifyErrorKind::Server,
            None,
        ),
        (FakeResponse::new(504), NotifyErrorKind::Timeout, None),
        (
            limited(json!({"retry_after": 64.57, "global": true})),
            NotifyErrorKind::RateLimited,
            Some(millis(64_570)),
        ),
        (
            limited(json!({"retry_after": 0.25, "global": false})).header("retry-after", 1),
            NotifyErrorKind::RateLimited,
            Some(millis(1_000)),
        ),
        (
            FakeResponse::new(429)
                .text("error code: 1015")
                .header("retry-after", 600),
            NotifyErrorKind::RateLimited,
            Some(millis(600_000)),
        ),
        (
            FakeResponse::new(429).header("x-ratelimit-reset-after", "2.5"),
            NotifyErrorKind::RateLimited,
            Some(millis(2_500)),
        ),
        (
            limited(json!({"retry_after": -1.0})),
            NotifyErrorKind::RateLimited,
            None,
        ),
        (
            limited(json!({"retry_after": 1e300})),
            NotifyErrorKind::RateLimited,
            None,
        ),
    ];
    let notification = sample_notification("a", Status::Firing);
    for (response, kind, wait) in table {
        let shown = format!("{response:?}");
        fake.server().answer_next(response);
        let error = discord.send(&notification).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (kind, wait), "{shown}");
    }
    fake.server().answer_next(FakeResponse::new(204));
    assert_eq!(discord.send(&notification).await.unwrap(), Receipt::new());
}

#[tokio::test]
async fn a_webhook_that_is_not_there_is_gone() {
    let fake = FakeDiscord::start().await.unwrap();
    let error = discord(fake.server().url("/api/webhooks/1/other"))
        .send(&firing())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Gone);
    assert!(error.to_string().contains("code 10015"), "{error}");
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_address() {
    let builder = Discord::builder("http://127.0.0.1:1/api/webhooks/1/private");
    let shown = format!("{builder:?}");
    let discord = builder.build().unwrap();
    let error = discord.send(&firing()).await.unwrap_err();
    assert!(error.is_retryable());
    let (fake, other) = fake().await;
    let body = json!({"message": "/api/webhooks/1/private", "code": 1});
    fake.server().answer_next(FakeResponse::new(400).json(&body));
    let refused = other.send(&firing()).await.unwrap_err();
    let shown = format!("{shown} {error} {error:?} {discord:?} {refused} {refused:?}");
    assert!(!shown.contains("private"), "{shown}");
}

#[test]
fn everything_wrong_is_said_at_once_without_the_address() {
    for name in ["", "Clyde the bot", "my DISCORD", &"x".repeat(81)] {
        let builder = Discord::builder("ftp://private").username(name);
        let error = builder.timeout(Duration::ZERO).build().unwrap_err();
        assert_eq!(error.problems().len(), 3, "{error}");
        assert!(!error.to_string().contains("private"), "{error}");
    }
}

#[tokio::test]
async fn keeps_the_contract() {
    let (fake, discord) = fake().await;
    notifier_contract(&discord).await;
    assert!(fake.mentions("Contract") > 0);
}
