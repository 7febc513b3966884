//! An answer as it is kept, and as it is handed out again.

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::canonical::Digest;
use super::owner::VERSION;
use super::status::CacheStatus;
use crate::chat::{ChatResponse, FinishReason, Part, StreamCollector, StreamEvent};
use crate::client::route::Routes;
use crate::client::stream::Source;
use crate::client::told::Told;
use crate::error::{Error, ErrorKind};
use crate::pricing::Cost;

/// Clocks of replicas differ by no more than this; what was answered later than now by more is not believed.
const SKEW: Duration = Duration::from_secs(5);

/// What was said, in the form in which it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Said {
    Whole(ChatResponse),
    /// Ends with [`StreamEvent::Finish`].
    Stream(Vec<StreamEvent>),
}

/// What is kept, around what was said.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope<S> {
    version: u32,
    /// Whose answer it is to what: a store that mixed up its keys is found out.
    digest: String,
    /// Microseconds since the Unix epoch.
    answered: i64,
    target: String,
    model: String,
    /// Nano-dollars; `None` when it was unpriced.
    cost: Option<i64>,
    said: S,
}

/// Whether an answer is complete and says something.
pub(super) fn is_worth_keeping(response: &ChatResponse) -> bool {
    let parts = &response.message.parts;
    let is_whole = matches!(response.finish, FinishReason::Stop | FinishReason::ToolCalls);
    let says = |part: &Part| match part {
        Part::Text(text) => !text.is_empty(),
        Part::Reasoning(_) | Part::CachePoint(_) | Part::Citation(_) => false,
        _ => true,
    };
    is_whole && parts.iter().any(says) && !parts.iter().any(|part| matches!(part, Part::Refusal(_)))
}

/// The kept form of an answer; `None` when it is longer than `longest`.
pub(super) fn encode(
    digest: Digest,
    now: Timestamp,
    told: &Told,
    cost: Cost,
    said: &Said,
    longest: usize,
) -> Option<Bytes> {
    let envelope = Envelope {
        version: VERSION,
        digest: digest.to_string(),
        answered: now.as_micros(),
        target: told.target.to_string(),
        model: told.model.to_string(),
        cost: cost.amount().map(NanoUsd::nanos),
        said,
    };
    let bytes = serde_json::to_vec(&envelope).ok()?;
    (bytes.len() <= longest).then(|| bytes.into())
}

/// An answer that was kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) told: Told,
    pub(super) said: Said,
}

impl Kept {
    /// Reads what was kept; `None` when it is not an answer of this version to this question by a target of ours.
    pub(super) fn decode(bytes: &[u8], digest: Digest, now: Timestamp, routes: &Routes) -> Option<Self> {
        let envelope: Envelope<Said> = serde_json::from_slice(bytes).ok()?;
        let answered = Timestamp::from_micros(envelope.answered);
        let is_ours = envelope.version == VERSION && envelope.digest == digest.to_string();
        if !is_ours || answered > now + SKEW {
            return None;
        }
        let mut members = routes.members().iter();
        let member = members.find(|member| *member.target_name() == *envelope.target)?;
        if let Said::Stream(events) = &envelope.said {
            let ends = events.iter().filter(|event| event.is_terminal()).count();
            if ends != 1 || !events.last().is_some_and(StreamEvent::is_terminal) {
                return None;
            }
        }
        let cost = envelope.cost.map(NanoUsd::from_nanos);
        let status = CacheStatus::Hit {
            age: now.since(answered),
        };
        let mut told = Told::new(member, &envelope.model, Vec::new()).through(status);
        told.saved = cost.map_or(Cost::Unpriced, Cost::Priced);
        let said = envelope.said;
        Some(Self { told, said })
    }

    pub(super) fn into_whole(self) -> Result<(Told, ChatResponse), Error> {
        match self.said {
            Said::Whole(response) => Ok((self.told, response)),
            Said::Stream(events) => {
                let response = collected(&events).ok_or_else(|| Error::new(ErrorKind::StreamTruncated))?;
                Ok((self.told, response))
            }
        }
    }

    pub(super) fn into_replay(self) -> Replay {
        let events = match self.said {
            Said::Whole(response) => events_of(&response),
            Said::Stream(events) => events,
        };
        Replay {
            told: self.told,
            events: events.into(),
        }
    }
}

/// The whole answer that these events are.
pub(super) fn collected(events: &[StreamEvent]) -> Option<ChatResponse> {
    let mut collector = StreamCollector::default();
    events.iter().for_each(|event| collector.push(event));
    collector.finish()
}

/// The events that a whole answer would have been: one for each of its parts, and the end.
pub(super) fn events_of(response: &ChatResponse) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Start {
        id: response.id.clone(),
        model: response.model.clone(),
    }];
    let mut index = 0;
    for part in &response.message.parts {
        match part {
            Part::Text(text) => events.push(StreamEvent::Text(text.clone())),
            Part::Refusal(text) => events.push(StreamEvent::Refusal(text.clone())),
            Part::Reasoning(reasoning) => {
                if !reasoning.text.is_empty() {
                    events.push(StreamEvent::Reasoning(reasoning.text.clone()));
                }
                events.extend(reasoning.signature.clone().map(StreamEvent::Signature));
            }
            Part::ToolCall(call) => {
                events.push(StreamEvent::ToolCallStart {
                    index,
                    id: call.id.clone(),
                    name: call.name.clone(),
                });
                if !call.arguments.is_empty() {
                    events.push(StreamEvent::ToolCallDelta {
                        index,
                        arguments: call.arguments.clone(),
                    });
                }
                let signature = call.signature.clone();
                events.extend(signature.map(|signature| StreamEvent::ToolCallSignature { index, signature }));
                events.push(StreamEvent::ToolCallEnd { index });
                index += 1;
            }
            Part::Image(media) | Part::Document(media) | Part::Audio(media) => {
                events.push(StreamEvent::Media(media.clone()));
            }
            Part::Citation(citation) => events.push(StreamEvent::Citation(citation.clone())),
            // No model says these.
            Part::ToolResult(_) | Part::CachePoint(_) => {}
        }
    }
    events.push(StreamEvent::Finish {
        reason: response.finish.clone(),
        usage: response.usage.clone(),
    });
    events
}

/// The events of an answer that was kept.
pub(super) struct Replay {
    told: Told,
    events: VecDeque<StreamEvent>,
}

impl Source for Replay {
    fn told(&self) -> &Told {
        &self.told
    }

    fn poll_event(
        &mut self,
        _: &mut Context<'_>,
        _: &StreamCollector,
    ) -> Poll<Option<Result<StreamEvent, Error>>> {
        Poll::Ready(self.events.pop_front().map(Ok))
    }
}
