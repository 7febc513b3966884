//! A whole answer and how it came about.

use super::target::Member;
use super::trail::Attempt;
use crate::chat::{ChatResponse, ToolCall};
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::usage::Usage;

/// An answer, who gave it, what was tried before, and what it cost.
#[derive(Debug, Clone)]
pub struct Answer {
    response: ChatResponse,
    provider: ProviderId,
    kind: &'static str,
    target: String,
    attempts: Vec<Attempt>,
    cost: Cost,
}

impl Answer {
    /// `model` is the name that was asked for: prices go by it, since providers answer with a dated name of the same.
    pub(super) fn new(response: ChatResponse, member: &Member, model: &str, attempts: Vec<Attempt>) -> Self {
        let cost = cost(member, model, response.usage.as_ref());
        Self {
            response,
            provider: member.provider_id().clone(),
            kind: member.kind(),
            target: member.name().to_owned(),
            attempts,
            cost,
        }
    }

    /// All text parts of the answer joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.response.text()
    }

    /// The tool calls in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.response.tool_calls()
    }

    /// The provider instance that answered.
    #[must_use]
    pub const fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// What stands behind that provider; see [`LlmProvider::kind`](crate::provider::LlmProvider::kind).
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The model that answered, as the provider names it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.response.model
    }

    /// The name of the target that answered.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Every attempt in order; the last one served.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What was consumed; `None` when the provider did not say.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.response.usage.as_ref()
    }

    /// What it cost.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The provider's answer.
    #[must_use]
    pub const fn response(&self) -> &ChatResponse {
        &self.response
    }

    /// The provider's answer alone.
    #[must_use]
    pub fn into_response(self) -> ChatResponse {
        self.response
    }
}

/// What `usage` of `model` costs at this target.
pub(super) fn cost(member: &Member, model: &str, usage: Option<&Usage>) -> Cost {
    match (member.price(model), usage) {
        (Some(price), Some(usage)) => price.cost(usage),
        _ => Cost::Unpriced,
    }
}
