//! Leave to make one call.

use std::time::Duration;

use super::Breaker;
use super::outcome::Outcome;
use crate::failure::FailureClass;

/// Leave to make one call.
///
/// Dropping it without an outcome gives it back, as if the call had never been; dropping it while the thread panics
/// counts as a failure, because then it was the call that panicked.
#[derive(Debug)]
#[must_use = "tell how the call went"]
pub struct Permit {
    breaker: Breaker,
    generation: u64,
    started: Duration,
    open: bool,
}

impl Permit {
    pub(super) const fn new(breaker: Breaker, generation: u64, started: Duration) -> Self {
        Self {
            breaker,
            generation,
            started,
            open: true,
        }
    }

    /// How long ago the permit was given.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.breaker.elapsed().saturating_sub(self.started)
    }

    /// Tells that the target has begun to answer, and how long that took.
    ///
    /// It is enough to judge a half-open circuit, for which the rest would come too late: a long answer, or a caller
    /// who reads it slowly. A failure that comes after all still counts.
    pub fn answered(&mut self, elapsed: Duration) {
        if self.open
            && let Some(generation) = self.breaker.answered(self.generation, elapsed)
        {
            self.generation = generation;
            self.open = false;
        }
    }

    /// Tells how the call went and how long it took.
    pub fn record(mut self, outcome: Outcome, elapsed: Duration) {
        let counted = !std::mem::replace(&mut self.open, false);
        if !(counted && outcome == Outcome::Success) {
            self.breaker.record(self.generation, outcome, elapsed, counted);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if std::thread::panicking() {
            let panicked = Outcome::Failed(FailureClass::Transient, None);
            self.breaker
                .record(self.generation, panicked, self.elapsed(), false);
        } else {
            self.breaker.release(self.generation);
        }
    }
}
