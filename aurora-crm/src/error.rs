//! What went wrong in the domain, told so that the caller knows what to do.

use std::fmt;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::store;
use serde::Serialize;

/// What the caller can do about a failed operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such thing in this workspace, or it is deleted.
    NotFound,
    /// There is one already; [`Error::existing`] names it.
    AlreadyExists,
    /// Somebody changed it meanwhile; [`Error::current_version`] tells the version to read and decide on again.
    Conflict,
    /// The input is refused; [`Error::fields`] lists every field that is wrong.
    Invalid,
    /// The database refuses the program's account.
    Forbidden,
    /// The database cannot be reached or is busy; trying again may help.
    Unavailable,
    /// The deadline or a time limit passed. A write may or may not have happened.
    Timeout,
    /// What is stored does not make sense, or this program is at fault.
    Internal,
}

/// One field of the input that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Which, as a path in the input: `legal_name`, `phones[1]`, `custom`.
    pub field: String,
    /// A stable code: `required`, `invalid`, `too_long`, `too_many`, `not_allowed`.
    pub code: &'static str,
    /// What is wrong, for people. It does not repeat the value.
    pub message: String,
}

/// A failed operation of this crate. It never repeats what was stored or sent.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    what: &'static str,
    existing: Option<String>,
    current_version: Option<i64>,
    fields: Vec<FieldError>,
    source: Option<Box<store::Error>>,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            what: "",
            existing: None,
            current_version: None,
            fields: Vec::new(),
            source: None,
        }
    }

    /// There is no such `what` (`client`, `workspace`) in this workspace.
    #[must_use]
    pub fn not_found(what: &'static str) -> Self {
        Self {
            what,
            ..Self::new(ErrorKind::NotFound)
        }
    }

    /// There is a `what` already, with this id.
    #[must_use]
    pub fn already_exists(what: &'static str, existing: impl fmt::Display) -> Self {
        Self {
            what,
            existing: Some(existing.to_string()),
            ..Self::new(ErrorKind::AlreadyExists)
        }
    }

    /// The `what` is at another version than the caller expected.
    #[must_use]
    pub fn conflict(what: &'static str, current_version: i64) -> Self {
        Self {
            what,
            current_version: Some(current_version),
            ..Self::new(ErrorKind::Conflict)
        }
    }

    /// The input is refused.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..Self::new(ErrorKind::Invalid)
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The id of the one that exists already, as text (`cli_…`).
    #[must_use]
    pub fn existing(&self) -> Option<&str> {
        self.existing.as_deref()
    }

    /// The version that is stored now, after a conflict.
    #[must_use]
    pub const fn current_version(&self) -> Option<i64> {
        self.current_version
    }

    /// Every field that is wrong; empty unless the kind is `Invalid`.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Whether the same call can succeed a moment later. After a `Timeout` or `Unavailable` a write may have happened
    /// already: creating again is then answered by `AlreadyExists` if there is a CNPJ or CPF, and changing again by
    /// `Conflict`.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Timeout)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match self.kind {
            ErrorKind::NotFound => write!(f, "the {what} was not found"),
            ErrorKind::AlreadyExists => {
                write!(
                    f,
                    "the {what} exists already as {}",
                    self.existing.as_deref().unwrap_or("another")
                )
            }
            ErrorKind::Conflict => {
                write!(
                    f,
                    "the {what} was changed meanwhile; it is now at version {}",
                    self.current_version.unwrap_or(0)
                )
            }
            ErrorKind::Invalid => {
                f.write_str("the input is refused: ")?;
                for (index, field) in self.fields.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{}: {}", field.field, field.message)?;
                }
                Ok(())
            }
            ErrorKind::Forbidden => f.write_str("the database refuses access"),
            ErrorKind::Unavailable => f.write_str("the database is not available"),
            ErrorKind::Timeout => f.write_str("the operation did not finish in time"),
            ErrorKind::Internal => f.write_str("the operation failed for an internal reason"),
        }
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
            ErrorKind::Unavailable => FailureClass::Transient,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Forbidden => FailureClass::Credential,
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::Conflict
            | ErrorKind::Invalid
            | ErrorKind::Internal => FailureClass::Rejected,
        }
    }
}

/// For what a repository has not given a meaning of its own: a constraint is expected to be mapped before this.
impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let kind = match error.kind() {
            store::ErrorKind::Denied => ErrorKind::Forbidden,
            store::ErrorKind::Unavailable | store::ErrorKind::Busy => ErrorKind::Unavailable,
            store::ErrorKind::Timeout => ErrorKind::Timeout,
            _ => ErrorKind::Internal,
        };
        Self {
            source: Some(Box::new(error)),
            ..Self::new(kind)
        }
    }
}
