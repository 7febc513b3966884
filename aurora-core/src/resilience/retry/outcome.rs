//! What may be repeated, and why it was not repeated any more.

use std::fmt;
use std::time::Duration;

use crate::failure::{Failure, FailureClass};
use crate::resilience::call::CallExhausted;

/// Whether doing an operation twice is the same as doing it once (RFC 9110 §9.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// It may be repeated after any failure that repeating can help.
    Idempotent,
    /// It may be repeated only when the failure proves that nothing was done: [`Failure::not_executed`].
    Once,
}

impl Idempotency {
    /// That of an HTTP request: its method is idempotent, or it carries an `Idempotency-Key`.
    #[must_use]
    pub fn of_request(method: &str, has_idempotency_key: bool) -> Self {
        let methods = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
        if has_idempotency_key || methods.contains(&method) {
            Self::Idempotent
        } else {
            Self::Once
        }
    }

    pub(super) fn allows<E: Failure>(self, error: &E) -> bool {
        self == Self::Idempotent || error.not_executed()
    }
}

/// Why there was no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GaveUp {
    /// Repeating cannot help against such an error.
    NotRetryable,
    /// The operation must not be repeated, and it may have been carried out.
    NotIdempotent,
    /// The policy's attempts are used up.
    Attempts,
    /// The [`RetryBudget`](crate::resilience::RetryBudget) is used up: too many calls fail.
    RetryBudgetExhausted,
    /// The [`CallBudget`](crate::resilience::CallBudget) is used up.
    Call(CallExhausted),
    /// The target asked for a longer wait than the policy grants or the call has: try after this time, or elsewhere.
    RetryLater(Duration),
}

impl GaveUp {
    /// A short lower-case name, for records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::NotIdempotent => "not_idempotent",
            Self::Attempts => "attempts",
            Self::RetryBudgetExhausted => "retry_budget_exhausted",
            Self::Call(exhausted) => exhausted.as_str(),
            Self::RetryLater(_) => "retry_later",
        }
    }
}

/// A call that failed for good: the error of its last attempt, and why that was the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryError<E> {
    error: Option<E>,
    gave_up: GaveUp,
    attempts: u32,
}

impl<E> RetryError<E> {
    pub(in crate::resilience) const fn new(error: Option<E>, gave_up: GaveUp, attempts: u32) -> Self {
        Self {
            error,
            gave_up,
            attempts,
        }
    }

    /// The error of the last attempt; `None` when the call's budget did not allow even one.
    #[must_use]
    pub const fn error(&self) -> Option<&E> {
        self.error.as_ref()
    }

    /// The error of the last attempt; `None` when the call's budget did not allow even one.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        self.error
    }

    /// Why there was no further attempt.
    #[must_use]
    pub const fn gave_up(&self) -> GaveUp {
        self.gave_up
    }

    /// How many attempts were made.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = &self.error {
            write!(f, "{error} ")?;
        }
        write!(f, "(attempts: {}, then {})", self.attempts, self.gave_up.as_str())
    }
}

impl<E: std::error::Error> std::error::Error for RetryError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.as_ref().and_then(std::error::Error::source)
    }
}

impl<E: Failure> Failure for RetryError<E> {
    fn class(&self) -> FailureClass {
        self.error.as_ref().map_or(FailureClass::Timeout, Failure::class)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.error.as_ref().and_then(Failure::retry_after)
    }

    fn not_executed(&self) -> bool {
        // Earlier attempts may have been carried out even if the last one was not.
        self.attempts == 0 || (self.attempts == 1 && self.error.as_ref().is_some_and(Failure::not_executed))
    }
}
