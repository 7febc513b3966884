//! Upstreams that want fewer calls: 429, 503, 529.

use std::time::Duration;

use aurora_llm::error::ErrorKind;
use serde_json::json;

use crate::clock::TestClock;
use crate::reaction::Reaction;
use crate::setting::{client, counts, failures, no_retry, of, pair, question};
use crate::upstream::Upstream;

const SECOND: Duration = Duration::from_secs(1);

fn busy(headers: &[(&str, &str)]) -> Reaction {
    Reaction::error_with(429, headers, "rate_limit_exceeded", "Rate limit reached for m.")
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    for (header, asked) in [
        (("retry-after", "2"), 2 * SECOND),
        (("retry-after", "0.5"), SECOND / 2),
        (("retry-after-ms", "1500"), 1_500 * SECOND / 1_000),
    ] {
        let (first, second) = pair([busy(&[header])]).await;
        let clock = TestClock::new();
        let answer = client(&clock, [&first, &second]).chat(question()).await.unwrap();
        assert_eq!(answer.text(), "first");
        assert_eq!(counts(&first, &second), (2, 0));
        let waits = clock.waits();
        assert!(
            waits.len() == 1 && waits[0] >= asked && waits[0] < 2 * asked,
            "{waits:?}"
        );
        assert_eq!(answer.attempts()[1].waited, waits[0]);
    }
}

#[tokio::test]
async fn a_long_retry_after_moves_on_at_once_and_holds_the_target_back() {
    let (first, second) = pair([busy(&[("retry-after", "120")])]).await;
    let clock = TestClock::new();
    let client = client(&clock, [&first, &second]);
    assert_eq!(client.chat(question()).await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (1, 1));
    clock.advance(119 * SECOND);
    assert_eq!(client.chat(question()).await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (1, 2), "still held back");
    clock.advance(SECOND);
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
    assert_eq!(counts(&first, &second), (2, 2));
    assert!(clock.waits().is_empty(), "{:?}", clock.waits());
}

#[tokio::test]
async fn whoever_is_throttled_is_tried_again_with_backoff_and_then_left() {
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for (reaction, kind) in [
        (busy(&[]), ErrorKind::RateLimited),
        (
            Reaction::error(503, "service_unavailable", "Try later."),
            ErrorKind::Overloaded,
        ),
        (Reaction::json(529, &[], &overloaded), ErrorKind::Overloaded),
    ] {
        let first = Upstream::always("first", reaction).await;
        let second = Upstream::start("second", []).await;
        let clock = TestClock::new();
        let client = client(&clock, [&first, &second]);
        let answer = client.chat(question()).await.unwrap();
        assert_eq!(answer.text(), "second");
        assert_eq!(counts(&first, &second), (3, 1));
        assert_eq!(failures(answer.attempts()), [kind; 3]);
        assert_eq!(clock.waits().len(), 2);
        assert_eq!(
            client.status()[0].state,
            "closed",
            "a busy target is not a broken one"
        );
    }
}

#[tokio::test]
async fn a_stream_is_throttled_like_a_whole_answer() {
    let (first, second) = pair([busy(&[("retry-after", "1")]), busy(&[("retry-after", "600")])]).await;
    let clock = TestClock::new();
    let stream = client(&clock, [&first, &second])
        .stream(question())
        .await
        .unwrap();
    assert_eq!(failures(stream.attempts()), [ErrorKind::RateLimited; 2]);
    assert_eq!(stream.collect_answer().await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (2, 1));
}

#[tokio::test]
async fn a_provider_that_says_not_to_try_again_is_not_tried_again() {
    let no = [("x-should-retry", "false")];
    for reaction in [
        busy(&no),
        Reaction::error_with(500, &no, "server_error", "Broken."),
    ] {
        let (first, second) = pair([reaction]).await;
        let answer = client(&TestClock::new(), [&first, &second])
            .chat(question())
            .await
            .unwrap();
        assert_eq!(
            (answer.text().as_str(), counts(&first, &second)),
            ("second", (1, 1))
        );
    }
}

#[tokio::test]
async fn the_caller_is_told_when_the_first_of_all_targets_is_back() {
    let first = Upstream::always("first", busy(&[("retry-after", "90")])).await;
    let second = Upstream::always("second", busy(&[("retry-after", "300")])).await;
    let clock = TestClock::new();
    let client = client(&clock, [&first, &second]);

    let error = client.chat(question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(
        (error.retry_after(), error.status()),
        (Some(90 * SECOND), Some(429))
    );

    clock.advance(30 * SECOND);
    let error = client.chat(question()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::CircuitOpen,
        "an own limit is not a provider's"
    );
    assert_eq!(error.retry_after(), Some(60 * SECOND));
    assert_eq!(counts(&first, &second), (1, 1), "nothing was sent");
}

#[tokio::test]
async fn a_single_target_that_is_back_soon_is_waited_for() {
    let first = Upstream::start("first", [busy(&[("retry-after", "3")])]).await;
    let clock = TestClock::new();
    let client = no_retry(of(crate::setting::builder(&clock), [&first]))
        .build()
        .unwrap();
    assert_eq!(
        client.chat(question()).await.unwrap_err().kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
    let waits = clock.waits();
    let with_some_spread = 3 * SECOND..=3 * SECOND + 3 * SECOND / 4;
    assert!(
        waits.len() == 1 && with_some_spread.contains(&waits[0]),
        "{waits:?}"
    );
    assert_eq!(first.count(), 2);
}

#[tokio::test]
async fn a_key_without_anything_left_rests_instead_of_provoking_a_refusal() {
    let body = json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "last"}, "finish_reason": "stop"}],
    });
    let last = Reaction::json(
        200,
        &[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "20s"),
        ],
        &body,
    );
    let (first, second) = pair([last]).await;
    let clock = TestClock::new();
    let client = client(&clock, [&first, &second]);
    assert_eq!(client.chat(question()).await.unwrap().text(), "last");
    let held = client.held();
    assert_eq!(
        (held.len(), held[0].state, held[0].retry_after),
        (1, "held", 20 * SECOND)
    );
    assert_eq!(client.chat(question()).await.unwrap().text(), "second");
    let stream = client.stream(question()).await.unwrap();
    assert_eq!(stream.collect_answer().await.unwrap().text(), "second");
    assert_eq!(counts(&first, &second), (1, 2), "it was left alone");
    clock.advance(20 * SECOND);
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
}

#[tokio::test]
async fn refusals_lead_to_a_fallback_with_and_without_headers() {
    for status in [429, 403, 503] {
        for headers in [&[][..], &[("retry-after", "300")][..]] {
            for streaming in [false, true] {
                let refusal = Reaction::error_with(status, headers, "", "No.");
                let first = Upstream::always("first", refusal).await;
                let second = Upstream::start("second", []).await;
                let client = client(&TestClock::new(), [&first, &second]);
                let text = if streaming {
                    let stream = client.stream(question()).await.unwrap();
                    stream.collect_answer().await.unwrap().text()
                } else {
                    client.chat(question()).await.unwrap().text()
                };
                assert_eq!(text, "second", "{status} {headers:?}");
                assert!((1..=3).contains(&first.count()));
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_refused_for_now_is_told_when_to_come_back_also_of_a_stream() {
    let first = Upstream::always("first", busy(&[("retry-after", "90")])).await;
    let client = client(&TestClock::new(), [&first]);
    for _ in 0..2 {
        let error = client.stream(question()).await.map(drop).unwrap_err();
        assert_eq!(error.retry_after(), Some(90 * SECOND));
    }
    assert_eq!(first.count(), 1);
}
