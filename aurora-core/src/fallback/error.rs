//! What is wrong with a set of targets or its settings.

use std::fmt;

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is out of its range, or two targets have the same name.
    Settings,
    /// There is a target of this name already.
    Duplicate,
    /// There is no target of this name.
    Unknown,
    /// There are as many targets as there may be.
    Full,
}

/// A set of targets that cannot be as it was asked for. No call was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    detail: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    pub(super) fn unknown(name: &str) -> Self {
        Self::new(ErrorKind::Unknown, format!("there is no target named {name:?}"))
    }

    /// What kind of problem it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Never: the same request fails again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}
