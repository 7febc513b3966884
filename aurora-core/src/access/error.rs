//! What can go wrong besides a refusal.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting, a key or an argument cannot be used; the text says what is allowed.
    Invalid,
    /// Too much work of this kind is waiting already.
    Busy,
    /// What is stored cannot be read: damaged, moved from another place, or made with a key that is not there.
    Corrupt,
    /// Who keeps the keys does not answer, or not in time.
    Unavailable,
    /// The operating system or the cryptographic library failed; nothing that a caller could change.
    Internal,
}

/// A failed operation of [`access`](crate::access).
///
/// Neither `Display` nor `Debug` nor the source shows a secret, a token or a stored value.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after: None,
            source: None,
        }
    }

    /// A setting, a key or an argument that cannot be used; `detail` says what is allowed.
    #[must_use]
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, detail)
    }

    /// Something stored that cannot be read.
    #[must_use]
    pub fn corrupt(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Corrupt, detail)
    }

    /// A keeper of keys that does not answer.
    #[must_use]
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, detail)
    }

    /// A failure that no caller can change.
    #[must_use]
    pub fn internal(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, detail)
    }

    pub(super) fn busy(detail: &'static str, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(ErrorKind::Busy, detail)
        }
    }

    /// Adds what caused it; it must not repeat secrets or stored values.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same operation can succeed a moment later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Busy | ErrorKind::Unavailable)
    }

    /// When to come back, where that is known: with [`ErrorKind::Busy`].
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
