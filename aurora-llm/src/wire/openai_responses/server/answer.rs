//! From our response to the body of an answer.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{ChatResponse, Citation, FinishReason, Media, MediaSource, Part, Signature, ToolCall};
use crate::usage::Usage;
use crate::wire::data_url;
use crate::wire::openai_chat::encode::call_arguments;
use crate::wire::openai_responses::encode::summary;
use crate::wire::served_signature::wrap;

/// Writes the whole answer.
///
/// Sound, citations without an address, and the signatures of tool calls are left out: the dialect has no place for
/// them. What was asked is not repeated in the answer, except for the model.
#[must_use]
pub fn encode_response(response: &ChatResponse, created: Timestamp) -> Bytes {
    let mut output: Vec<Value> = Vec::new();
    let mut said = Said::default();
    for part in &response.message.parts {
        let at = output.len();
        match part {
            Part::Text(text) => said.text(text),
            Part::Refusal(text) => said.refusal(text),
            Part::Citation(citation) => {
                said.cite(citation);
            }
            Part::Reasoning(reasoning) => {
                said.end(&response.id, &mut output);
                let sealed = reasoning.signature.as_ref();
                output.push(thought(
                    &item_id("rs", &response.id, output.len()),
                    &reasoning.text,
                    sealed,
                ));
            }
            Part::ToolCall(call) => {
                said.end(&response.id, &mut output);
                let id = item_id("fc", &response.id, output.len());
                output.push(function_call(&id, call, "completed"));
            }
            Part::Image(media) => {
                said.end(&response.id, &mut output);
                output.extend(picture(&item_id("ig", &response.id, at), media));
            }
            _ => {}
        }
    }
    said.end(&response.id, &mut output);
    let body = finished(
        head(&response.id, &response.model, created),
        &response.finish,
        output,
        response.usage.as_ref(),
    );
    Bytes::from(Value::Object(body).to_string())
}

/// The id of one item; unique within the answer, and across answers because it holds theirs.
pub(super) fn item_id(kind: &str, answer: &str, at: usize) -> String {
    format!("{kind}_{answer}_{at}")
}

/// The response object before anything is known of how it ends.
pub(super) fn head(id: &str, model: &str, created: Timestamp) -> Map<String, Value> {
    let mut head = Map::new();
    let mut set = |name: &str, value: Value| head.insert(name.to_owned(), value);
    set("id", json!(id));
    set("object", json!("response"));
    set("created_at", json!(created.as_secs()));
    set("status", json!("in_progress"));
    set("error", Value::Null);
    set("incomplete_details", Value::Null);
    set("instructions", Value::Null);
    set("metadata", json!({}));
    set("model", json!(model));
    set("output", json!([]));
    set("parallel_tool_calls", json!(true));
    set("store", json!(false));
    set("temperature", Value::Null);
    set("tool_choice", json!("auto"));
    set("tools", json!([]));
    set("top_p", Value::Null);
    set("usage", Value::Null);
    head
}

pub(super) fn finished(
    mut head: Map<String, Value>,
    finish: &FinishReason,
    output: Vec<Value>,
    counted: Option<&Usage>,
) -> Map<String, Value> {
    let cut = match finish {
        FinishReason::Stop | FinishReason::ToolCalls => None,
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        FinishReason::Other(reason) => Some(reason.as_str()),
    };
    let status = if cut.is_some() { "incomplete" } else { "completed" };
    head.insert("status".to_owned(), json!(status));
    if let Some(reason) = cut {
        head.insert("incomplete_details".to_owned(), json!({"reason": reason}));
    }
    head.insert("output".to_owned(), Value::Array(output));
    head.insert("usage".to_owned(), counted.map_or(Value::Null, usage));
    head
}

/// Usage as OpenAI counts it: the details are parts of the totals.
fn usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.total_input(),
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write.saturating_add(usage.cache_write_hour),
        },
        "output_tokens": usage.total_output(),
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total(),
    })
}

pub(super) fn thought(id: &str, text: &str, signature: Option<&Signature>) -> Value {
    let sealed = signature.map(|signature| wrap(&signature.provider, &signature.value));
    json!({"id": id, "type": "reasoning", "summary": summary(text), "encrypted_content": sealed})
}

pub(super) fn function_call(id: &str, call: &ToolCall, status: &str) -> Value {
    json!({
        "id": id,
        "type": "function_call",
        "status": status,
        "call_id": call.id,
        "name": call.name,
        "arguments": call_arguments(call),
    })
}

/// A picture; `None` where its bytes are elsewhere.
pub(super) fn picture(id: &str, media: &Media) -> Option<Value> {
    let (MediaSource::Bytes(bytes), Some(form)) = (&media.source, media.media_type.strip_prefix("image/"))
    else {
        return None;
    };
    Some(json!({
        "id": id,
        "type": "image_generation_call",
        "status": "completed",
        "output_format": form,
        "result": data_url::encode(bytes),
    }))
}

/// The contents of one message that is being written.
#[derive(Debug, Default)]
pub(super) struct Said {
    contents: Vec<Value>,
    voice: Voice,
    words: String,
    annotations: Vec<Value>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Voice {
    #[default]
    Text,
    Refusal,
}

impl Said {
    pub(super) fn text(&mut self, text: &str) {
        self.speak(Voice::Text, text);
    }

    pub(super) fn refusal(&mut self, text: &str) {
        self.speak(Voice::Refusal, text);
    }

    fn speak(&mut self, voice: Voice, words: &str) {
        if self.voice != voice {
            self.close();
            self.voice = voice;
        }
        self.words.push_str(words);
    }

    /// The annotation that the citation became, if it did.
    pub(super) fn cite(&mut self, citation: &Citation) -> Option<Value> {
        let annotation = annotation(citation, &self.words)?;
        self.annotations.push(annotation.clone());
        Some(annotation)
    }

    pub(super) fn annotations(&self) -> usize {
        self.annotations.len()
    }

    /// The place of the content that is being written.
    pub(super) fn place(&self) -> usize {
        self.contents.len()
    }

    /// The content that is being written, as it stands.
    pub(super) fn current(&self) -> Value {
        match self.voice {
            Voice::Text => {
                json!({"type": "output_text", "text": self.words, "annotations": self.annotations, "logprobs": []})
            }
            Voice::Refusal => json!({"type": "refusal", "refusal": self.words}),
        }
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// Ends the content that is being written.
    pub(super) fn close(&mut self) {
        if !self.words.is_empty() || !self.annotations.is_empty() {
            let content = self.current();
            self.contents.push(content);
            self.words.clear();
            self.annotations.clear();
        }
    }

    fn end(&mut self, answer: &str, output: &mut Vec<Value>) {
        let id = item_id("msg", answer, output.len());
        output.extend(self.message(&id, "completed"));
    }

    /// The message, which is then another; `None` when nothing was said.
    pub(super) fn message(&mut self, id: &str, status: &str) -> Option<Value> {
        self.close();
        let contents = std::mem::take(&mut self.contents);
        self.voice = Voice::Text;
        (!contents.is_empty()).then(|| message(id, status, contents))
    }
}

pub(super) fn message(id: &str, status: &str, contents: Vec<Value>) -> Value {
    json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": contents})
}

/// A citation with its place in `text`; `None` without an address, which is all that the dialect can point to.
pub(in crate::wire) fn annotation(citation: &Citation, text: &str) -> Option<Value> {
    let url = citation.url.as_deref()?;
    let all = text.chars().count();
    let found = text.rfind(&citation.text).filter(|_| !citation.text.is_empty());
    let start = found
        .and_then(|at| text.get(..at))
        .map_or(all, |before| before.chars().count());
    let end = found.map_or(all, |_| start + citation.text.chars().count());
    Some(json!({
        "type": "url_citation",
        "start_index": start,
        "end_index": end,
        "url": url,
        "title": citation.title.as_deref().unwrap_or_default(),
    }))
}
