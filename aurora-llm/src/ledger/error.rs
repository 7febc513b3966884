//! What can go wrong in a ledger.

use std::fmt;

/// What the caller can do about a ledger that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It did not answer, or has too much to do: a moment later it may.
    Unavailable,
    /// What was handed in cannot be kept: too many accounts, a lease out of range, a cursor of another list.
    Invalid,
    /// It is full, as a ledger in memory can be.
    Full,
    /// What is to be changed was changed by somebody else since it was read.
    Stale,
    /// Anything else; it needs a person.
    Other,
}

/// A ledger that failed. Nothing in it names a tenant, a user or an address.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: &'static str,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind, in a few words.
    #[must_use]
    pub const fn new(kind: ErrorKind, context: &'static str) -> Self {
        Self {
            kind,
            context,
            source: None,
        }
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What can be done about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same can succeed a moment later. Everything that a ledger does may be repeated.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.context)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl From<aurora_core::store::Error> for Error {
    fn from(error: aurora_core::store::Error) -> Self {
        let kind = if error.is_retryable() {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Other
        };
        Self::new(kind, "the ledger's database failed").with_source(error)
    }
}
