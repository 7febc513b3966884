//! What a turn has done: each step is written down before the next one is taken.

use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;
use aurora_llm::chat::{FinishReason, Message as Said, ToolCall};
use serde::{Deserialize, Serialize};

use super::outcome::{Decision, Reason};
use super::tools::Effect;
use crate::knowledge::Citation;

/// Names a turn: `trn_` and 32 hexadecimal digits.
pub type TurnId = Id<Turn>;

/// What a [`TurnId`] names: one answer of the assistant, to all messages of a contact that had none yet.
#[derive(Debug)]
pub struct Turn;

impl IdKind for Turn {
    const PREFIX: &'static str = "trn";
}

/// One step, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Step {
    /// The contact has chosen something that was offered: the same as the call of a tool, without a model.
    Understood { call: ToolCall },
    /// The model has answered.
    Answered { said: Said, finish: FinishReason },
    /// A tool has run.
    Ran {
        call_id: String,
        tool: String,
        result: String,
        is_error: bool,
        effect: Effect,
    },
    /// It is settled how the turn ends.
    Decided { decision: Decision },
}

/// What a step has used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// Provider and model, as a target is named.
    pub(super) model: Option<String>,
    pub(super) input_tokens: i64,
    pub(super) output_tokens: i64,
    pub(super) cost: Option<NanoUsd>,
}

/// A step with its place and what it has used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    pub(super) turn: TurnId,
    pub(super) through: i64,
    pub(super) ordinal: i64,
    pub(super) step: Step,
    pub(super) used: Used,
    pub(super) at: Timestamp,
}

/// What kind of step it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// The contact has chosen something that was offered.
    Understood,
    /// The model has answered.
    Answered,
    /// A tool has run.
    Ran,
    /// It was settled how the turn ends.
    Decided,
}

impl StepKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Understood => "understood",
            Self::Answered => "answered",
            Self::Ran => "ran",
            Self::Decided => "decided",
        }
    }
}

/// One step of a turn, for the people who look after a conversation.
///
/// `Debug` shows no texts.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TurnStep {
    /// The turn.
    pub turn_id: TurnId,
    /// The position of the last message that the turn answers.
    pub through_position: i64,
    /// Its place in the turn, from 0.
    pub ordinal: i64,
    /// What kind of step it was.
    pub kind: StepKind,
    /// The tools that were called, or the one that has run.
    pub tools: Vec<String>,
    /// What each of these was called with, in their order: JSON text as the model wrote it, not checked. Empty of one that has run.
    pub arguments: Vec<String>,
    /// The model's words, the arguments of what was understood, the tool's result, or the reply.
    pub text: String,
    /// Whether the tool failed.
    pub failed: bool,
    /// Why the turn ended as it did.
    pub reason: Option<Reason>,
    /// Where the reply took its words from.
    pub citations: Vec<Citation>,
    /// What was taken out of the model's words before they were sent, as words such as `link`.
    pub withheld: Vec<String>,
    /// Provider and model that answered.
    pub model: Option<String>,
    /// Tokens that the model has read.
    pub input_tokens: i64,
    /// Tokens that the model has written.
    pub output_tokens: i64,
    /// What the answer cost, in nano-dollars, where a price is known.
    pub cost_nanos: Option<i64>,
    /// When.
    pub at: Timestamp,
}

impl fmt::Debug for TurnStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnStep")
            .field("turn_id", &self.turn_id)
            .field("ordinal", &self.ordinal)
            .field("kind", &self.kind)
            .field("tools", &self.tools)
            .field("failed", &self.failed)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl Step {
    pub(super) const fn kind(&self) -> StepKind {
        match self {
            Self::Understood { .. } => StepKind::Understood,
            Self::Answered { .. } => StepKind::Answered,
            Self::Ran { .. } => StepKind::Ran,
            Self::Decided { .. } => StepKind::Decided,
        }
    }
}

impl From<Written> for TurnStep {
    fn from(written: Written) -> Self {
        let kind = written.step.kind();
        let mut shown = Self {
            turn_id: written.turn,
            through_position: written.through,
            ordinal: written.ordinal,
            kind,
            tools: Vec::new(),
            arguments: Vec::new(),
            text: String::new(),
            failed: false,
            reason: None,
            citations: Vec::new(),
            withheld: Vec::new(),
            model: written.used.model,
            input_tokens: written.used.input_tokens,
            output_tokens: written.used.output_tokens,
            cost_nanos: written.used.cost.map(NanoUsd::nanos),
            at: written.at,
        };
        match written.step {
            Step::Understood { call } => {
                shown.tools = vec![call.name];
                shown.arguments = vec![call.arguments.clone()];
                shown.text = call.arguments;
            }
            Step::Answered { said, .. } => {
                shown.tools = said.tool_calls().map(|call| call.name.clone()).collect();
                shown.arguments = said.tool_calls().map(|call| call.arguments.clone()).collect();
                shown.text = said.text();
            }
            Step::Ran {
                tool,
                result,
                is_error,
                ..
            } => {
                shown.tools = vec![tool];
                shown.text = result;
                shown.failed = is_error;
            }
            Step::Decided { decision } => {
                shown.text = decision
                    .content
                    .as_ref()
                    .map(|content| content.words().to_owned())
                    .unwrap_or_default();
                shown.reason = Some(decision.reason);
                shown.citations = decision.citations;
                shown.withheld = decision.withheld;
            }
        }
        shown
    }
}
