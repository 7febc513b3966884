//! OpenAI.

use aurora_llm::provider::ModelInfo;
use aurora_llm::wire::openai_chat::server::{StreamEncoder, encode_error, encode_response};
use aurora_llm::wire::openai_embeddings::Encoding;
use aurora_llm::wire::openai_embeddings::server::encode_response as encode_embeddings;
use aurora_llm::wire::openai_models::encode_response as encode_models;

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::new(created()).include_usage(true), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_chat_completions() {
    let Some(read) = read(&[
        Served::json("openai_chat", encode_response(&answer(), created())),
        Served::events("openai_chat stream", stream()),
        Served::events("openai_chat chunks", stream()),
    ]) else {
        return;
    };
    for completion in [value(&read[0]), &value(&read[1])["message"]] {
        assert_eq!(completion["object"], "chat.completion");
        assert_eq!(
            (&completion["id"], &completion["model"]),
            (&json!("id-1"), &json!("model-1"))
        );
        let choice = &completion["choices"][0];
        assert_eq!(choice["finish_reason"], "tool_calls");
        assert_eq!(choice["message"]["content"], "Let me see.");
        let calls = choice["message"]["tool_calls"].as_array().unwrap();
        let told: Vec<_> = calls
            .iter()
            .map(|call| (&call["id"], &call["function"]["arguments"]))
            .collect();
        assert_eq!(
            told,
            [
                (&json!("call_1"), &json!(r#"{"city":"Recife"}"#)),
                (&json!("call_2"), &json!(r#"{"city":"São Luís"}"#)),
            ]
        );
        let usage = &completion["usage"];
        assert_eq!(
            (&usage["prompt_tokens"], &usage["completion_tokens"]),
            (&json!(100), &json!(25))
        );
        assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 10);
        assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 5);
    }
    let chunks = value(&read[2]).as_array().unwrap();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["object"] == "chat.completion.chunk")
    );
    assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 125);
}

#[test]
fn the_official_sdk_raises_our_errors_as_its_own() {
    let table = [
        (ErrorKind::InvalidRequest, "BadRequestError", 400),
        (ErrorKind::Authentication, "AuthenticationError", 401),
        (ErrorKind::Permission, "PermissionDeniedError", 403),
        (ErrorKind::ModelNotFound, "NotFoundError", 404),
        (ErrorKind::RateLimited, "RateLimitError", 429),
        (ErrorKind::BudgetExceeded, "RateLimitError", 429),
        (ErrorKind::ServerError, "InternalServerError", 502),
        (ErrorKind::Overloaded, "InternalServerError", 503),
    ];
    let served: Vec<Served> = table
        .iter()
        .map(|(kind, ..)| Served::error("openai_chat", &encode_error(&failure(*kind))))
        .collect();
    let Some(read) = read(&served) else { return };
    for ((kind, class, status), seen) in table.iter().zip(&read) {
        assert_eq!(
            (&seen["error"], &seen["status"]),
            (&json!(class), &json!(status)),
            "{kind:?}: {seen}"
        );
        assert!(
            seen["text"].as_str().unwrap().contains("words of the provider"),
            "{seen}"
        );
    }
}

#[test]
fn the_official_sdk_notices_a_stream_that_breaks() {
    let (mut encoder, mut out) = (StreamEncoder::new(created()), Vec::new());
    encoder.push(&StreamEvent::Text("Hel".to_owned()), &mut out);
    encoder.fail(&failure(ErrorKind::StreamTruncated), &mut out);
    let Some(read) = read(&[Served::events("openai_chat chunks", out)]) else {
        return;
    };
    assert_eq!(read[0]["error"], "APIError", "{}", read[0]);
}

#[test]
fn the_official_sdk_reads_our_vectors_and_models() {
    let models = encode_models(&[ModelInfo::new("model-1")], created(), "aurora");
    let Some(read) = read(&[
        Served::json(
            "openai_embeddings",
            encode_embeddings(&vectors(), Encoding::Float),
        ),
        // What the SDK asks for unless told otherwise, and unpacks by itself.
        Served::json(
            "openai_embeddings",
            encode_embeddings(&vectors(), Encoding::Base64),
        ),
        Served::json("openai_models", models),
    ]) else {
        return;
    };
    for embeddings in &read[..2] {
        assert_eq!(
            value(embeddings)["data"][0]["embedding"],
            json!([0.5, -0.25, 0.125])
        );
    }
    assert_eq!(value(&read[2])[0]["id"], "model-1");
}
