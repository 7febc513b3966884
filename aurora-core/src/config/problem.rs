//! What is wrong with the settings, all of it at once.

use std::fmt;

use serde::Serialize;

use super::Origin;

/// A file that is something else altogether may be wrong in every line.
const MOST_SHOWN: usize = 100;

/// One thing that is wrong, with its place and what is allowed. Never shows the value of a secret.
///
/// Serialised it is `{"key", "origin", "message"}`; `key` and `origin` are `null` where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    key: Option<String>,
    origin: Option<Origin>,
    message: String,
}

impl Problem {
    pub(super) fn new(key: impl Into<String>, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            origin: Some(origin),
            message: message.into(),
        }
    }

    pub(super) fn missing(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            origin: None,
            message: message.into(),
        }
    }

    /// Something wrong with a whole file or line rather than with one setting.
    pub(super) fn of_source(origin: Origin, message: impl Into<String>) -> Self {
        Self {
            key: None,
            origin: Some(origin),
            message: message.into(),
        }
    }

    /// Something that no source can be named for.
    pub(super) fn general(message: impl Into<String>) -> Self {
        Self {
            key: None,
            origin: None,
            message: message.into(),
        }
    }

    /// The dotted key of the setting, where one is concerned.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What is wrong with it and what is allowed.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the wrong value stands; nowhere when it is missing.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key of a file may hold anything, also what a terminal or a log would take for its own.
        let key = self.key.as_deref().map(str::escape_debug);
        match (key, &self.origin) {
            (Some(key), Some(origin)) => write!(f, "{key} ({origin}): {}", self.message),
            (Some(key), None) => write!(f, "{key} (not set): {}", self.message),
            (None, Some(origin)) => write!(f, "{origin}: {}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}

/// The settings cannot be used; lists everything that has to be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Error {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            warnings: Vec::new(),
        }
    }

    pub(super) fn with(self, warnings: Vec<Problem>) -> Self {
        Self { warnings, ..self }
    }

    pub(super) fn and(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// Every problem found, in the order of the layers.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is allowed but probably not meant, as [`Loaded::warnings`](super::Loaded::warnings): a name with a typo may
    /// be why another setting is missing.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Shows the first hundred problems and the warnings.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("one setting is wrong")?,
            count => write!(f, "{count} settings are wrong")?,
        }
        for problem in self.problems.iter().take(MOST_SHOWN) {
            write!(f, "\n  {problem}")?;
        }
        if self.problems.len() > MOST_SHOWN {
            write!(f, "\n  and {} more", self.problems.len() - MOST_SHOWN)?;
        }
        for warning in self.warnings.iter().take(MOST_SHOWN) {
            write!(f, "\n  warning: {warning}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
