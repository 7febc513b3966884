//! What went wrong in the database, told so that the caller knows what to do.

use std::borrow::Cow;
use std::fmt;

use crate::failure::{Failure, FailureClass};

/// What the caller can do about a failed database operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database URL cannot be understood, or names an engine that this build does not include.
    InvalidUrl,
    /// The statement had to find a row and found none.
    NotFound,
    /// A unique constraint is violated; [`Error::constraint`] names it.
    Conflict,
    /// A row refers to another that does not exist, or is referred to.
    ForeignKey,
    /// A value breaks a check, a not-null or an exclusion constraint; [`Error::constraint`] names it where known.
    Check,
    /// The database refuses the account or the operation: wrong password, missing privilege, read-only file.
    Denied,
    /// The database cannot be reached, has no free connection, is shutting down, or has no room left.
    Unavailable,
    /// A time limit passed. A write may or may not have happened.
    Timeout,
    /// Somebody else is in the way: lock, deadlock, serialization failure. Nothing was done.
    Busy,
    /// What is stored cannot be read, or does not have the expected shape.
    Corrupt,
    /// The schema cannot be brought up to date, or is newer than this program.
    Migration,
    /// What was handed in is refused before it reaches the database: too long, too large, out of range.
    Invalid,
    /// A lease has run out or somebody else holds it by now; nothing was written.
    LeaseLost,
    /// Anything else; most likely a mistake in a statement.
    Other,
}

/// A failed database operation.
///
/// It shows the kind, the constraint and the engine's error code, and for a faulty statement the engine's message;
/// never SQL, stored values or the database's address.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    constraint: Option<String>,
    code: Option<String>,
    detail: Option<Cow<'static, str>>,
    may_have_been_made: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error that says itself what is wrong.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::bare(kind)
        }
    }

    /// A stored row that cannot be turned into what it stands for.
    ///
    /// `source` must not repeat stored values.
    #[must_use]
    pub fn corrupt(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorKind::Corrupt, "a stored row is not valid")
        }
    }

    pub(super) const fn bare(kind: ErrorKind) -> Self {
        Self {
            kind,
            constraint: None,
            code: None,
            detail: None,
            may_have_been_made: false,
            source: None,
        }
    }

    /// What ended a write that had been sent: the commit of a transaction, or a statement that is one by itself.
    #[doc(hidden)]
    #[must_use]
    pub fn after_sending(error: sqlx::Error) -> Self {
        let is_unsent = matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed);
        let error = Self::from(error);
        // Any other answer of the engine says that it refused.
        let is_open = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout);
        Self {
            may_have_been_made: is_open && !is_unsent,
            ..error
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The violated constraint, under the same name on every engine.
    ///
    /// PostgreSQL reports names and SQLite columns, so the name follows PostgreSQL's own rule: `table_pkey`,
    /// `table_column_column_key`, `table_column_not_null`; a unique constraint or index must be given that name in
    /// its migration. Checks are named freely, both engines report them. A foreign key has a name in PostgreSQL only.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// The engine's own code, for records: an SQLSTATE such as `23505`, or an extended SQLite code such as `2067`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether a write had been sent when this came, so that nobody knows whether it happened: the answer to a commit was
    /// lost. Any other error means that nothing was written.
    #[must_use]
    pub const fn may_have_been_made(&self) -> bool {
        self.may_have_been_made
    }

    /// Whether the same operation can succeed a moment later.
    ///
    /// A write may have happened already where [`Error::may_have_been_made`] says so: repeat it then only if it is
    /// idempotent.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Busy
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (&self.detail, self.kind) {
            (Some(detail), _) => detail,
            (None, ErrorKind::InvalidUrl) => "the database URL cannot be understood",
            (None, ErrorKind::NotFound) => "no row was found",
            (None, ErrorKind::Conflict) => "a unique constraint is violated",
            (None, ErrorKind::ForeignKey) => "a row refers to another that does not exist",
            (None, ErrorKind::Check) => "a value is refused by a constraint",
            (None, ErrorKind::Denied) => "the database refuses access",
            (None, ErrorKind::Unavailable) => "the database is not available",
            (None, ErrorKind::Timeout) => "the database did not answer in time",
            (None, ErrorKind::Busy) => "the database is busy",
            (None, ErrorKind::Corrupt) => "the stored data cannot be read",
            (None, ErrorKind::Migration) => "the schema cannot be brought up to date",
            (None, ErrorKind::Invalid) => "the input is refused",
            (None, ErrorKind::LeaseLost) => "the lease was lost",
            (None, ErrorKind::Other) => "the database refused the statement",
        })?;
        match (&self.constraint, &self.code) {
            (Some(constraint), Some(code)) => write!(f, " ({constraint}, code {code})"),
            (Some(constraint), None) => write!(f, " ({constraint})"),
            (None, Some(code)) => write!(f, " (code {code})"),
            (None, None) => Ok(()),
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
            ErrorKind::Busy => FailureClass::Throttled,
            ErrorKind::Timeout => FailureClass::Timeout,
            // Whoever holds it now goes on with the work.
            ErrorKind::LeaseLost => FailureClass::Cancelled,
            // This database serves nobody until somebody repairs it; another one may.
            ErrorKind::Denied | ErrorKind::Corrupt => FailureClass::Credential,
            ErrorKind::InvalidUrl
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::ForeignKey
            | ErrorKind::Check
            | ErrorKind::Migration
            | ErrorKind::Invalid
            | ErrorKind::Other => FailureClass::Rejected,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::bare(ErrorKind::NotFound),
            sqlx::Error::Io(source) => Self {
                source: Some(Box::new(source)),
                ..Self::bare(ErrorKind::Unavailable)
            },
            sqlx::Error::Tls(_) => Self::new(ErrorKind::Unavailable, "no secure connection to the database"),
            sqlx::Error::PoolTimedOut => Self::new(
                ErrorKind::Unavailable,
                "no database connection was to be had in time",
            ),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::bare(ErrorKind::Unavailable),
            sqlx::Error::Configuration(_) => Self::bare(ErrorKind::InvalidUrl),
            // Its message names the column and the types; a value could only come from a decoder, and is left out.
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::new(ErrorKind::Corrupt, format!("the column {index} cannot be read"))
            }
            sqlx::Error::Decode(_) | sqlx::Error::TypeNotFound { .. } => Self::bare(ErrorKind::Corrupt),
            sqlx::Error::ColumnNotFound(name) => Self::new(
                ErrorKind::Other,
                format!("the column {name} is missing in a result"),
            ),
            sqlx::Error::Protocol(_) => {
                Self::new(ErrorKind::Unavailable, "the database answered out of protocol")
            }
            sqlx::Error::Database(error) => from_engine(error),
            _ => Self::bare(ErrorKind::Other),
        }
    }
}

/// Reads an engine's error. The engine's own text is kept only where it cannot hold stored values.
fn from_engine(error: Box<dyn sqlx::error::DatabaseError>) -> Error {
    let code = error.code().map(Cow::into_owned);
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return Error {
            code,
            ..postgres::read(error)
        };
    }
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        return Error {
            code,
            ..sqlite::read(error)
        };
    }
    Error {
        code,
        ..Error::bare(ErrorKind::Other)
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use sqlx::postgres::PgDatabaseError;

    use super::{Error, ErrorKind};

    /// SQLSTATE classes and codes: PostgreSQL manual, appendix A.
    pub(super) fn read(error: &PgDatabaseError) -> Error {
        let code = error.code();
        let kind = match code {
            "23505" => ErrorKind::Conflict,
            "23503" => ErrorKind::ForeignKey,
            "40001" | "40P01" | "55P03" => ErrorKind::Busy,
            "57014" | "25P03" => ErrorKind::Timeout,
            "28P01" | "28000" | "42501" | "25006" | "3D000" => ErrorKind::Denied,
            "XX001" | "XX002" => ErrorKind::Corrupt,
            _ => match code.get(..2) {
                Some("23") => ErrorKind::Check,
                Some("08" | "53" | "57" | "58") => ErrorKind::Unavailable,
                _ => ErrorKind::Other,
            },
        };
        let constraint = match (error.constraint(), error.table(), error.column()) {
            (Some(name), _, _) => Some(name.to_owned()),
            (None, Some(table), Some(column)) if code == "23502" => {
                Some(format!("{table}_{column}_not_null"))
            }
            _ => None,
        };
        // Class 42, syntax and names: the message quotes the statement's identifiers, never values.
        let detail = match code {
            "3D000" => Some("the database that the URL names does not exist".into()),
            "28P01" | "28000" => Some("the database refuses the user or the password".into()),
            _ => (kind == ErrorKind::Other && code.starts_with("42"))
                .then(|| format!("the database refused the statement: {}", error.message()).into()),
        };
        Error {
            constraint,
            detail,
            ..Error::bare(kind)
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use sqlx::error::DatabaseError;
    use sqlx::sqlite::SqliteError;

    use super::{Error, ErrorKind};

    const GENERIC: i64 = 1;
    const CONSTRAINT_CHECK: i64 = 275;
    const CONSTRAINT_NOT_NULL: i64 = 1299;
    const CONSTRAINT_PRIMARY_KEY: i64 = 1555;
    const CONSTRAINT_TRIGGER: i64 = 1811;
    const CONSTRAINT_UNIQUE: i64 = 2067;

    /// Result codes: <https://sqlite.org/rescode.html>; the low byte is the primary code.
    pub(super) fn read(error: &SqliteError) -> Error {
        let code: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
        let kind = match (code, code & 0xff) {
            (CONSTRAINT_UNIQUE | CONSTRAINT_PRIMARY_KEY | 2579, _) => ErrorKind::Conflict,
            (787, _) => ErrorKind::ForeignKey,
            (_, 19) => ErrorKind::Check,
            (_, 5 | 6) => ErrorKind::Busy,
            (_, 9) => ErrorKind::Timeout,
            (_, 3 | 8 | 23) => ErrorKind::Denied,
            (_, 10 | 13 | 14) => ErrorKind::Unavailable,
            (_, 11 | 26) => ErrorKind::Corrupt,
            _ => ErrorKind::Other,
        };
        let detail = (code == GENERIC)
            .then(|| format!("the database refused the statement: {}", error.message()).into());
        Error {
            constraint: constraint(code, error.message()),
            detail,
            ..Error::bare(kind)
        }
    }

    /// `UNIQUE constraint failed: clients.workspace_id, clients.cnpj` → `clients_workspace_id_cnpj_key`.
    fn constraint(code: i64, message: &str) -> Option<String> {
        if code == CONSTRAINT_TRIGGER {
            return Some(message.to_owned()); // the text of RAISE, which is the constraint's name by our convention
        }
        let (_, named) = message.split_once("constraint failed: ")?;
        if code == CONSTRAINT_CHECK {
            return Some(named.to_owned());
        }
        if let Some(index) = named
            .strip_prefix("index '")
            .and_then(|rest| rest.strip_suffix('\''))
        {
            return Some(index.to_owned());
        }
        let (table, _) = named.split_once('.')?;
        let columns: Vec<&str> = named
            .split(", ")
            .map(|column| column.split_once('.').map_or(column, |(_, name)| name))
            .collect();
        match code {
            CONSTRAINT_PRIMARY_KEY => Some(format!("{table}_pkey")),
            CONSTRAINT_UNIQUE => Some(format!("{table}_{}_key", columns.join("_"))),
            CONSTRAINT_NOT_NULL => Some(format!("{table}_{}_not_null", columns.join("_"))),
            _ => None,
        }
    }
}
