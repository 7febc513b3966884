//! The decision table: what each error means for the rest of a call. The whole of it stands in `docs/llm/resilience.md`.
//!
//! [`row`] is the table itself, a pure function; the walk over the targets, the circuit breakers and the page of the
//! guide all read it. A provider that says of its error that another try is of no use (`x-should-retry: false`) is not
//! tried again, whatever the row says.

use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::fallback::{Action, Plan};

use super::route::Route;
use super::target::Member;
use crate::error::{Error, ErrorKind, Scope, TimeoutStage};

/// What one kind of error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// Whether the same target is asked again by the same key.
    pub again: Again,
    /// Whether another key of the same target is asked.
    pub rotate: bool,
    /// Which other target is asked.
    pub next: Next,
    /// What is held back, if it goes on failing so.
    pub holds: Holds,
    /// What the failure concerns.
    pub scope: Scope,
}

/// Whether the same target is asked again by the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Again {
    /// No.
    Never,
    /// Once.
    Once,
    /// With backoff, within the budget of retries.
    Backoff,
    /// After the time that the provider asked for, if that is short and before the deadline.
    AfterWait,
}

/// Which other target is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Nobody: they would answer the same.
    Nobody,
    /// The next.
    Anybody,
    /// The next that is known to take a longer conversation.
    Larger,
    /// The next, if the client is told so: see [`OnContentFilter`].
    IfTold,
    /// The next that can go on where the answer broke off, if the call allows it: see
    /// [`Continuation`](super::Continuation).
    ToGoOn,
}

/// What an error holds back, by a circuit breaker or until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holds {
    /// Nothing.
    Nothing,
    /// The target with this key; for a model that a request named itself, that model of the provider alone.
    Target,
    /// The model at this provider, whatever the key.
    Model,
    /// The key at this provider, whatever the model.
    Key,
    /// The key for this model.
    KeyForModel,
}

/// How far an attempt had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing has been handed out.
    Nothing,
    /// A part of the answer has been handed out.
    Part,
}

/// What happens when a provider withholds an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnContentFilter {
    /// The caller gets the error. The default: that somebody else is less strict is no reason to ask him.
    #[default]
    Surface,
    /// The next target is asked.
    NextTarget,
}

/// The row of an error.
#[must_use]
pub const fn row(kind: ErrorKind, said: Said) -> Row {
    let (again, rotate, next, holds) = match kind {
        ErrorKind::RateLimited => (Again::AfterWait, true, Next::Anybody, Holds::KeyForModel),
        ErrorKind::QuotaExhausted | ErrorKind::Authentication => {
            (Again::Never, true, Next::Anybody, Holds::Key)
        }
        ErrorKind::Permission => (Again::Never, true, Next::Anybody, Holds::KeyForModel),
        ErrorKind::Overloaded
        | ErrorKind::ServerError
        | ErrorKind::Connect
        | ErrorKind::Timeout(TimeoutStage::Connect) => (Again::Backoff, false, Next::Anybody, Holds::Target),
        ErrorKind::Timeout(_) => (Again::Never, false, Next::Anybody, Holds::Target),
        ErrorKind::StreamTruncated | ErrorKind::Malformed => {
            (Again::Once, false, Next::Anybody, Holds::Target)
        }
        ErrorKind::ModelNotFound | ErrorKind::RegionBlocked => {
            (Again::Never, true, Next::Anybody, Holds::KeyForModel)
        }
        ErrorKind::ContextOverflow => (Again::Never, false, Next::Larger, Holds::Nothing),
        ErrorKind::ContentFiltered => (Again::Never, false, Next::IfTold, Holds::Nothing),
        ErrorKind::Unsupported | ErrorKind::Config | ErrorKind::CircuitOpen => {
            (Again::Never, false, Next::Anybody, Holds::Nothing)
        }
        ErrorKind::InvalidRequest
        | ErrorKind::LocalRateLimited
        | ErrorKind::BudgetExceeded
        | ErrorKind::ToolLimit
        | ErrorKind::NotCached
        | ErrorKind::Cancelled => (Again::Never, false, Next::Nobody, Holds::Nothing),
    };
    let scope = Scope::of(kind);
    match said {
        Said::Nothing => Row {
            again,
            rotate,
            next,
            holds,
            scope,
        },
        // What was handed out cannot be taken back: nobody may begin anew.
        Said::Part => Row {
            again: Again::Never,
            rotate: false,
            next: match (next, kind) {
                // No time is left for anybody.
                (_, ErrorKind::Timeout(TimeoutStage::Total)) => Next::Nobody,
                (Next::Anybody, _) => Next::ToGoOn,
                _ => Next::Nobody,
            },
            holds,
            scope,
        },
    }
}

/// What to do next after an error before any content, as the table says.
#[must_use]
pub const fn action(kind: ErrorKind) -> Action {
    let row = row(kind, Said::Nothing);
    match (row.again, row.next) {
        (Again::Backoff | Again::AfterWait, _) => Action::Retry,
        (Again::Once, _) => Action::RetryOnce,
        (Again::Never, Next::Anybody | Next::Larger | Next::ToGoOn) => Action::Next,
        (Again::Never, Next::Nobody | Next::IfTold) => Action::Surface,
    }
}

/// What the circuit of a target is told of `error`, when it was asked for its own model or for one that a request named.
///
/// What concerns a key or one model among many is held back apart ([`Holds`]), so that nobody can take a whole target
/// away from others by naming a model that it does not have.
pub(super) fn tells(error: &Error, is_own_model: bool) -> FailureClass {
    let class = error.class();
    match row(error.kind(), Said::Nothing).holds {
        _ if error.kind() == ErrorKind::ContentFiltered => FailureClass::Rejected,
        Holds::Nothing | Holds::Key => class,
        Holds::Target if is_own_model || matches!(error.scope(), Scope::Provider) => class,
        Holds::Model | Holds::KeyForModel if is_own_model => class,
        Holds::Target | Holds::Model | Holds::KeyForModel => FailureClass::Rejected,
    }
}

/// The table for one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct DecisionTable<'a> {
    pub(super) route: &'a Route,
    pub(super) filtered: OnContentFilter,
}

impl Plan<Member, Error> for DecisionTable<'_> {
    fn action(&self, error: &Error, failed: &Member) -> Action {
        let row = row(error.kind(), Said::Nothing);
        match action(error.kind()) {
            Action::Surface if row.next == Next::IfTold && self.filtered == OnContentFilter::NextTarget => {
                Action::Next
            }
            // The provider said itself that asking again is of no use: `x-should-retry: false`.
            Action::Retry | Action::RetryOnce if !error.is_retryable() => Action::Next,
            // Another key has its own limit, and need not wait.
            Action::Retry if row.rotate && failed.keys() > 1 => Action::Next,
            action => action,
        }
    }

    fn may_follow(&self, error: &Error, failed: &Member, candidate: &Member) -> bool {
        let row = row(error.kind(), Said::Nothing);
        if failed.is_same_target(candidate) {
            return row.rotate;
        }
        if row.next != Next::Larger {
            return true;
        }
        let was = failed.context_tokens(error.model().unwrap_or_else(|| failed.model()));
        match (was, candidate.context_tokens(self.route.model_for(candidate))) {
            (Some(was), Some(is)) => is > was,
            _ => false, // not known to be larger: the same refusal again would only cost time
        }
    }

    fn tells(&self, error: &Error, failed: &Member) -> FailureClass {
        tells(error, self.route.model_for(failed) == failed.model())
    }
}

#[cfg(test)]
mod tests;
