//! Upstreams whose streams break, before and after the first token: OpenAI's dialect.

use std::time::Duration;

use aurora_llm::chat::{FinishReason, StreamEvent};
use aurora_llm::error::{ErrorKind, TimeoutStage};
use futures::StreamExt as _;
use serde_json::json;

use crate::clock::TestClock;
use crate::reaction::{Gate, Reaction, delta, failure};
use crate::setting::{builder, client, counts, failures, of, pair, partial, question, read};
use crate::upstream::Upstream;

/// The stream breaks in this way before anything was said: how often it is asked for before the second answers.
async fn asked_before_leaving(reaction: Reaction, kind: ErrorKind) -> usize {
    let first = Upstream::always("first", reaction).await;
    let second = Upstream::start("second", []).await;
    let mut stream = client(&TestClock::new(), [&first, &second])
        .stream(question())
        .await
        .unwrap();
    let asked = first.count();
    assert_eq!(failures(stream.attempts()), vec![kind; asked]);
    let (said, error) = read(&mut stream).await;
    assert_eq!((said.as_str(), second.count()), ("second", 1));
    assert!(error.is_none());
    asked
}

/// The stream breaks in this way after "Half an" was said: the error that the caller gets. Nobody else is asked.
async fn broken_after_words(rest: impl FnOnce(Reaction) -> Reaction) -> aurora_llm::Error {
    let gate = Gate::closed();
    let begun = Reaction::stream().opens().says("Half an").wait(&gate);
    let (first, second) = pair([rest(begun)]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    let mut stream = client.stream(question()).await.unwrap();
    let text = loop {
        if let StreamEvent::Text(text) = stream.next().await.unwrap().unwrap() {
            break text;
        }
    };
    assert_eq!(text, "Half an");
    gate.open();
    let (_, error) = read(&mut stream).await;
    let error = error.expect("a broken stream must not look like a complete one");
    assert_eq!(
        counts(&first, &second),
        (1, 0),
        "what was said cannot be taken back"
    );
    assert_eq!(error.attempts().len(), 1);
    assert_eq!(
        error.provider().map(ToString::to_string).as_deref(),
        Some("first")
    );
    let status = &client.status()[0];
    assert_eq!(
        (status.served, status.failed),
        (0, 1),
        "and it counts as a failure"
    );
    error
}

#[tokio::test]
async fn a_stream_is_the_same_however_it_is_split() {
    let whole = Reaction::stream()
        .opens()
        .says("Blue, ")
        .says("véry.")
        .stops()
        .done();
    let bytes: Vec<u8> = [
        format!(
            "data: {}\n\n",
            delta(&json!({"role": "assistant", "content": "Blue, "}), None)
        ),
        format!(
            ": keep-alive\n\ndata: {}\r\n\r\n",
            delta(&json!({"content": "véry."}), None)
        ),
        format!("data: {}\n\ndata: [DONE]\n\n", delta(&json!({}), Some("stop"))),
    ]
    .concat()
    .into_bytes();
    let split = |size| bytes.chunks(size).fold(Reaction::stream(), Reaction::chunk).end();
    for reaction in [whole, split(1), split(7), split(bytes.len())] {
        let (first, second) = pair([reaction]).await;
        let stream = client(&TestClock::new(), [&first, &second])
            .stream(question())
            .await
            .unwrap();
        let answer = stream.collect_answer().await.unwrap();
        assert_eq!(
            (answer.text().as_str(), answer.finish),
            ("Blue, véry.", FinishReason::Stop)
        );
        assert_eq!(counts(&first, &second), (1, 0));
    }
}

#[tokio::test]
async fn a_cut_before_the_first_token_is_asked_for_once_more_and_then_elsewhere() {
    for reaction in [
        Reaction::stream().close(),
        Reaction::stream().opens().close(),
        Reaction::stream().opens().reset(),
        Reaction::stream().opens().end(),
        Reaction::stream().chunk(": PROCESSING\n\n").end(),
    ] {
        assert_eq!(
            asked_before_leaving(reaction, ErrorKind::StreamTruncated).await,
            2
        );
    }
}

#[tokio::test]
async fn a_truncated_stream_never_looks_like_success() {
    let endings: [fn(Reaction) -> Reaction; 4] =
        [Reaction::reset, Reaction::close, Reaction::end, |stream| {
            stream.chunk("data: {\"id\":\"chatcmpl-1\",\"choi").end()
        }];
    for ending in endings {
        let error = broken_after_words(ending).await;
        assert_eq!(error.kind(), ErrorKind::StreamTruncated);
        assert_eq!(partial(&error).as_deref(), Some("Half an"));
    }
}

#[tokio::test]
async fn a_malformed_chunk_before_the_first_token_is_asked_for_once_more_and_then_elsewhere() {
    for reaction in [
        Reaction::stream()
            .opens()
            .chunk("data: {\"id\": oops}\n\n")
            .done(),
        Reaction::page(200),
        Reaction::stream().raw("zz\r\n"),
    ] {
        assert_eq!(asked_before_leaving(reaction, ErrorKind::Malformed).await, 2);
    }
}

#[tokio::test]
async fn a_flood_without_any_word_is_cut_off() {
    let chunk = |bytes: &str| format!("{:x}\r\n{bytes}\r\n", bytes.len());
    for flood in [
        chunk(&": keep-alive\n\n".repeat(1_000)),
        chunk(&"x".repeat(0x1_0000)),
        chunk(&format!("data: {}\n", "x".repeat(0x1_0000))),
    ] {
        let endless = Reaction::stream().opens().flood(flood);
        assert_eq!(asked_before_leaving(endless, ErrorKind::Malformed).await, 2);
    }
}

#[tokio::test]
async fn a_malformed_chunk_after_words_is_an_error_with_what_was_said() {
    let error = broken_after_words(|stream| {
        stream
            .chunk("data: {\"id\": oops}\n\n")
            .says(" answer")
            .stops()
            .done()
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(partial(&error).as_deref(), Some("Half an"));
}

#[tokio::test]
async fn missing_closing_words_after_the_reason_do_no_harm() {
    for ending in [Reaction::end, Reaction::close, Reaction::reset] {
        let (first, second) = pair([ending(Reaction::stream().opens().says("Blue.").stops())]).await;
        let client = client(&TestClock::new(), [&first, &second]);
        let mut stream = client.stream(question()).await.unwrap();
        let (said, error) = read(&mut stream).await;
        assert_eq!(said, "Blue.");
        assert!(error.is_none(), "{error:?}");
        assert_eq!((counts(&first, &second), client.status()[0].served), ((1, 0), 1));
    }
}

#[tokio::test]
async fn an_error_within_a_stream_is_read_as_such() {
    let rows = [
        ("insufficient_quota", ErrorKind::QuotaExhausted, 1),
        ("invalid_api_key", ErrorKind::Authentication, 1),
        ("model_not_found", ErrorKind::ModelNotFound, 1),
        ("rate_limit_exceeded", ErrorKind::RateLimited, 3),
        ("overloaded", ErrorKind::Overloaded, 3),
        ("server_error", ErrorKind::ServerError, 3),
    ];
    for (code, kind, asked) in rows {
        let error = failure(code, "No.");
        let within = Reaction::stream().opens().event(&error).done();
        assert_eq!(asked_before_leaving(within, kind).await, asked, "{code}");
        let instead = Reaction::json(200, &[], &error);
        assert_eq!(asked_before_leaving(instead, kind).await, asked, "{code}");
    }
    let error = broken_after_words(|stream| stream.event(&failure("server_error", "Oops.")).done()).await;
    assert_eq!(error.kind(), ErrorKind::ServerError);
    assert_eq!(partial(&error).as_deref(), Some("Half an"));
    assert_eq!(error.provider_message(), Some("Oops."));
}

#[tokio::test]
async fn a_slow_first_token_moves_on_and_ends_the_slow_call() {
    for begun in [Reaction::silence(), Reaction::stream().opens().hang()] {
        let (first, second) = pair([begun]).await;
        let clock = TestClock::new();
        let client = of(builder(&clock), [&first, &second])
            .first_token_timeout(Duration::from_secs(15))
            .build()
            .unwrap();
        let (stream, ()) = tokio::join!(client.stream(question()), async {
            first.arrived(1).await;
            clock.advance(Duration::from_secs(15));
        });
        let mut stream = stream.unwrap();
        assert_eq!(
            failures(stream.attempts()),
            [ErrorKind::Timeout(TimeoutStage::FirstToken)]
        );
        assert_eq!(read(&mut stream).await.0, "second");
        assert_eq!(counts(&first, &second), (1, 1), "not asked again");
        first.abandoned(1).await;
    }
}

#[tokio::test]
async fn a_stall_within_an_answer_ends_it_with_what_was_said() {
    let (first, second) = pair([Reaction::stream().opens().says("Half an").hang()]).await;
    let clock = TestClock::new();
    let client = of(builder(&clock), [&first, &second])
        .idle_timeout(Duration::from_secs(45))
        .build()
        .unwrap();
    let mut stream = client.stream(question()).await.unwrap();
    let mut said = String::new();
    while said.is_empty() {
        if let StreamEvent::Text(text) = stream.next().await.unwrap().unwrap() {
            said = text;
        }
    }
    let (item, ()) = tokio::join!(stream.next(), async { clock.advance(Duration::from_secs(45)) });
    let error = item.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Idle));
    assert_eq!(partial(&error).as_deref(), Some("Half an"));
    first.abandoned(1).await;
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn half_a_tool_call_is_handed_over_as_half() {
    let call = |arguments: &str| {
        json!({"tool_calls": [{
            "index": 0, "id": "call_1", "type": "function",
            "function": {"name": "weather", "arguments": arguments},
        }]})
    };
    let cut = Reaction::stream()
        .opens()
        .event(&delta(&call("{\"city\": \"Rec"), None))
        .close();
    let (first, second) = pair([cut]).await;
    let stream = client(&TestClock::new(), [&first, &second])
        .stream(question())
        .await
        .unwrap();
    let error = stream.collect_answer().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    let calls: Vec<_> = error.partial().unwrap().tool_calls().collect();
    assert_eq!(calls[0].name, "weather");
    assert!(
        calls[0]
            .arguments_json()
            .is_err_and(|error| error.kind() == ErrorKind::Malformed),
        "half of the arguments are not arguments"
    );
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn a_complete_stream_leaves_its_connection_for_the_next() {
    let (first, second) = pair([]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    for _ in 0..10 {
        let mut stream = client.stream(question()).await.unwrap();
        assert_eq!(read(&mut stream).await.0, "first");
    }
    // A call that begins at once may come before the connection is free again, so not all can share one.
    assert_eq!(first.count(), 10);
    assert!(first.connections() < 10, "{} connections", first.connections());
}
