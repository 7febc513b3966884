//! What the SDKs send for a request is what our codecs write for it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aurora_llm::chat::{
    CacheTtl, ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat,
    Role, Signature, Tool, ToolCall, ToolChoice, ToolResult,
};
use aurora_llm::embed::EmbedRequest;
use aurora_llm::provider::Call;
use aurora_llm::wire::{Codec, Streaming, WireRequest};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::normal::normal;
use crate::python::official;

mod anthropic;
mod cohere;
mod gemini;
mod ollama;
mod openai;
mod responses;

pub(crate) const QUESTION: &str = "What is the weather in Recife?";
/// One pixel.
const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 31,
    21, 196, 137, 0, 0, 0, 13, 73, 68, 65, 84, 120, 218, 99, 100, 248, 207, 80, 15, 0, 3, 134, 1, 128, 90,
    52, 125, 107, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city"}},
        "required": ["city"],
        "additionalProperties": false,
    })
}

pub(crate) fn weather() -> Tool {
    Tool::new("weather", "The weather in a city", schema())
}

pub(crate) fn question() -> ChatRequest {
    ChatRequest::user(QUESTION)
}

pub(crate) fn call_of(id: &str, city: &str) -> Part {
    Part::ToolCall(ToolCall::new(id, "weather", format!("{{\"city\":\"{city}\"}}")))
}

pub(crate) fn png() -> Part {
    Part::Image(Media::new(
        "image/png",
        MediaSource::Bytes(Bytes::from_static(PNG)),
    ))
}

pub(crate) fn png_at_url() -> Part {
    Part::Image(Media::new(
        "image/png",
        MediaSource::Url("https://example.com/a.png".to_owned()),
    ))
}

pub(crate) fn pdf() -> Part {
    let bytes = MediaSource::Bytes(Bytes::from_static(b"%PDF-1.4 test"));
    Part::Document(Media::new("application/pdf", bytes).name("a.pdf"))
}

pub(crate) fn wav() -> Part {
    Part::Audio(Media::new(
        "audio/wav",
        MediaSource::Bytes(Bytes::from_static(b"RIFF0000WAVE")),
    ))
}

pub(crate) fn asked(parts: impl IntoIterator<Item = Part>) -> ChatRequest {
    let text = Part::text("What is this?");
    ChatRequest::new(vec![Message::new(
        Role::User,
        std::iter::once(text).chain(parts).collect(),
    )])
}

pub(crate) fn place() -> ResponseFormat {
    ResponseFormat::JsonSchema {
        name: "place".to_owned(),
        schema: schema(),
        strict: true,
    }
}

pub(crate) fn encoded(
    codec: &dyn Codec,
    model: &str,
    request: ChatRequest,
    streaming: Streaming,
) -> WireRequest {
    codec.encode(&Call::new(request, model), streaming).unwrap()
}

/// Compares every recorded case of a dialect with what `ours` writes for it.
fn compare(dialect: &str, ours: impl Fn(&str) -> Option<WireRequest>) {
    static RECORDED: OnceLock<Option<Vec<Value>>> = OnceLock::new();
    let Some(recorded) = RECORDED.get_or_init(|| official("record", &[])) else {
        return;
    };
    let cases: Vec<&Value> = recorded
        .iter()
        .filter(|case| case["dialect"] == dialect)
        .collect();
    assert!(cases.len() >= 5, "the script records {dialect}");
    let mut differ = Vec::new();
    for case in cases {
        let name = case["case"].as_str().unwrap();
        let Some(wire) = ours(name) else {
            differ.push(format!("{name}: we have no counterpart"));
            continue;
        };
        let path = case["path"].as_str().unwrap();
        if !path.ends_with(&*wire.path) {
            differ.push(format!("{name}: the path is {path}, ours ends in {}", wire.path));
        }
        let query: BTreeSet<(String, String)> = wire
            .query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let sent: BTreeSet<(String, String)> = case["query"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        if !sent.is_subset(&query) {
            differ.push(format!("{name}: the query is {sent:?}, ours is {query:?}"));
        }
        let body = if wire.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&wire.body).unwrap()
        };
        let (theirs, ours) = (normal(dialect, &case["body"]), normal(dialect, &body));
        if theirs != ours {
            differ.push(format!("{name}:\n  theirs {theirs}\n  ours   {ours}"));
        }
    }
    assert!(differ.is_empty(), "{dialect}:\n{}", differ.join("\n"));
}

/// The SDK's own request types take what our codec writes, field by field, and know no field less.
fn accepted(kind: &str, requests: Vec<WireRequest>) {
    let lines: Vec<Value> = requests
        .iter()
        .map(|wire| json!({"type": kind, "body": serde_json::from_slice::<Value>(&wire.body).unwrap()}))
        .collect();
    let Some(verdicts) = official("accept", &lines) else {
        return;
    };
    assert_eq!(verdicts.len(), lines.len());
    for (line, verdict) in lines.iter().zip(&verdicts) {
        assert_eq!(
            verdict["ok"],
            true,
            "{}\n{}",
            verdict["why"].as_str().unwrap_or_default(),
            line["body"]
        );
    }
}
