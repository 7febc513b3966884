//! Against a real server.

use std::collections::HashSet;

use super::*;
use crate::testing;

#[tokio::test]
async fn answers_come_back_as_what_they_are() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let script = Script::new(
        "return {1, 'text', false, {2, redis.call('SET', KEYS[1], ARGV[1])}, redis.call('GET', KEYS[1])}",
    );
    let answer = redis
        .run(&script, &["answers"], &[vec![0_u8, 255, 13, 10].into()])
        .await
        .unwrap();
    let Answer::List(parts) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(parts[0].as_integer(), Some(1));
    assert_eq!(parts[1].as_text(), Some("text"));
    assert!(parts[2].is_nil());
    let Answer::List(inner) = &parts[3] else {
        panic!("{parts:?}")
    };
    assert_eq!(inner[0], Answer::Integer(2));
    assert!(inner[1].is_ok());
    assert_eq!(parts[4].as_bytes().unwrap().as_ref(), [0, 255, 13, 10]);
    assert_eq!(
        redis
            .command("INCRBY", &["n"], &[i64::MAX.into()])
            .await
            .unwrap()
            .as_integer(),
        Some(i64::MAX)
    );
}

#[tokio::test]
async fn a_script_that_the_server_forgot_is_sent_again_and_runs_once() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    // A script of this test alone, so that no other test has loaded it.
    let source = format!("-- {}\nreturn redis.call('INCR', KEYS[1])", redis.prefix());
    let script = Script::new(&source);
    for expected in 1..=3 {
        let total = redis.run(&script, &["count"], &[]).await.unwrap();
        assert_eq!(total.as_integer(), Some(expected));
    }
    let failing = Script::new("return redis.call('INCR', KEYS[1], 'too much')");
    let error = redis.run(&failing, &["count"], &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!error.outcome_is_unknown());
}

#[tokio::test]
async fn keys_of_one_command_share_a_hash_tag_everywhere() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let script = Script::new("return #KEYS");
    let shared = redis.run(&script, &["{user}:a", "{user}:b"], &[]).await.unwrap();
    assert_eq!(shared.as_integer(), Some(2));
    for keys in [&["a", "b"][..], &[]] {
        let error = redis.run(&script, keys, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCommand);
    }
}

#[tokio::test]
async fn a_subscription_says_where_it_begins_and_yields_every_message_after_that() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let mut mine = redis.subscribe("news");
    assert_eq!(in_time(mine.next()).await, Event::Gap);
    assert!(mine.is_live());
    let mut published = HashSet::new();
    for n in 0..100 {
        let message = Bytes::from(format!("message {n}"));
        assert_eq!(redis.publish("news", message.clone()).await.unwrap(), 1);
        redis.publish("other", "not for us".into()).await.unwrap();
        published.insert(message);
    }
    while !published.is_empty() {
        match in_time(mine.next()).await {
            Event::Message(message) => assert!(published.remove(&message), "{message:?}"),
            Event::Gap => panic!("a gap without a reason"),
        }
    }
    drop(mine);
    in_time(async {
        while redis.publish("news", "gone".into()).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
