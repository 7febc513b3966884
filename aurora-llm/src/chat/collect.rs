//! From the events of a stream to one whole answer.

use std::collections::BTreeMap;

use super::message::{Message, Part, Reasoning, Role};
use super::response::{ChatResponse, FinishReason};
use super::stream::StreamEvent;
use super::tool::ToolCall;
use crate::usage::Usage;

/// Puts the events of a stream together to what a call without streaming would have answered.
///
/// # Examples
/// ```
/// use aurora_llm::chat::{FinishReason, StreamCollector, StreamEvent};
///
/// let mut collector = StreamCollector::default();
/// collector.push(&StreamEvent::Text("Hel".into()));
/// collector.push(&StreamEvent::Text("lo".into()));
/// collector.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None });
/// assert_eq!(collector.finish().expect("the stream has ended").text(), "Hello");
/// ```
#[derive(Debug, Clone, Default)]
pub struct StreamCollector {
    id: String,
    model: String,
    parts: Vec<Part>,
    calls: BTreeMap<u32, usize>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    size: usize,
}

impl StreamCollector {
    /// Takes the next event.
    pub fn push(&mut self, event: &StreamEvent) {
        self.size = self.size.saturating_add(event.size());
        match event {
            StreamEvent::Start { id, model } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            StreamEvent::Text(more) => match self.parts.last_mut() {
                Some(Part::Text(text)) => text.push_str(more),
                _ => self.parts.push(Part::Text(more.clone())),
            },
            StreamEvent::Refusal(more) => match self.parts.last_mut() {
                Some(Part::Refusal(text)) => text.push_str(more),
                _ => self.parts.push(Part::Refusal(more.clone())),
            },
            StreamEvent::Reasoning(more) => self.reasoning().text.push_str(more),
            StreamEvent::Signature(signature) => self.reasoning().signature = Some(signature.clone()),
            StreamEvent::ToolCallStart { index, id, name } => {
                self.calls.insert(*index, self.parts.len());
                let (id, name) = (id.clone(), name.clone());
                self.parts
                    .push(Part::ToolCall(ToolCall::new(id, name, String::new())));
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                let part = self.calls.get(index).and_then(|at| self.parts.get_mut(*at));
                if let Some(Part::ToolCall(call)) = part {
                    call.arguments.push_str(arguments);
                }
            }
            StreamEvent::ToolCallSignature { index, signature } => {
                let part = self.calls.get(index).and_then(|at| self.parts.get_mut(*at));
                if let Some(Part::ToolCall(call)) = part {
                    call.signature = Some(signature.clone());
                }
            }
            StreamEvent::Citation(citation) => self.parts.push(Part::Citation(citation.clone())),
            StreamEvent::Media(media) => self.parts.push(media.clone().into_part()),
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, usage } => {
                self.finish = Some(reason.clone());
                if usage.is_some() {
                    self.usage.clone_from(usage);
                }
            }
            StreamEvent::ToolCallEnd { .. } | StreamEvent::Ping => {}
        }
    }

    /// The reasoning part that is being written; a signature closes one, so that the next text begins another.
    fn reasoning(&mut self) -> &mut Reasoning {
        let open = matches!(self.parts.last(), Some(Part::Reasoning(r)) if r.signature.is_none());
        if !open {
            self.parts.push(Part::Reasoning(Reasoning::default()));
        }
        match self.parts.last_mut() {
            Some(Part::Reasoning(reasoning)) => reasoning,
            _ => unreachable!("a reasoning part was pushed just above"),
        }
    }

    /// What was said so far, for an answer that was cut off.
    #[must_use]
    pub fn partial(&self) -> Message {
        Message::new(Role::Assistant, self.parts.clone())
    }

    /// About how many bytes have been said so far.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The latest usage that the provider reported.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// The whole answer; `None` when the stream has not ended with [`StreamEvent::Finish`].
    #[must_use]
    pub fn finish(self) -> Option<ChatResponse> {
        let finish = self.finish?;
        let message = Message::new(Role::Assistant, self.parts);
        Some(ChatResponse {
            id: self.id,
            model: self.model,
            message,
            finish,
            usage: self.usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Signature;

    #[test]
    fn interleaved_tool_calls_are_kept_apart() {
        let mut collector = StreamCollector::default();
        let start = |index: u32, id: &str| StreamEvent::ToolCallStart {
            index,
            id: id.into(),
            name: "f".into(),
        };
        let delta = |index: u32, arguments: &str| StreamEvent::ToolCallDelta {
            index,
            arguments: arguments.into(),
        };
        for event in [
            start(0, "a"),
            start(1, "b"),
            delta(1, "{\"x\""),
            delta(0, "{}"),
            delta(1, ":1}"),
        ] {
            collector.push(&event);
        }
        assert!(collector.clone().finish().is_none(), "no terminal event yet");
        collector.push(&StreamEvent::Finish {
            reason: FinishReason::ToolCalls,
            usage: None,
        });
        let answer = collector.finish().unwrap();
        let calls: Vec<_> = answer
            .tool_calls()
            .map(|c| (c.id.as_str(), c.arguments.as_str()))
            .collect();
        assert_eq!(calls, [("a", "{}"), ("b", "{\"x\":1}")]);
    }

    #[test]
    fn a_signature_closes_its_reasoning() {
        let mut collector = StreamCollector::default();
        let signature = Signature {
            provider: "p".into(),
            value: "s".into(),
        };
        collector.push(&StreamEvent::Reasoning("one".into()));
        collector.push(&StreamEvent::Signature(signature.clone()));
        collector.push(&StreamEvent::Reasoning("two".into()));
        let one = Part::Reasoning(Reasoning {
            text: "one".into(),
            signature: Some(signature),
        });
        let two = Part::Reasoning(Reasoning {
            text: "two".into(),
            signature: None,
        });
        assert_eq!(collector.partial().parts, [one, two]);
    }
}
