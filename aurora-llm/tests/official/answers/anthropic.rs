//! Anthropic.

use aurora_llm::provider::ModelInfo;
use aurora_llm::tokens::{CountSource, TokenCount};
use aurora_llm::wire::anthropic::server::{
    StreamEncoder, encode_count, encode_error, encode_models, encode_response,
};

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::default(), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_messages() {
    let Some(read) = read(&[
        Served::json("anthropic", encode_response(&answer())),
        Served::events("anthropic stream", stream()),
    ]) else {
        return;
    };
    let streamed = value(&read[1]);
    for message in [value(&read[0]), &streamed["message"]] {
        assert_eq!(
            (&message["type"], &message["role"]),
            (&json!("message"), &json!("assistant"))
        );
        assert_eq!(
            (&message["id"], &message["model"]),
            (&json!("id-1"), &json!("model-1"))
        );
        assert_eq!(message["stop_reason"], "tool_use");
        let blocks = message["content"].as_array().unwrap();
        assert_eq!(blocks[0]["text"], "Let me see.");
        assert_eq!(
            (&blocks[1]["id"], &blocks[1]["input"]),
            (&json!("call_1"), &json!({"city": "Recife"}))
        );
        assert_eq!(
            (&blocks[2]["id"], &blocks[2]["input"]),
            (&json!("call_2"), &json!({"city": "São Luís"}))
        );
        assert_eq!(
            message["usage"]["input_tokens"], 90,
            "cached input is counted apart"
        );
        assert_eq!(message["usage"]["cache_read_input_tokens"], 10);
        assert_eq!(message["usage"]["output_tokens"], 25);
    }
    let kinds: Vec<&str> = streamed["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"message_start"), Some(&"message_stop"))
    );
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "content_block_stop").count(),
        3
    );
}

#[test]
fn the_official_sdk_raises_our_errors_as_its_own() {
    let table = [
        (ErrorKind::InvalidRequest, "BadRequestError", 400),
        (ErrorKind::Authentication, "AuthenticationError", 401),
        (ErrorKind::Permission, "PermissionDeniedError", 403),
        (ErrorKind::ModelNotFound, "NotFoundError", 404),
        (ErrorKind::RateLimited, "RateLimitError", 429),
        (ErrorKind::Overloaded, "OverloadedError", 529),
    ];
    let served: Vec<Served> = table
        .iter()
        .map(|(kind, ..)| Served::error("anthropic", &encode_error(&failure(*kind))))
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

#[test]
fn the_official_sdk_notices_a_stream_that_breaks() {
    let (mut encoder, mut out) = (StreamEncoder::default(), Vec::new());
    encoder.push(&StreamEvent::Text("Hel".to_owned()), &mut out);
    encoder.fail(&failure(ErrorKind::Overloaded), &mut out);
    let Some(read) = read(&[Served::events("anthropic stream", out)]) else {
        return;
    };
    assert!(read[0]["error"].as_str().is_some(), "{}", read[0]);
}

#[test]
fn the_official_sdk_reads_our_counts_and_models() {
    let Some(read) = read(&[
        Served::json(
            "anthropic_count",
            encode_count(TokenCount::new(7, CountSource::Provider)),
        ),
        Served::json(
            "anthropic_models",
            encode_models(&[ModelInfo::new("model-1")], false),
        ),
    ]) else {
        return;
    };
    assert_eq!(value(&read[0])["input_tokens"], 7);
    assert_eq!(value(&read[1])[0]["id"], "model-1");
}
