//! What to do about a failed attempt.

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
