//! What counts the limits of one key, target or provider.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::resilience::limiter::{Counts, Limiter, Policies, Policy, Reservation, Subject};
use aurora_core::resilience::{Bulkhead, BulkheadSlot, Deadline};
use aurora_core::time::Clock;

use super::{Limits, Per, UNKNOWN_WAIT, Weight};
use crate::client::target::Member;
use crate::error::{Error, ErrorKind};

/// How many calls may wait for a slot of one gauge.
const QUEUE: usize = 1_024;

/// The limits of all members of a client.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// By the place of the member.
    by_place: Vec<Option<Arc<Gauge>>>,
}

/// The limits of one key, target or provider, and what is used of them.
#[derive(Debug)]
pub(crate) struct Gauge {
    limiter: Limiter,
    subject: Subject,
    rates: Option<Policies>,
    tokens: Option<u32>,
    slots: Option<Bulkhead>,
}

/// What one attempt has taken of its limits. Dropped, the slot is free again and the tokens stay counted.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    reservation: Option<Box<Reservation>>,
    _slot: Option<BulkheadSlot>,
}

impl Gauges {
    /// The gauges of `members`, which are in the order of their places.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a limit cannot be counted.
    pub(crate) fn new(members: &[Member], limiter: &Limiter, clock: &Arc<dyn Clock>) -> Result<Self, Error> {
        let mut shared: BTreeMap<String, Arc<Gauge>> = BTreeMap::new();
        let mut by_place = Vec::with_capacity(members.len());
        for member in members {
            let Some(limits) = member.quota() else {
                by_place.push(None);
                continue;
            };
            let provider = Subject::new("llm").principal(member.provider_id().as_str());
            let subject = match limits.per {
                Per::Provider => provider,
                Per::Target => provider
                    .principal(member.model())
                    .principal(&member.target_name()),
                Per::Key => provider
                    .principal(member.model())
                    .principal(&member.target_name())
                    .principal(&member.key().to_string()),
            };
            let gauge = match shared.get(subject.as_str()) {
                Some(gauge) => Arc::clone(gauge),
                None => {
                    let name = subject.as_str().to_owned();
                    let gauge = Arc::new(Gauge::new(limits, subject, limiter, clock)?);
                    shared.insert(name, Arc::clone(&gauge));
                    gauge
                }
            };
            by_place.push(Some(gauge));
        }
        Ok(Self { by_place })
    }

    pub(crate) fn of(&self, member: &Member) -> Option<&Arc<Gauge>> {
        self.by_place.get(member.place())?.as_ref()
    }
}

impl Gauge {
    fn new(
        limits: Limits,
        subject: Subject,
        limiter: &Limiter,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let requests = limits
            .requests_per_minute
            .map(|limit| Policy::per_minute("llm-requests", limit).counts(Counts::Requests));
        let tokens = limits
            .tokens_per_minute
            .map(|limit| Policy::per_minute("llm-tokens", limit));
        let rates: Vec<Policy> = requests.into_iter().chain(tokens).collect();
        let rates = if rates.is_empty() {
            None
        } else {
            let checked = Policies::new(rates);
            Some(checked.map_err(|error| Error::new(ErrorKind::Config).with_source(error))?)
        };
        let slots = limits.concurrency.map(|calls| {
            Bulkhead::new(calls)
                .clock(Arc::clone(clock))
                .queue(QUEUE, Duration::from_secs(24 * 60 * 60))
        });
        Ok(Self {
            limiter: limiter.clone(),
            subject,
            rates,
            tokens: limits.tokens_per_minute,
            slots,
        })
    }

    /// Takes room for one attempt, if there is any.
    ///
    /// # Errors
    /// After how long there may be some.
    pub(crate) async fn try_take(&self, weight: Weight, tenant: &Arc<str>) -> Result<Taken, Duration> {
        let slot = match &self.slots {
            Some(slots) => Some(
                slots
                    .try_acquire(tenant)
                    .map_err(|shed| known(shed.retry_after))?,
            ),
            None => None,
        };
        let reservation = match &self.rates {
            Some(rates) => {
                let taken = self
                    .limiter
                    .try_reserve(&self.subject, rates, self.units(weight))
                    .await;
                Some(taken.map_err(|error| known(error.retry_after().unwrap_or_default()))?)
            }
            None => None,
        };
        Ok(Taken {
            reservation: reservation.map(Box::new),
            _slot: slot,
        })
    }

    /// Waits for room for one attempt, in the order in which those came who wait.
    ///
    /// # Errors
    /// After how long there may be some, when there is none before `deadline`.
    pub(crate) async fn take(
        &self,
        weight: Weight,
        tenant: &Arc<str>,
        deadline: Deadline,
    ) -> Result<Taken, Duration> {
        // The slot comes last: whoever waits for the rate must not keep one from others.
        let reservation = match &self.rates {
            Some(rates) => {
                let units = self.units(weight);
                let taken = self.limiter.reserve(&self.subject, rates, units, deadline).await;
                Some(taken.map_err(|error| known(error.retry_after().unwrap_or_default()))?)
            }
            None => None,
        };
        let slot = match &self.slots {
            Some(slots) => {
                let slot = slots.acquire(tenant, deadline).await;
                Some(slot.map_err(|shed| known(shed.retry_after))?)
            }
            None => None,
        };
        Ok(Taken {
            reservation: reservation.map(Box::new),
            _slot: slot,
        })
    }

    /// What a call takes from the limits; one that is larger than a whole minute takes all of it.
    fn units(&self, weight: Weight) -> u32 {
        let most = self.tokens.unwrap_or(u32::MAX);
        u32::try_from(weight.tokens).unwrap_or(u32::MAX).clamp(1, most)
    }
}

impl Taken {
    /// Says that the attempt is being made: from here on tokens come back only when it is known how many were used.
    pub(crate) fn spend(&mut self) {
        if let Some(reservation) = &mut self.reservation {
            reservation.spend();
        }
    }

    /// Puts back what was not used.
    pub(crate) fn settle(&mut self, tokens: u64) {
        if let Some(reservation) = self.reservation.take() {
            reservation.settle_later(u32::try_from(tokens).unwrap_or(u32::MAX));
        }
    }
}

fn known(wait: Duration) -> Duration {
    if wait.is_zero() { UNKNOWN_WAIT } else { wait }
}
