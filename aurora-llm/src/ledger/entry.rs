//! What was used, and by whom.

use std::sync::Arc;

use aurora_core::id::{Id, IdKind};
use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;

use super::{Amount, period};
use crate::client::{Caller, Task};
use crate::pricing::Cost;
use crate::usage::Usage;

/// More tokens than any call has.
const MOST_TOKENS: u64 = 1_000_000_000_000;
/// More than any call costs: 1,000,000 dollars.
const MOST_COST: NanoUsd = NanoUsd::from_nanos(1_000_000_000_000_000);

/// The id of an entry, and of the reservation that it settles.
pub type EntryId = Id<Entry>;

impl IdKind for Entry {
    const PREFIX: &'static str = "use";
}

/// One attempt that a provider bills, or may bill.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// When the attempt ended.
    pub at: Timestamp,
    /// For whom it was.
    pub caller: Caller,
    /// What was asked for.
    pub task: Task,
    /// The provider instance.
    pub provider: Arc<str>,
    /// The model by the provider's own name.
    pub model: Arc<str>,
    /// What was consumed.
    pub tokens: Tokens,
    /// What it cost.
    pub cost: Cost,
    /// Whether tokens and cost are an estimate, because the provider never said: the call was given up, or broke.
    pub estimated: bool,
}

impl Entry {
    /// An entry without tokens or cost.
    #[must_use]
    pub fn new(
        id: EntryId,
        at: Timestamp,
        caller: Caller,
        provider: impl AsRef<str>,
        model: impl AsRef<str>,
    ) -> Self {
        Self {
            id,
            at,
            caller,
            task: Task::Chat,
            provider: Arc::from(provider.as_ref()),
            model: Arc::from(model.as_ref()),
            tokens: Tokens::default(),
            cost: Cost::Unpriced,
            estimated: false,
        }
    }

    /// Says what was asked for; chat unless told.
    #[must_use]
    pub const fn task(mut self, task: Task) -> Self {
        self.task = task;
        self
    }

    /// Says what was consumed and what it cost. What no call can be is drawn to the ends of what is believed, 10^12 tokens
    /// of each sort and 0 to 1,000,000 dollars, so that no provider's answer can break a sum.
    #[must_use]
    pub fn used(mut self, tokens: Tokens, cost: Cost) -> Self {
        let tokens_of = |tokens: u64| tokens.min(MOST_TOKENS);
        self.tokens = Tokens {
            input: tokens_of(tokens.input),
            cached: tokens_of(tokens.cached),
            output: tokens_of(tokens.output),
            reasoning: tokens_of(tokens.reasoning),
        };
        self.cost = match cost {
            Cost::Priced(amount) => Cost::Priced(amount.clamp(NanoUsd::ZERO, MOST_COST)),
            other => other,
        };
        self
    }

    /// Marks it as an estimate.
    #[must_use]
    pub const fn estimated(mut self) -> Self {
        self.estimated = true;
        self
    }

    /// The tenant as it is stored: empty for the application itself.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.caller.tenant.as_deref().unwrap_or_default()
    }

    /// What it adds to each account; what has no price adds no money.
    #[must_use]
    pub fn amount(&self) -> Amount {
        Amount::new(self.cost.amount().unwrap_or_default(), self.tokens.total())
    }

    /// The day in UTC that its totals are kept under.
    pub(crate) fn day(&self) -> i64 {
        period::day_of(self.at)
    }
}

/// Tokens of an entry. `cached` is a part of `input`, `reasoning` one of `output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// All input.
    pub input: u64,
    /// Of it, what was read from the provider's cache.
    pub cached: u64,
    /// All output.
    pub output: u64,
    /// Of it, what was spent on reasoning.
    pub reasoning: u64,
}

impl Tokens {
    /// Input and output.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        Self {
            input: usage.total_input(),
            cached: usage.cache_read,
            output: usage.total_output(),
            reasoning: usage.reasoning,
        }
    }
}
