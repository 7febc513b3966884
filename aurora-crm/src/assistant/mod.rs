//! The assistant (`assistente`): answers contacts with a language model that acts through tools, with people in the loop.
//!
//! A turn answers every message of a contact that had no answer yet. It runs from the outbox queue `crm.turns`, in order per
//! conversation, and writes each of its steps down before it takes the next: a turn that is interrupted anywhere goes on where
//! it was, and neither asks again what was answered nor does a thing twice.
//!
//! | call | for |
//! | --- | --- |
//! | `Crm::assistant` | puts it together: with a model's client, with knowledge |
//! | [`Assistant::settings`], [`Assistant::configure`] | what a workspace tells it |
//! | [`Assistant::run`], [`Assistant::worker`] | answers |
//! | [`Assistant::steps`], [`Assistant::citations`] | what it did, and where an answer took its words from |
//! | [`Receptionist`] | a model for demonstrations without keys |
//!
//! What a model may do is bounded by the tools and not by what it is told: see [`ToolName`].

mod desk;
mod engine;
mod filter;
mod handle;
mod language;
mod offer;
mod outcome;
mod progress;
mod prompt;
mod receptionist;
mod settings;
mod sql;
mod step;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod tools;
mod triggers;
mod wording;

pub use self::handle::{Assistant, AssistantBuilder};
pub use self::language::{Language, Speech};
pub use self::outcome::{Reason, TurnOutcome};
pub use self::receptionist::Receptionist;
pub use self::settings::{
    AnswerHours, AssistantSettings, Away, HandOverRules, StoredSettings, Topic, TurnLimits,
};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
pub use self::step::{StepKind, Turn, TurnId, TurnStep};
pub use self::tools::ToolName;

/// The queue of the outbox that turns wait in; conversations put them there.
pub const QUEUE: &str = crate::conversations::TURNS;
