//! What went wrong in the domain, told so that the caller knows what to do.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

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
    /// Somebody changed it meanwhile; [`Error::current_version`] tells the version to read and decide on again. Without a
    /// version something else is in the way, which [`Error::code`] names: a time that is taken, a key that was used.
    Conflict,
    /// The input is refused; [`Error::fields`] lists every field that is wrong.
    Invalid,
    /// The database, or the store of files, refuses the program's account.
    Forbidden,
    /// The credentials are not accepted; nothing tells which part of them is wrong.
    Unauthenticated,
    /// The session has to prove itself again first, with all factors of its user.
    StepUp,
    /// A stored secret cannot be opened with the keys that the program was given; nothing was changed.
    Unsealable,
    /// The database is not prepared for this program; the message says what to do.
    Setup,
    /// The database or what else is needed cannot be reached or is busy; trying again may help.
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
    /// A stable code: `required`, `invalid`, `too_long`, `too_many`, `not_allowed`; of clients also `conflict`,
    /// `in_use`, of what the law keeps `legal_hold`, of members `last_owner`, of users
    /// `last_administrator`, of times `too_soon`, `too_late`,
    /// `outside_hours`, of files `too_large`, `over_quota`, `incomplete`,
    /// of appointments `slot_taken`, `key_reused`, `illegal_transition`, `too_early`, `too_late`.
    pub code: &'static str,
    /// What is wrong, for people. It does not repeat the value.
    pub message: String,
}

/// A failed operation of this crate. It never repeats what was stored or sent.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    what: &'static str,
    detail: Option<Cow<'static, str>>,
    existing: Option<String>,
    current_version: Option<i64>,
    fields: Vec<FieldError>,
    source: Option<Box<Source>>,
}

/// What caused it; behind one pointer, so that results stay small.
#[derive(Debug)]
enum Source {
    Store(store::Error),
    #[cfg(feature = "access")]
    Access(aurora_core::access::Error),
    #[cfg(feature = "access")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            what: "",
            detail: None,
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

    /// What is asked for clashes with what is stored, whatever its version: `field` is taken, for the reason `code`.
    pub(crate) fn clash(
        what: &'static str,
        field: &'static str,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Self {
            what,
            fields: vec![FieldError {
                field: field.to_owned(),
                code,
                message: message.to_owned(),
            }],
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

    /// The database is not prepared; `detail` says what to do.
    pub(crate) fn setup(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(ErrorKind::Setup)
        }
    }

    /// Something other than the database fails; `detail` says what.
    #[cfg(feature = "files")]
    pub(crate) fn outside(kind: ErrorKind, detail: &'static str) -> Self {
        Self {
            detail: Some(Cow::Borrowed(detail)),
            ..Self::new(kind)
        }
    }

    /// What the database said, for those who know what a constraint of theirs means.
    pub(crate) fn stored(&self) -> Option<&store::Error> {
        match self.source.as_deref()? {
            Source::Store(error) => Some(error),
            #[cfg(feature = "access")]
            _ => None,
        }
    }

    /// Adds what caused it.
    #[cfg(feature = "access")]
    pub(crate) fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(Source::Other(Box::new(source))));
        self
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

    /// Every field that is wrong; empty unless the kind is `Invalid`, or `Conflict` for another reason than a version.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// The code of the first field that is wrong, such as `slot_taken`.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.fields.first().map(|field| field.code)
    }

    /// When to come back, where that is known: too many passwords wait to be hashed.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        #[cfg(feature = "access")]
        if let Some(Source::Access(error)) = self.source.as_deref() {
            return error.retry_after();
        }
        None
    }

    /// Whether the answer to a write was lost, so that nobody knows whether it happened
    /// ([`store::Error::may_have_been_made`]).
    #[must_use]
    pub fn may_have_been_made(&self) -> bool {
        self.stored().is_some_and(store::Error::may_have_been_made)
    }

    /// Whether the same call can succeed a moment later. After a `Timeout`, and where [`Error::may_have_been_made`] says so,
    /// a write may have happened already: creating again is then answered by `AlreadyExists` if there is a CNPJ or CPF, and changing again by
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
            ErrorKind::Conflict if !self.fields.is_empty() => {
                write!(f, "the {what} clashes with what is stored")?;
                self.fields
                    .iter()
                    .try_for_each(|field| write!(f, "; {}: {}", field.field, field.message))
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
            ErrorKind::Forbidden => {
                f.write_str(self.detail.as_deref().unwrap_or("the database refuses access"))
            }
            ErrorKind::Setup => f.write_str(self.detail.as_deref().unwrap_or("the database is not prepared")),
            ErrorKind::Unauthenticated => f.write_str("the credentials are not accepted"),
            ErrorKind::StepUp => f.write_str("the session must prove itself again first"),
            ErrorKind::Unsealable => {
                f.write_str("a stored secret cannot be opened with the keys of the system")
            }
            ErrorKind::Unavailable => f.write_str(
                self.detail
                    .as_deref()
                    .unwrap_or("what is needed is not available now"),
            ),
            ErrorKind::Timeout => f.write_str("the operation did not finish in time"),
            ErrorKind::Internal => f.write_str(
                self.detail
                    .as_deref()
                    .unwrap_or("the operation failed for an internal reason"),
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self.source.as_deref()? {
            Source::Store(error) => error,
            #[cfg(feature = "access")]
            Source::Access(error) => error,
            #[cfg(feature = "access")]
            Source::Other(error) => error.as_ref(),
        })
    }
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind {
            ErrorKind::Unavailable => FailureClass::Transient,
            ErrorKind::Timeout => FailureClass::Timeout,
            ErrorKind::Forbidden | ErrorKind::Setup | ErrorKind::Unauthenticated | ErrorKind::StepUp => {
                FailureClass::Credential
            }
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::Conflict
            | ErrorKind::Invalid
            | ErrorKind::Unsealable
            | ErrorKind::Internal => FailureClass::Rejected,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
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
            source: Some(Box::new(Source::Store(error))),
            ..Self::new(kind)
        }
    }
}

/// A mistake of the settings or the program is told as such: input is checked before it gets here.
#[cfg(feature = "access")]
impl From<aurora_core::access::Error> for Error {
    fn from(error: aurora_core::access::Error) -> Self {
        use aurora_core::access::ErrorKind as Access;
        let kind = match error.kind() {
            Access::Busy | Access::Unavailable => ErrorKind::Unavailable,
            Access::Corrupt => ErrorKind::Unsealable,
            _ => ErrorKind::Internal,
        };
        Self {
            source: Some(Box::new(Source::Access(error))),
            ..Self::new(kind)
        }
    }
}
