use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store does not answer, or not in time: try again.
    Unavailable,
    /// Another engine has taken the lead: load again before going on.
    Fenced,
    /// The inbox is full: nobody has taken anything out of it for long. Try again later.
    Full,
    /// The request makes no sense, such as a cursor of another query.
    Invalid,
    /// What is stored cannot be understood, or the schema cannot be brought up to date: somebody has to look.
    Corrupt,
}

/// Why a store could not do what it was asked for. Shows no address, no secret and no stored value.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    detail: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error of a kind, with a lower-case text.
    #[must_use]
    pub fn new(kind: StoreErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            source: None,
        }
    }

    /// What lies beneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What can be done about it.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same can succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Full)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl From<aurora_core::store::Error> for StoreError {
    fn from(error: aurora_core::store::Error) -> Self {
        use aurora_core::store::ErrorKind;
        let (kind, detail) = match error.kind() {
            // Denied is also what a server says that is being replaced and takes no writes any more.
            _ if error.is_retryable() => (StoreErrorKind::Unavailable, "the database does not answer"),
            ErrorKind::Denied => (StoreErrorKind::Unavailable, "the database refuses the engine"),
            ErrorKind::Invalid | ErrorKind::InvalidUrl => {
                (StoreErrorKind::Invalid, "the database takes no such request")
            }
            ErrorKind::Migration => (StoreErrorKind::Corrupt, "the schema cannot be brought up to date"),
            _ => (
                StoreErrorKind::Corrupt,
                "the database holds what it should not hold",
            ),
        };
        Self::new(kind, detail).with_source(error)
    }
}
