use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::{StreamEncoder, decode_embeddings, decode_request, encode_embeddings, encode_models};
use crate::chat::{FinishReason, Part, ReasoningEffort, ResponseFormat, StreamEvent};
use crate::embed::EmbedResponse;
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, ModelInfo};
use crate::usage::Usage;
use crate::wire::ollama;
use crate::wire::tests::{fixture, read};

#[test]
fn what_a_client_of_ollama_sends_is_read() {
    let asked = decode_request(&fixture("ollama", "request_everything.json")).unwrap();
    assert!(asked.streaming.is_on(), "unless told otherwise");
    let request = asked.request;
    assert_eq!(request.reasoning, Some(ReasoningEffort::High));
    assert_eq!(
        (request.max_tokens, request.top_k, request.seed),
        (Some(99), Some(40), Some(7))
    );
    assert!(matches!(request.format, ResponseFormat::JsonSchema { .. }));
    assert_eq!(
        request.options["ollama"],
        *json!({"keep_alive": "10m", "options": {"num_ctx": 4_096, "min_p": 0.05}})
            .as_object()
            .unwrap()
    );
    let calls: Vec<_> = request.messages[2]
        .tool_calls()
        .map(|call| call.id.as_str())
        .collect();
    assert_eq!(calls, ["call_0", "call_1"]);
    let answered = |at: usize| match &request.messages[at].parts[0] {
        Part::ToolResult(result) => (result.call_id.as_str(), result.content.as_str()),
        other => panic!("{other:?}"),
    };
    assert_eq!(answered(3), ("call_1", "noon"), "by the name of the tool");
    assert_eq!(answered(4), ("call_0", "a cat"));
}

#[test]
fn results_find_their_calls() {
    let call = json!({"function": {"name": "f", "arguments": {}}});
    let body = json!({"model": "m", "stream": false, "options": {"num_predict": -1}, "messages": [
        {"role": "assistant", "tool_calls": [call, call]},
        {"role": "tool", "content": "one"},
        {"role": "tool", "tool_name": "f", "content": "two"},
        {"role": "tool", "tool_name": "unknown", "content": "three"},
        {"role": "tool", "tool_call_id": "mine", "content": "four"},
    ]});
    let asked = decode_request(body.to_string().as_bytes()).unwrap();
    let ids: Vec<_> = asked
        .request
        .messages
        .iter()
        .filter_map(|message| match message.parts.first() {
            Some(Part::ToolResult(result)) => Some(result.call_id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["call_0", "call_1", "call_2", "mine"]);
    assert_eq!(asked.request.max_tokens, None, "below zero is without limit");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let ask = |extra: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        decode_request(body.to_string().as_bytes()).unwrap_err().kind()
    };
    for extra in [
        json!({"model": null}),
        json!({"messages": []}),
        json!({"messages": [{"role": "robot", "content": "x"}]}),
        json!({"messages": [{"role": "user", "images": ["%%%"]}]}),
        json!({"think": 3}),
        json!({"options": {"temperature": "warm"}}),
    ] {
        assert_eq!(ask(extra.clone()), ErrorKind::InvalidRequest, "{extra}");
    }
    assert_eq!(ask(json!({"format": "xml"})), ErrorKind::Unsupported);
}

#[test]
fn embeddings_go_both_ways() {
    let one = decode_embeddings(br#"{"model":"m","input":"a"}"#).unwrap();
    assert_eq!(one.inputs, ["a"]);
    let body = br#"{"model":"m","input":["a"],"truncate":true,"dimensions":2}"#;
    let call = Call::new(decode_embeddings(body).unwrap(), "m");
    let sent = ollama::OllamaChat::default().encode_embeddings(&call).unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(
        (&sent["truncate"], &sent["dimensions"]),
        (&json!(true), &json!(2))
    );
    let response = EmbedResponse::new("m", vec![vec![0.5, 1.0]], Some(Usage::new(3, 0)));
    assert_eq!(
        ollama::decode_embeddings(&encode_embeddings(&response), &call).unwrap(),
        response
    );
    assert_eq!(
        decode_embeddings(br#"{"model":"m","input":[]}"#)
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidRequest
    );
}

#[test]
fn models_go_both_ways() {
    let models = vec![ModelInfo::new("fast"), ModelInfo::new("smart")];
    assert_eq!(
        ollama::decode_models(&encode_models(&models, Timestamp::UNIX_EPOCH)).unwrap(),
        models
    );
}

#[test]
fn a_stream_can_fail_in_the_middle_and_has_no_empty_lines() {
    let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
    let mut wire = Vec::new();
    encoder.push(&StreamEvent::Text("Hi".into()), &mut wire);
    encoder.push(&StreamEvent::Ping, &mut wire);
    encoder.fail(&Error::new(ErrorKind::ContextOverflow), &mut wire);
    let late = StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: None,
    };
    encoder.push(&late, &mut wire);
    let text = String::from_utf8(wire.clone()).unwrap();
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{text}"
    );
    let (events, outcome) = read(&ollama::OllamaChat::default(), [wire.as_slice()]);
    assert_eq!(outcome, Err(ErrorKind::ContextOverflow));
    assert_eq!(events.last(), Some(&StreamEvent::Text("Hi".into())));
}
