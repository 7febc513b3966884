//! The refusal of a call for which there is no room.

use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// There is no room for the call now. It was not begun.
///
/// A server answers it with 503, `Retry-After` and a problem of the type `temporary-reduced-capacity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no room for the call: {}", .reason.as_str())]
#[non_exhaustive]
pub struct Shed {
    /// Why.
    pub reason: ShedReason,
    /// When it makes sense to ask again.
    pub retry_after: Duration,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShedReason {
    /// As many calls wait as may.
    QueueFull,
    /// It waited as long as it may.
    WaitedTooLong,
    /// The target refuses so many calls that this one is not even sent.
    ClientThrottled,
}

impl ShedReason {
    /// A short lower-case name, for records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::WaitedTooLong => "waited_too_long",
            Self::ClientThrottled => "client_throttled",
        }
    }
}

impl Shed {
    pub(super) const fn new(reason: ShedReason, retry_after: Duration) -> Self {
        Self { reason, retry_after }
    }
}

impl Failure for Shed {
    fn class(&self) -> FailureClass {
        FailureClass::Throttled
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.retry_after)
    }

    fn not_executed(&self) -> bool {
        true
    }
}
