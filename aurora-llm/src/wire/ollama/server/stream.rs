//! From our events to lines.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::{answer, error};
use crate::chat::{StreamEvent, ToolCall};
use crate::error::Error;
use crate::usage::Usage;

/// Writes one streamed answer as the lines that Ollama's clients read.
///
/// The dialect has tool calls in one piece, so each is held until its arguments are complete.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::ollama::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 2);
/// ```
#[derive(Debug)]
pub struct StreamEncoder {
    model: String,
    created: Timestamp,
    usage: Option<Usage>,
    /// Calls whose arguments are not complete.
    open: BTreeMap<u32, ToolCall>,
    ended: bool,
}

impl StreamEncoder {
    /// An encoder of one answer that was begun at `created`.
    #[must_use]
    pub const fn new(created: Timestamp) -> Self {
        Self {
            model: String::new(),
            created,
            usage: None,
            open: BTreeMap::new(),
            ended: false,
        }
    }

    /// Writes what `event` becomes; some become nothing. After the terminal nothing is written.
    pub fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start { model, .. } => self.model.clone_from(model),
            StreamEvent::Text(text) | StreamEvent::Refusal(text) => {
                self.message(&json!({"role": "assistant", "content": text}), out);
            }
            StreamEvent::Reasoning(text) => {
                self.message(
                    &json!({"role": "assistant", "content": "", "thinking": text}),
                    out,
                );
            }
            StreamEvent::ToolCallStart { index, id, name } => {
                self.open.insert(*index, ToolCall::new(id, name, String::new()));
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                if let Some(call) = self.open.get_mut(index) {
                    call.arguments.push_str(arguments);
                }
            }
            StreamEvent::ToolCallEnd { index } => {
                if let Some(call) = self.open.remove(index) {
                    self.call(&call, out);
                }
            }
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, usage } => {
                for call in std::mem::take(&mut self.open).into_values() {
                    self.call(&call, out);
                }
                let usage = usage.as_ref().or(self.usage.as_ref());
                let message = json!({"role": "assistant", "content": ""});
                write(
                    &answer::line(&self.model, self.created, &message, Some((reason, usage))),
                    out,
                );
                self.ended = true;
            }
            // An empty line would break the official client, so there is nothing to keep a connection open with.
            StreamEvent::Ping
            | StreamEvent::Signature(_)
            | StreamEvent::ToolCallSignature { .. }
            | StreamEvent::Citation(_)
            | StreamEvent::Media(_) => {}
        }
    }

    /// Ends the answer with an error. Ollama's clients raise it from their stream.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if !self.ended {
            self.ended = true;
            write(&error::body(failure), out);
        }
    }

    fn call(&self, call: &ToolCall, out: &mut Vec<u8>) {
        let calls = [answer::call(call)];
        self.message(
            &json!({"role": "assistant", "content": "", "tool_calls": calls}),
            out,
        );
    }

    fn message(&self, message: &Value, out: &mut Vec<u8>) {
        write(&answer::line(&self.model, self.created, message, None), out);
    }
}

fn write(line: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(line.to_string().as_bytes());
    out.push(b'\n');
}
