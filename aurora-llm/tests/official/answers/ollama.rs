//! Ollama.

use aurora_llm::provider::ModelInfo;
use aurora_llm::wire::ollama::server::{
    StreamEncoder, encode_embeddings, encode_error, encode_models, encode_response,
};

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::new(created()), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_answers() {
    let Some(read) = read(&[
        Served::json("ollama", encode_response(&answer(), created())),
        Served::events("ollama stream", stream()),
        Served::json("ollama_embeddings", encode_embeddings(&vectors())),
        Served::json(
            "ollama_models",
            encode_models(&[ModelInfo::new("llama3.2")], created()),
        ),
    ]) else {
        return;
    };
    let whole = value(&read[0]);
    assert_eq!(
        (&whole["model"], &whole["done"]),
        (&json!("model-1"), &json!(true))
    );
    assert_eq!(whole["message"]["content"], "Let me see.");
    assert_eq!(
        whole["message"]["tool_calls"][1]["function"]["arguments"],
        json!({"city": "São Luís"})
    );
    assert_eq!(
        (&whole["prompt_eval_count"], &whole["eval_count"]),
        (&json!(100), &json!(25))
    );
    let chunks = value(&read[1]).as_array().unwrap();
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["message"]["content"].as_str())
        .collect();
    assert_eq!(text, "Let me see.");
    assert_eq!(chunks.last().unwrap()["done"], true);
    assert_eq!(value(&read[2])["embeddings"], json!([[0.5, -0.25, 0.125]]));
    assert_eq!(value(&read[3])["models"][0]["model"], "llama3.2");
}

#[test]
fn the_official_sdk_raises_our_errors_as_its_own() {
    let served = [
        ErrorKind::InvalidRequest,
        ErrorKind::ModelNotFound,
        ErrorKind::ServerError,
    ]
    .map(|kind| Served::error("ollama", &encode_error(&failure(kind))));
    let Some(read) = read(&served) else { return };
    let seen: Vec<_> = read
        .iter()
        .map(|seen| (&seen["error"], &seen["status"]))
        .collect();
    let class = json!("ResponseError");
    assert_eq!(
        seen,
        [
            (&class, &json!(400)),
            (&class, &json!(404)),
            (&class, &json!(502))
        ]
    );
}
