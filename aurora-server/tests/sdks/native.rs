//! Both vendors' clients, in front of an upstream that speaks Anthropic's own dialect.

use serde_json::{Value, json};

use crate::aurora::{Aurora, Sdk};
use crate::reaction::{Gate, Reaction};
use crate::upstream::{Received, Upstream};
use crate::{base_of, each_gated};

/// A server over an upstream of Anthropic's dialect alone, and a key for it.
async fn serve(upstream: &Upstream) -> (Aurora, String) {
    let aurora = Aurora::serve(&[
        ("ANTHROPIC_API_KEY", "sk-ant-of-the-server"),
        ("ANTHROPIC_BASE_URL", &upstream.url()),
        ("AURORA__LLM__ANTHROPIC_MODEL", "gpt-test"), // what the clients ask for
    ])
    .await;
    let key = aurora.key(&json!({"name": "official clients"})).await;
    (aurora, key)
}

fn message(content: &Value, stop: &Value) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "gpt-test", "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 3}})
}

/// `29 degrees`.
fn answers() -> Reaction {
    let content = json!([{"type": "text", "text": "29 degrees"}]);
    Reaction::json(200, &[], &message(&content, &json!("end_turn")))
}

/// The same in two pieces with a gate between them.
fn speaks(gate: &Gate) -> Reaction {
    let words = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    Reaction::stream()
        .named_event(&json!({"type": "message_start", "message": message(&json!([]), &Value::Null)}))
        .named_event(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}))
        .named_event(&words("29 "))
        .wait(gate)
        .named_event(&words("degrees"))
        .named_event(&json!({"type": "content_block_stop", "index": 0}))
        .named_event(&json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": 3}}))
        .named_event(&json!({"type": "message_stop"}))
        .end()
}

/// The request as Anthropic wants it, with the server's key.
fn assert_native(received: &Received) {
    assert_eq!((&*received.method, &*received.path), ("POST", "/v1/messages"));
    assert_eq!(received.header("x-api-key"), Some("sk-ant-of-the-server"));
    assert!(received.header("anthropic-version").is_some());
    let body = received.json();
    assert_eq!(body["model"], "gpt-test");
    let asked = &body["messages"][0];
    let text = asked["content"]
        .as_str()
        .or_else(|| asked["content"][0]["text"].as_str());
    assert_eq!(
        (&asked["role"], text),
        (&json!("user"), Some("What is the weather in Recife?"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_anthropics_own_dialect_reaches_both_vendors_clients() {
    for (vendor, scenario, expected) in [
        (
            "anthropic",
            "message",
            json!({"text": "29 degrees", "stop": "end_turn", "type": "message", "input_tokens": 9, "output_tokens": 3}),
        ),
        (
            "openai",
            "chat",
            json!({"content": "29 degrees", "finish": "stop", "object": "chat.completion", "prompt_tokens": 9,
                "completion_tokens": 3}),
        ),
    ] {
        for sdk in Sdk::all_of(vendor) {
            let upstream = Upstream::always("upstream", answers()).await;
            let (aurora, key) = serve(&upstream).await;
            let seen = sdk.run(&base_of(vendor, &aurora), &key, scenario, 0).await;
            aurora.stop().await;
            assert_eq!(seen, expected, "{}", sdk.name);
            assert_native(&upstream.received()[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_anthropics_own_dialect_reaches_both_vendors_clients() {
    for (vendor, expected) in [
        (
            "anthropic",
            json!({"pieces": ["29 ", "degrees"], "text": "29 degrees", "stop": "end_turn", "output_tokens": 3}),
        ),
        (
            "openai",
            json!({"pieces": ["29 ", "degrees"], "finish": "stop", "total_tokens": 12}),
        ),
    ] {
        for seen in each_gated(vendor, "stream", speaks, serve).await {
            assert_eq!(seen.value, expected, "{}", seen.sdk);
            assert_native(&seen.upstream.received()[0]);
            assert_eq!(seen.upstream.received()[0].json()["stream"], true);
        }
    }
}
