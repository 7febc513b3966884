//! What keeps a server from starting or running.

use std::fmt;

/// What has to be done about a failed start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong or missing; the text says which and what is allowed.
    Settings,
    /// The address cannot be listened on: in use, not ours, or not allowed.
    Address,
    /// The data folder or the database cannot be used.
    Storage,
    /// What was asked for cannot be done: it names what is not there, or what was handed in is not allowed.
    Refused,
    /// The fault lies within the program or the machine.
    Internal,
    /// Nothing failed: an administrator asked for a restart, and the server has stopped in order.
    Restart,
}

impl ErrorKind {
    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Address => "address",
            Self::Storage => "storage",
            Self::Refused => "refused",
            Self::Internal => "internal",
            Self::Restart => "restart",
        }
    }
}

/// A server that could not start or had to stop.
///
/// Neither its text nor its sources hold secrets or addresses of databases.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    detail: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What has to be done about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same start can succeed a moment later: the database may be on its way up.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Storage)
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
