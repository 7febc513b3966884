//! The error of a call that a mechanism may refuse.

use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// Why a guarded call gave no answer: the guard refused it, or it failed by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Guarded<R, E> {
    /// The guard did not let it begin.
    #[error(transparent)]
    Refused(R),
    /// It was made and failed.
    #[error(transparent)]
    Failed(E),
}

impl<R: Failure + 'static, E: Failure + 'static> Failure for Guarded<R, E> {
    fn class(&self) -> FailureClass {
        match self {
            Self::Refused(refused) => refused.class(),
            Self::Failed(error) => error.class(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after(),
            Self::Failed(error) => error.retry_after(),
        }
    }

    fn not_executed(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.not_executed(),
            Self::Failed(error) => error.not_executed(),
        }
    }
}
