//! Where a turn stands, told from its steps alone: what was answered is never asked again.

use aurora_llm::chat::{FinishReason, Message as Said, Part, Role, ToolCall, ToolResult};

use super::outcome::{Decision, Reason};
use super::settings::AssistantSettings;
use super::step::{Step, Written};
use super::tools::Effect;
use crate::knowledge::Citation;

/// A turn as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// What the model has said and what came of it, to be said to it again.
    pub(super) said: Vec<Said>,
    /// Calls that have not run yet, in order.
    pending: Vec<ToolCall>,
    /// Effects of tools, in order, with whether the tool failed.
    pub(super) effects: Vec<Effect>,
    /// The text of the last answer, once it calls nothing.
    answer: Option<(String, FinishReason)>,
    decision: Option<Decision>,
    began_with_choice: bool,
    /// What the choice that began the turn has done, while nothing else has happened since.
    chosen: Option<Effect>,
    calls: u32,
    failed: u32,
    tokens: u64,
    /// The place of the next step.
    pub(super) next_ordinal: i64,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Next {
    /// Ask the model.
    Ask,
    /// Run a tool.
    Run(ToolCall),
    /// Answer with what the model has said.
    Answer(String),
    /// Answer a choice from a template.
    Confirm(Effect),
    /// Hand over to a person.
    HandOver(Reason),
    /// Carry out what was decided.
    Settle(Decision),
}

impl Progress {
    pub(super) fn of(steps: &[Written]) -> Self {
        let mut progress = Self::default();
        for written in steps {
            progress.take(written);
        }
        progress
    }

    fn take(&mut self, written: &Written) {
        self.next_ordinal = written.ordinal + 1;
        let used = written
            .used
            .input_tokens
            .saturating_add(written.used.output_tokens);
        self.tokens = self.tokens.saturating_add(u64::try_from(used).unwrap_or(0));
        match &written.step {
            Step::Understood { call } => {
                self.began_with_choice = true;
                self.pending = vec![call.clone()];
                self.said
                    .push(Said::new(Role::Assistant, vec![Part::ToolCall(call.clone())]));
            }
            Step::Answered { said, finish } => {
                self.chosen = None;
                // A call that was cut off is not run.
                let is_whole = *finish != FinishReason::Length && *finish != FinishReason::ContentFilter;
                self.pending = said.tool_calls().filter(|_| is_whole).cloned().collect();
                if self.pending.is_empty() {
                    self.answer = Some((said.text(), finish.clone()));
                }
                self.said.push(said.clone());
            }
            Step::Ran {
                call_id,
                result,
                is_error,
                effect,
                ..
            } => {
                self.calls += 1;
                self.failed += u32::from(*is_error);
                self.pending.retain(|call| call.id != *call_id);
                let mut told = ToolResult::new(call_id, result);
                if *is_error {
                    told = told.failed();
                }
                // Results of one answer belong into one message.
                match self.said.last_mut().filter(|last| last.role == Role::Tool) {
                    Some(last) => last.parts.push(Part::ToolResult(told)),
                    None => self.said.push(Said::tool_result(told)),
                }
                let is_choice = self.began_with_choice && self.effects.is_empty() && effect.has_words();
                self.chosen = is_choice.then(|| effect.clone());
                self.effects.push(effect.clone());
            }
            Step::Decided { decision } => self.decision = Some(decision.clone()),
        }
    }

    pub(super) fn next(&self, settings: &AssistantSettings) -> Next {
        if let Some(decision) = &self.decision {
            return Next::Settle(decision.clone());
        }
        if self
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::HandOver { .. }))
        {
            return Next::HandOver(Reason::ModelGaveUp);
        }
        if self.failed >= settings.hand_over.failed_tools {
            return Next::HandOver(Reason::FailedTools);
        }
        if let Some(call) = self.pending.first() {
            if self.calls >= settings.limits.tool_calls {
                return Next::HandOver(Reason::ToolLimit);
            }
            return Next::Run(call.clone());
        }
        if let Some((text, finish)) = &self.answer {
            return if text.trim().is_empty() || *finish == FinishReason::ContentFilter {
                Next::HandOver(Reason::NoAnswer)
            } else {
                Next::Answer(text.clone())
            };
        }
        if let Some(effect) = &self.chosen {
            return Next::Confirm(effect.clone());
        }
        if self.tokens >= settings.limits.tokens {
            return Next::HandOver(Reason::TokenLimit);
        }
        Next::Ask
    }

    /// The passages that were found in this turn.
    pub(super) fn citations(&self) -> Vec<Citation> {
        let found = self.effects.iter().filter_map(|effect| match effect {
            Effect::Found { citations } => Some(citations.iter().cloned()),
            _ => None,
        });
        found.flatten().collect()
    }

    /// What tools have told in this turn.
    pub(super) fn results(&self) -> impl Iterator<Item = &str> {
        let parts = self.said.iter().flat_map(|said| &said.parts);
        parts.filter_map(|part| match part {
            Part::ToolResult(result) => Some(result.content.as_str()),
            _ => None,
        })
    }
}
