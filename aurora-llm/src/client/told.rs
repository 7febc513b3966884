//! Who answered, by whatever way the answer came.

use std::sync::Arc;

use super::target::Member;
use super::trail::Attempt;
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

    /// What `usage` costs.
    pub(super) fn cost(&self, usage: Option<&Usage>) -> Cost {
        match (self.price, usage) {
            (Some(price), Some(usage)) => price.cost(usage),
            _ => Cost::Unpriced,
        }
    }
}
