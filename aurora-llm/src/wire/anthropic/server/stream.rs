//! From our events to Anthropic's.

use serde_json::{Value, json};

use super::{answer, error, wrap};
use crate::chat::{Signature, StreamEvent};
use crate::error::Error;
use crate::usage::Usage;
use crate::wire::anthropic::citations;

/// Writes one streamed answer as the server-sent events that Anthropic's clients read.
///
/// Content stands in numbered blocks that are opened and closed one after the other. Tool calls whose fragments
/// arrive interleaved are therefore written one by one: what belongs to a later call waits until the earlier ends.
///
/// # Examples
/// ```
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::anthropic::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::default();
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert!(String::from_utf8_lossy(&out).ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
/// ```
#[derive(Debug, Default)]
pub struct StreamEncoder {
    id: String,
    model: String,
    begun: bool,
    ended: bool,
    usage: Usage,
    blocks: u32,
    open: Open,
    /// Whether the open text has a citation.
    cited: bool,
    /// What waits for the open call to end.
    held: Vec<StreamEvent>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    Text,
    Thinking,
    Call(u32),
}

impl StreamEncoder {
    /// Writes what `event` becomes; some become nothing. After the terminal nothing is written.
    pub fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        if let Open::Call(open) = self.open
            && belongs_elsewhere(event, open)
        {
            self.held.push(event.clone());
            return;
        }
        match event {
            StreamEvent::Start { id, model } => {
                // Begun with the next event, because usage that is known by then belongs into the first.
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            StreamEvent::Usage(usage) => self.usage = usage.clone(),
            StreamEvent::Ping => self.write("ping", &json!({"type": "ping"}), out),
            StreamEvent::Text(text) | StreamEvent::Refusal(text) => {
                // What is cited is the block before it; more text is another.
                if self.cited {
                    self.close(out);
                }
                self.open_said(Open::Text, &json!({"type": "text", "text": ""}), out);
                self.delta(&json!({"type": "text_delta", "text": text}), out);
            }
            StreamEvent::Reasoning(text) => {
                self.open_thinking(out);
                self.delta(&json!({"type": "thinking_delta", "thinking": text}), out);
            }
            StreamEvent::Signature(signature) => self.signature(signature, out),
            StreamEvent::ToolCallStart { index, id, name } => {
                let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                self.open_block(Open::Call(*index), &block, out);
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                if self.open == Open::Call(*index) {
                    self.delta(
                        &json!({"type": "input_json_delta", "partial_json": arguments}),
                        out,
                    );
                }
            }
            StreamEvent::ToolCallEnd { index } => {
                if self.open == Open::Call(*index) {
                    self.close(out);
                    self.release(out);
                }
            }
            StreamEvent::Citation(citation) => {
                self.open_said(Open::Text, &json!({"type": "text", "text": ""}), out);
                self.cited = true;
                let citation = citations::write(citation);
                self.delta(&json!({"type": "citations_delta", "citation": citation}), out);
            }
            StreamEvent::ToolCallSignature { .. } | StreamEvent::Media(_) => {}
            StreamEvent::Finish { reason, usage } => {
                self.begin(out);
                self.close(out);
                while !self.held.is_empty() {
                    self.release(out);
                    self.close(out);
                }
                if let Some(usage) = usage {
                    self.usage = usage.clone();
                }
                let event = json!({
                    "type": "message_delta",
                    "delta": {"stop_reason": answer::stop_reason(reason), "stop_sequence": null},
                    "usage": answer::wire_usage(&self.usage),
                });
                self.write("message_delta", &event, out);
                self.write("message_stop", &json!({"type": "message_stop"}), out);
                self.ended = true;
            }
        }
    }

    /// Ends the answer with an error event. Anthropic's clients raise it from their stream.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if !self.ended {
            self.ended = true;
            line("error", &error::body(failure), out);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let event = json!({
            "type": "message_start",
            "message": {
                "id": self.id,
                "type": "message",
                "role": "assistant",
                "model": self.model,
                "content": [],
                "stop_reason": null,
                "stop_sequence": null,
                "usage": answer::wire_usage(&self.usage),
            },
        });
        line("message_start", &event, out);
    }

    fn write(&mut self, name: &str, event: &Value, out: &mut Vec<u8>) {
        self.begin(out);
        line(name, event, out);
    }

    fn open_block(&mut self, open: Open, block: &Value, out: &mut Vec<u8>) {
        self.close(out);
        let event = json!({"type": "content_block_start", "index": self.blocks, "content_block": block});
        self.write("content_block_start", &event, out);
        self.open = open;
    }

    fn open_said(&mut self, open: Open, block: &Value, out: &mut Vec<u8>) {
        if self.open != open {
            self.open_block(open, block, out);
        }
    }

    fn open_thinking(&mut self, out: &mut Vec<u8>) {
        let block = json!({"type": "thinking", "thinking": "", "signature": ""});
        self.open_said(Open::Thinking, &block, out);
    }

    fn signature(&mut self, signature: &Signature, out: &mut Vec<u8>) {
        if let Some(data) = answer::redacted(signature) {
            self.open_block(
                Open::Thinking,
                &json!({"type": "redacted_thinking", "data": data}),
                out,
            );
        } else {
            self.open_thinking(out);
            let value = wrap(&signature.provider, &signature.value);
            self.delta(&json!({"type": "signature_delta", "signature": value}), out);
        }
        self.close(out);
    }

    /// Writes what waited for a call to end, as far as no other call opens meanwhile.
    fn release(&mut self, out: &mut Vec<u8>) {
        for event in std::mem::take(&mut self.held) {
            self.push(&event, out);
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<u8>) {
        let event = json!({"type": "content_block_delta", "index": self.blocks, "delta": delta});
        self.write("content_block_delta", &event, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.cited = false;
        if std::mem::take(&mut self.open) != Open::Nothing {
            let event = json!({"type": "content_block_stop", "index": self.blocks});
            self.write("content_block_stop", &event, out);
            self.blocks += 1;
        }
    }
}

/// Whether an event has to wait until the call `open` ends.
const fn belongs_elsewhere(event: &StreamEvent, open: u32) -> bool {
    match event {
        StreamEvent::ToolCallDelta { index, .. } | StreamEvent::ToolCallEnd { index } => *index != open,
        other => other.is_content(),
    }
}

fn line(name: &str, value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(value.to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}
