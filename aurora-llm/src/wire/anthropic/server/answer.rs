//! From our response to the body of an answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{REDACTED, wrap};
use crate::chat::{ChatResponse, FinishReason, Part, Signature};
use crate::usage::Usage;
use crate::wire::anthropic::content;

/// Writes the whole answer.
///
/// A refusal becomes text; with [`FinishReason::ContentFilter`] the stop reason says what it is. Usage that no
/// provider reported is written as zeros, because the dialect demands numbers. Arguments of a tool call that are not
/// a JSON object, as when the model was cut off, are written as an empty one.
#[must_use]
pub fn encode_response(response: &ChatResponse) -> Bytes {
    let content: Vec<Value> = response.message.parts.iter().filter_map(block).collect();
    let usage = response.usage.clone().unwrap_or_default();
    let body = json!({
        "id": response.id,
        "type": "message",
        "role": "assistant",
        "model": response.model,
        "content": content,
        "stop_reason": stop_reason(&response.finish),
        "stop_sequence": null,
        "usage": wire_usage(&usage),
    });
    Bytes::from(body.to_string())
}

fn block(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) | Part::Refusal(text) => content::text(text),
        Part::Reasoning(reasoning) => match &reasoning.signature {
            Some(signature) => content::thinking(reasoning, |value| wrap(&signature.provider, value)),
            None => Some(json!({"type": "thinking", "thinking": reasoning.text, "signature": ""})),
        },
        Part::ToolCall(call) => Some(content::tool_use(call).unwrap_or_else(
            |_| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": Map::new()}),
        )),
        _ => None,
    }
}

/// The text of a redacted block, or `None` for the signature of a visible one.
pub(super) fn redacted(signature: &Signature) -> Option<String> {
    let data = signature.value.strip_prefix(REDACTED)?;
    Some(wrap(&signature.provider, data))
}

pub(super) fn stop_reason(reason: &FinishReason) -> &str {
    match reason {
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter => "refusal",
        FinishReason::Other(other) => other,
    }
}

pub(super) fn wire_usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
        "output_tokens": usage.total_output(),
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    })
}
