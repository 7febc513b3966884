//! A whole answer and how it came about.

use super::cache::CacheStatus;
use super::told::Told;
use super::trail::Attempt;
use crate::chat::{ChatResponse, ToolCall};
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::usage::Usage;

/// An answer, who gave it, what was tried before, and what it cost.
#[derive(Debug, Clone)]
pub struct Answer {
    response: ChatResponse,
    told: Told,
    cost: Cost,
}

impl Answer {
    pub(super) fn new(response: ChatResponse, mut told: Told) -> Self {
        told.served(response.usage.as_ref());
        let cost = told.total();
        Self { response, told, cost }
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
        &self.told.provider
    }

    /// What stands behind that provider; see [`LlmProvider::kind`](crate::provider::LlmProvider::kind).
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.told.kind
    }

    /// The model that answered, as the provider names it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.response.model
    }

    /// The name of the target that answered.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.told.target
    }

    /// Every attempt in order; the last one served.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.told.attempts
    }

    /// What was consumed; `None` when the provider did not say.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.response.usage.as_ref()
    }

    /// What it cost: all attempts together, the failed ones that consumed something too.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// What the attempt cost that served, without those before it.
    #[must_use]
    pub fn served_cost(&self) -> Cost {
        self.told.cost(self.response.usage.as_ref())
    }

    /// What the cache had to do with it.
    #[must_use]
    pub const fn cache(&self) -> CacheStatus {
        self.told.cache
    }

    /// What a cached or shared answer would have cost; zero for one that was paid for.
    #[must_use]
    pub fn saved_cost(&self) -> Cost {
        self.told.saved(self.usage())
    }

    /// The provider's answer.
    #[must_use]
    pub const fn response(&self) -> &ChatResponse {
        &self.response
    }

    pub(super) const fn told_mut(&mut self) -> &mut Told {
        &mut self.told
    }

    pub(super) fn into_parts(self) -> (ChatResponse, Told) {
        (self.response, self.told)
    }

    /// The provider's answer alone.
    #[must_use]
    pub fn into_response(self) -> ChatResponse {
        self.response
    }
}
