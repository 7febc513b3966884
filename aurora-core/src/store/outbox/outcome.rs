//! What became of an attempt.

use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// How much is kept of what went wrong, in characters.
const LONGEST_TEXT: usize = 500;

/// Why an attempt failed, and whether another makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub(super) class: FailureClass,
    pub(super) text: String,
    pub(super) retry_after: Option<Duration>,
    pub(super) is_final: bool,
}

impl Failed {
    /// A failure after which another attempt can succeed. `text` is stored: no secret, no personal data.
    #[must_use]
    pub fn again(class: FailureClass, text: impl Into<String>) -> Self {
        Self {
            class,
            text: shortened(text.into()),
            retry_after: None,
            is_final: false,
        }
    }

    /// A failure that every further attempt would meet as well: the message is dead.
    #[must_use]
    pub fn rejected(text: impl Into<String>) -> Self {
        Self {
            is_final: true,
            ..Self::again(FailureClass::Rejected, text)
        }
    }

    /// Not before this long from now, as a receiver asks with `Retry-After`.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What it says about the receiver.
    #[must_use]
    pub const fn class(&self) -> FailureClass {
        self.class
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<E: Failure> From<E> for Failed {
    /// Final when the call itself is at fault; a refused key is repaired by somebody while the message waits.
    fn from(error: E) -> Self {
        Self {
            class: error.class(),
            text: shortened(error.to_string()),
            retry_after: error.retry_after(),
            is_final: error.class() == FailureClass::Rejected,
        }
    }
}

fn shortened(text: String) -> String {
    let is_short = text.len() <= LONGEST_TEXT;
    if is_short && !text.contains('\0') {
        return text;
    }
    text.chars()
        .filter(|char| *char != '\0')
        .take(LONGEST_TEXT)
        .collect()
}

/// Why a message is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadReason {
    /// Another attempt could not have succeeded.
    Rejected,
    /// No attempt was left.
    Exhausted,
    /// Nobody began it in its lifetime.
    Expired,
}

impl DeadReason {
    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Rejected, Self::Exhausted, Self::Expired]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// What is to become of a leased message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is done.
    Done,
    /// Another attempt is made this long from now.
    Retry(Duration, Failed),
    /// It is dead.
    Dead(DeadReason, Failed),
    /// It goes back as if it had not been claimed; the attempt does not count.
    Release,
}

impl Outcome {
    /// A short lower-case name, for metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(..) => "retry",
            Self::Dead(..) => "dead",
            Self::Release => "release",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_of_a_failure_is_bounded_and_fits_into_a_text_column() {
        let failed = Failed::again(FailureClass::Transient, format!("\0{}", "ção".repeat(1_000)));
        assert_eq!(failed.text().chars().count(), LONGEST_TEXT);
        assert!(!failed.text().contains('\0'));
    }
}
