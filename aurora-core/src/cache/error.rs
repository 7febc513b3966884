//! Why a cache could not be asked.

use std::error::Error as StdError;
use std::fmt;

use crate::failure::{Failure, FailureClass};

type Source = Box<dyn StdError + Send + Sync>;

/// A cache that could not be asked, or a question that cannot be put to one.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Source>,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A part of a key is empty, too long, or has a character that it must not have.
    InvalidKey,
    /// A time to live is zero or above [`MAX_TTL`](super::MAX_TTL).
    InvalidTtl,
    /// A value is larger than [`MAX_VALUE`](super::MAX_VALUE), or than the whole cache.
    TooLarge,
    /// The settings of a store cannot be used.
    InvalidSettings,
    /// There is no connection to the store.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// Too many questions wait already.
    Busy,
    /// The store refused: out of memory, read-only, no permission.
    Refused,
    /// The store's answer makes no sense.
    Protocol,
}

impl ErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidKey => "invalid_key",
            Self::InvalidTtl => "invalid_ttl",
            Self::TooLarge => "too_large",
            Self::InvalidSettings => "invalid_settings",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Protocol => "protocol",
        }
    }
}

impl Error {
    /// An error without a cause of its own.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error and what caused it, which must not show a secret or a value.
    #[must_use]
    pub fn with_source(kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same question can be answered a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::InvalidKey
            | ErrorKind::InvalidTtl
            | ErrorKind::TooLarge
            | ErrorKind::InvalidSettings => FailureClass::Rejected,
            ErrorKind::Unavailable | ErrorKind::Refused | ErrorKind::Protocol => FailureClass::Transient,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Busy => FailureClass::Throttled,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::InvalidKey => {
                "a part of the cache key is empty, too long, or has a character that is not allowed"
            }
            ErrorKind::InvalidTtl => "the time to live must be above zero and at most 400 days",
            ErrorKind::TooLarge => "the value is too large for the cache",
            ErrorKind::InvalidSettings => "the settings of the cache cannot be used",
            ErrorKind::Unavailable => "there is no connection to the cache",
            ErrorKind::Timeout => "the cache did not answer in time",
            ErrorKind::Busy => "too many questions wait for the cache",
            ErrorKind::Refused => "the cache refused",
            ErrorKind::Protocol => "the cache gave an answer that makes no sense",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
