//! The official OpenAI client for Python drives `aurora serve`, in front of an upstream that follows a script.
//!
//! What the client sees is judged by somebody else's types, and what the upstream received is counted.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod aurora;
#[expect(dead_code, reason = "written for more faults than are needed here")]
#[path = "../../../aurora-llm/tests/faults/reaction.rs"]
mod reaction;
#[expect(dead_code, reason = "written for more faults than are needed here")]
#[path = "../../../aurora-llm/tests/faults/upstream.rs"]
mod upstream;

use serde_json::{Value, json};

use aurora::Aurora;
use reaction::{Gate, Reaction};
use upstream::Upstream;

/// What the official client saw in one scenario of `tests/python/openai_client.py`; `None` where it is not installed.
async fn official(scenario: &str, upstream: &Upstream) -> Option<Value> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let aurora = Aurora::serve(&[
        ("OPENAI_API_KEY", "sk-of-the-server"),
        ("OPENAI_BASE_URL", &upstream.url()),
    ])
    .await;
    let seen = aurora::official_client(&python, &format!("{}/v1", aurora.url()), scenario).await;
    aurora.stop().await;
    Some(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_answered_and_the_upstream_gets_the_servers_key() {
    let upstream = Upstream::always("upstream", Reaction::chat("29 degrees")).await;
    let Some(seen) = official("chat", &upstream).await else {
        return;
    };
    assert_eq!(seen["content"], "29 degrees");
    assert_eq!(
        (&seen["finish"], &seen["object"]),
        (&json!("stop"), &json!("chat.completion"))
    );
    let received = &upstream.received()[0];
    assert_eq!(
        received.header("authorization"),
        Some("Bearer sk-of-the-server"),
        "never the caller's key"
    );
    let body = received.json();
    assert_eq!(body["model"], "gpt-test");
    assert_eq!(body["messages"][0]["content"], "What is the weather in Recife?");
    assert_eq!(body["temperature"], 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_arrives_piece_by_piece_with_its_usage() {
    let usage = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    });
    let answer = Reaction::stream()
        .opens()
        .says("29 ")
        .says("degrees")
        .stops()
        .event(&usage)
        .done();
    let upstream = Upstream::always("upstream", answer).await;
    let Some(seen) = official("stream", &upstream).await else {
        return;
    };
    assert_eq!(
        seen,
        json!({"pieces": ["29 ", "degrees"], "finish": "stop", "total_tokens": 12})
    );
    assert_eq!(
        upstream.received()[0].json()["stream_options"]["include_usage"],
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_and_its_result_goes_back() {
    let call = json!({"id": "call_7", "type": "function",
        "function": {"name": "get_weather", "arguments": "{\"city\":\"Recife\"}"}});
    let asks = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-test",
        "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "tool_calls": [call]}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    });
    let upstream = Upstream::start(
        "upstream",
        [Reaction::json(200, &[], &asks), Reaction::chat("29 degrees")],
    )
    .await;
    let Some(seen) = official("tool_call", &upstream).await else {
        return;
    };
    assert_eq!(seen["finish"], "tool_calls");
    assert_eq!(
        (&seen["id"], &seen["name"]),
        (&json!("call_7"), &json!("get_weather"))
    );
    assert_eq!(seen["arguments"], json!({"city": "Recife"}));
    assert_eq!(seen["second"], "29 degrees");
    let received = upstream.received();
    assert_eq!(received[0].json()["tools"][0]["function"]["name"], "get_weather");
    let second = received[1].json();
    assert_eq!(second["messages"][1]["tool_calls"][0]["id"], "call_7");
    assert_eq!(second["messages"][2]["role"], "tool");
    assert_eq!(second["messages"][2]["tool_call_id"], "call_7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_can_be_streamed() {
    let fragment = |call: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test",
            "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": null}]})
    };
    let end = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]});
    let answer = Reaction::stream()
        .event(&fragment(json!({"index": 0, "id": "call_7", "type": "function",
            "function": {"name": "get_weather", "arguments": ""}})))
        .event(&fragment(json!({"index": 0, "function": {"arguments": "{\"ci"}})))
        .event(&fragment(
            json!({"index": 0, "function": {"arguments": "ty\":\"Recife\"}"}}),
        ))
        .event(&end)
        .done();
    let upstream = Upstream::always("upstream", answer).await;
    let Some(seen) = official("stream_tool_call", &upstream).await else {
        return;
    };
    assert_eq!(
        seen,
        json!({"name": "get_weather", "arguments": {"city": "Recife"}, "finish": "tool_calls"})
    );
}

/// What the client makes of an upstream that always answers so, and how often the upstream was asked.
async fn failure(reaction: Reaction) -> Option<(Value, usize)> {
    let upstream = Upstream::always("upstream", reaction).await;
    let seen = official("error", &upstream).await?;
    assert!(
        seen["request_id"].is_string(),
        "every error can be found in the server's logs: {seen}"
    );
    Some((seen, upstream.count()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_a_401_and_asked_once() {
    let Some((seen, count)) = failure(Reaction::error(401, "invalid_api_key", "Incorrect API key")).await
    else {
        return;
    };
    assert_eq!(
        (&seen["class"], &seen["status"]),
        (&json!("AuthenticationError"), &json!(401))
    );
    assert_eq!(count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_model_is_a_404() {
    let refusal = Reaction::error(404, "model_not_found", "The model `gpt-test` does not exist");
    let Some((seen, count)) = failure(refusal).await else {
        return;
    };
    assert_eq!(
        (&seen["class"], &seen["status"]),
        (&json!("NotFoundError"), &json!(404))
    );
    assert_eq!((&seen["code"], count), (&json!("model_not_found"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_a_429_that_says_when_to_come_back() {
    let busy = Reaction::error_with(
        429,
        &[("retry-after", "30")],
        "rate_limit_exceeded",
        "Rate limit reached",
    );
    let Some((seen, count)) = failure(busy).await else {
        return;
    };
    assert_eq!(
        (&seen["class"], &seen["status"]),
        (&json!("RateLimitError"), &json!(429))
    );
    let wait: u64 = seen["retry_after"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("seconds");
    assert!((1..=30).contains(&wait), "{seen}");
    assert_eq!(count, 1, "thirty seconds are too long to wait for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_a_429_that_is_never_repeated() {
    let Some((seen, count)) = failure(Reaction::error(
        429,
        "insufficient_quota",
        "You exceeded your quota",
    ))
    .await
    else {
        return;
    };
    assert_eq!(
        (&seen["status"], &seen["code"]),
        (&json!(429), &json!("insufficient_quota"))
    );
    assert_eq!(count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_too_long_is_a_400_with_its_code() {
    let refusal = Reaction::error(
        400,
        "context_length_exceeded",
        "This model's maximum context length is 8192",
    );
    let Some((seen, count)) = failure(refusal).await else {
        return;
    };
    assert_eq!(
        (&seen["class"], &seen["status"]),
        (&json!("BadRequestError"), &json!(400))
    );
    assert_eq!((&seen["code"], count), (&json!("context_length_exceeded"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_is_an_error_and_not_a_short_answer() {
    let broken = Reaction::stream().opens().says("29 ").reset();
    let upstream = Upstream::always("upstream", broken).await;
    let Some(seen) = official("stream_error", &upstream).await else {
        return;
    };
    assert_eq!(seen["pieces"], json!(["29 "]));
    assert_ne!(seen["class"], Value::Null, "the official client must raise");
    assert_eq!(
        upstream.count(),
        1,
        "nothing is repeated once something was handed out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_stops_the_upstream_call() {
    let never = Gate::closed();
    let endless = Reaction::stream()
        .opens()
        .says("29 ")
        .wait(&never)
        .says("degrees")
        .stops()
        .done();
    let upstream = Upstream::always("upstream", endless).await;
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON");
    let Some(python) = python else { return };
    let aurora = Aurora::serve(&[("OPENAI_API_KEY", "sk-x"), ("OPENAI_BASE_URL", &upstream.url())]).await;
    let seen = aurora::official_client(&python, &format!("{}/v1", aurora.url()), "disconnect").await;
    assert_eq!(seen["first"], "29 ");
    upstream.abandoned(1).await; // while the server goes on
    aurora.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed() {
    let upstream = Upstream::always("upstream", Reaction::chat("unused")).await;
    let Some(seen) = official("models", &upstream).await else {
        return;
    };
    assert!(!seen["ids"].as_array().expect("a list").is_empty(), "{seen}");
}
