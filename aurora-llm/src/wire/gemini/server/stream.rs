//! From our events to the pieces of a streamed answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{answer, error};
use crate::chat::{Reasoning, StreamEvent, ToolCall};
use crate::error::Error;
use crate::usage::Usage;
use crate::wire::gemini::content;

/// Writes one streamed answer as the server-sent events that Google's clients read.
///
/// A tool call has no fragments in this dialect: it is written when it is complete.
///
/// # Examples
/// ```
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::gemini::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::default();
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert!(String::from_utf8_lossy(&out).contains("\"finishReason\":\"STOP\""));
/// ```
#[derive(Debug, Default)]
pub struct StreamEncoder {
    id: String,
    model: String,
    usage: Option<Usage>,
    calls: BTreeMap<u32, ToolCall>,
    form: Form,
    ended: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Events,
    Array {
        begun: bool,
    },
}

impl StreamEncoder {
    /// Writes one JSON array instead, for clients that did not ask for `alt=sse`.
    #[must_use]
    pub fn json_array() -> Self {
        Self {
            form: Form::Array { begun: false },
            ..Self::default()
        }
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
            }
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            // Google's clients take a comment line for JSON.
            StreamEvent::Ping => {}
            StreamEvent::Text(text) | StreamEvent::Refusal(text) => self.say(content::text(text), out),
            StreamEvent::Reasoning(text) => {
                self.say(content::thought(&Reasoning::new(text, None), None), out);
            }
            StreamEvent::Signature(signature) => {
                let signature = Some(answer::sign(signature));
                self.say(content::thought(&Reasoning::default(), signature), out);
            }
            StreamEvent::Media(media) => self.say(Some(content::media(media)), out),
            StreamEvent::ToolCallStart { index, id, name } => {
                self.calls.insert(*index, ToolCall::new(id, name, String::new()));
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.arguments.push_str(arguments);
                }
            }
            StreamEvent::ToolCallSignature { index, signature } => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.signature = Some(signature.clone());
                }
            }
            StreamEvent::ToolCallEnd { index } => {
                let call = self.calls.remove(index);
                self.say(call.as_ref().map(answer::function_call), out);
            }
            StreamEvent::Citation(citation) => {
                let candidate = answer::candidate(Vec::new(), None, &[citation]);
                self.write(candidate, None, out);
            }
            StreamEvent::Finish { reason, usage } => {
                let mut parts: Vec<Value> = self.calls.values().map(answer::function_call).collect();
                // Google's clients look for a first part.
                if parts.is_empty() {
                    parts.push(json!({"text": ""}));
                }
                let usage = usage.clone().or(self.usage.take());
                let candidate = answer::candidate(parts, Some(reason), &[]);
                self.write(candidate, usage.as_ref(), out);
                self.end(out);
            }
        }
    }

    /// Ends the answer with an error. Google's clients raise it from their stream.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if !self.ended {
            self.line(&error::body(failure), out);
            self.end(out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        if self.form != Form::Events {
            out.push(b']');
        }
    }

    fn say(&mut self, part: Option<Value>, out: &mut Vec<u8>) {
        if let Some(part) = part {
            self.write(answer::candidate(vec![part], None, &[]), None, out);
        }
    }

    fn write(&mut self, candidate: Value, usage: Option<&Usage>, out: &mut Vec<u8>) {
        let piece = answer::piece(&self.id, &self.model, Some(candidate), usage);
        self.line(&piece, out);
    }

    fn line(&mut self, piece: &Value, out: &mut Vec<u8>) {
        let piece = piece.to_string();
        match &mut self.form {
            Form::Events => {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(piece.as_bytes());
                out.extend_from_slice(b"\r\n\r\n");
            }
            Form::Array { begun } => {
                let before: &[u8] = if std::mem::replace(begun, true) {
                    b",\r\n"
                } else {
                    b"["
                };
                out.extend_from_slice(before);
                out.extend_from_slice(piece.as_bytes());
            }
        }
    }
}
