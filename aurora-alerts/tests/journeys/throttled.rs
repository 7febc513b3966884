//! Services that ask to be left alone.

use aurora_alerts::testing::fakes::{FakeDiscord, FakeResponse, FakeTelegram};
use aurora_alerts::{Discord, Telegram};
use serde_json::json;

use super::*;

#[tokio::test]
async fn what_fires_and_ends_while_a_webhook_rests_is_told_in_one_message() {
    let clock = ManualClock::default();
    let server = FakeServer::start(|_| FakeResponse::new(204)).await.unwrap();
    let house = House::telling(&clock, webhook(&server, &clock));
    server.answer_next(FakeResponse::new(429).header("retry-after", 30));
    house.fire("early").await;
    assert_eq!(server.requests().len(), 1);
    house.after(SECOND * 10).await;
    house.fire("short").await;
    house.after(SECOND * 10).await;
    house.end("short").await;
    house.end("early").await;
    house.after(SECOND * 9).await;
    assert_eq!(server.requests().len(), 1, "29 s are not 30 s");
    let rests_until = house.engine.channels()[0].throttled_until.unwrap();
    house.after(rests_until.since(clock.now())).await;
    let bodies: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| request.json().unwrap())
        .collect();
    assert_eq!(bodies.len(), 2, "one message for all that had to wait");
    assert_eq!(bodies[1]["data"]["status"], "resolved");
    let mut both = told(&bodies[1]);
    both.sort();
    assert_eq!(
        both,
        ["early: 1 firing, 2 resolved", "short: 1 firing, 2 resolved"]
    );
    house.after(SECOND * 3_600).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_date_in_retry_after_is_kept_as_well() {
    let clock = ManualClock::default(); // 2026-01-01T00:00:00Z
    let server = FakeServer::start(|_| FakeResponse::new(204)).await.unwrap();
    let house = House::telling(&clock, webhook(&server, &clock));
    let date = "Thu, 01 Jan 2026 00:02:00 GMT";
    server.answer_next(FakeResponse::new(503).header("retry-after", date));
    house.fire("a").await;
    house.after(SECOND * 119).await;
    assert_eq!(server.requests().len(), 1);
    house.after(SECOND * 120).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_bucket_of_discord_is_never_overdrawn() {
    let clock = ManualClock::default();
    let discord = FakeDiscord::limited(clock.clone()).await.unwrap();
    let channel = Discord::builder(discord.url())
        .clock(clock.clone())
        .build()
        .unwrap();
    let house = House::telling(&clock, channel);
    for number in 0..40 {
        house.fire(&format!("bucket {number};")).await;
        house.after(Duration::from_millis(50)).await;
    }
    for _ in 0..100 {
        house.after(Duration::from_millis(100)).await;
    }
    let refused = discord.server().requests().len() - discord.accepted().len();
    assert_eq!(refused, 0, "its headers say when the bucket is empty");
    for number in 0..40 {
        assert!(discord.mentions(&format!("bucket {number};")) > 0, "{number}");
    }
    assert!(discord.accepted().len() < 40, "what had to wait is told together");
}

#[tokio::test]
async fn a_chat_that_wants_rest_holds_up_no_other_chat() {
    let clock = ManualClock::default();
    let telegram = FakeTelegram::start().await.unwrap();
    let channel = Telegram::builder(telegram.token())
        .base_url(telegram.base_url())
        .chats(["41", "42"])
        .clock(clock.clone())
        .build()
        .unwrap();
    let house = House::telling(&clock, channel);
    let too_many = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 30",
        "parameters": {"retry_after": 30},
    });
    telegram
        .server()
        .answer_next(FakeResponse::new(429).json(&too_many));
    house.fire("first").await;
    let chats = || -> Vec<String> {
        let accepted = telegram.accepted();
        accepted
            .iter()
            .map(|message| message["chat_id"].to_string())
            .collect()
    };
    assert_eq!(chats().len(), 1);
    let works = chats()[0].clone();
    house.after(SECOND).await;
    house.fire("second").await;
    assert_eq!(chats(), [works.clone(), works.clone()], "the other rests");
    house.after(SECOND * 28).await;
    assert_eq!(chats().len(), 2);
    house.after(SECOND * 30).await;
    let late = telegram.accepted().pop().unwrap();
    assert_eq!(chats().len(), 3, "one message for all that had to wait");
    assert_ne!(late["chat_id"].to_string(), works);
    let text = late["text"].as_str().unwrap();
    assert!(text.contains("first") && text.contains("second"), "{text}");
}
