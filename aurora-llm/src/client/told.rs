//! Who answered, by whatever way the answer came.

use std::sync::Arc;

use super::target::Member;
use super::trail::{self, Attempt};
use crate::error::Error;
use crate::pricing::{Cost, Price};
use crate::provider::ProviderId;
use crate::usage::Usage;

/// Who answered, and what was tried before.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) provider: ProviderId,
    pub(super) kind: &'static str,
    pub(super) target: Arc<str>,
    /// The model that was asked for, by the provider's own name: prices go by it, since providers answer with a dated
    /// name of the same.
    pub(super) model: Arc<str>,
    pub(super) price: Option<Price>,
    pub(super) attempts: Vec<Attempt>,
}

impl Told {
    pub(super) fn new(member: &Member, model: &str, attempts: Vec<Attempt>) -> Self {
        Self {
            provider: member.provider_id().clone(),
            kind: member.kind(),
            target: member.target_name(),
            model: Arc::from(model),
            price: member.price(model),
            attempts,
        }
    }

    /// What `usage` of the attempt that serves costs, without the attempts before it.
    pub(super) fn cost(&self, usage: Option<&Usage>) -> Cost {
        trail::cost(self.price, usage)
    }

    /// What all attempts cost together, as far as they are settled.
    pub(super) fn total(&self) -> Cost {
        trail::total(&self.attempts)
    }

    /// What all attempts cost together, when the one that serves has consumed `usage` so far.
    pub(super) fn total_with(&self, usage: Option<&Usage>) -> Cost {
        let before = self.attempts.split_last().map_or(&[][..], |(_, before)| before);
        match (trail::total(before).amount(), self.cost(usage).amount()) {
            (Some(before), Some(last)) => Cost::Priced(before + last),
            _ => Cost::Unpriced,
        }
    }

    /// Settles the attempt that serves: it consumed `usage`.
    pub(super) fn served(&mut self, usage: Option<&Usage>) {
        let price = self.price;
        if let Some(last) = self.attempts.last_mut() {
            last.serve(price, usage);
        }
    }

    /// Settles the attempt that served until now: it broke, after it had consumed `usage`.
    pub(super) fn broke(&mut self, error: &Error, usage: Option<&Usage>) {
        let price = self.price;
        if let Some(last) = self.attempts.last_mut() {
            last.fail(price, error, usage);
        }
    }
}
