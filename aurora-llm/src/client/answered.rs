//! What came of a call that is not chat, and how.

use super::told::Told;
use super::trail::Attempt;
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::usage::Usage;

/// A value that some provider made, what was tried before, and what it cost.
#[derive(Debug, Clone)]
pub struct Answered<V> {
    value: V,
    usage: Option<Usage>,
    told: Told,
    cost: Cost,
}

impl<V> Answered<V> {
    /// Of `usage` the attempt consumed `own` that served; the attempts before it have told theirs.
    pub(super) fn new(value: V, usage: Option<Usage>, own: Option<&Usage>, mut told: Told) -> Self {
        told.served(own);
        let cost = told.total();
        Self {
            value,
            usage,
            told,
            cost,
        }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &V {
        &self.value
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> V {
        self.value
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

    /// The model that was asked for, by the provider's own name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.told.model
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
        self.usage.as_ref()
    }

    /// What it cost: all attempts together, the failed ones that consumed something too.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }
}
