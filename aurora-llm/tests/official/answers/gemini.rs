//! Gemini.

use aurora_llm::tokens::{CountSource, TokenCount};
use aurora_llm::wire::gemini::server::{
    Method, StreamEncoder, encode_count, encode_embed, encode_error, encode_response,
};

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::default(), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_answers() {
    let Some(read) = read(&[
        Served::json("gemini", encode_response(&answer())),
        Served::events("gemini stream", stream()),
        Served::json(
            "gemini_embeddings",
            encode_embed(&vectors(), Method::BatchEmbedContents),
        ),
        Served::json(
            "gemini_count",
            encode_count(TokenCount::new(7, CountSource::Provider)),
        ),
    ]) else {
        return;
    };
    let whole = value(&read[0]);
    assert_eq!(
        (&whole["response_id"], &whole["model_version"]),
        (&json!("id-1"), &json!("model-1"))
    );
    let parts = whole["candidates"][0]["content"]["parts"].as_array().unwrap();
    assert_eq!(parts[0]["text"], "Let me see.");
    assert_eq!(parts[1]["function_call"]["args"], json!({"city": "Recife"}));
    assert_eq!(parts[2]["function_call"]["args"], json!({"city": "São Luís"}));
    let usage = &whole["usage_metadata"];
    assert_eq!(
        (&usage["prompt_token_count"], &usage["cached_content_token_count"]),
        (&json!(100), &json!(10))
    );
    assert_eq!(
        (&usage["candidates_token_count"], &usage["thoughts_token_count"]),
        (&json!(20), &json!(5))
    );

    let chunks = value(&read[1]).as_array().unwrap();
    let parts: Vec<&Value> = chunks
        .iter()
        .filter_map(|chunk| chunk["candidates"][0]["content"]["parts"].as_array())
        .flatten()
        .collect();
    let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!(text, "Let me see.");
    assert_eq!(
        parts
            .iter()
            .filter(|part| part.get("function_call").is_some())
            .count(),
        2
    );
    assert_eq!(chunks.last().unwrap()["candidates"][0]["finish_reason"], "STOP");

    assert_eq!(
        value(&read[2])["embeddings"][0]["values"],
        json!([0.5, -0.25, 0.125])
    );
    assert_eq!(value(&read[3])["total_tokens"], 7);
}

#[test]
fn the_official_sdk_raises_our_errors_as_its_own() {
    let table = [
        (ErrorKind::InvalidRequest, "ClientError", 400),
        (ErrorKind::Permission, "ClientError", 403),
        (ErrorKind::ModelNotFound, "ClientError", 404),
        (ErrorKind::RateLimited, "ClientError", 429),
        (ErrorKind::Overloaded, "ServerError", 503),
    ];
    let served: Vec<Served> = table
        .iter()
        .map(|(kind, ..)| Served::error("gemini", &encode_error(&failure(*kind))))
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
