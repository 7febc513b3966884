//! What a reservation puts back, at once or as soon as the store can be asked.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use futures::future::join_all;

use super::RateLimiter as _;
use super::error::ErrorKind;
use super::handle::{Limiter, Via};
use super::reservation::Adjustment;

/// How many adjustments wait for the store at most.
const LATE: usize = 1_024;

/// How many of them go with one request.
const LATE_AT_ONCE: usize = 8;

impl Limiter {
    pub(super) async fn adjust(&self, adjustment: Adjustment, via: Via) {
        if !self.is_adjusted_now(&adjustment, via) {
            self.send(adjustment).await;
        }
    }

    /// For whoever cannot wait.
    pub(super) fn adjust_later(&self, adjustment: Adjustment, via: Via) {
        if !self.is_adjusted_now(&adjustment, via) {
            let mut late = self.late();
            // The oldest have the least left to put back.
            if late.len() == LATE {
                late.pop_front();
            }
            late.push_back(adjustment);
        }
    }

    fn is_adjusted_now(&self, adjustment: &Adjustment, via: Via) -> bool {
        let is_done = match via {
            Via::Local(_) => self.inner.local.adjust_now(adjustment),
            Via::Store => self.inner.store.adjust_now(adjustment),
        };
        if is_done {
            self.inner.lanes.free(&adjustment.subject);
        }
        is_done
    }

    async fn send(&self, adjustment: Adjustment) {
        match self.inner.store.adjust(&adjustment).await {
            Ok(()) => self.inner.lanes.free(&adjustment.subject),
            // Whether it was done is known here alone; done twice, it would put back what was used.
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                self.adjust_later(adjustment, Via::Store);
            }
            Err(error) => tracing::debug!(%error, "a reservation stays counted"),
        }
    }

    /// All at the same time, so that the request they go with waits for the slowest and not for the sum.
    pub(super) async fn settle_late(&self) {
        let is_away = self.inner.is_degraded.load(Ordering::Relaxed);
        let next: Vec<_> = {
            let mut late = self.late();
            let count = late.len().min(if is_away { 1 } else { LATE_AT_ONCE });
            late.drain(..count).collect()
        };
        if !next.is_empty() {
            join_all(next.into_iter().map(|adjustment| self.send(adjustment))).await;
        }
    }

    fn late(&self) -> MutexGuard<'_, VecDeque<Adjustment>> {
        self.inner.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
