//! Why a limiter could not be asked, or did not let something pass in time.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::failure::{Failure, FailureClass};

type Source = Box<dyn StdError + Send + Sync>;

/// A limiter that could not be asked, or a wait that would have been too long.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A policy, or a set of them, cannot be used; the source says what is allowed.
    InvalidPolicy,
    /// The settings of a limiter or a store cannot be used; the source says what is allowed.
    InvalidSettings,
    /// The limit is used up and does not free in the time that the caller has.
    Limited,
    /// The cost is above what the policy ever allows at once: waiting does not help.
    InsufficientCapacity,
    /// Too many wait already.
    TooManyWaiters,
    /// There is no connection to the store.
    Unavailable,
    /// The store did not answer in time; it may have counted.
    Timeout,
    /// The store refused: out of memory, read-only, no permission.
    Refused,
    /// The store's answer makes no sense.
    Protocol,
}

impl Error {
    /// An error without a cause of its own.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            retry_after: None,
            source: None,
        }
    }

    /// An error and what caused it, which must not show a secret or a key.
    #[must_use]
    pub fn with_source(kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(kind)
        }
    }

    pub(super) const fn limited(retry_after: Duration) -> Self {
        Self {
            kind: ErrorKind::Limited,
            retry_after: Some(retry_after),
            source: None,
        }
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// After how long the same can pass, when a limit is used up.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same can pass a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::InvalidPolicy | ErrorKind::InvalidSettings | ErrorKind::InsufficientCapacity => {
                FailureClass::Rejected
            }
            ErrorKind::Limited | ErrorKind::TooManyWaiters => FailureClass::Throttled,
            ErrorKind::Unavailable | ErrorKind::Refused | ErrorKind::Protocol => FailureClass::Transient,
            ErrorKind::Timeout => FailureClass::Timeout,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::InvalidPolicy => "the rate limit policies cannot be used",
            ErrorKind::InvalidSettings => "the settings of the rate limiter cannot be used",
            ErrorKind::Limited => "the rate limit is used up",
            ErrorKind::InsufficientCapacity => "the cost is above what the rate limit ever allows at once",
            ErrorKind::TooManyWaiters => "too many wait for the rate limit already",
            ErrorKind::Unavailable => "there is no connection to the store of the rate limiter",
            ErrorKind::Timeout => "the store of the rate limiter did not answer in time",
            ErrorKind::Refused => "the store of the rate limiter refused",
            ErrorKind::Protocol => "the store of the rate limiter gave an answer that makes no sense",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
