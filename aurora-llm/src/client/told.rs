//! Who answered, by whatever way the answer came.

use std::sync::Arc;

use aurora_core::money::NanoUsd;

use super::cache::CacheStatus;
use super::target::Member;
use super::trail::{self, Attempt};
use crate::chat::StreamEvent;
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
    /// Which of the attempts it is that serves.
    serving: usize,
    /// What those consumed whose answer this one goes on with.
    earlier: Option<Usage>,
    /// What the cache had to do with it.
    pub(super) cache: CacheStatus,
    /// What an answer had cost when it was asked for that is kept since.
    pub(super) saved: Cost,
}

impl Told {
    pub(super) fn new(member: &Member, model: &str, attempts: Vec<Attempt>) -> Self {
        Self {
            provider: member.provider_id().clone(),
            kind: member.kind(),
            target: member.target_name(),
            model: Arc::from(model),
            price: member.price(model),
            serving: attempts.len().saturating_sub(1),
            attempts,
            earlier: None,
            cache: CacheStatus::Bypassed,
            saved: Cost::Priced(NanoUsd::ZERO),
        }
    }

    /// What `usage` of the attempt that serves costs, without the attempts before it.
    pub(super) fn cost(&self, usage: Option<&Usage>) -> Cost {
        if self.cache.is_free() {
            return Cost::Priced(NanoUsd::ZERO);
        }
        trail::cost(self.price, self.own_usage(usage).as_ref())
    }

    /// What of `usage` the attempt consumed that serves, without those whose answer it goes on with.
    pub(super) fn own_usage(&self, usage: Option<&Usage>) -> Option<Usage> {
        match &self.earlier {
            Some(earlier) => usage.map(|usage| usage.minus(earlier)),
            None => usage.cloned(),
        }
    }

    /// The event with what those consumed whose answer this one goes on with.
    pub(super) fn with_earlier_usage(&self, event: StreamEvent) -> StreamEvent {
        let Some(earlier) = &self.earlier else {
            return event;
        };
        match event {
            StreamEvent::Usage(usage) => StreamEvent::Usage(usage.plus(earlier)),
            StreamEvent::Finish { reason, usage } => {
                let usage = usage.map(|usage| usage.plus(earlier));
                StreamEvent::Finish { reason, usage }
            }
            event => event,
        }
    }

    /// The provider's id of the attempt that serves.
    pub(super) fn is_known_as(&mut self, request_id: Option<String>) {
        if let Some(attempt) = self.attempts.get_mut(self.serving) {
            attempt.request_id = request_id;
        }
    }

    /// These were made beside it, and lost.
    pub(super) fn was_raced_by(&mut self, attempts: Vec<Attempt>) {
        self.serving += attempts.len();
        self.attempts.splice(..0, attempts);
    }

    /// Another goes on with the answer that broke off.
    pub(super) fn goes_on(&mut self, other: Self) {
        let broke = self.attempts.get(self.serving);
        let consumed = broke.and_then(|attempt| attempt.usage.clone());
        let earlier = match (self.earlier.take(), consumed) {
            (Some(earlier), Some(more)) => Some(earlier.plus(&more)),
            (earlier, more) => earlier.or(more),
        };
        let mut attempts = std::mem::take(&mut self.attempts);
        let serving = attempts.len() + other.serving;
        attempts.extend(other.attempts.iter().cloned());
        *self = Self {
            attempts,
            serving,
            earlier,
            ..other
        };
    }

    /// The answer broke off, and these were asked in vain for the rest.
    pub(super) fn nobody_goes_on(&mut self, attempts: &[Attempt]) {
        self.attempts.extend_from_slice(attempts);
    }

    /// What all attempts cost together, as far as they are settled.
    pub(super) fn total(&self) -> Cost {
        trail::total(&self.attempts)
    }

    /// What all attempts cost together, when the one that serves has consumed `usage` so far.
    pub(super) fn total_with(&self, usage: Option<&Usage>) -> Cost {
        if self.cache.is_free() {
            return self.total();
        }
        let before = self
            .attempts
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != self.serving);
        let before = before.map(|(_, attempt)| attempt);
        match (trail::total(before).amount(), self.cost(usage).amount()) {
            (Some(before), Some(last)) => Cost::Priced(before + last),
            _ => Cost::Unpriced,
        }
    }

    /// The same, with what the cache had to do with it.
    pub(super) fn through(mut self, cache: CacheStatus) -> Self {
        self.cache = cache;
        self
    }

    /// The same for one who did not pay for it.
    pub(super) fn shared(mut self) -> Self {
        self.attempts = Vec::new();
        self.through(CacheStatus::Shared)
    }

    /// What was not paid because somebody had paid it before, or pays it at the same time.
    pub(super) fn saved(&self, usage: Option<&Usage>) -> Cost {
        match self.cache {
            CacheStatus::Shared => trail::cost(self.price, usage),
            _ => self.saved,
        }
    }

    /// Settles the attempt that serves: it consumed `usage`.
    pub(super) fn served(&mut self, usage: Option<&Usage>) {
        if self.cache.is_free() {
            return;
        }
        let (price, usage) = (self.price, self.own_usage(usage));
        if let Some(attempt) = self.attempts.get_mut(self.serving) {
            attempt.serve(price, usage.as_ref());
        }
    }

    /// Settles the attempt that served until now: it broke, after it had consumed `usage`.
    pub(super) fn broke(&mut self, error: &Error, usage: Option<&Usage>) {
        let price = self.price;
        if let Some(attempt) = self.attempts.get_mut(self.serving) {
            attempt.fail(price, error, usage);
        }
    }
}
