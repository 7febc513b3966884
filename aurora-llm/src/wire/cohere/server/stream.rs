//! From our events to Cohere's.

use serde_json::{Value, json};

use super::{answer, error};
use crate::chat::StreamEvent;
use crate::error::Error;
use crate::usage::Usage;

/// Writes one streamed answer as the server-sent events that Cohere's clients read.
///
/// Content stands in numbered blocks that are opened and closed one after the other; tool calls are numbered apart, and
/// may be interleaved.
///
/// # Examples
/// ```
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::cohere::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::default();
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert!(String::from_utf8_lossy(&out).contains("\"finish_reason\":\"COMPLETE\""));
/// ```
#[derive(Debug, Default)]
pub struct StreamEncoder {
    id: String,
    begun: bool,
    ended: bool,
    usage: Option<Usage>,
    open: Option<Open>,
    blocks: u32,
    citations: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
}

impl StreamEncoder {
    /// Writes what `event` becomes; some become nothing. After the terminal nothing is written.
    pub fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start { id, .. } => {
                self.id.clone_from(id);
                self.begin(out);
            }
            StreamEvent::Text(text) | StreamEvent::Refusal(text) => {
                self.said(Open::Text, &json!({"text": text}), out);
            }
            StreamEvent::Reasoning(text) => self.said(Open::Thinking, &json!({"thinking": text}), out),
            StreamEvent::ToolCallStart { index, id, name } => {
                self.close(out);
                let call = json!({"id": id, "type": "function", "function": {"name": name, "arguments": ""}});
                self.call("tool-call-start", *index, &call, out);
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                let call = json!({"function": {"arguments": arguments}});
                self.call("tool-call-delta", *index, &call, out);
            }
            StreamEvent::ToolCallEnd { index } => {
                self.write(&json!({"type": "tool-call-end", "index": index}), out);
            }
            StreamEvent::Citation(cited) => {
                let (index, cited) = (self.citations, answer::citation(cited));
                self.citations += 1;
                let delta = json!({"message": {"citations": cited}});
                self.write(
                    &json!({"type": "citation-start", "index": index, "delta": delta}),
                    out,
                );
                self.write(&json!({"type": "citation-end", "index": index}), out);
            }
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Ping => out.extend_from_slice(b": keep-alive\n\n"),
            StreamEvent::Finish { reason, usage } => {
                self.begin(out);
                self.close(out);
                let usage = usage.as_ref().or(self.usage.as_ref()).map(answer::usage);
                let delta = json!({"finish_reason": answer::finish_reason(reason), "usage": usage});
                self.end(&delta, out);
            }
            StreamEvent::Signature(_) | StreamEvent::ToolCallSignature { .. } | StreamEvent::Media(_) => {}
        }
    }

    /// Ends the answer with an error, in the way the dialect has for it: as a finish reason.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if !self.ended {
            self.begin(out);
            self.end(
                &json!({"finish_reason": "ERROR", "error": error::message(failure)}),
                out,
            );
        }
    }

    fn end(&mut self, delta: &Value, out: &mut Vec<u8>) {
        let event = json!({"type": "message-end", "id": self.id, "delta": delta});
        self.write(&event, out);
        self.ended = true;
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            let message = json!({"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []});
            line(
                &json!({"type": "message-start", "id": self.id, "delta": {"message": message}}),
                out,
            );
        }
    }

    fn said(&mut self, block: Open, content: &Value, out: &mut Vec<u8>) {
        if self.open != Some(block) {
            self.close(out);
            let empty = match block {
                Open::Text => json!({"type": "text", "text": ""}),
                Open::Thinking => json!({"type": "thinking", "thinking": ""}),
            };
            self.content("content-start", &empty, out);
            self.open = Some(block);
        }
        self.content("content-delta", content, out);
    }

    fn content(&mut self, name: &str, content: &Value, out: &mut Vec<u8>) {
        let delta = json!({"message": {"content": content}});
        self.write(&json!({"type": name, "index": self.blocks, "delta": delta}), out);
    }

    fn call(&mut self, name: &str, index: u32, call: &Value, out: &mut Vec<u8>) {
        let delta = json!({"message": {"tool_calls": call}});
        self.write(&json!({"type": name, "index": index, "delta": delta}), out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            self.write(&json!({"type": "content-end", "index": self.blocks}), out);
            self.blocks += 1;
        }
    }

    fn write(&mut self, event: &Value, out: &mut Vec<u8>) {
        self.begin(out);
        line(event, out);
    }
}

fn line(event: &Value, out: &mut Vec<u8>) {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    out.extend_from_slice(format!("event: {name}\ndata: {event}\n\n").as_bytes());
}
