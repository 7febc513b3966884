//! What a model answered.

use serde::{Deserialize, Serialize};

use super::message::Message;
use super::tool::ToolCall;
use crate::usage::Usage;

/// One whole answer of one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatResponse {
    /// The provider's id of the answer.
    pub id: String,
    /// The model that answered, as the provider names it; often more exact than the one asked for.
    pub model: String,
    /// What was said.
    pub message: Message,
    /// Why it ended.
    pub finish: FinishReason,
    /// What was consumed; `None` when the provider did not say.
    pub usage: Option<Usage>,
}

impl ChatResponse {
    /// What a provider answered; `usage` is `None` when it did not say.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        model: impl Into<String>,
        message: Message,
        finish: FinishReason,
        usage: Option<Usage>,
    ) -> Self {
        Self {
            id: id.into(),
            model: model.into(),
            message,
            finish,
            usage,
        }
    }

    /// All text parts of the answer joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.message.text()
    }

    /// The tool calls in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.message.tool_calls()
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    Stop,
    /// The limit of tokens was reached; a tool call may be cut off.
    Length,
    /// The model wants tools to be run.
    ToolCalls,
    /// The provider withheld the answer or the rest of it.
    ContentFilter,
    /// A reason that this version does not know, as the provider named it.
    Other(String),
}

impl FinishReason {
    /// The reason in the words of the OpenAI dialect, which most programs know.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(name) => name,
        }
    }
}

impl From<FinishReason> for String {
    fn from(reason: FinishReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl From<String> for FinishReason {
    fn from(name: String) -> Self {
        match name.as_str() {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            "content_filter" => Self::ContentFilter,
            _ => Self::Other(name),
        }
    }
}
