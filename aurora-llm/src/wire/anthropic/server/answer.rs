//! From our response to the body of an answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{REDACTED, wrap};
use crate::chat::{ChatResponse, Citation, FinishReason, Part, Signature};
use crate::usage::Usage;
use crate::wire::anthropic::{citations, content};

/// Writes the whole answer.
///
/// A refusal becomes text; with [`FinishReason::ContentFilter`] the stop reason says what it is. Usage that no
/// provider reported is written as zeros, because the dialect demands numbers. Arguments of a tool call that are not
/// a JSON object, as when the model was cut off, are written as an empty one.
#[must_use]
pub fn encode_response(response: &ChatResponse) -> Bytes {
    let mut content: Vec<Value> = Vec::with_capacity(response.message.parts.len());
    for part in &response.message.parts {
        match part {
            Part::Citation(citation) => cite(&mut content, citation),
            part => content.extend(block(part)),
        }
    }
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

/// Puts a citation to the text before it.
fn cite(content: &mut [Value], citation: &Citation) {
    let is_text = |block: &&mut Value| block.get("type").is_some_and(|kind| kind == "text");
    let block = content.last_mut().filter(is_text).and_then(Value::as_object_mut);
    let cited = block.map(|block| block.entry("citations").or_insert_with(|| json!([])));
    if let Some(Value::Array(cited)) = cited {
        cited.push(citations::write(citation));
    }
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

/// Sound and what tools added have no place of their own here; they are input.
pub(super) fn wire_usage(usage: &Usage) -> Value {
    let apart = usage
        .cache_read
        .saturating_add(usage.cache_write)
        .saturating_add(usage.cache_write_hour);
    let mut out = json!({
        "input_tokens": usage.total_input().saturating_sub(apart),
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write.saturating_add(usage.cache_write_hour),
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_hour,
        },
        "output_tokens": usage.total_output(),
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    });
    if let Some(out) = out.as_object_mut().filter(|_| usage.searches > 0) {
        let searches = json!({"web_search_requests": usage.searches});
        out.insert("server_tool_use".to_owned(), searches);
    }
    out
}
