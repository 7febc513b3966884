//! The decision table: what each error means for the rest of a call.
//!
//! | error | same target again | next target |
//! | --- | --- | --- |
//! | rate limited | after `Retry-After`, if it is short and the deadline allows | yes |
//! | quota used up, authentication, permission | never | yes |
//! | overloaded, server error, no connection | with backoff within the retry budget | yes |
//! | timeout | no, except to connect | yes |
//! | stream truncated or answer malformed, before the first content | once | yes |
//! | the same after the first content | no: the error carries the partial answer | no |
//! | conversation too long | no | only one with a larger context |
//! | model not found, region blocked | no | yes |
//! | not supported by this target, target set up wrongly | no | yes |
//! | content filtered, invalid request, own limits, budget exceeded, cancelled | no | no |
//!
//! A provider that says of its error that another try is of no use is not tried again, whatever the row says.
//!
//! What the circuit breaker makes of an error is told by its class ([`aurora_core::failure::FailureClass`]).

use aurora_core::fallback::{Action, Plan};

use super::target::Member;
use crate::error::{Error, ErrorKind, TimeoutStage};

/// The table itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecisionTable;

/// What an error of this kind means, as the table says.
#[must_use]
pub const fn action(kind: ErrorKind) -> Action {
    match kind {
        ErrorKind::RateLimited
        | ErrorKind::Overloaded
        | ErrorKind::ServerError
        | ErrorKind::Connect
        | ErrorKind::Timeout(TimeoutStage::Connect) => Action::Retry,
        ErrorKind::StreamTruncated | ErrorKind::Malformed => Action::RetryOnce,
        ErrorKind::QuotaExhausted
        | ErrorKind::Authentication
        | ErrorKind::Permission
        | ErrorKind::Timeout(_)
        | ErrorKind::ContextOverflow
        | ErrorKind::ModelNotFound
        | ErrorKind::RegionBlocked
        | ErrorKind::Unsupported
        | ErrorKind::Config
        | ErrorKind::CircuitOpen => Action::Next,
        ErrorKind::ContentFiltered
        | ErrorKind::InvalidRequest
        | ErrorKind::LocalRateLimited
        | ErrorKind::BudgetExceeded
        | ErrorKind::ToolLimit
        | ErrorKind::Cancelled => Action::Surface,
    }
}

impl Plan<Member, Error> for DecisionTable {
    fn action(&self, error: &Error, _failed: &Member) -> Action {
        match action(error.kind()) {
            // The provider said itself that asking again is of no use: `x-should-retry: false`.
            Action::Retry | Action::RetryOnce if !error.is_retryable() => Action::Next,
            action => action,
        }
    }

    fn may_follow(&self, error: &Error, failed: &Member, candidate: &Member) -> bool {
        if error.kind() != ErrorKind::ContextOverflow {
            return true;
        }
        let was = failed.context_tokens(error.model().unwrap_or_else(|| failed.model()));
        match (was, candidate.context_tokens(candidate.model())) {
            (Some(was), Some(is)) => is > was,
            _ => false, // not known to be larger: the same refusal again would only cost time
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        let rows = [
            (ErrorKind::RateLimited, Action::Retry),
            (ErrorKind::QuotaExhausted, Action::Next),
            (ErrorKind::Overloaded, Action::Retry),
            (ErrorKind::ServerError, Action::Retry),
            (ErrorKind::Connect, Action::Retry),
            (ErrorKind::Timeout(TimeoutStage::Connect), Action::Retry),
            (ErrorKind::Timeout(TimeoutStage::FirstToken), Action::Next),
            (ErrorKind::Timeout(TimeoutStage::Idle), Action::Next),
            (ErrorKind::Timeout(TimeoutStage::Throughput), Action::Next),
            (ErrorKind::Timeout(TimeoutStage::Total), Action::Next),
            (ErrorKind::StreamTruncated, Action::RetryOnce),
            (ErrorKind::Malformed, Action::RetryOnce),
            (ErrorKind::Authentication, Action::Next),
            (ErrorKind::Permission, Action::Next),
            (ErrorKind::ModelNotFound, Action::Next),
            (ErrorKind::RegionBlocked, Action::Next),
            (ErrorKind::ContextOverflow, Action::Next),
            (ErrorKind::ContentFiltered, Action::Surface),
            (ErrorKind::InvalidRequest, Action::Surface),
            (ErrorKind::Unsupported, Action::Next),
            (ErrorKind::CircuitOpen, Action::Next),
            (ErrorKind::LocalRateLimited, Action::Surface),
            (ErrorKind::BudgetExceeded, Action::Surface),
            (ErrorKind::ToolLimit, Action::Surface),
            (ErrorKind::Cancelled, Action::Surface),
            (ErrorKind::Config, Action::Next),
        ];
        for (kind, wanted) in rows {
            assert_eq!(action(kind), wanted, "{kind:?}");
        }
    }
}
