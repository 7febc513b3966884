//! What became of each source in a lookup.

use std::time::Duration;

use aurora_core::fallback::{AttemptOutcome, AttemptRecord};

use super::{RegistryError, RegistryErrorKind};

/// A source that was asked or passed over in a lookup. It shows no number, URL or key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceAttempt {
    /// The source's name.
    pub source: String,
    /// How it went.
    pub outcome: SourceOutcome,
    /// How long it took; zero where it was passed over.
    pub took: Duration,
}

/// How it went at one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceOutcome {
    /// It told of the company.
    Found,
    /// It said that there is no such company.
    NotRegistered,
    /// It gave no answer.
    Failed(RegistryErrorKind),
    /// It was not asked, because its limit is used up or its circuit is open.
    PassedOver,
}

impl SourceOutcome {
    /// A short lower-case name, for metrics and records: `found`, `passed_over`, or that of the
    /// [`RegistryErrorKind`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotRegistered => RegistryErrorKind::NotRegistered.as_str(),
            Self::Failed(kind) => kind.as_str(),
            Self::PassedOver => "passed_over",
        }
    }

    pub(super) const fn is_limit(self) -> bool {
        matches!(
            self,
            Self::PassedOver | Self::Failed(RegistryErrorKind::RateLimited | RegistryErrorKind::OutOfCredits)
        )
    }
}

impl From<&AttemptRecord<RegistryError>> for SourceAttempt {
    fn from(record: &AttemptRecord<RegistryError>) -> Self {
        Self {
            source: record.target.clone(),
            outcome: match &record.outcome {
                AttemptOutcome::Failed(error) => SourceOutcome::Failed(error.kind()),
                AttemptOutcome::Skipped { .. } => SourceOutcome::PassedOver,
                _ => SourceOutcome::Found,
            },
            took: record.elapsed,
        }
    }
}
