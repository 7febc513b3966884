use serde::{Deserialize, Serialize};

use super::Topic;

/// When a person takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HandOverRules {
    /// When the contact asks for a person in so many words.
    pub on_request: bool,
    /// After so many failed tool calls of one turn, 1 to 8.
    pub failed_tools: u32,
    /// After so many answers since a person last had the conversation, or in a day, 2 to 200.
    pub answers: u32,
    /// Topics with a fixed answer, up to 20.
    pub topics: Vec<Topic>,
}

impl Default for HandOverRules {
    /// On request, after three failed tools of a turn, after 30 answers, in emergencies.
    fn default() -> Self {
        Self {
            on_request: true,
            failed_tools: 3,
            answers: 30,
            topics: vec![Topic::despair(), Topic::emergency()],
        }
    }
}

impl HandOverRules {
    /// After so many answers.
    #[must_use]
    pub const fn answers(mut self, answers: u32) -> Self {
        self.answers = answers;
        self
    }

    /// After so many failed tool calls of one turn.
    #[must_use]
    pub const fn failed_tools(mut self, calls: u32) -> Self {
        self.failed_tools = calls;
        self
    }

    /// One more topic, looked for before those that are there.
    #[must_use]
    pub fn topic(mut self, topic: Topic) -> Self {
        self.topics.insert(0, topic);
        self
    }
}

/// The most seconds that one answer of the model may be given: an attempt at a turn has room for it.
pub(in crate::assistant) const MOST_ANSWER_SECONDS: u64 = 60;
/// The most seconds that a contact may be waited for.
pub(in crate::assistant) const MOST_GATHER_SECONDS: u64 = 15;

/// What one turn may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TurnLimits {
    /// Tokens of all answers of the model, input and output, 1,000 to 200,000. Looked at before each question, so that the
    /// last one can go beyond it.
    pub tokens: u64,
    /// Tool calls, 1 to 8.
    pub tool_calls: u32,
    /// Turns of one conversation within an hour, 1 to 120.
    pub turns_per_hour: u32,
    /// Seconds for one answer of the model with everything that is tried, 5 to 60.
    pub answer_seconds: u32,
    /// Tokens of one answer, 64 to 4,096.
    pub answer_tokens: u32,
    /// Characters of a reply, 100 to 4,096, the most that WhatsApp takes.
    pub reply_chars: u32,
    /// How long after its latest message a contact is waited for, in seconds, 0 to 15: several quick messages get one answer.
    pub gather_seconds: u32,
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            tokens: 30_000,
            tool_calls: 8,
            turns_per_hour: 30,
            answer_seconds: 45,
            answer_tokens: 1_024,
            reply_chars: 1_500,
            gather_seconds: 2,
        }
    }
}

impl TurnLimits {
    /// Tokens of all answers.
    #[must_use]
    pub const fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }

    /// Tool calls.
    #[must_use]
    pub const fn tool_calls(mut self, calls: u32) -> Self {
        self.tool_calls = calls;
        self
    }

    /// Turns of one conversation within an hour.
    #[must_use]
    pub const fn turns_per_hour(mut self, turns: u32) -> Self {
        self.turns_per_hour = turns;
        self
    }

    /// How long a contact is waited for after its latest message, in seconds.
    #[must_use]
    pub const fn gather_seconds(mut self, seconds: u32) -> Self {
        self.gather_seconds = seconds;
        self
    }
}
