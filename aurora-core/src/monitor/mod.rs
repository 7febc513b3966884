//! How each target performs: totals, rates, latencies and their trend, in constant memory.
//!
//! Recording is a handful of atomic additions and waits for no reader; a summary is read from those numbers without
//! a lock. A target takes at most about 29 KiB, however often it is called.
//!
//! # Examples
//! ```
//! use std::time::Duration;
//! use aurora_core::{failure::FailureClass, monitor::Monitor, time::SystemClock};
//!
//! let monitor = Monitor::new(SystemClock);
//! let request = monitor.record_request_start("payments");
//! // … the call …
//! request.succeeded();
//! monitor.record_request_success("payments", Duration::from_millis(120));
//! monitor.record_request_failure("rates", FailureClass::Timeout);
//!
//! let summary = monitor.performance();
//! assert_eq!(summary.overall.total, 3);
//! assert!(summary.overall_success_rate.unwrap() > 66.0);
//! assert_eq!(summary.ranking[0].target, "payments");
//! ```

mod builder;
pub mod export;
pub(crate) mod histogram;
mod outcome;
mod ring;
mod sample;
mod series;
mod summary;
mod timing;
mod trend;

/// The names of a monitor's numbers as inputs of alert rules.
pub mod metric {
    pub use super::sample::{
        ERROR_RATE, IN_FLIGHT, REQUESTS_PER_MINUTE, RESPONSE_TIME, RESPONSE_TIME_P95, SUCCESS_RATE,
    };
}

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

pub use builder::{InvalidMonitor, MonitorBuilder};
pub use sample::Sample;
pub use summary::{Failures, Performance, Point, Rank, Summary};
pub use timing::Timing;
pub use trend::{Change, Direction, Trend};

use crate::failure::FailureClass;
use crate::time::Clock;
use export::Exported;
use outcome::Outcome;
use series::{Series, Spans};

/// The record of all names beyond the limit, so that hostile or careless names cannot eat the memory.
const OTHER: &str = "other";
/// Longer names have no record of their own, for the same reason. In bytes.
const LONGEST_NAME: usize = 256;

/// Records the outcome of calls per target name; clones share the records.
#[derive(Clone)]
pub struct Monitor {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    spans: Spans,
    names: usize,
    metrics: Option<Arc<str>>,
    /// Written only when a name is seen for the first time or when everything is forgotten.
    targets: RwLock<HashMap<Arc<str>, Arc<Series>>>,
}

impl Monitor {
    /// A monitor without records, with the defaults of [`MonitorBuilder`].
    #[must_use]
    pub fn new(clock: impl Clock) -> Self {
        Self::builder().clock(clock).checked()
    }

    /// Begins a monitor with settings of its own.
    pub fn builder() -> MonitorBuilder {
        MonitorBuilder::default()
    }

    /// Begins to time one call, which counts as under way until the timing ends. Dropping the timing without an
    /// outcome counts the call as cancelled.
    pub fn start(&self, target: &str) -> Timing {
        Timing::new(self.clone(), target)
    }

    /// As [`start`](Self::start).
    pub fn record_request_start(&self, target: &str) -> Timing {
        self.start(target)
    }

    /// Records one answered call that was timed elsewhere.
    pub fn record_request_success(&self, target: &str, elapsed: Duration) {
        self.record(target, Ok(()), elapsed);
    }

    /// Records one failed call whose time is not known: it is in the rates, and in no latency.
    pub fn record_request_failure(&self, target: &str, class: FailureClass) {
        self.note(&self.series(target), Err(class).into(), None);
    }

    /// Records one finished call that was timed elsewhere. [`FailureClass::Rejected`] and [`FailureClass::Cancelled`]
    /// are counted apart: they say nothing about the target.
    pub fn record(&self, target: &str, outcome: Result<(), FailureClass>, elapsed: Duration) {
        self.note(&self.series(target), outcome.into(), Some(elapsed));
    }

    /// How `target` performs; `None` when it was never called.
    #[must_use]
    pub fn summary(&self, target: &str) -> Option<Summary> {
        let series = self.read().get(target).map(Arc::clone)?;
        let reading = series.read(self.inner.clock.elapsed(), &self.inner.spans);
        (!series.is_empty()).then(|| Summary::of(target, &reading, &self.inner.spans))
    }

    /// How all targets perform, by name.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        self.performance().targets
    }

    /// How all targets perform, each and together, and how they compare.
    #[must_use]
    pub fn performance(&self) -> Performance {
        let (now, spans) = (self.inner.clock.elapsed(), &self.inner.spans);
        let readings: Vec<_> = self
            .all()
            .into_iter()
            .map(|(name, series)| (name, series.read(now, spans)))
            .collect();
        Performance::of(self.inner.clock.now(), &readings, spans)
    }

    /// The history of `target`, the oldest point first; empty when it was never called. The last point is not over yet.
    #[must_use]
    pub fn history(&self, target: &str) -> Vec<Point> {
        let Some(series) = self.read().get(target).map(Arc::clone) else {
            return Vec::new();
        };
        let (now, wall, spans) = (
            self.inner.clock.elapsed(),
            self.inner.clock.now(),
            &self.inner.spans,
        );
        let from = |point: u64| {
            let begins = spans
                .point
                .saturating_mul(u32::try_from(point - 1).unwrap_or(u32::MAX));
            wall - now.saturating_sub(begins)
        };
        let points = series.history(now, spans);
        points
            .map(|(point, tally)| Point::of(from(point), &tally))
            .collect()
    }

    /// Sets the gauges of [`export`] to what they are now; call it as often as they are looked at. It does nothing
    /// unless the monitor was built with [`metrics`](MonitorBuilder::metrics).
    pub fn publish(&self) {
        let (now, spans) = (self.inner.clock.elapsed(), &self.inner.spans);
        for (name, series) in self.all() {
            if let Some(exported) = series.exported() {
                exported.publish(&Summary::of(&name, &series.read(now, spans), spans));
            }
        }
    }

    /// Forgets everything but the calls that are under way.
    pub fn clear(&self) {
        self.write().retain(|_, series| {
            series.clear();
            series.in_flight() > 0 || Arc::strong_count(series) > 1
        });
    }

    /// Forgets one target but its calls that are under way.
    pub fn clear_target(&self, target: &str) {
        if let Some(series) = self.read().get(target) {
            series.clear();
        }
    }

    fn note(&self, series: &Series, outcome: Outcome, elapsed: Option<Duration>) {
        series.record(self.inner.clock.elapsed(), &self.inner.spans, outcome, elapsed);
    }

    /// The targets that were called, by name.
    fn all(&self) -> Vec<(Arc<str>, Arc<Series>)> {
        let mut all: Vec<_> = {
            let targets = self.read();
            let known = targets.iter();
            known
                .map(|(name, series)| (Arc::clone(name), Arc::clone(series)))
                .collect()
        };
        all.retain(|(_, series)| !series.is_empty());
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    fn series(&self, target: &str) -> Arc<Series> {
        let target = if target.len() > LONGEST_NAME {
            OTHER
        } else {
            target
        };
        {
            let targets = self.read();
            let shared = || targets.get(OTHER).filter(|_| targets.len() >= self.inner.names);
            if let Some(series) = targets.get(target).or_else(shared) {
                return Arc::clone(series);
            }
        }
        let mut targets = self.write();
        let full = targets.len() >= self.inner.names && !targets.contains_key(target);
        let name: Arc<str> = Arc::from(if full { OTHER } else { target });
        let exported = self
            .inner
            .metrics
            .as_ref()
            .map(|monitor| Exported::new(monitor, &name));
        let series = targets
            .entry(name)
            .or_insert_with(|| Arc::new(Series::new(&self.inner.spans, exported)));
        Arc::clone(series)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Arc<Series>>> {
        self.inner.targets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Arc<Series>>> {
        self.inner.targets.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("targets", &self.read().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
