//! Bills of Anthropic, by <https://platform.claude.com/docs/en/about-claude/pricing>: `input_tokens` is what was
//! neither read from the cache nor written to it, and thinking is within `output_tokens`.

use serde_json::{Value, json};

use super::bill::{Bill, IntoCost, NOW, bills, cost};
use crate::chat::StreamCollector;
use crate::pricing::Cost;
use crate::wire::Codec;
use crate::wire::anthropic::AnthropicMessages;

fn message(usage: &Value) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "as-it-answers",
        "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn", "usage": usage,
    })
}

fn codec() -> AnthropicMessages {
    AnthropicMessages::new("anthropic".into())
}

fn claude(name: &'static str, model: &'static str, usage: Value, cost: impl IntoCost) -> Bill {
    Bill::new(name, "anthropic", model, NOW, message(&usage), cost)
}

#[test]
fn messages_cost_what_anthropic_bills() {
    let cases = [
        // 2,095 × 3,000 + 503 × 15,000 = 6,285,000 + 7,545,000
        claude(
            "plain",
            "claude-sonnet-4-5",
            json!({"input_tokens": 2095, "output_tokens": 503}),
            13_830_000,
        ),
        // 105 × 5,000 + 7,123 × 500 + 7,345 × 6,250 + 6,039 × 25,000 + one search at $0.01:
        // 525,000 + 3,561,500 + 45,906,250 + 150,975,000 + 10,000,000
        claude(
            "cached, written and searched",
            "claude-opus-4-8",
            json!({"input_tokens": 105, "output_tokens": 6039, "cache_read_input_tokens": 7123,
                "cache_creation_input_tokens": 7345, "server_tool_use": {"web_search_requests": 1}}),
            210_967_750,
        ),
        // 50 × 3,000 + 1,800 × 300 + 456 × 3,750 + 100 × 6,000 + 503 × 15,000
        // = 150,000 + 540,000 + 1,710,000 + 600,000 + 7,545,000
        claude(
            "written for five minutes and for an hour",
            "claude-sonnet-4-6",
            json!({"input_tokens": 50, "output_tokens": 503, "cache_read_input_tokens": 1800,
                "cache_creation_input_tokens": 556,
                "cache_creation": {"ephemeral_5m_input_tokens": 456, "ephemeral_1h_input_tokens": 100}}),
            10_545_000,
        ),
        // 1,000 × 8,000
        claude(
            "written for an hour alone",
            "claude-opus-5-5",
            json!({"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 1000,
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1000}}),
            8_000_000,
        ),
        // 100 × 1,000 + 500 × 5,000: the 300 of thinking are within the 500
        claude(
            "thinking",
            "claude-haiku-4-5-20251001",
            json!({"input_tokens": 100, "output_tokens": 500, "output_tokens_details": {"thinking_tokens": 300}}),
            2_600_000,
        ),
        // 210,000 × 6,000 + 1,000 × 22,500
        claude(
            "long",
            "claude-sonnet-4-5",
            json!({"input_tokens": 210_000, "output_tokens": 1000}),
            1_282_500_000,
        ),
        // 200,000 × 3,000 + 1,000 × 15,000
        claude(
            "not long",
            "claude-sonnet-4-5",
            json!({"input_tokens": 200_000, "output_tokens": 1000}),
            615_000_000,
        ),
        // 1,000 × 6,000 + 200,000 × 600 + 10 × 22,500
        claude(
            "long by what is cached",
            "claude-sonnet-4-5",
            json!({"input_tokens": 1000, "output_tokens": 10, "cache_read_input_tokens": 200_000}),
            126_225_000,
        ),
        // 900,000 × 3,000: from 4.6 on a long prompt costs no more
        claude(
            "no surcharge",
            "claude-sonnet-4-6",
            json!({"input_tokens": 900_000, "output_tokens": 0}),
            2_700_000_000,
        ),
        // 100,000 × 100 + 1,000 × 500
        claude(
            "small",
            "claude-haiku-5-5",
            json!({"input_tokens": 100_000, "output_tokens": 1000}),
            10_500_000,
        ),
        // 100,001 × 500 + 1,000 × 2,500
        claude(
            "small, long",
            "claude-haiku-5-5",
            json!({"input_tokens": 100_001, "output_tokens": 1000}),
            52_500_500,
        ),
        // 1 × 10
        claude(
            "one token of cache",
            "claude-haiku-5-5",
            json!({"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 1}),
            10,
        ),
        // 10 × 10,000 + 10,000 × 250 + 10 × 50,000
        claude(
            "a fortieth for what is cached",
            "claude-fable-5-1",
            json!({"input_tokens": 10, "output_tokens": 10, "cache_read_input_tokens": 10_000}),
            3_100_000,
        ),
        // 10 × 4,000 + 10,000 × 200 + 10 × 20,000
        claude(
            "a twentieth for what is cached",
            "claude-opus-5-5",
            json!({"input_tokens": 10, "output_tokens": 10, "cache_read_input_tokens": 10_000}),
            2_240_000,
        ),
        // 1,000 × 15,000 + 1,000 × 75,000
        claude(
            "alias",
            "claude-opus-4-0",
            json!({"input_tokens": 1000, "output_tokens": 1000}),
            90_000_000,
        ),
        // 1,000 × 800 + 1,000 × 4,000
        claude(
            "old",
            "claude-3-5-haiku-20241022",
            json!({"input_tokens": 1000, "output_tokens": 1000}),
            4_800_000,
        ),
        // (1,000 × 2,000 + 1,000 × 10,000) ÷ 2
        claude(
            "batch",
            "claude-sonnet-5",
            json!({"input_tokens": 1000, "output_tokens": 1000}),
            6_000_000,
        )
        .times(1, 2),
        // (1,000 × 5,000 + 1,000 × 25,000) × 1.1
        claude(
            "in the US",
            "claude-opus-5",
            json!({"input_tokens": 1000, "output_tokens": 1000}),
            33_000_000,
        )
        .times(11, 10),
        // (1,000 × 5,000 + 1,000 × 25,000) × 2
        claude(
            "fast",
            "claude-opus-4-8",
            json!({"input_tokens": 1000, "output_tokens": 1000}),
            60_000_000,
        )
        .times(2, 1),
        claude(
            "too many",
            "claude-opus-5",
            json!({"input_tokens": u64::MAX, "output_tokens": 1}),
            i64::MAX,
        ),
        claude(
            "unknown model",
            "claude-opus-4-9",
            json!({"input_tokens": 1, "output_tokens": 1}),
            Cost::Unpriced,
        ),
        claude("no usage", "claude-opus-5", Value::Null, Cost::Unpriced),
        claude("empty usage", "claude-opus-5", json!({}), Cost::Unpriced),
    ];
    bills(&codec(), cases);
}

#[test]
fn usage_that_a_stream_repeats_is_billed_once() {
    let mut decoder = codec().decoder();
    let mut events = Vec::new();
    for event in [
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "m", "content": [], "usage": {"input_tokens": 25, "output_tokens": 1,
            "cache_read_input_tokens": 100}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ok"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}}),
        json!({"type": "message_stop"}),
    ] {
        let name = event["type"].as_str().unwrap();
        let text = format!("event: {name}\ndata: {event}\n\n");
        decoder.push(text.as_bytes(), &mut events).unwrap();
    }
    decoder.finish(&mut events).unwrap();
    let mut collector = StreamCollector::default();
    events.iter().for_each(|event| collector.push(event));
    // 25 × 3,000 + 100 × 300 + 15 × 15,000: the 1 was a part of the 15
    let billed = cost("anthropic", "claude-sonnet-4-6", NOW, collector.usage());
    assert_eq!(
        billed,
        Cost::Priced(aurora_core::money::NanoUsd::from_nanos(330_000))
    );
}
