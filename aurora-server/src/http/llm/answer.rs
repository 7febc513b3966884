//! The shapes in which `/llm/chat` answers.

use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_llm::chat::{ChatResponse, Part, ToolCall};
use aurora_llm::client::{Answer, Attempt, AttemptOutcome};
use aurora_llm::pricing::Cost;
use aurora_llm::provider::ProviderId;
use aurora_llm::usage::Usage;
use serde::Serialize;
use utoipa::ToSchema;

use super::gateway::provider_name;

/// A whole answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatAnswer {
    /// What was said.
    content: String,
    /// What the model thought, where the provider shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    /// Why the model declined, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    /// The tools that the model wants to be run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCallView>,
    #[serde(flatten)]
    end: AnswerEnd,
}

/// Who answered, why the answer ended, and what it took; also the data of the event `finish`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerEnd {
    /// The provider's id of the answer.
    id: String,
    /// The provider that answered; `simulated` when the answer is made up.
    #[schema(example = "simulated")]
    provider: String,
    /// The target (a provider with a model) that answered.
    #[schema(example = "sim-a")]
    target: String,
    /// The model that answered, as the provider names it.
    model: String,
    /// `stop`, `length`, `tool_calls`, `content_filter`, or the provider's own word.
    #[schema(example = "stop")]
    finish_reason: String,
    /// What was consumed; null when the provider did not say.
    usage: Option<UsageView>,
    /// What it cost; null when the model has no known price.
    cost: Option<CostView>,
    /// Whether the answer came from the cache.
    cached: bool,
    /// Every attempt in order; the last one served.
    attempts: Vec<AttemptView>,
}

/// A tool that the model wants to be run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolCallView {
    /// Ties the result to the call.
    id: String,
    /// Which tool.
    name: String,
    /// The arguments as the model wrote them: JSON text.
    arguments: String,
}

/// Consumed tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// Read, cached ones included.
    input_tokens: u64,
    /// Written, reasoning included.
    output_tokens: u64,
    /// Of the read ones, those from the provider's prompt cache.
    cached_input_tokens: u64,
    /// Of the written ones, those spent on reasoning.
    reasoning_tokens: u64,
    /// All of them.
    total_tokens: u64,
}

/// An exact amount of US dollars.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostView {
    /// As a decimal with at least six places.
    #[schema(example = "0.000310")]
    usd: String,
    /// In billionths of a dollar.
    #[schema(example = 310_000)]
    nanos: i64,
}

/// One attempt at one target.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// The target's name.
    target: String,
    /// The provider instance.
    provider: String,
    /// `served`, `failed`, `skipped` (nothing was sent: its circuit is open, it asked to be left alone, or a limit of the server
    /// is reached) or `outrun` (another was first).
    #[schema(example = "failed")]
    outcome: &'static str,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The HTTP status of the provider's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// How long it took, in milliseconds; for a stream, until its first content.
    elapsed_ms: u64,
    /// How long was waited before it, in milliseconds; of a skipped one also how long was waited in vain for room within the
    /// limits of the server.
    waited_ms: u64,
}

impl ChatAnswer {
    pub(crate) fn of(answer: &Answer) -> Self {
        let response = answer.response();
        Self {
            content: answer.text(),
            reasoning: joined(response, |part| match part {
                Part::Reasoning(reasoning) => Some(&reasoning.text),
                _ => None,
            }),
            refusal: joined(response, |part| match part {
                Part::Refusal(text) => Some(text),
                _ => None,
            }),
            tool_calls: answer.tool_calls().map(ToolCallView::of).collect(),
            end: AnswerEnd {
                id: response.id.clone(),
                provider: provider_name(answer.kind(), answer.provider()),
                target: answer.target().to_owned(),
                model: answer.model().to_owned(),
                finish_reason: response.finish.as_str().to_owned(),
                usage: answer.usage().map(UsageView::of),
                cost: CostView::of(answer.cost()),
                cached: answer.cache().is_free(),
                attempts: attempts(answer.attempts()),
            },
        }
    }
}

/// What a stream knows of its end.
pub(super) struct Streamed<'a> {
    pub(super) id: &'a str,
    pub(super) target: &'a str,
    pub(super) provider: &'a ProviderId,
    pub(super) kind: &'a str,
    pub(super) model: &'a str,
    pub(super) finish_reason: &'a str,
    pub(super) usage: Option<&'a Usage>,
    pub(super) cost: Cost,
    pub(super) is_cached: bool,
    pub(super) attempts: &'a [Attempt],
}

impl AnswerEnd {
    pub(super) fn of(streamed: &Streamed<'_>) -> Self {
        Self {
            id: streamed.id.to_owned(),
            provider: provider_name(streamed.kind, streamed.provider),
            target: streamed.target.to_owned(),
            model: streamed.model.to_owned(),
            finish_reason: streamed.finish_reason.to_owned(),
            usage: streamed.usage.map(UsageView::of),
            cost: CostView::of(streamed.cost),
            cached: streamed.is_cached,
            attempts: attempts(streamed.attempts),
        }
    }
}

impl ToolCallView {
    fn of(call: &ToolCall) -> Self {
        Self {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }
    }
}

impl UsageView {
    pub(crate) const fn of(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.total_input(),
            output_tokens: usage.total_output(),
            cached_input_tokens: usage.cache_read,
            reasoning_tokens: usage.reasoning,
            total_tokens: usage.total(),
        }
    }
}

impl CostView {
    pub(crate) fn of(cost: Cost) -> Option<Self> {
        cost.amount().map(Self::exactly)
    }

    pub(super) fn exactly(amount: NanoUsd) -> Self {
        Self {
            usd: six_places(amount),
            nanos: amount.nanos(),
        }
    }
}

/// The exact amount, with zeros up to the micro-dollar: prices of calls stand under each other then.
fn six_places(amount: NanoUsd) -> String {
    let text = amount.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{fraction:0<6}")
}

pub(super) fn attempts(attempts: &[Attempt]) -> Vec<AttemptView> {
    attempts.iter().map(AttemptView::of).collect()
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        let (outcome, error, status) = match &attempt.outcome {
            AttemptOutcome::Served => ("served", None, None),
            AttemptOutcome::Failed { kind, status } => ("failed", Some(kind.as_str()), *status),
            AttemptOutcome::Outrun => ("outrun", None, None),
            _ => ("skipped", None, None),
        };
        Self {
            target: attempt.target.clone(),
            provider: attempt.provider.as_str().to_owned(),
            outcome,
            error,
            status,
            elapsed_ms: millis(attempt.elapsed),
            waited_ms: millis(attempt.waited),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn joined<'a>(response: &'a ChatResponse, pick: impl Fn(&'a Part) -> Option<&'a String>) -> Option<String> {
    let texts: Vec<&str> = response
        .message
        .parts
        .iter()
        .filter_map(pick)
        .map(String::as_str)
        .collect();
    let text = texts.concat();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact_and_have_six_places_or_more() {
        let shown = |nanos| {
            CostView::of(Cost::Priced(NanoUsd::from_nanos(nanos)))
                .unwrap()
                .usd
        };
        assert_eq!(shown(310_000), "0.000310");
        assert_eq!(shown(2_000_000_000), "2.000000");
        assert_eq!(shown(1), "0.000000001");
        assert!(CostView::of(Cost::Unpriced).is_none(), "unpriced is not free");
    }
}
