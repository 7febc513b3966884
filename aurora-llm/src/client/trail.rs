//! The trail of attempts that every answer and every error carries, and what each of them cost.

use std::time::Duration;

use aurora_core::fallback::{AttemptOutcome as Raw, AttemptRecord};
use aurora_core::money::NanoUsd;

use super::route::Route;
use super::target::Member;
use crate::error::{Error, ErrorKind, Sent};
use crate::pricing::{Cost, Price};
use crate::provider::ProviderId;
use crate::usage::Usage;

/// One attempt at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The target's name; with several keys it ends in `#1`, `#2` …
    pub target: String,
    /// The provider instance.
    pub provider: ProviderId,
    /// The model that was asked for, by the provider's own name.
    pub model: String,
    /// Which of the provider's keys was used, from 0.
    pub key: usize,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// How much of a failed attempt the provider has seen: [`Sent::Maybe`] may be billed without having been reported.
    pub sent: Option<Sent>,
    /// The provider's id of the call, for its support, where it is known.
    pub request_id: Option<String>,
    /// What was consumed, as far as the provider said.
    pub usage: Option<Usage>,
    /// What that costs; `None` when nothing is known to have been consumed.
    pub cost: Option<Cost>,
    /// How long it took; for a stream, until its first content.
    pub elapsed: Duration,
    /// How long was waited before it; of a skipped one also how long was waited in vain for room within our limits.
    pub waited: Duration,
}

/// How one attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// It was answered.
    Served,
    /// It failed.
    Failed {
        /// What went wrong.
        kind: ErrorKind,
        /// The HTTP status of the provider's answer.
        status: Option<u16>,
    },
    /// Nothing was sent: the target's circuit is open, it asked to be left alone, or a limit of ours is reached.
    Skipped {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
    /// It was dropped when a second attempt, made beside it, was answered first ([`Hedge`](aurora_core::resilience::Hedge)).
    /// What it consumed nobody tells; the trail has the request by estimate.
    Outrun,
}

impl Attempt {
    /// An attempt at `member` of which nothing is known yet but that it was made.
    pub(super) fn at(member: &Member, model: &str, elapsed: Duration) -> Self {
        Self {
            target: member.name().to_owned(),
            provider: member.provider_id().clone(),
            model: model.to_owned(),
            key: member.key(),
            outcome: AttemptOutcome::Served,
            sent: None,
            request_id: None,
            usage: None,
            cost: None,
            elapsed,
            waited: Duration::ZERO,
        }
    }

    /// Notes that another was first, and what this one is taken to have consumed.
    pub(super) fn lose(&mut self, price: Option<Price>, usage: &Usage) {
        self.outcome = AttemptOutcome::Outrun;
        self.sent = Some(Sent::Maybe);
        self.cost = Some(cost(price, Some(usage)));
        self.usage = Some(usage.clone());
    }

    /// Notes how it was answered.
    pub(super) fn serve(&mut self, price: Option<Price>, usage: Option<&Usage>) {
        self.outcome = AttemptOutcome::Served;
        self.sent = None;
        self.usage = usage.cloned();
        self.cost = Some(cost(price, usage));
    }

    /// Notes that it failed, perhaps after a part of the answer with this usage.
    pub(super) fn fail(&mut self, price: Option<Price>, error: &Error, usage: Option<&Usage>) {
        self.outcome = AttemptOutcome::Failed {
            kind: error.kind(),
            status: error.status(),
        };
        self.sent = Some(error.sent());
        if let Some(id) = error.request_id() {
            self.request_id = Some(id.to_owned());
        }
        self.usage = error.usage().or(usage).cloned();
        self.cost = self.usage.as_ref().map(|usage| cost(price, Some(usage)));
    }
}

/// What `usage` costs at `price`.
pub(super) fn cost(price: Option<Price>, usage: Option<&Usage>) -> Cost {
    match (price, usage) {
        (Some(price), Some(usage)) => price.cost(usage),
        _ => Cost::Unpriced,
    }
}

/// What all of these cost together: unpriced as soon as one of them is.
pub(super) fn total<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Cost {
    let costs = attempts.into_iter().filter_map(|attempt| attempt.cost);
    let sum = costs
        .map(Cost::amount)
        .try_fold(NanoUsd::ZERO, |sum, amount| Some(sum + amount?));
    sum.map_or(Cost::Unpriced, Cost::Priced)
}

pub(super) fn of(records: &[AttemptRecord<Error>], members: &[Member], route: &Route) -> Vec<Attempt> {
    let attempt = |record: &AttemptRecord<Error>| {
        let member = members.iter().find(|member| member.name() == record.target);
        let model = member.map(|member| route.model_for(member)).unwrap_or_default();
        let mut attempt = Attempt {
            target: record.target.clone(),
            provider: member.map_or_else(|| ProviderId::new(&record.target), |m| m.provider_id().clone()),
            model: model.to_owned(),
            key: member.map_or(0, Member::key),
            outcome: AttemptOutcome::Served,
            sent: None,
            request_id: None,
            usage: None,
            cost: None,
            elapsed: record.elapsed,
            waited: record.waited,
        };
        match &record.outcome {
            Raw::Failed(error) => attempt.fail(member.and_then(|member| member.price(model)), error, None),
            Raw::Skipped { retry_after } => {
                attempt.outcome = AttemptOutcome::Skipped {
                    retry_after: *retry_after,
                };
            }
            _ => {}
        }
        attempt
    };
    records.iter().map(attempt).collect()
}
