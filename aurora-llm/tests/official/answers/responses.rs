//! OpenAI's Responses.

use aurora_llm::wire::openai_responses::server::{StreamEncoder, encode_response};

use super::*;

fn stream() -> Vec<u8> {
    let (mut encoder, mut out) = (StreamEncoder::new(created()), Vec::new());
    events().iter().for_each(|event| encoder.push(event, &mut out));
    out
}

#[test]
fn the_official_sdk_reads_our_responses() {
    let Some(read) = read(&[
        Served::json("openai_responses", encode_response(&answer(), created())),
        Served::events("openai_responses stream", stream()),
    ]) else {
        return;
    };
    let streamed = value(&read[1]);
    for response in [value(&read[0]), &streamed["message"]] {
        assert_eq!(
            (&response["object"], &response["status"]),
            (&json!("response"), &json!("completed"))
        );
        assert_eq!(response["model"], "model-1");
        let items = response["output"].as_array().unwrap();
        assert_eq!(items[0]["content"][0]["text"], "Let me see.");
        let calls: Vec<_> = items[1..]
            .iter()
            .map(|item| (&item["call_id"], &item["arguments"]))
            .collect();
        assert_eq!(
            calls,
            [
                (&json!("call_1"), &json!(r#"{"city":"Recife"}"#)),
                (&json!("call_2"), &json!(r#"{"city":"São Luís"}"#)),
            ]
        );
        let usage = &response["usage"];
        assert_eq!(
            (&usage["input_tokens"], &usage["output_tokens"]),
            (&json!(100), &json!(25))
        );
        assert_eq!(usage["input_tokens_details"]["cached_tokens"], 10);
        assert_eq!(usage["output_tokens_details"]["reasoning_tokens"], 5);
    }
    let kinds: Vec<&str> = streamed["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"response.created"), Some(&"response.completed"))
    );
}

#[test]
fn the_official_sdk_notices_a_stream_that_breaks() {
    let (mut encoder, mut out) = (StreamEncoder::new(created()), Vec::new());
    encoder.push(&StreamEvent::Text("Hel".to_owned()), &mut out);
    encoder.fail(&failure(ErrorKind::StreamTruncated), &mut out);
    let Some(read) = read(&[Served::events("openai_responses stream", out)]) else {
        return;
    };
    assert!(read[0]["error"].as_str().is_some(), "{}", read[0]);
}
