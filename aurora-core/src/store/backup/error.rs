//! What went wrong with a backup, told so that the operator knows what to do.

use std::borrow::Cow;
use std::fmt;

use crate::failure::{Failure, FailureClass};
use crate::store;

/// What the caller can do about a failed backup, restore or check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting or a name makes no sense.
    Invalid,
    /// There is no backup of that name.
    NotFound,
    /// The place to restore to is not empty.
    Exists,
    /// Another process works in the folder, or has the file open that is to be replaced.
    Busy,
    /// `pg_dump` or `pg_restore` is missing, or older than the server.
    Tools,
    /// The role or the process may not do what a backup needs; the text says what to grant.
    Denied,
    /// There is no room left on the disk.
    NoSpace,
    /// The backup is not what was written, or cannot be restored.
    Corrupt,
    /// The backup is newer than this program or than the server.
    Newer,
    /// The backup was written and could not be tested; it is kept as unverified.
    Unverified,
    /// The time limit has passed.
    Timeout,
    /// The database failed, or the tool that reads or writes it.
    Database,
    /// The file system failed.
    Io,
}

impl ErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Exists => "exists",
            Self::Busy => "busy",
            Self::Tools => "tools",
            Self::Denied => "denied",
            Self::NoSpace => "no_space",
            Self::Corrupt => "corrupt",
            Self::Newer => "newer",
            Self::Unverified => "unverified",
            Self::Timeout => "timeout",
            Self::Database => "database",
            Self::Io => "io",
        }
    }
}

/// A failed backup, restore or check. It shows neither addresses nor passwords nor stored values.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            source: None,
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call can succeed a while later without anybody doing something about it.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Busy | ErrorKind::Timeout | ErrorKind::Database | ErrorKind::Io
        )
    }

    /// A failure of the file system while doing `what`, such as `reading the backup`.
    pub(super) fn io(what: &'static str, error: std::io::Error) -> Self {
        let (kind, reason) = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                (ErrorKind::NoSpace, "no room is left")
            }
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                (ErrorKind::Denied, "the file system refuses it")
            }
            std::io::ErrorKind::NotFound => (ErrorKind::Io, "it is not there"),
            _ => (ErrorKind::Io, "the file system failed"),
        };
        Self {
            source: Some(Box::new(error)),
            ..Self::new(kind, format!("{what}: {reason}"))
        }
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

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::Busy => FailureClass::Throttled,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Database | ErrorKind::Io => FailureClass::Transient,
            ErrorKind::Denied | ErrorKind::Tools | ErrorKind::NoSpace => FailureClass::Credential,
            ErrorKind::Invalid
            | ErrorKind::NotFound
            | ErrorKind::Exists
            | ErrorKind::Corrupt
            | ErrorKind::Newer
            | ErrorKind::Unverified => FailureClass::Rejected,
        }
    }
}

/// SQLite's code for a full disk: <https://sqlite.org/rescode.html#full>.
const SQLITE_FULL: &str = "13";
/// PostgreSQL's `disk_full`.
const DISK_FULL: &str = "53100";

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let kind = match error.kind() {
            _ if matches!(error.code(), Some(SQLITE_FULL | DISK_FULL)) => {
                return Self::new(ErrorKind::NoSpace, "no room is left on the disk");
            }
            store::ErrorKind::Denied => ErrorKind::Denied,
            store::ErrorKind::Timeout => ErrorKind::Timeout,
            store::ErrorKind::Busy => ErrorKind::Busy,
            store::ErrorKind::Corrupt => ErrorKind::Corrupt,
            store::ErrorKind::InvalidUrl | store::ErrorKind::Invalid => ErrorKind::Invalid,
            _ => ErrorKind::Database,
        };
        Self {
            source: Some(Box::new(error)),
            ..Self::new(
                kind,
                match kind {
                    ErrorKind::Denied => "the database refuses what the backup needs",
                    ErrorKind::Timeout => "the database did not answer in time",
                    ErrorKind::Busy => "the database is busy",
                    ErrorKind::Corrupt => "the data cannot be read",
                    ErrorKind::Invalid => "the database URL or a setting cannot be understood",
                    _ => "the database failed",
                },
            )
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        store::Error::from(error).into()
    }
}
