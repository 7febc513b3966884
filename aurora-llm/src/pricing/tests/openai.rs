//! Bills of `OpenAI`, by <https://developers.openai.com/api/docs/pricing>: cached input is within the prompt and
//! reasoning within the completion. A price of $1 per million tokens is 1,000 nano-dollars a token.

use serde_json::{Value, json};

use super::bill::{Bill, IntoCost, NOW, bills};
use crate::pricing::Cost;
use crate::wire::openai_chat::OpenAiChat;
use crate::wire::openai_responses::OpenAiResponses;

fn chat(usage: &Value) -> Value {
    let message = json!({"role": "assistant", "content": "ok"});
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "as-it-answers",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    })
}

fn openai(name: &'static str, model: &'static str, usage: Value, cost: impl IntoCost) -> Bill {
    Bill::new(name, "openai", model, NOW, chat(&usage), cost)
}

#[test]
fn chat_completions_cost_what_openai_bills() {
    let cases = [
        // 1,000 × 2,500 + 500 × 10,000
        openai(
            "plain",
            "gpt-4o",
            json!({"prompt_tokens": 1000, "completion_tokens": 500}),
            7_500_000,
        ),
        // (2,006 − 1,920) × 2,500 + 1,920 × 1,250 + 300 × 10,000 = 215,000 + 2,400,000 + 3,000,000
        openai(
            "cached",
            "gpt-4o",
            json!({"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}}),
            5_615_000,
        ),
        // 75 × 1,250 + 1,186 × 10,000: the 1,024 of reasoning are within the 1,186
        openai(
            "reasoning",
            "gpt-5",
            json!({"prompt_tokens": 75, "completion_tokens": 1186,
                "completion_tokens_details": {"reasoning_tokens": 1024}}),
            11_953_750,
        ),
        // 1,040 × 1,250 + 8,960 × 125 + 2,000 × 10,000 = 1,300,000 + 1,120,000 + 20,000,000
        openai(
            "cached and reasoning",
            "gpt-5-2025-08-07",
            json!({"prompt_tokens": 10_000, "completion_tokens": 2_000,
                "prompt_tokens_details": {"cached_tokens": 8_960},
                "completion_tokens_details": {"reasoning_tokens": 1_500}}),
            22_420_000,
        ),
        // 1,000 × 4,000 + 1,000 × 400 + 3,000 × 5,000 + 100 × 20,000 = 4 + 0.4 + 15 + 2 million
        openai(
            "cache written",
            "gpt-5.6-sol",
            json!({"prompt_tokens": 5_000, "completion_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 1_000, "cache_write_tokens": 3_000}}),
            21_400_000,
        ),
        // Before GPT-5.6 a write costs as any input: 5,000 × 2,500 + 10 × 15,000
        openai(
            "cache written by a model that does not bill it",
            "gpt-5.4",
            json!({"prompt_tokens": 5_000, "completion_tokens": 10,
                "prompt_tokens_details": {"cache_write_tokens": 3_000}}),
            12_650_000,
        ),
        // 100,000 × 20,000 + 200,000 × 2,000 + 10,000 × 75,000 = 2,000 + 400 + 750 million
        openai(
            "long prompt",
            "gpt-6-astra",
            json!({"prompt_tokens": 300_000, "completion_tokens": 10_000,
                "prompt_tokens_details": {"cached_tokens": 200_000}}),
            3_150_000_000,
        ),
        // 272,000 × 2,500 + 1,000 × 15,000
        openai(
            "just not long",
            "gpt-5.4",
            json!({"prompt_tokens": 272_000, "completion_tokens": 1_000}),
            695_000_000,
        ),
        // 272,001 × 5,000 + 1,000 × 22,500
        openai(
            "just long",
            "gpt-5.4",
            json!({"prompt_tokens": 272_001, "completion_tokens": 1_000}),
            1_382_505_000,
        ),
        // 1,000 × 10,000 + 299,000 × 1,000 + 10 × 45,000: what is cached counts for the length
        openai(
            "long by what is cached",
            "gpt-5.5",
            json!({"prompt_tokens": 300_000, "completion_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 299_000}}),
            309_450_000,
        ),
        // 300,000 × 750 + 10 × 4,500: mini has no long context
        openai(
            "never long",
            "gpt-5.4-mini",
            json!({"prompt_tokens": 300_000, "completion_tokens": 10}),
            225_045_000,
        ),
        // 7 × 50 + 3 × 400
        openai(
            "small",
            "gpt-5-nano",
            json!({"prompt_tokens": 7, "completion_tokens": 3}),
            1_550,
        ),
        // 1 × 50 + 1,024 × 5 + 1 × 400
        openai(
            "small and cached",
            "gpt-5-nano",
            json!({"prompt_tokens": 1_025, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1_024}}),
            5_570,
        ),
        // 464 × 100 + 1,536 × 25 + 10 × 400
        openai(
            "a quarter for what is cached",
            "gpt-4.1-nano",
            json!({"prompt_tokens": 2_000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 1_536}}),
            88_800,
        ),
        // 1,000 × 5,000 + 1,000 × 15,000: this snapshot has a price of its own
        openai(
            "own price",
            "gpt-4o-2024-05-13",
            json!({"prompt_tokens": 1000, "completion_tokens": 1000}),
            20_000_000,
        ),
        // 1,000 × 2,500 + 1,000 × 10,000
        openai(
            "snapshot",
            "gpt-4o-2024-11-20",
            json!({"prompt_tokens": 1000, "completion_tokens": 1000}),
            12_500_000,
        ),
        // 2,000 × 15,000 + 100 × 120,000: nothing is cheaper when cached
        openai(
            "no discount",
            "gpt-5-pro",
            json!({"prompt_tokens": 2_000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1_000}}),
            42_000_000,
        ),
        // 100 × 150,000 + 200 × 600,000
        openai(
            "dear",
            "o1-pro",
            json!({"prompt_tokens": 100, "completion_tokens": 200}),
            135_000_000,
        ),
        // 10 × 1,100 + 50 × 4,400: rejected predictions are within the completion
        openai(
            "predictions",
            "o4-mini",
            json!({"prompt_tokens": 10, "completion_tokens": 50, "completion_tokens_details":
                {"accepted_prediction_tokens": 5, "rejected_prediction_tokens": 40, "reasoning_tokens": 0}}),
            231_000,
        ),
        // 10 × 2,500
        openai(
            "no answer",
            "gpt-4o",
            json!({"prompt_tokens": 10, "completion_tokens": 0}),
            25_000,
        ),
        // 100 × 1,250: more cannot be cached than there was
        openai(
            "nonsense",
            "gpt-4o",
            json!({"prompt_tokens": 100, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 500}}),
            125_000,
        ),
        // 1,000 × 1,000 + 1,000 × 6,000
        Bill::new(
            "before the price fell",
            "openai",
            "gpt-5.6-luna",
            "2026-07-01",
            chat(&json!({"prompt_tokens": 1_000, "completion_tokens": 1_000})),
            7_000_000,
        ),
        // 1,000 × 200 + 1,000 × 1,200
        openai(
            "after it fell",
            "gpt-5.6-luna",
            json!({"prompt_tokens": 1000, "completion_tokens": 1000}),
            1_400_000,
        ),
        // 1,000 × 2,000 ÷ 2 + 1,000 × 10,000 ÷ 2
        openai(
            "batch",
            "gpt-6.1-sol",
            json!({"prompt_tokens": 1000, "completion_tokens": 1000}),
            6_000_000,
        )
        .times(1, 2),
        // (1,000 × 2,500 + 1,000 × 15,000) × 1.1
        openai(
            "region",
            "gpt-5.4",
            json!({"prompt_tokens": 1000, "completion_tokens": 1000}),
            19_250_000,
        )
        .times(11, 10),
        // 10 × 2,500 + 200 × 32,000 + 30 × 10,000 + 120 × 64,000 = 25,000 + 6,400,000 + 300,000 + 7,680,000
        openai(
            "sound",
            "gpt-audio",
            json!({"prompt_tokens": 210, "completion_tokens": 150,
                "prompt_tokens_details": {"audio_tokens": 200, "text_tokens": 10},
                "completion_tokens_details": {"audio_tokens": 120, "text_tokens": 30}}),
            14_405_000,
        ),
        // 1,000 × 2,500 + (100 + 400) × 10,000: a total that says so counts reasoning beside the completion
        openai(
            "reasoning beside the completion",
            "gpt-4o",
            json!({"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_500,
                "completion_tokens_details": {"reasoning_tokens": 400}}),
            7_500_000,
        ),
        // 2⁶⁴ − 1 tokens: the most that can be said, not what is left after wrapping around
        openai(
            "too many",
            "gpt-4o",
            json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX}),
            i64::MAX,
        ),
        openai(
            "unknown model",
            "gpt-5-mini-2030",
            json!({"prompt_tokens": 1, "completion_tokens": 1}),
            Cost::Unpriced,
        ),
        openai("no usage", "gpt-4o", Value::Null, Cost::Unpriced),
        openai("empty usage", "gpt-4o", json!({}), Cost::Unpriced),
        Bill::new(
            "another server",
            "openai_compatible",
            "gpt-4o",
            NOW,
            chat(&json!({"prompt_tokens": 1, "completion_tokens": 1})),
            Cost::Unpriced,
        ),
    ];
    bills(&OpenAiChat::openai(), cases);
}

fn response(usage: &Value) -> Value {
    let text = json!({"type": "output_text", "text": "ok", "annotations": []});
    json!({
        "id": "resp_1", "object": "response", "status": "completed", "model": "as-it-answers",
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}],
        "usage": usage,
    })
}

#[test]
fn responses_cost_what_openai_bills() {
    let openai = |name, model, usage: Value, nanos: i64| {
        Bill::new(name, "openai", model, NOW, response(&usage), nanos)
    };
    let cases = [
        // 36 × 2,000 + 87 × 8,000
        openai(
            "plain",
            "gpt-4.1",
            json!({"input_tokens": 36, "output_tokens": 87, "total_tokens": 123}),
            768_000,
        ),
        // 129 × 2,000 + 11,904 × 500 + 44 × 8,000 = 258,000 + 5,952,000 + 352,000
        openai(
            "cached within the input",
            "gpt-4.1-2025-04-14",
            json!({"input_tokens": 12_033, "input_tokens_details": {"cached_tokens": 11_904}, "output_tokens": 44,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 12_077}),
            6_562_000,
        ),
        // 81 × 2,000 + 1,035 × 8,000: the 832 of reasoning are within the 1,035
        openai(
            "reasoning within the output",
            "o3",
            json!({"input_tokens": 81, "output_tokens": 1_035, "output_tokens_details": {"reasoning_tokens": 832},
                "total_tokens": 1_116}),
            8_442_000,
        ),
        // 500 × 2,000 + 500 × 100 + 1,000 × 2,500 + 100 × 10,000
        openai(
            "cached and written",
            "gpt-6.1-sol",
            json!({"input_tokens": 2_000, "output_tokens": 100,
                "input_tokens_details": {"cached_tokens": 500, "cache_write_tokens": 1_000}}),
            4_550_000,
        ),
        // 272,001 × 200 + 1,000 × 750
        openai(
            "long",
            "gpt-6-luna",
            json!({"input_tokens": 272_001, "output_tokens": 1_000}),
            55_150_200,
        ),
    ];
    bills(&OpenAiResponses::new("openai".into()), cases);
}
