//! How far a call came before it failed, and what its failure concerns.

use super::{ErrorKind, TimeoutStage};

/// How much of the call the provider has seen; only what it has certainly not carried out may be repeated freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// Nothing was sent: no connection, or a refusal of our own.
    Not,
    /// The provider turned the call away before it did anything; nothing is billed.
    Rejected,
    /// Not known: the model may have worked, and be paid for it.
    Maybe,
    /// A part of the answer came.
    Partial,
}

impl Sent {
    /// Whether it is certain that the model did not work.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        matches!(self, Self::Not | Self::Rejected)
    }

    /// What is known by the kind of the failure and the status of the answer.
    pub(super) const fn of(kind: ErrorKind, status: Option<u16>) -> Self {
        match kind {
            ErrorKind::Connect
            | ErrorKind::Timeout(TimeoutStage::Connect)
            | ErrorKind::Unsupported
            | ErrorKind::CircuitOpen
            | ErrorKind::LocalRateLimited
            | ErrorKind::BudgetExceeded
            | ErrorKind::NotCached
            | ErrorKind::Config => Self::Not,
            ErrorKind::RateLimited
            | ErrorKind::QuotaExhausted
            | ErrorKind::Authentication
            | ErrorKind::Permission
            | ErrorKind::ModelNotFound
            | ErrorKind::RegionBlocked
            | ErrorKind::ContextOverflow
            | ErrorKind::InvalidRequest => Self::Rejected,
            // Within an answer that has begun, 503 and its like say nothing about what was done before.
            ErrorKind::Overloaded if matches!(status, Some(429 | 503 | 529)) => Self::Rejected,
            ErrorKind::Overloaded
            | ErrorKind::ServerError
            | ErrorKind::Timeout(_)
            | ErrorKind::StreamTruncated
            | ErrorKind::Malformed
            | ErrorKind::ContentFiltered
            | ErrorKind::ToolLimit
            | ErrorKind::Cancelled => Self::Maybe,
        }
    }
}

/// How far an attempt had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// No connection stood yet.
    Connect,
    /// The request was on its way, or the head of the answer told the failure.
    Headers,
    /// The answer had begun, but nothing of what was asked for had come.
    FirstToken,
    /// A part of what was asked for had come.
    Streaming,
    /// All of the answer was there, and could not be used.
    Done,
}

impl Stage {
    /// What is known by the kind of the failure and the status of the answer; `None` when nothing was begun.
    pub(super) const fn of(kind: ErrorKind, status: Option<u16>) -> Option<Self> {
        match (kind, status) {
            (
                ErrorKind::Unsupported
                | ErrorKind::CircuitOpen
                | ErrorKind::LocalRateLimited
                | ErrorKind::BudgetExceeded
                | ErrorKind::NotCached,
                _,
            )
            | (ErrorKind::Config, None) => None,
            (ErrorKind::Connect | ErrorKind::Timeout(TimeoutStage::Connect), _) => Some(Self::Connect),
            (ErrorKind::Timeout(TimeoutStage::Idle | TimeoutStage::Throughput), _) => Some(Self::Streaming),
            (ErrorKind::Timeout(TimeoutStage::FirstToken) | ErrorKind::StreamTruncated, _) => {
                Some(Self::FirstToken)
            }
            (ErrorKind::Malformed, _) => Some(Self::Done),
            _ => Some(Self::Headers),
        }
    }
}

/// What a failure concerns: whoever is outside of it may still answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// This request alone.
    Request,
    /// The key by which the provider was asked.
    Key,
    /// The model, as this provider serves it.
    Model,
    /// The place from where it was asked.
    Region,
    /// The whole provider instance, or the way to it.
    Provider,
}

impl Scope {
    pub(crate) const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::RateLimited
            | ErrorKind::QuotaExhausted
            | ErrorKind::Authentication
            | ErrorKind::Permission => Self::Key,
            ErrorKind::ModelNotFound
            | ErrorKind::Overloaded
            | ErrorKind::StreamTruncated
            | ErrorKind::Malformed
            | ErrorKind::Timeout(
                TimeoutStage::FirstToken
                | TimeoutStage::Idle
                | TimeoutStage::Throughput
                | TimeoutStage::Total,
            ) => Self::Model,
            ErrorKind::RegionBlocked => Self::Region,
            ErrorKind::Connect
            | ErrorKind::ServerError
            | ErrorKind::CircuitOpen
            | ErrorKind::Timeout(TimeoutStage::Connect) => Self::Provider,
            ErrorKind::ContextOverflow
            | ErrorKind::ContentFiltered
            | ErrorKind::InvalidRequest
            | ErrorKind::Unsupported
            | ErrorKind::LocalRateLimited
            | ErrorKind::BudgetExceeded
            | ErrorKind::ToolLimit
            | ErrorKind::NotCached
            | ErrorKind::Cancelled
            | ErrorKind::Config => Self::Request,
        }
    }
}
