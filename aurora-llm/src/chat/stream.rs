//! What arrives while an answer is being written.

use std::pin::Pin;

use futures::Stream;
use serde::{Deserialize, Serialize};

use super::message::{Citation, Media, Part, Signature};
use super::response::FinishReason;
use crate::error::Error;
use crate::usage::Usage;

/// A stream of events with exactly one terminal item: [`StreamEvent::Finish`], or an error.
///
/// The end of input without a terminal is an error, so that a cut answer can never pass for a short one.
///
/// # Cancel safety
/// Dropping the stream closes the connection to the provider.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<StreamEvent, Error>> + Send + 'static>>;

/// One event of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StreamEvent {
    /// The provider has begun; nothing has been said yet.
    Start {
        /// The provider's id of the answer.
        id: String,
        /// The model that answers.
        model: String,
    },
    /// More text.
    Text(String),
    /// More visible reasoning.
    Reasoning(String),
    /// The provider's proof of the reasoning before it.
    Signature(Signature),
    /// More words of a refusal.
    Refusal(String),
    /// The model begins to call a tool.
    ToolCallStart {
        /// Which call of the answer, from 0.
        index: u32,
        /// Ties the result to the call.
        id: String,
        /// Which tool.
        name: String,
    },
    /// More of a call's arguments: a fragment of JSON text.
    ToolCallDelta {
        /// Which call.
        index: u32,
        /// The fragment.
        arguments: String,
    },
    /// The call's arguments are complete.
    ToolCallEnd {
        /// Which call.
        index: u32,
    },
    /// The provider's proof of a tool call (Gemini signs calls): belongs to the call of this index.
    ToolCallSignature {
        /// Which call.
        index: u32,
        /// The proof.
        signature: Signature,
    },
    /// Where the text before it was taken from.
    Citation(Citation),
    /// A piece of media that the model made, whole.
    Media(Media),
    /// What has been consumed so far; replaces, never adds to, an earlier one.
    Usage(Usage),
    /// The provider is still there.
    Ping,
    /// The answer is complete. Nothing follows.
    Finish {
        /// Why it ended.
        reason: FinishReason,
        /// What was consumed in all, when the provider said.
        usage: Option<Usage>,
    },
}

impl StreamEvent {
    /// Whether the event hands out something said by the model.
    ///
    /// The first such event is the *commit point*: before it a client may change its target unseen.
    #[must_use]
    pub const fn is_content(&self) -> bool {
        matches!(
            self,
            Self::Text(_)
                | Self::Reasoning(_)
                | Self::Signature(_)
                | Self::Refusal(_)
                | Self::ToolCallStart { .. }
                | Self::ToolCallDelta { .. }
                | Self::ToolCallEnd { .. }
                | Self::ToolCallSignature { .. }
                | Self::Citation(_)
                | Self::Media(_)
        )
    }

    /// About how many bytes it adds to the answer.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Text(more) | Self::Reasoning(more) | Self::Refusal(more) => more.len(),
            Self::ToolCallStart { id, name, .. } => id.len() + name.len() + size_of::<Part>(),
            Self::ToolCallDelta { arguments, .. } => arguments.len(),
            Self::Signature(signature) | Self::ToolCallSignature { signature, .. } => signature.value.len(),
            Self::Citation(citation) => {
                size_of::<Part>() + citation.text.len() + citation.cited.as_ref().map_or(0, String::len)
            }
            Self::Media(media) => size_of::<Part>() + media.size(),
            _ => 0,
        }
    }

    /// Whether nothing may follow.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Finish { .. })
    }
}
