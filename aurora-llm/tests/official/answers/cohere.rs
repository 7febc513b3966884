//! Cohere.

use aurora_llm::embed::EmbedRequest;
use aurora_llm::rerank::{Ranked, RerankResponse};
use aurora_llm::wire::cohere::server::{
    StreamEncoder, encode_embeddings, encode_error, encode_rerank, encode_response,
};

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::default(), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_chat() {
    let Some(read) = read(&[
        Served::json("cohere", encode_response(&answer())),
        Served::events("cohere stream", stream()),
    ]) else {
        return;
    };
    let whole = value(&read[0]);
    assert_eq!(
        (&whole["id"], &whole["finish_reason"]),
        (&json!("id-1"), &json!("TOOL_CALL"))
    );
    let calls = whole["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls[1]["function"]["arguments"], r#"{"city":"São Luís"}"#);
    assert_eq!(whole["usage"]["tokens"]["input_tokens"], 100.0);
    let streamed = value(&read[1]).as_array().unwrap();
    let kinds: Vec<&str> = streamed
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"message-start"), Some(&"message-end")),
        "{kinds:?}"
    );
    assert_eq!(kinds.iter().filter(|kind| **kind == "tool-call-start").count(), 2);
    assert_eq!(streamed.last().unwrap()["delta"]["finish_reason"], "TOOL_CALL");
}

#[test]
fn the_official_sdk_reads_our_vectors_and_orders() {
    let asked = EmbedRequest::new(["?"]);
    let ranked = RerankResponse::new("model-1", vec![Ranked::new(0, 0.75)], None);
    let Some(read) = read(&[
        Served::json("cohere_embeddings", encode_embeddings(&vectors(), &asked, "id-1")),
        Served::json("cohere_rerank", encode_rerank(&ranked, "id-1")),
    ]) else {
        return;
    };
    // The SDK calls its field `float_`, since `float` is taken.
    let embeddings = &value(&read[0])["embeddings"];
    let floats = embeddings.get("float_").or_else(|| embeddings.get("float"));
    assert_eq!(floats, Some(&json!([[0.5, -0.25, 0.125]])), "{}", read[0]);
    assert_eq!(value(&read[1])["results"][0]["relevance_score"], 0.75);
}

#[test]
fn the_official_sdk_raises_our_errors_as_its_own() {
    let table = [
        (ErrorKind::InvalidRequest, "BadRequestError", 400),
        (ErrorKind::Authentication, "UnauthorizedError", 401),
        (ErrorKind::Permission, "ForbiddenError", 403),
        (ErrorKind::ModelNotFound, "NotFoundError", 404),
        (ErrorKind::Overloaded, "ServiceUnavailableError", 503),
    ];
    let served: Vec<Served> = table
        .iter()
        .map(|(kind, ..)| Served::error("cohere", &encode_error(&failure(*kind))))
        .collect();
    let Some(read) = read(&served) else { return };
    for ((kind, class, status), seen) in table.iter().zip(&read) {
        assert_eq!(
            (&seen["error"], &seen["status"]),
            (&json!(class), &json!(status)),
            "{kind:?}: {seen}"
        );
    }
}
