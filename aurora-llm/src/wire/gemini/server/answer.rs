//! From our response to the body of an answer.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, Citation, FinishReason, Part, Signature, ToolCall};
use crate::usage::Usage;
use crate::wire::data_url;
use crate::wire::gemini::{citations, content};
use crate::wire::served_signature::wrap;

/// Writes the whole answer.
///
/// A refusal becomes text. Arguments of a tool call that are not a JSON object, as when the model was cut off, are written
/// as an empty one.
#[must_use]
pub fn encode_response(response: &ChatResponse) -> Bytes {
    let parts = response.message.parts.iter().filter_map(part).collect();
    let cited = response.message.parts.iter().filter_map(|part| match part {
        Part::Citation(citation) => Some(citation),
        _ => None,
    });
    let candidate = candidate(parts, Some(&response.finish), &cited.collect::<Vec<_>>());
    let body = piece(
        &response.id,
        &response.model,
        Some(candidate),
        response.usage.as_ref(),
    );
    Bytes::from(body.to_string())
}

fn part(part: &Part) -> Option<Value> {
    match part {
        Part::Text(text) | Part::Refusal(text) => content::text(text),
        Part::Reasoning(reasoning) => content::thought(reasoning, reasoning.signature.as_ref().map(sign)),
        Part::ToolCall(call) => Some(function_call(call)),
        Part::Image(media) | Part::Document(media) | Part::Audio(media) => Some(content::media(media)),
        _ => None,
    }
}

pub(super) fn function_call(call: &ToolCall) -> Value {
    let empty = || Ok::<_, std::convert::Infallible>(Value::Object(Map::new()));
    let Ok(mut part) = content::function_call(call, empty);
    content::sign(&mut part, call.signature.as_ref().map(sign));
    part
}

/// Base64, because Google's clients take signatures for bytes.
pub(super) fn sign(signature: &Signature) -> String {
    data_url::encode(wrap(&signature.provider, &signature.value).as_bytes())
}

pub(super) fn candidate(parts: Vec<Value>, finish: Option<&FinishReason>, cited: &[&Citation]) -> Value {
    let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
    if let Some(candidate) = candidate.as_object_mut() {
        if let Some(finish) = finish {
            candidate.insert("finishReason".to_owned(), json!(finish_reason(finish)));
        }
        if let Some(grounding) = citations::write(cited) {
            candidate.insert("groundingMetadata".to_owned(), grounding);
        }
    }
    candidate
}

/// A whole answer, or a piece of a streamed one.
pub(super) fn piece(id: &str, model: &str, candidate: Option<Value>, usage: Option<&Usage>) -> Value {
    let mut body = Map::new();
    body.extend(candidate.map(|candidate| ("candidates".to_owned(), json!([candidate]))));
    body.extend(usage.map(|usage| ("usageMetadata".to_owned(), usage_metadata(usage))));
    for (name, value) in [("modelVersion", model), ("responseId", id)] {
        body.insert(name.to_owned(), json!(value));
    }
    Value::Object(body)
}

fn finish_reason(reason: &FinishReason) -> &str {
    match reason {
        FinishReason::Stop | FinishReason::ToolCalls => "STOP",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter => "SAFETY",
        // Words of other vendors would be unknown to Google's clients.
        FinishReason::Other(word) if word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => word,
        FinishReason::Other(_) => "OTHER",
    }
}

fn usage_metadata(usage: &Usage) -> Value {
    let prompt = usage.total_input().saturating_sub(usage.tool_input);
    let said = usage.output.saturating_add(usage.audio_output);
    let mut out = json!({
        "promptTokenCount": prompt,
        "candidatesTokenCount": said,
        "totalTokenCount": usage.total(),
    });
    let sound = |tokens: u64, all: u64| {
        json!([
            {"modality": "TEXT", "tokenCount": all.saturating_sub(tokens)},
            {"modality": "AUDIO", "tokenCount": tokens},
        ])
    };
    if let Some(out) = out.as_object_mut() {
        for (name, tokens) in [
            ("cachedContentTokenCount", usage.cache_read),
            ("thoughtsTokenCount", usage.reasoning),
            ("toolUsePromptTokenCount", usage.tool_input),
        ] {
            if tokens > 0 {
                out.insert(name.to_owned(), json!(tokens));
            }
        }
        if usage.audio_input > 0 {
            out.insert("promptTokensDetails".to_owned(), sound(usage.audio_input, prompt));
        }
        if usage.audio_output > 0 {
            out.insert(
                "candidatesTokensDetails".to_owned(),
                sound(usage.audio_output, said),
            );
        }
    }
    out
}
