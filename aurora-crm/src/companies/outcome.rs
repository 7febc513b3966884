//! What became of a lookup.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::{Freshness, LoadError, LoadErrorKind, Served};
use aurora_core::failure::{Failure, FailureClass};
use aurora_core::fallback::Exhausted;
use aurora_core::resilience::CallExhausted;

use super::{Company, RegistryError, SourceAttempt};

/// A company, or the knowledge that there is none, and how old that is.
#[derive(Debug, Clone)]
pub struct Lookup {
    pub(super) served: Served<Company>,
    pub(super) attempts: Vec<SourceAttempt>,
}

impl Lookup {
    /// The company; `None` when a registry said that there is no such one.
    #[must_use]
    pub fn company(&self) -> Option<&Company> {
        self.served.value()
    }

    /// The company, shared with others who asked for it.
    #[must_use]
    pub fn into_company(self) -> Option<Arc<Company>> {
        self.served.into_value()
    }

    /// Whether there is such a company.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        !self.served.is_negative()
    }

    /// Whether a registry was asked for it now, or it was kept, fresh or past its time.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.served.freshness()
    }

    /// How long ago a registry was asked. The registry's own data may be older: see
    /// [`Company::updated_at`](super::Company::updated_at).
    #[must_use]
    pub const fn age(&self) -> Duration {
        self.served.age()
    }

    /// The sources that were asked or passed over for this call, in that order; the last one answered. Empty when the
    /// answer was kept, or another call asked for it.
    #[must_use]
    pub fn attempts(&self) -> &[SourceAttempt] {
        &self.attempts
    }

    /// The same as a member of the HTTP field `Cache-Status` (RFC 9211).
    #[must_use]
    pub fn cache_status(&self) -> String {
        self.served.cache_status("companies")
    }
}

/// No registry gave an answer, and none was kept. It shows no number, URL or key.
#[derive(Debug, Clone)]
pub struct LookupError {
    kind: LookupErrorKind,
    attempts: Vec<SourceAttempt>,
    retry_after: Option<Duration>,
}

/// Why there was no answer, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LookupErrorKind {
    /// Every source failed; [`LookupError::attempts`] says how.
    Unavailable,
    /// Every source that could have answered wants fewer questions; come again after [`LookupError::retry_after`].
    RateLimited,
    /// The deadline passed. A later call may find the answer that was still on its way.
    Timeout,
    /// Too many other numbers are being looked up.
    Busy,
}

impl LookupError {
    const fn new(kind: LookupErrorKind) -> Self {
        Self {
            kind,
            attempts: Vec::new(),
            retry_after: None,
        }
    }

    pub(super) const fn timeout() -> Self {
        Self::new(LookupErrorKind::Timeout)
    }

    /// Why there was no answer.
    #[must_use]
    pub const fn kind(&self) -> LookupErrorKind {
        self.kind
    }

    /// How each source failed or was passed over, in the order in which they were tried. Empty when the caller's deadline
    /// passed before that was known.
    #[must_use]
    pub fn attempts(&self) -> &[SourceAttempt] {
        &self.attempts
    }

    /// Whether the same lookup can succeed a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// After how long a source may answer again, as far as that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<Exhausted<RegistryError>> for LookupError {
    fn from(exhausted: Exhausted<RegistryError>) -> Self {
        let retry_after = exhausted.retry_after();
        let is_out_of_time = exhausted.budget() == Some(CallExhausted::Deadline);
        let attempts: Vec<SourceAttempt> = exhausted.attempts().iter().map(Into::into).collect();
        let is_limit = |attempt: &SourceAttempt| attempt.outcome.is_limit();
        let kind = if is_out_of_time {
            LookupErrorKind::Timeout
        } else if !attempts.is_empty() && attempts.iter().all(is_limit) {
            LookupErrorKind::RateLimited
        } else {
            LookupErrorKind::Unavailable
        };
        Self {
            kind,
            attempts,
            retry_after,
        }
    }
}

impl From<LoadError> for LookupError {
    fn from(error: LoadError) -> Self {
        match error.of_load::<Self>() {
            Some(own) => own.clone(),
            None if error.kind() == LoadErrorKind::Busy => Self::new(LookupErrorKind::Busy),
            None => Self::new(LookupErrorKind::Unavailable),
        }
    }
}

impl Failure for LookupError {
    fn class(&self) -> FailureClass {
        match self.kind {
            LookupErrorKind::Unavailable => FailureClass::Transient,
            LookupErrorKind::RateLimited | LookupErrorKind::Busy => FailureClass::Throttled,
            LookupErrorKind::Timeout => FailureClass::Timeout,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            LookupErrorKind::Unavailable => "no registry of companies answered",
            LookupErrorKind::RateLimited => "the limits of the registries of companies are used up",
            LookupErrorKind::Timeout => "no registry of companies answered in time",
            LookupErrorKind::Busy => "too many companies are being looked up",
        })?;
        for (index, attempt) in self.attempts.iter().enumerate() {
            let separator = if index == 0 { ": " } else { ", " };
            write!(f, "{separator}{} {}", attempt.source, attempt.outcome.as_str())?;
        }
        Ok(())
    }
}

impl std::error::Error for LookupError {}
