//! What to do about a failed attempt.

use std::fmt;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::failure::{Failure, FailureClass};

/// What to do about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Try the same target again, if policy, budget and deadline allow; else the next.
    Retry,
    /// As [`Action::Retry`], but only after the first attempt at this target.
    RetryOnce,
    /// Try the next target.
    Next,
    /// Nobody could answer better: hand the error to the caller.
    Surface,
}

/// Decides what an error means for the rest of a call. Pure: it reads no clock and counts nothing.
pub trait Plan<T, E>: Sync {
    /// What to do about `error`, which came from the target with this payload.
    fn action(&self, error: &E, failed: &T) -> Action;

    /// Whether `candidate` can be expected to do better than `failed` did with `error`.
    fn may_follow(&self, error: &E, failed: &T, candidate: &T) -> bool {
        let _ = (error, failed, candidate);
        true
    }

    /// What the target's own circuit is told of `error`; the class of the error unless told otherwise.
    /// [`FailureClass::Rejected`] where it says nothing about the target as a whole.
    fn tells(&self, error: &E, failed: &T) -> FailureClass
    where
        E: Failure,
    {
        let _ = failed;
        error.class()
    }
}

/// Says before each attempt whether its target may be called now, for reasons that are not the target's own: a key that
/// several targets share, a limit of one's own. The target's circuit is asked first.
pub trait Gate<T>: Sync {
    /// What it says about one attempt at the target with this payload.
    fn admit<'a>(&'a self, target: &'a T) -> Admission<'a>;
}

/// What a [`Gate`] says.
pub enum Admission<'a> {
    /// The target may be called.
    Pass,
    /// It may not be called for this long; it is passed over like one whose circuit is open, but never waited for.
    Hold(Duration),
    /// Somebody else is asked, who says for how long it may not be called; `None` lets the attempt pass.
    Ask(BoxFuture<'a, Option<Duration>>),
}

impl fmt::Debug for Admission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Hold(wait) => f.debug_tuple("Hold").field(wait).finish(),
            Self::Ask(_) => f.write_str("Ask"),
        }
    }
}

/// The plan for any error that knows its class: retry what is transient, leave whoever refuses us, and hand the
/// caller's own mistakes back to him.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByClass;

impl<T, E: Failure> Plan<T, E> for ByClass {
    fn action(&self, error: &E, _failed: &T) -> Action {
        match error.class() {
            FailureClass::Transient | FailureClass::Throttled | FailureClass::Timeout => Action::Retry,
            FailureClass::Credential => Action::Next,
            FailureClass::Rejected | FailureClass::Cancelled => Action::Surface,
        }
    }
}
