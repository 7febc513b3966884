//! How a turn ends.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::conversations::Content;
use crate::knowledge::Citation;

/// Why a turn ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The model has answered.
    Answered,
    /// A choice of the contact was carried out without a model.
    Chosen,
    /// A topic with a fixed answer.
    Topic,
    /// The contact asked for a person.
    AskedForPerson,
    /// The model handed over.
    ModelGaveUp,
    /// Too many tools have failed, or the house itself until no attempt was left.
    FailedTools,
    /// The turn called more tools than it may.
    ToolLimit,
    /// The turn used more tokens than it may.
    TokenLimit,
    /// The conversation had more answers without a person than it may.
    AnswerLimit,
    /// The conversation had more turns in an hour than it may.
    TurnLimit,
    /// No model could be reached.
    ModelUnavailable,
    /// The model said nothing, or its provider withheld it.
    NoAnswer,
    /// It is outside of the assistant's hours.
    Away,
    /// The assistant is turned off.
    Disabled,
    /// The reply could not be sent: the contact wrote too long ago.
    NotSent,
    /// A person has the conversation, or it is closed.
    TakenOver,
    /// The data of the client may not be used (LGPD, art. 18, IV), or nothing is sent to the contact.
    Blocked,
    /// Nothing was said that asks for an answer.
    NothingAsked,
}

impl Reason {
    /// The name used in JSON, in the database and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Chosen => "chosen",
            Self::Topic => "topic",
            Self::AskedForPerson => "asked_for_person",
            Self::ModelGaveUp => "model_gave_up",
            Self::FailedTools => "failed_tools",
            Self::ToolLimit => "tool_limit",
            Self::TokenLimit => "token_limit",
            Self::AnswerLimit => "answer_limit",
            Self::TurnLimit => "turn_limit",
            Self::ModelUnavailable => "model_unavailable",
            Self::NoAnswer => "no_answer",
            Self::Away => "away",
            Self::Disabled => "disabled",
            Self::NotSent => "not_sent",
            Self::TakenOver => "taken_over",
            Self::Blocked => "blocked",
            Self::NothingAsked => "nothing_asked",
        }
    }
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TurnOutcome {
    /// It was answered, and the assistant keeps the conversation.
    Replied,
    /// The conversation waits for a person.
    HandedOver,
    /// Nothing was said.
    Silent,
}

impl TurnOutcome {
    /// The name used in JSON, in the database and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::HandedOver => "handed_over",
            Self::Silent => "silent",
        }
    }
}

/// How a turn is to end.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Decision {
    pub(super) outcome: TurnOutcome,
    pub(super) reason: Reason,
    /// What is said.
    pub(super) content: Option<Content>,
    #[serde(default)]
    pub(super) citations: Vec<Citation>,
    #[serde(default)]
    pub(super) withheld: Vec<String>,
}

impl Decision {
    pub(super) const fn silent(reason: Reason) -> Self {
        Self::new(TurnOutcome::Silent, reason, None)
    }

    pub(super) const fn reply(reason: Reason, content: Content) -> Self {
        Self::new(TurnOutcome::Replied, reason, Some(content))
    }

    pub(super) const fn hand_over(reason: Reason, notice: Option<Content>) -> Self {
        Self::new(TurnOutcome::HandedOver, reason, notice)
    }

    const fn new(outcome: TurnOutcome, reason: Reason, content: Option<Content>) -> Self {
        Self {
            outcome,
            reason,
            content,
            citations: Vec::new(),
            withheld: Vec::new(),
        }
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("outcome", &self.outcome)
            .field("reason", &self.reason)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}
