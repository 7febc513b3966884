//! What users of other clients complain about: costs that are several times too high, or silently nothing.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bill::{NOW, cost};
use crate::usage::Usage;
use crate::wire::anthropic::AnthropicMessages;
use crate::wire::cohere::CohereChat;
use crate::wire::openai_chat::OpenAiChat;
use crate::wire::{Codec, ResponseHead};

fn usage(codec: &dyn Codec, answer: &Value) -> Option<Usage> {
    let head = ResponseHead::new(200, HeaderMap::new());
    codec.decode(&head, answer.to_string().as_bytes()).unwrap().usage
}

fn openai(usage: &Value) -> Value {
    json!({"id": "1", "model": "m", "usage": usage,
        "choices": [{"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}]})
}

fn anthropic(usage: &Value) -> Value {
    json!({"id": "1", "model": "m", "content": [], "stop_reason": "end_turn", "usage": usage})
}

fn nanos(kind: &str, model: &str, usage: Option<&Usage>) -> i64 {
    cost(kind, model, NOW, usage).amount().unwrap().nanos()
}

proptest! {
    #[test]
    fn cached_tokens_are_never_billed_twice(prompt in 1..1_000_000_u64, cached: u64, written: u64, output in 0..100_000_u64) {
        let report = json!({"prompt_tokens": prompt, "completion_tokens": output,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written}});
        let read = usage(&OpenAiChat::openai(), &openai(&report)).unwrap();
        prop_assert_eq!((read.total_input(), read.total_output()), (prompt, output), "within the prompt");
        // With the same rates for all parts the bill is that of the whole prompt.
        let whole = Usage::new(prompt, output);
        let dearest = nanos("openai", "gpt-5-pro", Some(&whole));
        prop_assert_eq!(nanos("openai", "gpt-5-pro", Some(&read)), dearest);
        let gpt_5 = nanos("openai", "gpt-5", Some(&read));
        prop_assert!(gpt_5 <= nanos("openai", "gpt-5", Some(&whole)), "a discount makes nothing dearer");
    }

    #[test]
    fn cached_tokens_beside_the_input_are_all_billed(input: u32, read: u32, written: u32, hour: u32, output: u32) {
        let report = json!({"input_tokens": input, "output_tokens": output, "cache_read_input_tokens": read,
            "cache_creation_input_tokens": u64::from(written) + u64::from(hour),
            "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": hour}});
        prop_assume!(input | read | written | hour | output > 0);
        let found = usage(&AnthropicMessages::new("a".into()), &anthropic(&report)).unwrap();
        let sum: u64 = [input, read, written, hour].into_iter().map(u64::from).sum();
        prop_assert_eq!((found.total_input(), found.total_output()), (sum, u64::from(output)), "beside the input");
        // Claude Opus 4.8: $5, $0.50, $6.25, $10 and $25 per million tokens.
        let part = |tokens: u32, rate: i64| i64::from(tokens) * rate;
        let bill = part(input, 5_000) + part(read, 500) + part(written, 6_250) + part(hour, 10_000) + part(output, 25_000);
        prop_assert_eq!(nanos("anthropic", "claude-opus-4-8", Some(&found)), bill);
    }

    #[test]
    fn reasoning_is_never_billed_twice(output in 1..1_000_000_u64, reasoning: u64) {
        let reasoning = reasoning % (output + 1);
        let report = json!({"prompt_tokens": 1, "completion_tokens": output,
            "completion_tokens_details": {"reasoning_tokens": reasoning}});
        let found = usage(&OpenAiChat::openai(), &openai(&report)).unwrap();
        prop_assert_eq!(found.total_output(), output);
        prop_assert_eq!(nanos("openai", "o3", Some(&found)), nanos("openai", "o3", Some(&Usage::new(1, output))));
    }
}

#[test]
fn an_answer_without_usage_is_unpriced_never_free() {
    let codecs: [(&str, &str, &dyn Codec, Value); 3] = [
        ("openai", "gpt-5", &OpenAiChat::openai(), openai(&Value::Null)),
        (
            "anthropic",
            "claude-opus-5",
            &AnthropicMessages::new("a".into()),
            anthropic(&Value::Null),
        ),
        (
            "cohere",
            "command-r-08-2024",
            &CohereChat,
            json!({"id": "1", "finish_reason": "COMPLETE",
                "message": {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}}),
        ),
    ];
    for (kind, model, codec, answer) in codecs {
        let found = usage(codec, &answer);
        assert_eq!(cost(kind, model, NOW, found.as_ref()).amount(), None, "{kind}");
    }
}
