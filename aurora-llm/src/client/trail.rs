//! The trail of attempts that every answer and every error carries.

use std::time::Duration;

use aurora_core::fallback::{AttemptOutcome as Raw, AttemptRecord};

use super::target::Member;
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;

/// One attempt at one target.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The target's name.
    pub target: String,
    /// The provider instance.
    pub provider: ProviderId,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// How long it took; for a stream, until its first content.
    pub elapsed: Duration,
    /// How long was waited before it.
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
    /// Nothing was sent: the target's circuit is open, or it asked to be left alone.
    Skipped {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
}

pub(super) fn of(records: &[AttemptRecord<Error>], members: &[Member]) -> Vec<Attempt> {
    let attempt = |record: &AttemptRecord<Error>| {
        let member = members.iter().find(|member| member.name() == record.target);
        let provider = member.map_or_else(|| ProviderId::new(&record.target), |m| m.provider_id().clone());
        let outcome = match &record.outcome {
            Raw::Failed(error) => AttemptOutcome::Failed {
                kind: error.kind(),
                status: error.status(),
            },
            Raw::Skipped { retry_after } => AttemptOutcome::Skipped {
                retry_after: *retry_after,
            },
            _ => AttemptOutcome::Served,
        };
        let target = record.target.clone();
        Attempt {
            target,
            provider,
            outcome,
            elapsed: record.elapsed,
            waited: record.waited,
        }
    };
    records.iter().map(attempt).collect()
}
