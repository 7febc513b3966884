//! What a workspace has told its assistant.

mod check;
mod hours;
pub(super) mod limits;
mod topic;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::language::Speech;
use super::tools::ToolName;

pub use self::hours::{AnswerHours, Away};
pub use self::limits::{HandOverRules, TurnLimits};
pub use self::topic::Topic;

/// How the assistant of a workspace behaves: who it is, when it answers, what it may do and when a person takes over.
///
/// Stored as one document with a version; read anew for every turn, so that a change counts from the next message on.
/// `Debug` shows no texts.
///
/// # Examples
/// ```
/// use aurora_crm::assistant::{AssistantSettings, Speech, ToolName};
///
/// let settings = AssistantSettings::new("Lia", "Clínica Sol")
///     .persona("Calorosa e breve; trata por você.")
///     .speech(Speech::Follow)
///     .link("https://clinicasol.example/convenios")
///     .without(ToolName::CancelAppointment);
/// assert!(settings.check().is_ok());
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AssistantSettings {
    /// Whether it answers at all; without, conversations wait for a person.
    pub enabled: bool,
    /// What it calls itself, up to 60 characters.
    pub name: String,
    /// The house that it answers for, up to 120 characters.
    pub house: String,
    /// How it speaks and what it should know in general, up to 2,000 characters. The model reads it.
    pub persona: String,
    /// In which language.
    pub speech: Speech,
    /// When it answers; always when empty.
    pub hours: AnswerHours,
    /// What happens outside of its hours.
    pub away: Away,
    /// The model or alias of the LLM client, up to 100 characters; the client's own choice when absent.
    pub model: Option<String>,
    /// What it may do.
    pub tools: BTreeSet<ToolName>,
    /// Whether it looks things up in the workspace's knowledge.
    pub knowledge: bool,
    /// When a person takes over.
    pub hand_over: HandOverRules,
    /// What a turn may use.
    pub limits: TurnLimits,
    /// Addresses that it may name in answers, beside those in the passages that it has found; up to 20, each exactly as it is
    /// to be written.
    pub links: Vec<String>,
    /// What a person agrees to when it is registered, up to 2,000 characters; no consent is written down without.
    pub consent: Option<String>,
}

impl Default for AssistantSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            name: "Assistente".to_owned(),
            house: String::new(),
            persona: String::new(),
            speech: Speech::Follow,
            hours: AnswerHours::default(),
            away: Away::Wait,
            model: None,
            tools: ToolName::ALL.into_iter().collect(),
            knowledge: true,
            hand_over: HandOverRules::default(),
            limits: TurnLimits::default(),
            links: Vec::new(),
            consent: None,
        }
    }
}

impl AssistantSettings {
    /// An assistant that answers, around the clock, with every tool.
    #[must_use]
    pub fn new(name: impl Into<String>, house: impl Into<String>) -> Self {
        Self {
            enabled: true,
            name: name.into(),
            house: house.into(),
            ..Self::default()
        }
    }

    /// How it speaks.
    #[must_use]
    pub fn persona(mut self, text: impl Into<String>) -> Self {
        self.persona = text.into();
        self
    }

    /// In which language.
    #[must_use]
    pub const fn speech(mut self, speech: Speech) -> Self {
        self.speech = speech;
        self
    }

    /// When it answers, and what happens outside of that.
    #[must_use]
    pub fn hours(mut self, hours: AnswerHours, away: Away) -> Self {
        (self.hours, self.away) = (hours, away);
        self
    }

    /// The model or alias.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Takes a tool away.
    #[must_use]
    pub fn without(mut self, tool: ToolName) -> Self {
        self.tools.remove(&tool);
        self
    }

    /// When a person takes over.
    #[must_use]
    pub fn hand_over(mut self, rules: HandOverRules) -> Self {
        self.hand_over = rules;
        self
    }

    /// What a turn may use.
    #[must_use]
    pub const fn limits(mut self, limits: TurnLimits) -> Self {
        self.limits = limits;
        self
    }

    /// One more address that it may name.
    #[must_use]
    pub fn link(mut self, url: impl Into<String>) -> Self {
        self.links.push(url.into());
        self
    }

    /// What a person agrees to when it is registered.
    #[must_use]
    pub fn consent(mut self, text: impl Into<String>) -> Self {
        self.consent = Some(text.into());
        self
    }

    /// Whether a tool is offered to the model.
    pub(super) fn offers(&self, tool: ToolName) -> bool {
        tool == ToolName::HandOver
            || (self.tools.contains(&tool) && (self.knowledge || tool != ToolName::SearchKnowledge))
    }
}

impl fmt::Debug for AssistantSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssistantSettings")
            .field("enabled", &self.enabled)
            .field("speech", &self.speech)
            .field("model", &self.model)
            .field("tools", &self.tools)
            .field("knowledge", &self.knowledge)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Settings as they are stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredSettings {
    /// What is set.
    pub settings: AssistantSettings,
    /// Grows by one with each change; 0 when nothing was ever stored.
    pub version: i64,
}
