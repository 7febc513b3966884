//! Bills of Cohere: by `billed_units`, which leave out what Cohere itself adds to a prompt, and by searches.

use serde_json::{Value, json};

use super::bill::{Bill, IntoCost, NOW, bills, check};
use crate::embed::EmbedRequest;
use crate::pricing::Cost;
use crate::provider::Call;
use crate::rerank::RerankRequest;
use crate::wire::cohere::{CohereChat, decode_embeddings, decode_rerank};

fn chat(usage: &Value) -> Value {
    json!({
        "id": "1", "finish_reason": "COMPLETE", "usage": usage,
        "message": {"role": "assistant", "content": [{"type": "text", "text": "ok"}]},
    })
}

fn cohere(name: &'static str, model: &'static str, usage: Value, cost: impl IntoCost) -> Bill {
    Bill::new(name, "cohere", model, NOW, chat(&usage), cost)
}

#[test]
fn chats_cost_what_cohere_bills() {
    let billed =
        |input: f64, output: f64| json!({"billed_units": {"input_tokens": input, "output_tokens": output}});
    let cases = [
        // 12 × 150 + 80 × 600: the preamble's 496 tokens are not billed
        cohere(
            "billed units",
            "command-r-08-2024",
            json!({"billed_units": {"input_tokens": 12.0, "output_tokens": 80.0},
                "tokens": {"input_tokens": 508.0, "output_tokens": 80.0}}),
            49_800,
        ),
        // 100 × 2,500 + 50 × 10,000
        cohere("dear", "command-a-03-2025", billed(100.0, 50.0), 750_000),
        // 1,000 × 2,500 + 1,000 × 10,000
        cohere(
            "large",
            "command-r-plus-08-2024",
            billed(1000.0, 1000.0),
            12_500_000,
        ),
        // 3 × 37.5 + 1 × 150 = 262.5, half a nano-dollar up
        cohere("rounded once", "command-r7b-12-2024", billed(3.0, 1.0), 263),
        // 2 × 37.5
        cohere("exact", "command-r7b-12-2024", billed(2.0, 0.0), 75),
        // 999 × 37.5 = 37,462.5 and not 999 roundings
        cohere(
            "rounded at the end",
            "command-r7b-12-2024",
            billed(999.0, 0.0),
            37_463,
        ),
        cohere("nothing billed", "command-r7b-12-2024", billed(0.0, 0.0), 0),
        cohere(
            "a search without a price",
            "command-r-08-2024",
            json!({"billed_units": {"input_tokens": 1.0, "output_tokens": 1.0, "search_units": 1.0}}),
            Cost::Unpriced,
        ),
        cohere(
            "a model without a price",
            "command-a-plus-05-2026",
            billed(1.0, 1.0),
            Cost::Unpriced,
        ),
        cohere(
            "unknown model",
            "command-r-09-2024",
            billed(1.0, 1.0),
            Cost::Unpriced,
        ),
        cohere("no usage", "command-r-08-2024", Value::Null, Cost::Unpriced),
    ];
    bills(&CohereChat, cases);
}

#[test]
fn rerank_costs_by_search() {
    let call = Call::new(RerankRequest::new("q", ["a"]), "any");
    let ranked = |units: Value| {
        let body = json!({"id": "1", "results": [{"index": 0, "relevance_score": 0.5}],
            "meta": {"billed_units": units}});
        decode_rerank(body.to_string().as_bytes(), &call).unwrap().usage
    };
    let cases = [
        (
            "rerank-v3.5",
            json!({"search_units": 1}),
            Cost::Priced("0.002".parse().unwrap()),
        ),
        (
            "rerank-v4.0-fast",
            json!({"search_units": 2}),
            Cost::Priced("0.004".parse().unwrap()),
        ),
        (
            "rerank-v4.0-pro",
            json!({"search_units": 3}),
            Cost::Priced("0.0075".parse().unwrap()),
        ),
        ("rerank-v9", json!({"search_units": 1}), Cost::Unpriced),
        ("rerank-v3.5", Value::Null, Cost::Unpriced),
    ];
    for (model, units, expected) in cases {
        check(
            &format!("{model} {units}"),
            "cohere",
            model,
            NOW,
            ranked(units).as_ref(),
            expected,
        );
    }
}

#[test]
fn embeddings_cost_their_input() {
    let call = Call::new(EmbedRequest::new(["a"]), "any");
    let embedded = |units: Value| {
        let body = json!({"id": "1", "embeddings": {"float": [[0.5, 0.5]]}, "texts": ["a"],
            "meta": {"billed_units": units}});
        decode_embeddings(body.to_string().as_bytes(), &call)
            .unwrap()
            .usage
    };
    let cases = [
        // 1,000 × 120
        (
            "embed-v4.0",
            json!({"input_tokens": 1000}),
            Cost::Priced("0.00012".parse().unwrap()),
        ),
        // 5 × 100
        (
            "embed-multilingual-v3.0",
            json!({"input_tokens": 5}),
            Cost::Priced("0.0000005".parse().unwrap()),
        ),
        ("embed-v5.0", json!({"input_tokens": 5}), Cost::Unpriced),
    ];
    for (model, units, expected) in cases {
        check(model, "cohere", model, NOW, embedded(units).as_ref(), expected);
    }
}
