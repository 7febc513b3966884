//! From the events of a streamed answer to ours.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::citations::WireCitation;
use super::decode::{Block, WireUsage, finish_reason, redacted, sign};
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;
use crate::wire::event_stream::EventAnswer;
use crate::wire::failure;
use crate::wire::json::{arguments, malformed, or_default, unreadable};
use crate::wire::quoting::{MAX_CITATIONS, MAX_QUOTED, quoted};
use crate::wire::sse::SseFrame;

/// More open blocks, or a longer signature, no answer has: they become no event, so that nobody else would stop them
/// from filling the memory.
const MAX_OPEN: usize = 1_024;
const MAX_SIGNATURE: usize = 1 << 20;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireEvent {
    MessageStart {
        message: WireMessage,
    },
    ContentBlockStart {
        #[serde(default)]
        index: u32,
        content_block: Block,
    },
    ContentBlockDelta {
        #[serde(default)]
        index: u32,
        delta: Delta,
    },
    ContentBlockStop {
        #[serde(default)]
        index: u32,
    },
    MessageDelta {
        #[serde(default, deserialize_with = "or_default")]
        delta: MessageDelta,
        usage: Option<WireUsage>,
    },
    MessageStop,
    Ping,
    Error,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct WireMessage {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    usage: Option<WireUsage>,
}

#[derive(Debug, Default, Deserialize)]
struct MessageDelta {
    stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "citations_delta")]
    Citation { citation: WireCitation },
    #[serde(other)]
    Other,
}

/// One streamed answer.
#[derive(Debug)]
pub(super) struct Answer {
    provider: ProviderId,
    begun: bool,
    /// What is open, by the index of its block.
    open: BTreeMap<u32, OpenBlock>,
    calls: u32,
    usage: WireUsage,
    stop_reason: Option<String>,
    closed: bool,
}

#[derive(Debug)]
enum OpenBlock {
    Unknown,
    Said {
        /// What was said; not kept beyond [`MAX_QUOTED`], because nobody reads a longer quotation.
        text: String,
        cited: Vec<WireCitation>,
    },
    Thinking {
        signature: String,
    },
    Call {
        index: u32,
        /// Arguments that came whole with the start, for servers that send no deltas.
        whole: String,
    },
}

impl Answer {
    pub(super) fn new(provider: ProviderId) -> Self {
        Self {
            provider,
            begun: false,
            open: BTreeMap::new(),
            calls: 0,
            usage: WireUsage::default(),
            stop_reason: None,
            closed: false,
        }
    }
}

impl EventAnswer for Answer {
    fn is_complete(&self) -> bool {
        self.closed
    }

    fn cut(&mut self, _: &mut Vec<StreamEvent>) -> Result<(), Error> {
        Err(Error::new(ErrorKind::StreamTruncated))
    }

    fn frame(&mut self, frame: SseFrame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let SseFrame::Event { data, .. } = frame else {
            out.push(StreamEvent::Ping);
            return Ok(());
        };
        // Servers that offer both dialects end either with OpenAI's word.
        if self.closed || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        match serde_json::from_str::<WireEvent>(data) {
            Ok(WireEvent::Error) => Err(reported(data).unwrap_or_else(|| Error::new(ErrorKind::ServerError))),
            Ok(event) => self.event(event, out),
            Err(error) => Err(reported(data)
                .unwrap_or_else(|| unreadable("an event is not in the documented form", &error))),
        }
    }
}

impl Answer {
    fn event(&mut self, event: WireEvent, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        match event {
            WireEvent::MessageStart { message } => {
                self.begun = true;
                out.push(StreamEvent::Start {
                    id: message.id,
                    model: message.model,
                });
                self.update_usage(message.usage, out);
            }
            WireEvent::ContentBlockStart { index, content_block } => self.start(index, content_block, out)?,
            WireEvent::ContentBlockDelta { index, delta } => self.delta(index, delta, out)?,
            WireEvent::ContentBlockStop { index } => self.stop(index, out),
            WireEvent::MessageDelta { delta, usage } => {
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
                self.update_usage(usage, out);
            }
            WireEvent::MessageStop if !self.begun => return Err(malformed("a stream without an answer")),
            WireEvent::MessageStop => {
                let open: Vec<u32> = self.open.keys().copied().collect();
                for index in open {
                    self.stop(index, out);
                }
                self.closed = true;
                out.push(StreamEvent::Finish {
                    reason: finish_reason(self.stop_reason.as_deref(), self.calls > 0),
                    usage: self.usage.usage(),
                });
            }
            WireEvent::Ping => out.push(StreamEvent::Ping),
            WireEvent::Error | WireEvent::Other => {}
        }
        Ok(())
    }

    fn update_usage(&mut self, usage: Option<WireUsage>, out: &mut Vec<StreamEvent>) {
        if let Some(usage) = usage {
            self.usage.update(usage);
            out.extend(self.usage.usage().map(StreamEvent::Usage));
        }
    }

    fn start(&mut self, at: u32, block: Block, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        // A server that does not close its blocks begins the next at the same place.
        self.stop(at, out);
        let open = match block.kind.as_str() {
            "text" => {
                let text = block.text.clone();
                push_text(block.text, StreamEvent::Text, out);
                OpenBlock::Said {
                    text,
                    cited: block.citations,
                }
            }
            "thinking" => {
                push_text(block.thinking, StreamEvent::Reasoning, out);
                OpenBlock::Thinking {
                    signature: block.signature,
                }
            }
            "redacted_thinking" => OpenBlock::Thinking {
                signature: redacted(&block.data),
            },
            "tool_use" if block.name.is_empty() || block.id.is_empty() => {
                return Err(malformed("a tool call without id or name"));
            }
            "tool_use" => {
                let index = self.calls;
                self.calls += 1;
                let (id, name) = (block.id, block.name);
                out.push(StreamEvent::ToolCallStart { index, id, name });
                let whole = match block.input {
                    Some(Value::Object(input)) if input.is_empty() => String::new(),
                    input => arguments(input),
                };
                OpenBlock::Call { index, whole }
            }
            // A type that this version does not know, such as a server tool: its deltas are passed over.
            _ => OpenBlock::Unknown,
        };
        self.open.insert(at, open);
        if self.open.len() > MAX_OPEN {
            return Err(malformed("blocks without end"));
        }
        Ok(())
    }

    fn delta(&mut self, at: u32, delta: Delta, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        match (self.open.get_mut(&at), delta) {
            (Some(OpenBlock::Said { text, .. }), Delta::Text { text: more }) => {
                if text.len() <= MAX_QUOTED {
                    text.push_str(&more);
                }
                push_text(more, StreamEvent::Text, out);
            }
            (Some(OpenBlock::Said { cited, .. }), Delta::Citation { citation }) => {
                if cited.len() >= MAX_CITATIONS {
                    return Err(malformed("citations without end"));
                }
                cited.push(citation);
            }
            (Some(OpenBlock::Thinking { .. }), Delta::Thinking { thinking }) => {
                push_text(thinking, StreamEvent::Reasoning, out);
            }
            (Some(OpenBlock::Thinking { signature }), Delta::Signature { signature: more }) => {
                if signature.len() + more.len() > MAX_SIGNATURE {
                    return Err(malformed("a signature without end"));
                }
                signature.push_str(&more);
            }
            (Some(OpenBlock::Call { index, whole }), Delta::InputJson { partial_json }) => {
                whole.clear();
                let index = *index;
                push_text(
                    partial_json,
                    |arguments| StreamEvent::ToolCallDelta { index, arguments },
                    out,
                );
            }
            (None, Delta::Text { .. }) => return Err(malformed("text outside of any block")),
            _ => {}
        }
        Ok(())
    }

    fn stop(&mut self, at: u32, out: &mut Vec<StreamEvent>) {
        match self.open.remove(&at) {
            Some(OpenBlock::Thinking { signature }) => {
                out.extend(sign(signature, &self.provider).map(StreamEvent::Signature));
            }
            Some(OpenBlock::Call { index, whole }) => {
                push_text(
                    whole,
                    |arguments| StreamEvent::ToolCallDelta { index, arguments },
                    out,
                );
                out.push(StreamEvent::ToolCallEnd { index });
            }
            Some(OpenBlock::Said { text, cited }) => {
                let citations = cited.into_iter().take(MAX_CITATIONS);
                out.extend(citations.map(|citation| StreamEvent::Citation(citation.of(quoted(&text)))));
            }
            Some(OpenBlock::Unknown) | None => {}
        }
    }
}

fn push_text(text: String, event: impl FnOnce(String) -> StreamEvent, out: &mut Vec<StreamEvent>) {
    if !text.is_empty() {
        out.push(event(text));
    }
}

fn reported(data: &str) -> Option<Error> {
    failure::within_answer(&serde_json::from_str(data).ok()?)
}
