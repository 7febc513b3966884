//! From the events of a streamed answer to ours.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::decode::{WireCall, WireCitation, WireContent, WireUsage, citations, failed, finish_reason};
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::wire::event_stream::EventAnswer;
use crate::wire::failure;
use crate::wire::json::{malformed, or_default, unreadable};
use crate::wire::sse::SseFrame;

/// More open calls no answer has.
const MAX_OPEN: usize = 1_024;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum WireEvent {
    MessageStart {
        #[serde(default, deserialize_with = "or_default")]
        id: String,
    },
    ContentStart {
        #[serde(default, deserialize_with = "or_default")]
        delta: Delta<Content>,
    },
    ContentDelta {
        #[serde(default, deserialize_with = "or_default")]
        delta: Delta<Content>,
    },
    ToolPlanDelta {
        #[serde(default, deserialize_with = "or_default")]
        delta: Delta<Plan>,
    },
    ToolCallStart {
        #[serde(default, deserialize_with = "or_default")]
        index: u32,
        delta: Delta<Calls>,
    },
    ToolCallDelta {
        #[serde(default, deserialize_with = "or_default")]
        index: u32,
        #[serde(default, deserialize_with = "or_default")]
        delta: Delta<Calls>,
    },
    ToolCallEnd {
        #[serde(default, deserialize_with = "or_default")]
        index: u32,
    },
    CitationStart {
        #[serde(default, deserialize_with = "or_default")]
        delta: Delta<Citations>,
    },
    MessageEnd {
        #[serde(default, deserialize_with = "or_default")]
        delta: End,
    },
    Error,
    /// `content-end`, `citation-end`, `debug`, and what was added since.
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
struct Delta<T: Default> {
    #[serde(
        default,
        deserialize_with = "or_default",
        bound(deserialize = "T: Deserialize<'de> + Default")
    )]
    message: T,
}

#[derive(Debug, Default, Deserialize)]
struct Content {
    #[serde(default, deserialize_with = "or_default")]
    content: WireContent,
}

#[derive(Debug, Default, Deserialize)]
struct Plan {
    #[serde(default, deserialize_with = "or_default")]
    tool_plan: String,
}

#[derive(Debug, Default, Deserialize)]
struct Calls {
    #[serde(default, deserialize_with = "or_default")]
    tool_calls: WireCall,
}

#[derive(Debug, Default, Deserialize)]
struct Citations {
    #[serde(default, deserialize_with = "or_default")]
    citations: WireCitation,
}

#[derive(Debug, Default, Deserialize)]
struct End {
    finish_reason: Option<String>,
    usage: Option<WireUsage>,
    error: Option<String>,
}

/// One streamed answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    begun: bool,
    /// Our index of each open call, by Cohere's.
    open: BTreeMap<u32, u32>,
    calls: u32,
    closed: bool,
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
        // Gateways that speak several dialects end all of them with OpenAI's word.
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
            WireEvent::MessageStart { id } => {
                self.begun = true;
                let model = String::new();
                out.push(StreamEvent::Start { id, model });
            }
            WireEvent::ContentStart { delta } | WireEvent::ContentDelta { delta } => {
                self.begun = true;
                let WireContent { text, thinking } = delta.message.content;
                push_text(thinking, StreamEvent::Reasoning, out);
                push_text(text, StreamEvent::Text, out);
            }
            WireEvent::ToolPlanDelta { delta } => {
                push_text(delta.message.tool_plan, StreamEvent::Reasoning, out);
            }
            WireEvent::ToolCallStart { index, delta } => self.start(index, delta.message.tool_calls, out)?,
            WireEvent::ToolCallDelta { index, delta } => {
                let index = *self
                    .open
                    .get(&index)
                    .ok_or_else(|| malformed("arguments outside of any tool call"))?;
                let arguments = delta.message.tool_calls.function.arguments;
                push_text(
                    arguments,
                    |arguments| StreamEvent::ToolCallDelta { index, arguments },
                    out,
                );
            }
            WireEvent::ToolCallEnd { index } => {
                let index = self.open.remove(&index);
                out.extend(index.map(|index| StreamEvent::ToolCallEnd { index }));
            }
            WireEvent::CitationStart { delta } => {
                out.extend(
                    citations(delta.message.citations)
                        .into_iter()
                        .map(StreamEvent::Citation),
                );
            }
            WireEvent::MessageEnd { delta } => return self.end(&delta, out),
            WireEvent::Error | WireEvent::Other => {}
        }
        Ok(())
    }

    fn start(&mut self, at: u32, call: WireCall, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        self.begun = true;
        let (id, name) = (call.id, call.function.name);
        if id.is_empty() || name.is_empty() {
            return Err(malformed("a tool call without id or name"));
        }
        if let Some(index) = self.open.remove(&at) {
            out.push(StreamEvent::ToolCallEnd { index });
        }
        if self.open.len() >= MAX_OPEN {
            return Err(malformed("tool calls without end"));
        }
        let index = self.calls;
        self.calls += 1;
        self.open.insert(at, index);
        out.push(StreamEvent::ToolCallStart { index, id, name });
        let arguments = call.function.arguments;
        push_text(
            arguments,
            |arguments| StreamEvent::ToolCallDelta { index, arguments },
            out,
        );
        Ok(())
    }

    fn end(&mut self, end: &End, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if let Some(error) = failed(end.finish_reason.as_deref(), end.error.as_deref()) {
            return Err(error);
        }
        if !self.begun {
            return Err(malformed("a stream without an answer"));
        }
        for index in std::mem::take(&mut self.open).into_values() {
            out.push(StreamEvent::ToolCallEnd { index });
        }
        self.closed = true;
        out.push(StreamEvent::Finish {
            reason: finish_reason(end.finish_reason.as_deref(), self.calls > 0),
            usage: end.usage.as_ref().and_then(WireUsage::usage),
        });
        Ok(())
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
