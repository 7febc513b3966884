//! What happens to a stream that breaks after something was handed out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plan;
use super::route::fit;
use crate::chat::{
    ChatRequest, Message, Part, ResponseFormat, Role, StreamCollector, StreamEvent, ToolChoice,
};
use crate::error::Error;

/// What happens to a stream that breaks after something was handed out: is cut, stalls, becomes malformed, or brings an
/// error of the provider.
///
/// Before the first content a stream always moves to the next target unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Continuation {
    /// The stream ends with the error, which carries what was said. The default.
    #[default]
    Off,
    /// The next target that can ([`Capabilities::prefill`](crate::provider::Capabilities::prefill)) goes on where the
    /// answer broke off: it is asked with what was said as the beginning of its answer, and its text is handed out
    /// after it.
    ///
    /// Only plain text can be continued: when a tool call, a refusal or media was handed out, when the answer broke in the
    /// middle of its reasoning, or when JSON or a certain tool is demanded, the stream ends as with
    /// [`Off`](Self::Off).
    Continue,
    /// The answer is held back for this many events from its first content on, or until it is complete. Whatever happens
    /// until then, it begins anew at the next target and nobody sees it; afterwards it is as with [`Off`](Self::Off).
    Buffered {
        /// How many events are held back; [`usize::MAX`] is the whole answer.
        events: usize,
    },
}

impl Continuation {
    /// Hands an answer out only when it is complete.
    #[must_use]
    pub const fn whole() -> Self {
        Self::Buffered { events: usize::MAX }
    }

    /// How many events from the first content on make the commit point.
    pub(super) const fn holds(self) -> usize {
        match self {
            Self::Buffered { events } => events,
            Self::Off | Self::Continue => 1,
        }
    }
}

/// A request for the rest of an answer.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) request: Arc<ChatRequest>,
    pub(super) seam: Seam,
}

/// Asks for the rest of the answer to `request`, if what was said so far can be continued after this error.
pub(super) fn rest(request: &ChatRequest, so_far: &StreamCollector, error: &Error) -> Option<Rest> {
    let next = plan::row(error.kind(), plan::Said::Part).next;
    if next != plan::Next::ToGoOn {
        return None;
    }
    let free = matches!(request.format, ResponseFormat::Text)
        && matches!(request.tool_choice, ToolChoice::Auto | ToolChoice::None)
        && request.speech.is_none();
    let said = so_far.partial();
    let continues = |part: &Part| matches!(part, Part::Text(_) | Part::Reasoning(_) | Part::Citation(_));
    let broke_in_text = matches!(said.parts.last(), Some(Part::Text(_) | Part::Citation(_)));
    if !free || !broke_in_text || !said.parts.iter().all(continues) {
        return None;
    }
    let text = said.text();
    // Providers refuse a beginning that ends in white space, so that is kept back, and taken off what comes.
    let sent = text.trim_end();
    let kept = text.get(sent.len()..).unwrap_or_default().to_owned();
    let mut next = request.clone();
    if !sent.is_empty() {
        // Reasoning and its proofs belong to who made them, and no provider thinks in the middle of an answer.
        next.reasoning = None;
        next.show_reasoning = false;
        match next.messages.last_mut() {
            Some(last) if last.role == Role::Assistant => last.parts.push(Part::text(sent)),
            _ => next.messages.push(Message::assistant(sent)),
        }
        let spent = u32::try_from(sent.len() as u64 / fit::BYTES_PER_TOKEN).unwrap_or(u32::MAX);
        next.max_tokens = next.max_tokens.map(|most| most.saturating_sub(spent).max(1));
    }
    Some(Rest {
        request: Arc::new(next),
        seam: Seam { kept },
    })
}

/// Where two parts of an answer meet.
///
/// Only the white space that was kept back is taken off, if it comes again. Nothing else is: a target that can continue
/// does not repeat, and words that come twice may be meant to.
#[derive(Debug, Default)]
pub(super) struct Seam {
    kept: String,
}

impl Seam {
    /// The event as it is handed out; `None` when nothing of it is new.
    pub(super) fn join(&mut self, event: StreamEvent) -> Option<StreamEvent> {
        match event {
            StreamEvent::Start { .. } => None, // the answer has begun already
            StreamEvent::Text(text) if !self.kept.is_empty() => {
                let same = self
                    .kept
                    .bytes()
                    .zip(text.bytes())
                    .take_while(|(kept, came)| kept == came)
                    .count();
                let same = (0..=same)
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0);
                let rest = text.get(same..).unwrap_or_default();
                if rest.is_empty() {
                    self.kept.drain(..same);
                    return None;
                }
                self.kept.clear();
                Some(StreamEvent::Text(rest.to_owned()))
            }
            event => Some(event),
        }
    }
}
