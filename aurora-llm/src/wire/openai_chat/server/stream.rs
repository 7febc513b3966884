//! From our events to chunks.

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::{answer, error};
use crate::chat::{Media, MediaSource, StreamEvent};
use crate::error::Error;
use crate::usage::Usage;

/// Writes one streamed answer as the server-sent events that OpenAI's clients read.
///
/// The order is the one they rely on: a first chunk with the role, the deltas, a chunk with the finish reason, a chunk
/// with the usage and no choices if it was asked for, and `[DONE]`. After an error nothing follows. Signatures, pictures and
/// citations without an address are left out.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::openai_chat::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert!(String::from_utf8_lossy(&out).ends_with("data: [DONE]\n\n"));
/// ```
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    /// What was said, in which citations have their places.
    text: String,
    created: Timestamp,
    include_usage: bool,
    begun: bool,
    ended: bool,
    usage: Option<Usage>,
}

impl StreamEncoder {
    /// An encoder of one answer that was begun at `created`.
    #[must_use]
    pub const fn new(created: Timestamp) -> Self {
        Self {
            id: String::new(),
            model: String::new(),
            text: String::new(),
            created,
            include_usage: false,
            begun: false,
            ended: false,
            usage: None,
        }
    }

    /// Ends the answer with its usage, as `stream_options.include_usage` asks.
    #[must_use]
    pub const fn include_usage(mut self, include: bool) -> Self {
        self.include_usage = include;
        self
    }

    /// Writes what `event` becomes; some become nothing. After the terminal nothing is written.
    pub fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start { id, model } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
                self.begin(out);
            }
            StreamEvent::Text(text) => {
                self.text.push_str(text);
                self.delta(&json!({"content": text}), out);
            }
            StreamEvent::Citation(citation) => {
                if let Some(annotation) = answer::annotation(citation, &self.text) {
                    self.delta(&json!({"annotations": [annotation]}), out);
                }
            }
            StreamEvent::Media(media) => self.media(media, out),
            StreamEvent::Reasoning(text) => self.delta(&json!({"reasoning_content": text}), out),
            StreamEvent::Refusal(text) => self.delta(&json!({"refusal": text}), out),
            StreamEvent::ToolCallStart { index, id, name } => self.delta(
                &json!({"tool_calls": [{
                    "index": index,
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": ""},
                }]}),
                out,
            ),
            StreamEvent::ToolCallDelta { index, arguments } => self.delta(
                &json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}),
                out,
            ),
            StreamEvent::Ping => out.extend_from_slice(b": keep-alive\n\n"),
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, usage } => {
                self.begin(out);
                let choice =
                    json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason.as_str()});
                self.chunk(&json!([choice]), &Value::Null, out);
                let usage = usage.clone().or_else(|| self.usage.take());
                if let Some(usage) = usage.filter(|_| self.include_usage) {
                    self.chunk(&json!([]), &answer::usage(&usage), out);
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
                self.ended = true;
            }
            StreamEvent::Signature(_)
            | StreamEvent::ToolCallEnd { .. }
            | StreamEvent::ToolCallSignature { .. } => {}
        }
    }

    /// Ends the answer with an error. OpenAI's clients raise it from their stream.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if !self.ended {
            self.ended = true;
            line(&error::body(failure), out);
        }
    }

    /// Sound, whose words have been written as content; pictures have no place here.
    fn media(&mut self, media: &Media, out: &mut Vec<u8>) {
        if let MediaSource::Bytes(bytes) = &media.source
            && media.media_type.starts_with("audio/")
        {
            let audio = answer::audio(&self.id, bytes, self.created, "");
            self.delta(&json!({"audio": audio}), out);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            let delta = json!({"role": "assistant", "content": "", "refusal": null});
            self.delta(&delta, out);
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<u8>) {
        self.begin(out);
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
        self.chunk(&json!([choice]), &Value::Null, out);
    }

    fn chunk(&self, choices: &Value, usage: &Value, out: &mut Vec<u8>) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created.as_secs(),
            "model": self.model,
            "choices": choices,
        });
        if let Some(chunk) = chunk.as_object_mut().filter(|_| self.include_usage) {
            chunk.insert("usage".to_owned(), usage.clone());
        }
        line(&chunk, out);
    }
}

fn line(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(value.to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}
