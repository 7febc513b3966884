//! From the lines of a streamed answer to our events.

use serde_json::Value;

use super::decode::{WireLine, finish_reason, reported};
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::wire::json::{malformed, unreadable};
use crate::wire::ndjson::LineDecoder;
use crate::wire::{StreamDecoder, failure};

/// Bytes of a JSON document over several lines that are kept in order to say what it was.
const KEPT: usize = 256 * 1024;

/// One streamed answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    lines: LineDecoder,
    state: State,
    /// Nothing more is told.
    over: bool,
}

#[derive(Debug, Default)]
struct State {
    begun: bool,
    calls: u32,
    done: bool,
    /// A document over several lines, as gateways answer errors, in place of lines.
    document: Option<Vec<u8>>,
}

impl StreamDecoder for Answer {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if self.over || self.state.done {
            return Ok(());
        }
        let state = &mut self.state;
        let outcome = self.lines.push(bytes, |line| state.line(line, out));
        self.over = outcome.is_err();
        // Whatever comes behind the end does not matter.
        if self.state.done { Ok(()) } else { outcome }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if std::mem::replace(&mut self.over, true) || self.state.done {
            return Ok(());
        }
        let state = &mut self.state;
        let outcome = self.lines.finish(|line| state.line(line, out));
        if state.done {
            return Ok(());
        }
        match (outcome, state.document.take()) {
            (Ok(()), Some(document)) => Err(failure::instead_of_stream(&document)),
            (Err(error), _) if error.kind() != ErrorKind::Malformed => Err(error),
            // The last line may itself be cut, and be no JSON for that reason.
            _ => Err(Error::new(ErrorKind::StreamTruncated)),
        }
    }
}

impl State {
    fn line(&mut self, line: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if self.done {
            return Ok(());
        }
        if let Some(document) = &mut self.document {
            let room = KEPT.saturating_sub(document.len());
            document.extend(b"\n".iter().chain(line).take(room));
            return Ok(());
        }
        match serde_json::from_slice::<WireLine>(line) {
            Ok(wire) if wire.error.is_none() && (wire.done || says_something(&wire)) => {
                self.answer(wire, out)
            }
            outcome => self.other(line, outcome.err(), out),
        }
    }

    /// What is not more of the answer: an empty piece of it, an error, or no line of it at all.
    fn other(
        &mut self,
        line: &[u8],
        unread: Option<serde_json::Error>,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), Error> {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            return match line.trim_ascii_start().first() {
                Some(b'{' | b'[') if !self.begun => {
                    self.document = Some(line.to_vec());
                    Ok(())
                }
                Some(b'<') => Err(malformed("a page instead of a stream of lines")),
                _ => Err(malformed("a line that is not JSON")),
            };
        };
        if let Some(error) = reported(&value) {
            return Err(error);
        }
        if let Some(error) = unread {
            return Err(unreadable("a line is not in the documented form", &error));
        }
        match serde_json::from_value::<WireLine>(value) {
            Ok(wire) => self.answer(wire, out),
            Err(error) => Err(unreadable("a line is not in the documented form", &error)),
        }
    }

    fn answer(&mut self, wire: WireLine, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let WireLine {
            model,
            created_at,
            message,
            ..
        } = wire;
        if wire.done && !self.begun && model.is_empty() {
            return Err(malformed("a stream without an answer"));
        }
        if !self.begun && !model.is_empty() {
            let id = String::new();
            out.push(StreamEvent::Start { id, model });
        }
        self.begun = true;
        if !message.thinking.is_empty() {
            out.push(StreamEvent::Reasoning(message.thinking));
        }
        if !message.content.is_empty() {
            out.push(StreamEvent::Text(message.content));
        }
        for call in message.tool_calls {
            let index = self.calls;
            let call = call.call(index, &created_at)?;
            self.calls += 1;
            let (id, name, arguments) = (call.id, call.name, call.arguments);
            out.push(StreamEvent::ToolCallStart { index, id, name });
            if !arguments.is_empty() {
                out.push(StreamEvent::ToolCallDelta { index, arguments });
            }
            out.push(StreamEvent::ToolCallEnd { index });
        }
        if wire.done {
            self.done = true;
            out.push(StreamEvent::Finish {
                reason: finish_reason(wire.done_reason.as_deref(), self.calls > 0),
                usage: wire.counts.usage(),
            });
        }
        Ok(())
    }
}

fn says_something(wire: &WireLine) -> bool {
    let message = &wire.message;
    !message.content.is_empty() || !message.thinking.is_empty() || !message.tool_calls.is_empty()
}
