//! What our codecs write for the other side is what the SDKs read.

use aurora_core::time::Timestamp;
use aurora_llm::chat::{ChatResponse, FinishReason, Message, Part, Role, StreamEvent, ToolCall};
use aurora_llm::embed::EmbedResponse;
use aurora_llm::usage::Usage;
use aurora_llm::wire::ErrorAnswer;
use aurora_llm::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::python::official;

mod anthropic;
mod cohere;
mod gemini;
mod ollama;
mod openai;
mod responses;

/// An answer to be read by an SDK's call.
pub(crate) struct Served {
    call: &'static str,
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

impl Served {
    pub(crate) fn json(call: &'static str, body: impl AsRef<[u8]>) -> Self {
        Self {
            call,
            status: 200,
            kind: "application/json",
            body: body.as_ref().to_vec(),
        }
    }

    pub(crate) fn events(call: &'static str, body: Vec<u8>) -> Self {
        Self {
            kind: "text/event-stream",
            ..Self::json(call, body)
        }
    }

    pub(crate) fn error(call: &'static str, answer: &ErrorAnswer) -> Self {
        Self {
            status: answer.status,
            ..Self::json(call, &answer.body)
        }
    }
}

/// What the SDKs made of the answers; `None` where they are not installed.
pub(crate) fn read(served: &[Served]) -> Option<Vec<Value>> {
    let line = |served: &Served| {
        let body = std::str::from_utf8(&served.body).unwrap();
        json!({"call": served.call, "status": served.status, "type": served.kind, "body": body})
    };
    let read = official("read", &served.iter().map(line).collect::<Vec<_>>())?;
    assert_eq!(read.len(), served.len());
    Some(read)
}

/// The value that an SDK read.
pub(crate) fn value(read: &Value) -> &Value {
    read.get("value")
        .unwrap_or_else(|| panic!("the SDK refused the answer: {read}"))
}

pub(crate) fn created() -> Timestamp {
    Timestamp::from_secs(1_790_000_000)
}

pub(crate) fn usage() -> Usage {
    let mut usage = Usage::new(90, 20);
    usage.cache_read = 10;
    usage.reasoning = 5;
    usage
}

/// Text and two calls.
pub(crate) fn answer() -> ChatResponse {
    let parts = vec![
        Part::text("Let me see."),
        Part::ToolCall(ToolCall::new("call_1", "weather", r#"{"city":"Recife"}"#)),
        Part::ToolCall(ToolCall::new("call_2", "weather", r#"{"city":"São Luís"}"#)),
    ];
    let message = Message::new(Role::Assistant, parts);
    ChatResponse::new("id-1", "model-1", message, FinishReason::ToolCalls, Some(usage()))
}

/// The same as it is written.
pub(crate) fn events() -> Vec<StreamEvent> {
    let call = |index: u32, id: &str, pieces: &[&str]| {
        let start = StreamEvent::ToolCallStart {
            index,
            id: id.to_owned(),
            name: "weather".to_owned(),
        };
        let delta = |piece: &&str| StreamEvent::ToolCallDelta {
            index,
            arguments: (*piece).to_owned(),
        };
        let end = StreamEvent::ToolCallEnd { index };
        std::iter::once(start)
            .chain(pieces.iter().map(delta))
            .chain([end])
            .collect::<Vec<_>>()
    };
    let mut events = vec![
        StreamEvent::Start {
            id: "id-1".to_owned(),
            model: "model-1".to_owned(),
        },
        StreamEvent::Text("Let me ".to_owned()),
        StreamEvent::Text("see.".to_owned()),
    ];
    events.extend(call(0, "call_1", &["{\"city\":", "\"Recife\"}"]));
    events.extend(call(1, "call_2", &["{\"city\":\"São Luís\"}"]));
    events.push(StreamEvent::Finish {
        reason: FinishReason::ToolCalls,
        usage: Some(usage()),
    });
    events
}

pub(crate) fn vectors() -> EmbedResponse {
    EmbedResponse::new("model-1", vec![vec![0.5, -0.25, 0.125]], Some(Usage::new(3, 0)))
}

pub(crate) fn failure(kind: ErrorKind) -> Error {
    Error::new(kind).with_provider_message("words of the provider")
}
