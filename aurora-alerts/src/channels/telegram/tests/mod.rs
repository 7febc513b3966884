mod form;
#[cfg(feature = "templates")]
mod templates;

use aurora_core::time::ManualClock;

use super::*;
use crate::channels::samples::firing;
use crate::notification::Status;
use crate::testing::fakes::{FakeResponse, FakeTelegram};
use crate::testing::{notifier_contract, sample_notification};

const CHAT: &str = "-1001234567890";

fn to(fake: &FakeTelegram) -> Telegram {
    Telegram::builder(fake.token())
        .base_url(fake.base_url())
        .chat(CHAT)
        .chat("42")
        .clock(ManualClock::default())
        .build()
        .unwrap()
}

async fn fake() -> (FakeTelegram, Telegram) {
    let fake = FakeTelegram::start().await.unwrap();
    let telegram = to(&fake);
    (fake, telegram)
}

fn offline() -> Telegram {
    Telegram::builder("1:a").chat("42").build().unwrap()
}

fn for_chat(mut notification: Notification) -> Notification {
    CHAT.clone_into(&mut notification.target);
    notification
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent_to_the_chat_that_is_meant() {
    let (fake, telegram) = fake().await;
    assert_eq!(telegram.targets(), [CHAT, "42"]);
    let notification = for_chat(firing());
    assert_eq!(telegram.send(&notification).await.unwrap(), Receipt::named("1"));
    let accepted = fake.accepted();
    assert_eq!(accepted, [telegram.render(&notification).json.unwrap()]);
    assert_eq!(
        (&accepted[0]["chat_id"], &accepted[0]["parse_mode"]),
        (&json!(CHAT), &json!("HTML"))
    );
}

#[tokio::test]
async fn a_group_that_moved_is_followed_and_found_there_the_next_time() {
    let (fake, telegram) = fake().await;
    fake.migrate_chat(CHAT, -100_777);
    let mut notification = for_chat(firing());
    let receipt = telegram.send(&notification).await.unwrap();
    assert_eq!(receipt.moved_to.as_deref(), Some("-100777"));
    assert_eq!(fake.accepted().len(), 1);

    notification.moved_to = receipt.moved_to;
    let receipt = telegram.send(&notification).await.unwrap();
    assert_eq!(receipt.moved_to, None);
    let requests = fake.server().requests();
    assert_eq!(
        requests.len(),
        3,
        "one that was turned away, and one for each message"
    );
    assert_eq!(requests[2].json().unwrap()["chat_id"], "-100777");
}

#[tokio::test]
async fn groups_that_point_to_each_other_are_not_followed_for_ever() {
    let (fake, telegram) = fake().await;
    fake.migrate_chat(CHAT, -1);
    fake.migrate_chat("-1", -2);
    let error = telegram.send(&for_chat(firing())).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Client);
    assert_eq!(fake.server().requests().len(), 2);
}

#[tokio::test]
async fn markup_that_is_not_understood_goes_out_once_more_without_it() {
    let (fake, telegram) = fake().await;
    let refusal = || {
        FakeResponse::new(400).json(&json!({
            "ok": false,
            "error_code": 400,
            "description": "Bad Request: can't parse entities: Unsupported start tag \"b\" at byte offset 0",
        }))
    };
    fake.server().answer_next(refusal());
    let notification = for_chat(firing());
    telegram.send(&notification).await.unwrap();
    let accepted = fake.accepted();
    assert_eq!(accepted[0]["text"], telegram.render(&notification).text);
    assert_eq!(accepted[0].get("parse_mode"), None);

    for _ in 0..2 {
        fake.server().answer_next(refusal());
    }
    let error = telegram.send(&notification).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Client);
    assert_eq!(fake.server().requests().len(), 4, "no third time");
}

#[tokio::test]
async fn chats_that_do_not_let_the_bot_in_are_gone_and_the_others_are_not() {
    let (fake, telegram) = fake().await;
    fake.block_in(CHAT);
    let error = telegram.send(&for_chat(firing())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::Gone, Scope::Target)
    );
    fake.remove_chat("42");
    let mut other = firing();
    "42".clone_into(&mut other.target);
    let error = telegram.send(&other).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::Gone, Scope::Target)
    );
    "43".clone_into(&mut other.target);
    assert!(telegram.send(&other).await.is_ok());
}

#[tokio::test]
async fn the_wait_is_for_the_chat_alone() {
    let clock = ManualClock::default();
    let fake = FakeTelegram::limited(clock.clone()).await.unwrap();
    let telegram = to(&fake);
    telegram.send(&for_chat(firing())).await.unwrap();
    let error = telegram.send(&for_chat(firing())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::RateLimited, Scope::Target)
    );
    let mut other = firing();
    "42".clone_into(&mut other.target);
    telegram.send(&other).await.unwrap();
    clock.advance(error.retry_after().unwrap());
    telegram.send(&for_chat(firing())).await.unwrap();
}

#[tokio::test]
async fn answers_become_the_kinds_of_the_tables() {
    let (fake, telegram) = fake().await;
    let said = |code: u16, description: &str| {
        FakeResponse::new(code).json(&json!({"ok": false, "error_code": code, "description": description}))
    };
    let wait = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 34",
        "parameters": {"retry_after": 34},
    });
    let (channel, target) = (Scope::Channel, Scope::Target);
    let table = [
        (
            said(400, "Bad Request: message is too long"),
            NotifyErrorKind::Client,
            target,
            None,
        ),
        (
            said(400, "Bad Request: PEER_ID_INVALID"),
            NotifyErrorKind::Gone,
            target,
            None,
        ),
        (
            said(
                400,
                "Bad Request: not enough rights to send text messages to the chat",
            ),
            NotifyErrorKind::Gone,
            target,
            None,
        ),
        (said(401, "Unauthorized"), NotifyErrorKind::Auth, channel, None),
        (
            said(403, "Forbidden: user is deactivated"),
            NotifyErrorKind::Gone,
            target,
            None,
        ),
        (said(404, "Not Found"), NotifyErrorKind::Auth, channel, None),
        (
            FakeResponse::new(429).json(&wait),
            NotifyErrorKind::RateLimited,
            target,
            Some(34),
        ),
        (
            FakeResponse::new(200).json(&wait),
            NotifyErrorKind::RateLimited,
            target,
            Some(34),
        ),
        (
            FakeResponse::new(429).header("retry-after", 5),
            NotifyErrorKind::RateLimited,
            target,
            Some(5),
        ),
        (
            said(500, "Internal Server Error"),
            NotifyErrorKind::Server,
            channel,
            None,
        ),
        (
            FakeResponse::new(502).text("<html>"),
            NotifyErrorKind::Server,
            channel,
            None,
        ),
        (FakeResponse::new(504), NotifyErrorKind::Timeout, channel, None),
        (
            FakeResponse::new(200).text("<html>"),
            NotifyErrorKind::Server,
            channel,
            None,
        ),
        (
            FakeResponse::new(200).json(&json!({"ok": false})),
            NotifyErrorKind::Client,
            target,
            None,
        ),
    ];
    let notification = for_chat(sample_notification("a", Status::Firing));
    for (response, kind, scope, wait) in table {
        let shown = format!("{response:?}");
        fake.server().answer_next(response);
        let error = telegram.send(&notification).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.scope(), error.retry_after()),
            (kind, scope, wait.map(Duration::from_secs)),
            "{shown}"
        );
    }
    assert!(fake.accepted().is_empty());
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_token() {
    let builder = Telegram::builder("1:private")
        .chat("42")
        .base_url("http://127.0.0.1:1/hidden");
    let shown = format!("{builder:?}");
    let telegram = builder.build().unwrap();
    let error = telegram.send(&firing()).await.unwrap_err();
    assert!(error.is_retryable());
    let (fake, other) = fake().await;
    let echo = json!({"ok": false, "error_code": 400, "description": "/bot1:private/sendMessage"});
    fake.server().answer_next(FakeResponse::new(400).json(&echo));
    let refused = other.send(&for_chat(firing())).await.unwrap_err();
    let shown = format!("{shown} {error} {error:?} {telegram:?} {refused} {refused:?}");
    assert!(!shown.contains("private") && !shown.contains("hidden"), "{shown}");
}

#[test]
fn everything_wrong_is_said_at_once_without_the_token() {
    let error = Telegram::builder("private")
        .base_url("ftp://private")
        .chats(["general", "0", "1 2", "@ops", "@ops"])
        .timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 7, "{error}");
    assert!(!error.to_string().contains("private"), "{error}");
    let error = Telegram::builder("1:a/../b").build().unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
}

#[test]
fn groups_have_more_time_between_messages() {
    let spacing = |chats: &[&str]| {
        let telegram = Telegram::builder("1:a").chats(chats.iter().copied()).build();
        telegram.unwrap().limits().spacing
    };
    assert_eq!(spacing(&["42"]), Duration::from_secs(1));
    assert_eq!(spacing(&["42", CHAT]), Duration::from_secs(3));
}

#[tokio::test]
async fn keeps_the_contract() {
    let fake = FakeTelegram::start().await.unwrap();
    let telegram = to(&fake);
    notifier_contract(&telegram).await;
    assert!(fake.mentions("Contract") > 0);
}
