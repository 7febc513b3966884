//! Calls that are under way.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;

use super::Monitor;
use super::outcome::Outcome;
use super::series::Series;
use crate::failure::{Failure, FailureClass};

/// One call that is being timed; it counts as under way until it ends.
///
/// Dropping it without an outcome says that the caller gave up: the call is counted as cancelled, apart from success
/// and failure. Dropped by a panic, it counts as failed.
#[derive(Debug)]
#[must_use = "tell how the call ended"]
pub struct Timing {
    monitor: Monitor,
    series: Arc<Series>,
    started: Duration,
    /// What dropping it means; `None` once it has ended.
    dropped: Option<Dropped>,
}

#[derive(Debug, Clone, Copy)]
enum Dropped {
    Cancelled,
    /// A panic while it is dropped is that of the call itself.
    Judged,
}

impl Timing {
    pub(super) fn new(monitor: Monitor, target: &str) -> Self {
        let series = monitor.series(target);
        series.started();
        Self {
            started: monitor.inner.clock.elapsed(),
            series,
            monitor,
            dropped: Some(Dropped::Judged),
        }
    }

    /// The call was answered.
    pub fn succeeded(self) {
        let elapsed = self.elapsed();
        self.record(Ok(()), elapsed);
    }

    /// The call failed. [`FailureClass::Rejected`] and [`FailureClass::Cancelled`] are counted apart.
    pub fn failed(self, class: FailureClass) {
        let elapsed = self.elapsed();
        self.record(Err(class), elapsed);
    }

    /// The call ended so, and the target took `elapsed`, as the caller measured it.
    pub fn record(mut self, outcome: Result<(), FailureClass>, elapsed: Duration) {
        self.end(outcome.into(), elapsed);
    }

    /// How long the call has been under way.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.monitor.inner.clock.elapsed().saturating_sub(self.started)
    }

    fn end(&mut self, outcome: Outcome, elapsed: Duration) {
        if self.dropped.take().is_some() {
            self.series.ended();
            self.monitor.note(&self.series, outcome, Some(elapsed));
        }
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        let panics = matches!(self.dropped, Some(Dropped::Judged)) && std::thread::panicking();
        let outcome = if panics {
            Outcome::Transient
        } else {
            Outcome::Cancelled
        };
        let elapsed = self.elapsed();
        self.end(outcome, elapsed);
    }
}

impl Monitor {
    /// Times `call` and records how it ended: answered, failed by the class of its error, cancelled when the returned
    /// future is dropped, failed ([`FailureClass::Transient`]) when it panics. The panic goes on.
    ///
    /// The call counts as under way from here, not from the first poll.
    ///
    /// # Errors
    /// What `call` says.
    ///
    /// # Cancel safety
    /// As safe as `call`.
    ///
    /// # Examples
    /// ```
    /// # use aurora_core::{monitor::Monitor, time::SystemClock, failure::{Failure, FailureClass}};
    /// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
    /// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = Monitor::new(SystemClock);
    /// let answer: Result<(), Down> = monitor.observe("rates", async { Err(Down) }).await;
    /// assert!(answer.is_err());
    /// assert_eq!(monitor.summary("rates").unwrap().failures.transient, 1);
    /// # }
    /// ```
    pub fn observe<V, E: Failure>(
        &self,
        target: &str,
        call: impl Future<Output = Result<V, E>>,
    ) -> impl Future<Output = Result<V, E>> {
        let mut timing = self.start(target);
        timing.dropped = Some(Dropped::Cancelled);
        async move {
            match AssertUnwindSafe(call).catch_unwind().await {
                Ok(Ok(value)) => {
                    timing.succeeded();
                    Ok(value)
                }
                Ok(Err(error)) => {
                    timing.failed(error.class());
                    Err(error)
                }
                Err(panic) => {
                    timing.failed(FailureClass::Transient);
                    resume_unwind(panic)
                }
            }
        }
    }
}
