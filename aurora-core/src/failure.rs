//! What a failed outcome says about the thing that was called.
//!
//! Retry, circuit breaker and fallback all ask the same two questions of an error. Each crate's error answers them
//! once, here, and every mechanism understands it.

use std::time::Duration;

/// What a failure says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureClass {
    /// The target or the way to it is faulty: refused connection, 5xx, broken answer. Trying again may help.
    Transient,
    /// The target works but wants fewer calls: 429, overloaded.
    Throttled,
    /// No answer in time.
    Timeout,
    /// The target refuses *us*: wrong key, no permission, used-up quota. Another target may serve; this one will not.
    Credential,
    /// The call itself is at fault; the target is healthy and nobody else will answer better.
    Rejected,
    /// The caller gave up; it says nothing about the target.
    Cancelled,
}

impl FailureClass {
    /// Whether the same call to the same target can succeed a moment later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::Throttled | Self::Timeout)
    }

    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Credential => "credential",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An error that retry, circuit breaker and fallback understand.
pub trait Failure: std::error::Error {
    /// What the failure says about its target.
    fn class(&self) -> FailureClass;

    /// How long the target asked to be left alone, if it said so.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Whether it is certain that the operation was not carried out, not even in part: the connection was refused,
    /// the stream was refused (HTTP/2 `REFUSED_STREAM`), the target turned the call away before reading it.
    ///
    /// Only then may an operation be repeated that is not idempotent (RFC 9110 §9.2.2). `false` when in doubt.
    fn not_executed(&self) -> bool {
        false
    }
}
