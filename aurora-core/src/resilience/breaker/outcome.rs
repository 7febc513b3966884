//! What a breaker is told of a call.

use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// How a call went, for the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Success,
    /// It failed so; the target may have asked to be left alone for a while.
    Failed(FailureClass, Option<Duration>),
}

impl Outcome {
    /// The outcome of a call that answered so.
    pub fn of<V, E: Failure>(answer: &Result<V, E>) -> Self {
        match answer {
            Ok(_) => Self::Success,
            Err(error) => Self::Failed(error.class(), error.retry_after()),
        }
    }
}
