//! Whether providers are well, asked without cost.

use std::collections::BTreeMap;
use std::time::Duration;

use aurora_core::time::Clock;
use futures::{StreamExt as _, stream};

use super::Inner;
use super::open::within;
use super::target::Member;
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::provider::ProviderId;

/// How many providers are asked at the same time, and how long each may take.
const AT_ONCE: usize = 8;
const LIMIT: Duration = Duration::from_secs(10);

/// How one target is, by what its provider said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkup {
    /// The target's name; with several keys it ends in `#1`, `#2` …
    pub target: String,
    /// The provider instance.
    pub provider: ProviderId,
    /// Which of the provider's keys it was asked by, from 0.
    pub key: usize,
    /// What was found.
    pub verdict: Verdict,
    /// How long it took.
    pub elapsed: Duration,
}

/// What was found of a target's provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is there and takes the key.
    Healthy,
    /// It is not there, is failing, or does not take the key.
    Unhealthy(ErrorKind),
    /// It cannot be told without a call that costs.
    Unknown,
}

/// What the list of models, or its failure, says about answers.
fn verdict(listed: Result<(), &Error>) -> Verdict {
    let Err(error) = listed else {
        return Verdict::Healthy;
    };
    match error.kind() {
        kind @ (ErrorKind::Connect
        | ErrorKind::Timeout(_)
        | ErrorKind::Overloaded
        | ErrorKind::ServerError
        | ErrorKind::Authentication
        | ErrorKind::QuotaExhausted) => Verdict::Unhealthy(kind),
        // No such list, a key that may not list, a limit of the list, a list that cannot be read.
        _ => Verdict::Unknown,
    }
}

/// Asks each provider once by each key.
pub(super) async fn check(inner: &Inner) -> Vec<Checkup> {
    let members = inner.routes.members();
    let mut asked: BTreeMap<(&ProviderId, usize), &Member> = BTreeMap::new();
    for member in members {
        asked
            .entry((member.provider_id(), member.key()))
            .or_insert(member);
    }
    let checks = asked.into_iter().map(|(whom, member)| async move {
        let clock: &dyn Clock = &*inner.clock;
        let started = clock.elapsed();
        let found = match member.provider().catalog() {
            Some(catalog) => {
                let listed = within(clock, LIMIT, TimeoutStage::Total, catalog.models(member.key())).await;
                verdict(listed.as_ref().map(|_| ()))
            }
            None => Verdict::Unknown,
        };
        (whom, (found, clock.elapsed().saturating_sub(started)))
    });
    let checks: Vec<_> = checks.collect();
    let found: BTreeMap<_, _> = stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
    let checkup = |member: &Member| {
        let whom = (member.provider_id(), member.key());
        let (verdict, elapsed) = found
            .get(&whom)
            .copied()
            .unwrap_or((Verdict::Unknown, Duration::ZERO));
        Checkup {
            target: member.name().to_owned(),
            provider: whom.0.clone(),
            key: whom.1,
            verdict,
            elapsed,
        }
    };
    members.iter().map(checkup).collect()
}
