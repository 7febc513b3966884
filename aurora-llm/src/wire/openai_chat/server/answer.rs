//! From our response to the body of an answer.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, Citation, MediaSource, Part};
use crate::usage::Usage;
use crate::wire::openai_chat::encode::tool_call;
use crate::wire::{data_url, openai_responses};

/// Writes the whole answer.
///
/// Signatures, pictures and citations without an address are left out: the dialect has no place for them. What is
/// spoken stands beside its sound and not in `content`, as OpenAI has it. Reasoning goes into `reasoning_content`, the field that
/// compatible servers agreed on and that OpenAI's clients pass over.
#[must_use]
pub fn encode_response(response: &ChatResponse, created: Timestamp) -> Bytes {
    let (mut text, mut refusal, mut reasoning, mut calls) = (None::<String>, None, None, Vec::new());
    let (mut sound, mut annotations) = (None, Vec::new());
    let add = |to: &mut Option<String>, more: &str| to.get_or_insert_default().push_str(more);
    for part in &response.message.parts {
        match part {
            Part::Text(more) => add(&mut text, more),
            Part::Refusal(more) => add(&mut refusal, more),
            Part::Reasoning(more) if !more.text.is_empty() => add(&mut reasoning, &more.text),
            Part::ToolCall(call) => calls.push(tool_call(call)),
            Part::Audio(media) => sound = Some(media),
            Part::Citation(citation) => {
                annotations.extend(annotation(citation, text.as_deref().unwrap_or_default()));
            }
            _ => {}
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    if let Some(MediaSource::Bytes(bytes)) = sound.map(|media| &media.source) {
        let spoken = audio(&response.id, bytes, created, &text.take().unwrap_or_default());
        message.insert("audio".to_owned(), spoken);
    }
    message.insert("content".to_owned(), json!(text));
    message.insert("refusal".to_owned(), json!(refusal));
    if let Some(reasoning) = reasoning {
        message.insert("reasoning_content".to_owned(), json!(reasoning));
    }
    if !annotations.is_empty() {
        message.insert("annotations".to_owned(), Value::Array(annotations));
    }
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    let mut body = json!({
        "id": response.id,
        "object": "chat.completion",
        "created": created.as_secs(),
        "model": response.model,
        "choices": [{
            "index": 0,
            "message": message,
            "logprobs": null,
            "finish_reason": response.finish.as_str(),
        }],
    });
    if let (Some(counted), Some(body)) = (&response.usage, body.as_object_mut()) {
        body.insert("usage".to_owned(), usage(counted));
    }
    Bytes::from(body.to_string())
}

/// Sound as answers and streams write it; it is not kept here, so it has expired already.
pub(super) fn audio(answer: &str, bytes: &[u8], created: Timestamp, transcript: &str) -> Value {
    json!({
        "id": format!("audio_{answer}"),
        "data": data_url::encode(bytes),
        "expires_at": created.as_secs(),
        "transcript": transcript,
    })
}

/// A citation with its place in `text`; `None` without an address, which is all that the dialect can point to.
pub(super) fn annotation(citation: &Citation, text: &str) -> Option<Value> {
    let mut at = openai_responses::server::annotation(citation, text)?;
    at.as_object_mut()?.remove("type");
    Some(json!({"type": "url_citation", "url_citation": at}))
}

/// Usage as OpenAI counts it: the details are parts of the totals.
pub(super) fn usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.total_input(),
        "completion_tokens": usage.total_output(),
        "total_tokens": usage.total(),
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write.saturating_add(usage.cache_write_hour),
            "audio_tokens": usage.audio_input,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.audio_output,
        },
    })
}
