use std::fmt;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A rule, a channel or a setting of the engine is wrong: correct it. [`Error::problems`] lists every one.
    Invalid,
    /// The store does not answer, or this engine was replaced while it wrote: it is not known whether the request was
    /// taken. The same request again is harmless.
    Unavailable,
    /// There are as many alerts, silences or waiting requests as there may be: try again later.
    Full,
    /// There is nothing of that name: no such alert, silence or channel.
    NotFound,
    /// Somebody else has changed it meanwhile: look at it again.
    Conflict,
    /// The engine was shut down.
    Closed,
    /// A channel did not take a message that somebody sent to try it.
    Channel,
}

/// Why an engine, a rule or a channel could not be built, or could not do what it was asked for.
///
/// Where something is to be built all problems are found at once, so that one correction round is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    problems: Vec<Problem>,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What it is about, such as `rule "Error rate high"`; empty where it is about a file as a whole.
    pub subject: String,
    /// What is wrong with it and what is allowed.
    pub detail: String,
    /// Where it stands, where it was read from a file.
    pub place: Option<Place>,
}

/// A place in a file.
///
/// `Display` gives it as `alerts.yaml:12:5`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 where it is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

impl Problem {
    pub(crate) fn new(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            detail: detail.into(),
            place: None,
        }
    }

    #[cfg(feature = "rule-files")]
    pub(crate) fn at(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&self.detail)
    }
}

impl Error {
    pub(crate) fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self {
                kind: ErrorKind::Invalid,
                problems,
            })
        }
    }

    pub(crate) fn invalid(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Invalid,
            problems: vec![Problem::new(subject, detail)],
        }
    }

    pub(crate) const fn of(kind: ErrorKind, problems: Vec<Problem>) -> Self {
        Self { kind, problems }
    }

    pub(crate) fn new(kind: ErrorKind, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            problems: vec![Problem::new(subject, detail)],
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same can succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Full)
    }

    /// Every problem found; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == ErrorKind::Invalid {
            f.write_str("alerts cannot be set up: ")?;
        }
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<crate::store::StoreError> for Error {
    fn from(error: crate::store::StoreError) -> Self {
        use crate::store::StoreErrorKind;
        let kind = match error.kind() {
            StoreErrorKind::Full => ErrorKind::Full,
            StoreErrorKind::Invalid | StoreErrorKind::Corrupt => ErrorKind::Invalid,
            StoreErrorKind::Unavailable | StoreErrorKind::Fenced => ErrorKind::Unavailable,
        };
        Self::new(kind, "store", error.to_string())
    }
}
