//! Bills of Gemini, by <https://ai.google.dev/gemini-api/docs/pricing>: what is cached is within the prompt, thoughts
//! are beside the answer and cost as it does, and what tools put into the prompt is beside the prompt.

use serde_json::{Value, json};

use super::bill::{Bill, IntoCost, NOW, bills, check};
use crate::embed::EmbedRequest;
use crate::pricing::Cost;
use crate::provider::Call;
use crate::wire::gemini::GenerateContent;
use crate::wire::ollama::OllamaChat;

fn answer(usage: &Value) -> Value {
    json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "ok"}]}, "finishReason": "STOP"}],
        "modelVersion": "as-it-answers", "responseId": "1", "usageMetadata": usage,
    })
}

fn gemini(name: &'static str, model: &'static str, usage: Value, cost: impl IntoCost) -> Bill {
    Bill::new(name, "gcp.gemini", model, NOW, answer(&usage), cost)
}

#[test]
fn answers_cost_what_gemini_bills() {
    let cases = [
        // 1,000 × 300 + (500 + 200) × 2,500
        gemini(
            "thoughts beside the answer",
            "gemini-2.5-flash",
            json!({"promptTokenCount": 1000, "candidatesTokenCount": 500, "thoughtsTokenCount": 200, "totalTokenCount": 1700}),
            2_050_000,
        ),
        // 2,000 × 300 + 8,000 × 30 + 100 × 2,500
        gemini(
            "cached within the prompt",
            "gemini-2.5-flash",
            json!({"promptTokenCount": 10_000, "cachedContentTokenCount": 8_000, "candidatesTokenCount": 100}),
            1_090_000,
        ),
        // (100 + 50) × 300 + 10 × 2,500
        gemini(
            "what tools added",
            "gemini-2.5-flash",
            json!({"promptTokenCount": 100, "toolUsePromptTokenCount": 50, "candidatesTokenCount": 10}),
            70_000,
        ),
        // 100 × 300 + 320 × 1,000 + 10 × 2,500
        gemini(
            "sound",
            "gemini-2.5-flash",
            json!({"promptTokenCount": 420, "candidatesTokenCount": 10, "promptTokensDetails":
                [{"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 320}]}),
            375_000,
        ),
        // 100 × 1,500 + 320 × 1,500 + 10 × 9,000: this one asks no more for sound
        gemini(
            "sound as text",
            "gemini-3.5-flash",
            json!({"promptTokenCount": 420, "candidatesTokenCount": 10, "promptTokensDetails":
                [{"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 320}]}),
            720_000,
        ),
        // 200,000 × 1,250 + 1,000 × 10,000
        gemini(
            "not long",
            "gemini-2.5-pro",
            json!({"promptTokenCount": 200_000, "candidatesTokenCount": 1000}),
            260_000_000,
        ),
        // 200,001 × 2,500 + 1,000 × 15,000
        gemini(
            "long",
            "gemini-2.5-pro",
            json!({"promptTokenCount": 200_001, "candidatesTokenCount": 1000}),
            515_002_500,
        ),
        // 50,000 × 4,000 + 200,000 × 400 + (100 + 900) × 18,000
        gemini(
            "long, cached and thought about",
            "gemini-3.1-pro-preview",
            json!({"promptTokenCount": 250_000, "cachedContentTokenCount": 200_000, "candidatesTokenCount": 100,
                "thoughtsTokenCount": 900}),
            298_000_000,
        ),
        // 1,000 × 100 + 1,000 × 400
        gemini(
            "small",
            "models/gemini-2.5-flash-lite",
            json!({"promptTokenCount": 1000, "candidatesTokenCount": 1000}),
            500_000,
        ),
        // 1,000 × 750 + 1,000 × 3,750
        gemini(
            "this year",
            "gemini-3.8-flash",
            json!({"promptTokenCount": 1000, "candidatesTokenCount": 1000}),
            4_500_000,
        ),
        // 1,000 × 1,500 + 1,000 × 7,500
        Bill::new(
            "next year",
            "gcp.gemini",
            "gemini-3.8-flash",
            "2027-01-01",
            answer(&json!({"promptTokenCount": 1000, "candidatesTokenCount": 1000})),
            9_000_000,
        ),
        // (1,000 × 2,000 + 1,000 × 12,000) ÷ 2
        gemini(
            "batch",
            "gemini-3.1-pro-preview",
            json!({"promptTokenCount": 1000, "candidatesTokenCount": 1000}),
            7_000_000,
        )
        .times(1, 2),
        gemini(
            "unknown model",
            "gemini-4-pro",
            json!({"promptTokenCount": 1, "candidatesTokenCount": 1}),
            Cost::Unpriced,
        ),
        gemini("no usage", "gemini-2.5-pro", Value::Null, Cost::Unpriced),
        gemini("empty usage", "gemini-2.5-pro", json!({}), Cost::Unpriced),
    ];
    bills(&GenerateContent::new("gemini".into()), cases);
}

#[test]
fn embeddings_cost_their_input_where_it_is_told() {
    let codec = GenerateContent::new("gemini".into());
    let call = Call::new(EmbedRequest::new(["a"]), "gemini-embedding-001");
    let embedded = |usage: Value| {
        let body = json!({"embeddings": [{"values": [0.5, 0.5]}], "usageMetadata": usage});
        codec
            .decode_embed(&call, body.to_string().as_bytes())
            .unwrap()
            .usage
    };
    // 1,000 × 150
    let told = embedded(json!({"promptTokenCount": 1000}));
    let cost = Cost::Priced("0.00015".parse().unwrap());
    check(
        "told",
        "gcp.gemini",
        "gemini-embedding-001",
        NOW,
        told.as_ref(),
        cost,
    );
    let untold = embedded(json!({}));
    check(
        "not told",
        "gcp.gemini",
        "gemini-embedding-001",
        NOW,
        untold.as_ref(),
        Cost::Unpriced,
    );
}

#[test]
fn what_runs_at_home_is_declared_free_and_nothing_else_is() {
    let answer = |counts: bool| {
        let mut answer = json!({"model": "m", "message": {"role": "assistant", "content": "ok"}, "done": true,
            "done_reason": "stop"});
        if counts {
            (answer["prompt_eval_count"], answer["eval_count"]) = (json!(26), json!(298));
        }
        answer
    };
    let cases = [
        Bill::new("counted", "ollama", "llama3.2", NOW, answer(true), 0),
        Bill::new(
            "not counted",
            "ollama",
            "llama3.2",
            NOW,
            answer(false),
            Cost::Unpriced,
        ),
    ];
    bills(&OllamaChat::default(), cases);
}
