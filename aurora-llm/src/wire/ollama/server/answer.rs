//! From our response to the body of an answer.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, FinishReason, Part, ToolCall};
use crate::usage::Usage;
use crate::wire::ollama::encode::tool_call;

/// Writes the whole answer, as one that was written at `created`.
///
/// A refusal becomes text. Arguments of a tool call that are not a JSON object, as when the model was cut off, are
/// written as an empty one. Signatures and citations have no place in the dialect.
#[must_use]
pub fn encode_response(response: &ChatResponse, created: Timestamp) -> Bytes {
    let (mut content, mut thinking, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &response.message.parts {
        match part {
            Part::Text(text) | Part::Refusal(text) => content.push_str(text),
            Part::Reasoning(reasoning) => thinking.push_str(&reasoning.text),
            Part::ToolCall(called) => calls.push(call(called)),
            _ => {}
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    message.insert("content".to_owned(), json!(content));
    if !thinking.is_empty() {
        message.insert("thinking".to_owned(), json!(thinking));
    }
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    let usage = response.usage.as_ref();
    let body = line(
        &response.model,
        created,
        &Value::Object(message),
        Some((&response.finish, usage)),
    );
    Bytes::from(body.to_string())
}

pub(super) fn call(call: &ToolCall) -> Value {
    tool_call(call)
        .unwrap_or_else(|| json!({"id": call.id, "function": {"name": call.name, "arguments": {}}}))
}

/// An answer, or one line of it; the last one with why it ended and what was consumed.
pub(super) fn line(
    model: &str,
    created: Timestamp,
    message: &Value,
    end: Option<(&FinishReason, Option<&Usage>)>,
) -> Value {
    let mut line = json!({
        "model": model,
        "created_at": created.to_string(),
        "message": message,
        "done": end.is_some(),
    });
    if let (Some((reason, usage)), Some(line)) = (end, line.as_object_mut()) {
        line.insert("done_reason".to_owned(), json!(done_reason(reason)));
        if let Some(usage) = usage {
            line.insert("prompt_eval_count".to_owned(), json!(usage.total_input()));
            line.insert("eval_count".to_owned(), json!(usage.total_output()));
        }
    }
    line
}

fn done_reason(reason: &FinishReason) -> &str {
    match reason {
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::ContentFilter => "stop",
        FinishReason::Length => "length",
        FinishReason::Other(other) => other,
    }
}
