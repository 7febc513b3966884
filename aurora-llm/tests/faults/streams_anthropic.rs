//! The same with Anthropic's dialect, whose streams have named events and an end of their own.

use aurora_llm::LlmClient;
use aurora_llm::error::ErrorKind;
use aurora_llm::providers::anthropic::Anthropic;
use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::reaction::Reaction;
use crate::setting::{builder, counts, failures, openai, pair, partial, question, read};
use crate::upstream::Upstream;

fn anthropic_first(first: &Upstream, second: &Upstream) -> LlmClient {
    let anthropic = Anthropic::builder("sk-ant-0123456789")
        .base_url(first.url())
        .build()
        .unwrap();
    builder(&TestClock::new())
        .provider(anthropic, "claude-sonnet-4-5")
        .provider(openai("second", second.url()), "m")
        .build()
        .unwrap()
}

fn begins() -> Reaction {
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": [], "stop_reason": null, "usage": {"input_tokens": 9, "output_tokens": 1},
    });
    Reaction::stream()
        .named_event(&json!({"type": "message_start", "message": message}))
        .named_event(
            &json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        )
        .named_event(&json!({"type": "ping"}))
}

fn words(text: &str) -> Value {
    json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
}

fn overloaded() -> Value {
    json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
}

#[tokio::test]
async fn a_whole_stream_is_read_to_its_end() {
    let whole = begins()
        .named_event(&words("Blue."))
        .named_event(&json!({"type": "content_block_stop", "index": 0}))
        .named_event(&json!({
            "type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3},
        }))
        .named_event(&json!({"type": "message_stop"}))
        .end();
    let (first, second) = pair([whole]).await;
    let stream = anthropic_first(&first, &second).stream(question()).await.unwrap();
    let answer = stream.collect_answer().await.unwrap();
    assert_eq!(answer.text(), "Blue.");
    assert_eq!(answer.usage.map(|usage| usage.total()), Some(12));
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn an_overload_before_the_first_token_is_tried_again_and_then_left() {
    let (first, second) = pair([]).await;
    first.then_always(Some(begins().named_event(&overloaded()).end()));
    let client = anthropic_first(&first, &second);
    let mut stream = client.stream(question()).await.unwrap();
    assert_eq!(failures(stream.attempts()), [ErrorKind::Overloaded; 3]);
    assert_eq!(read(&mut stream).await.0, "second");
    assert_eq!(counts(&first, &second), (3, 1));
}

#[tokio::test]
async fn an_overload_in_the_middle_is_not_taken_for_success() {
    let broken = begins()
        .named_event(&words("Half an"))
        .named_event(&overloaded())
        .end();
    let (first, second) = pair([broken]).await;
    let client = anthropic_first(&first, &second);
    let mut stream = client.stream(question()).await.unwrap();
    let (said, error) = read(&mut stream).await;
    let error = error.unwrap();
    assert_eq!((said.as_str(), error.kind()), ("Half an", ErrorKind::Overloaded));
    assert_eq!(partial(&error).as_deref(), Some("Half an"));
    let status = &client.status()[0];
    assert_eq!(
        (status.served, status.failed, counts(&first, &second)),
        (0, 1, (1, 0))
    );
}

#[tokio::test]
async fn without_its_last_event_the_stream_is_truncated() {
    let cut = begins()
        .named_event(&words("Half an"))
        .named_event(&json!({"type": "content_block_stop", "index": 0}))
        .end();
    let (first, second) = pair([cut]).await;
    let mut stream = anthropic_first(&first, &second).stream(question()).await.unwrap();
    let (_, error) = read(&mut stream).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(partial(&error).as_deref(), Some("Half an"));
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn an_overload_of_the_whole_service_leads_to_another() {
    let (first, second) = pair([]).await;
    first.then_always(Some(Reaction::json(
        529,
        &[("request-id", "req_1")],
        &overloaded(),
    )));
    let answer = anthropic_first(&first, &second).chat(question()).await.unwrap();
    assert_eq!(answer.text(), "second");
    assert_eq!(failures(answer.attempts()), [ErrorKind::Overloaded; 3]);
    assert_eq!(counts(&first, &second), (3, 1));
}
