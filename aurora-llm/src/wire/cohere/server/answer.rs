//! From our response to the body of an answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, Citation, FinishReason, Part};
use crate::usage::Usage;
use crate::wire::cohere::encode::tool_call;

/// Writes the whole answer.
///
/// A refusal becomes text, and reasoning thinking; signatures are left out, because the dialect has no place for them.
#[must_use]
pub fn encode_response(response: &ChatResponse) -> Bytes {
    let (mut content, mut calls, mut citations) = (Vec::new(), Vec::new(), Vec::new());
    for part in &response.message.parts {
        match part {
            Part::Text(text) | Part::Refusal(text) => content.push(json!({"type": "text", "text": text})),
            Part::Reasoning(reasoning) if !reasoning.text.is_empty() => {
                content.push(json!({"type": "thinking", "thinking": reasoning.text}));
            }
            Part::ToolCall(call) => calls.push(tool_call(call)),
            Part::Citation(cited) => citations.push(citation(cited)),
            _ => {}
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    for (name, list) in [
        ("content", content),
        ("tool_calls", calls),
        ("citations", citations),
    ] {
        if !list.is_empty() {
            message.insert(name.to_owned(), Value::Array(list));
        }
    }
    let mut body = json!({
        "id": response.id,
        "finish_reason": finish_reason(&response.finish),
        "message": message,
    });
    if let (Some(counted), Some(body)) = (&response.usage, body.as_object_mut()) {
        body.insert("usage".to_owned(), usage(counted));
    }
    Bytes::from(body.to_string())
}

pub(super) fn citation(cited: &Citation) -> Value {
    let mut document = Map::new();
    for (name, value) in [
        ("title", &cited.title),
        ("snippet", &cited.cited),
        ("url", &cited.url),
    ] {
        if let Some(value) = value {
            document.insert(name.to_owned(), json!(value));
        }
    }
    let mut source = json!({"type": "document", "document": document});
    if let (Some(id), Some(source)) = (&cited.id, source.as_object_mut()) {
        source.insert("id".to_owned(), json!(id));
    }
    json!({"text": cited.text, "sources": [source], "type": "TEXT_CONTENT"})
}

pub(super) fn finish_reason(reason: &FinishReason) -> &str {
    match reason {
        FinishReason::Stop => "COMPLETE",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ToolCalls => "TOOL_CALL",
        FinishReason::ContentFilter => "ERROR_TOXIC",
        FinishReason::Other(other) => other,
    }
}

/// Usage as Cohere counts it: all that was read and written, and billed the same.
pub(super) fn usage(usage: &Usage) -> Value {
    let mut billed = json!({"input_tokens": usage.total_input(), "output_tokens": usage.total_output()});
    let tokens = billed.clone();
    if let Some(billed) = billed.as_object_mut().filter(|_| usage.searches > 0) {
        billed.insert("search_units".to_owned(), json!(usage.searches));
    }
    json!({"billed_units": billed, "tokens": tokens, "cached_tokens": usage.cache_read})
}
