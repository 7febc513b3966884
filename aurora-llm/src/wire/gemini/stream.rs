//! From the pieces of a streamed answer to our events.

use serde_json::Value;

use super::decode::{Reader, Said, WireResponse, finish_reason};
use super::elements::Elements;
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;
use crate::usage::Usage;
use crate::wire::StreamDecoder;
use crate::wire::event_stream::{AnswerDecoder, EventAnswer};
use crate::wire::json::unreadable;
use crate::wire::sse::SseFrame;

/// Reads a streamed answer as server-sent events, or as the JSON array that comes without `alt=sse`.
#[derive(Debug)]
pub(super) enum Decoder {
    Unknown(ProviderId),
    Events(AnswerDecoder<Answer>),
    Array {
        elements: Elements,
        answer: Answer,
        over: bool,
    },
}

impl Decoder {
    pub(super) const fn new(provider: ProviderId) -> Self {
        Self::Unknown(provider)
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if let Self::Unknown(provider) = self {
            // White space before either form means nothing.
            let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
                return Ok(());
            };
            let answer = Answer::new(provider.clone());
            *self = if *first == b'[' {
                Self::Array {
                    elements: Elements::default(),
                    answer,
                    over: false,
                }
            } else {
                Self::Events(AnswerDecoder::new(answer))
            };
        }
        match self {
            Self::Unknown(_) => Ok(()),
            Self::Events(decoder) => decoder.push(bytes, out),
            Self::Array { over: true, .. } => Ok(()),
            Self::Array {
                elements,
                answer,
                over,
            } => {
                let outcome = elements.push(bytes, |element| {
                    let value = serde_json::from_slice(element)
                        .map_err(|error| unreadable("an element is not JSON", &error))?;
                    answer.piece(value, out)
                });
                *over = outcome.is_err();
                outcome
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        match self {
            Self::Unknown(provider) => {
                let mut decoder = AnswerDecoder::new(Answer::new(provider.clone()));
                let outcome = decoder.finish(out);
                *self = Self::Events(decoder);
                outcome
            }
            Self::Events(decoder) => decoder.finish(out),
            Self::Array { over: true, .. } => Ok(()),
            Self::Array {
                elements,
                answer,
                over,
            } => {
                *over = true;
                if elements.has_ended() {
                    answer.cut(out)
                } else {
                    Err(Error::new(ErrorKind::StreamTruncated))
                }
            }
        }
    }
}

/// One streamed answer.
///
/// It has no last word: a reason to finish may be followed by more, as when the model runs code in between. So the end of
/// the input is the end of the answer, if the last piece gave a reason.
#[derive(Debug)]
pub(super) struct Answer {
    reader: Reader,
    begun: bool,
    calls: u32,
    usage: Option<Usage>,
    reason: Option<String>,
    /// A piece could not be read: what it would have said is missing.
    broken: bool,
    closed: bool,
}

impl Answer {
    fn new(provider: ProviderId) -> Self {
        Self {
            reader: Reader::new(provider),
            begun: false,
            calls: 0,
            usage: None,
            reason: None,
            broken: false,
            closed: false,
        }
    }

    fn piece(&mut self, value: Value, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let wire = WireResponse::read(value)?;
        self.reader.identify(&wire.response_id);
        if !std::mem::replace(&mut self.begun, true) {
            out.push(StreamEvent::Start {
                id: wire.response_id,
                model: wire.model_version,
            });
        }
        if let Some(candidate) = wire.candidates.into_iter().next() {
            let reason = candidate.finish_reason.clone();
            let mut said = Vec::new();
            self.reader.candidate(candidate, &mut said)?;
            if !said.is_empty() {
                self.reason = None;
            }
            for said in said {
                self.say(said, out);
            }
            let named = |reason: &String| !matches!(reason.as_str(), "" | "FINISH_REASON_UNSPECIFIED");
            self.reason = reason.filter(named).or(self.reason.take());
        }
        if let Some(usage) = wire.usage_metadata.and_then(|usage| usage.usage())
            && self.usage.as_ref() != Some(&usage)
        {
            self.usage = Some(usage.clone());
            out.push(StreamEvent::Usage(usage));
        }
        Ok(())
    }

    fn say(&mut self, said: Said, out: &mut Vec<StreamEvent>) {
        match said {
            Said::Text(text) => out.push(StreamEvent::Text(text)),
            Said::Thought(text) => out.push(StreamEvent::Reasoning(text)),
            Said::Signature(signature) => out.push(StreamEvent::Signature(signature)),
            Said::Media(media) => out.push(StreamEvent::Media(media)),
            Said::Citation(citation) => out.push(StreamEvent::Citation(citation)),
            Said::Call(call) => {
                let index = self.calls;
                self.calls += 1;
                let (id, name, arguments) = (call.id, call.name, call.arguments);
                out.push(StreamEvent::ToolCallStart { index, id, name });
                out.push(StreamEvent::ToolCallDelta { index, arguments });
                if let Some(signature) = call.signature {
                    out.push(StreamEvent::ToolCallSignature { index, signature });
                }
                out.push(StreamEvent::ToolCallEnd { index });
            }
        }
    }
}

impl EventAnswer for Answer {
    fn is_complete(&self) -> bool {
        self.closed
    }

    fn cut(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        match &self.reason {
            Some(reason) if !self.broken => {
                self.closed = true;
                out.push(StreamEvent::Finish {
                    reason: finish_reason(Some(reason), self.reader.is_calling()),
                    usage: self.usage.clone(),
                });
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::StreamTruncated)),
        }
    }

    fn frame(&mut self, frame: SseFrame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let SseFrame::Event { data, .. } = frame else {
            out.push(StreamEvent::Ping);
            return Ok(());
        };
        // Gateways that offer several dialects end each with OpenAI's word.
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let value = serde_json::from_str(data).map_err(|error| {
            self.broken = true;
            unreadable("an event is not JSON", &error)
        })?;
        self.piece(value, out)
    }
}
