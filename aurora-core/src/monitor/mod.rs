//! How each target performs: totals, rates and latencies of the last minute, in constant memory.
//!
//! # Examples
//! ```
//! use std::time::Duration;
//! use aurora_core::{monitor::Monitor, time::SystemClock};
//!
//! let monitor = Monitor::new(SystemClock);
//! let timing = monitor.start("payments");
//! // … the call …
//! timing.succeeded();
//! monitor.record("payments", Ok(()), Duration::from_millis(120));
//! assert_eq!(monitor.summary("payments").unwrap().total, 2);
//! ```

mod series;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;

use crate::failure::FailureClass;
use crate::time::Clock;
use series::Series;

/// More names than this share the record `other`, so that a hostile or careless name cannot eat the memory.
const MAX_TARGETS: usize = 1_000;
const OTHER: &str = "other";

/// Records the outcome of calls per target name; clones share the records.
#[derive(Clone)]
pub struct Monitor {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    targets: RwLock<BTreeMap<Arc<str>, Arc<Mutex<Series>>>>,
}

impl Monitor {
    /// A monitor without records.
    #[must_use]
    pub fn new(clock: impl Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock: Arc::new(clock),
                targets: RwLock::new(BTreeMap::new()),
            }),
        }
    }

    /// Begins to time one call. Dropping the timing without an outcome records nothing.
    pub fn start(&self, target: &str) -> Timing {
        Timing {
            monitor: self.clone(),
            target: target.to_owned(),
            started: self.inner.clock.elapsed(),
        }
    }

    /// Records one finished call.
    pub fn record(&self, target: &str, outcome: Result<(), FailureClass>, elapsed: Duration) {
        let now = self.inner.clock.elapsed();
        let series = self.series(target);
        series
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(now, outcome.is_ok(), elapsed);
    }

    /// How `target` performs; `None` when it was never recorded.
    #[must_use]
    pub fn summary(&self, target: &str) -> Option<Summary> {
        let now = self.inner.clock.elapsed();
        let series = {
            let targets = self.inner.targets.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(targets.get(target)?)
        };
        let series = series.lock().unwrap_or_else(PoisonError::into_inner);
        Some(series.summary(target, now))
    }

    /// How all targets perform, by name.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        let names: Vec<Arc<str>> = {
            let targets = self.inner.targets.read().unwrap_or_else(PoisonError::into_inner);
            targets.keys().cloned().collect()
        };
        names.iter().filter_map(|name| self.summary(name)).collect()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.inner
            .targets
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn series(&self, target: &str) -> Arc<Mutex<Series>> {
        {
            let targets = self.inner.targets.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(series) = targets.get(target) {
                return Arc::clone(series);
            }
        }
        let mut targets = self.inner.targets.write().unwrap_or_else(PoisonError::into_inner);
        let name = if targets.len() < MAX_TARGETS {
            target
        } else {
            OTHER
        };
        Arc::clone(targets.entry(Arc::from(name)).or_default())
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = self
            .inner
            .targets
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        f.debug_struct("Monitor")
            .field("targets", &targets)
            .finish_non_exhaustive()
    }
}

/// One call that is being timed.
#[derive(Debug)]
#[must_use = "tell how the call ended"]
pub struct Timing {
    monitor: Monitor,
    target: String,
    started: Duration,
}

impl Timing {
    /// The call was answered.
    pub fn succeeded(self) {
        self.end(Ok(()));
    }

    /// The call failed.
    pub fn failed(self, class: FailureClass) {
        self.end(Err(class));
    }

    fn end(self, outcome: Result<(), FailureClass>) {
        let elapsed = self.monitor.inner.clock.elapsed().saturating_sub(self.started);
        self.monitor.record(&self.target, outcome, elapsed);
    }
}

/// How a target performs. Rates and latencies are of the last 60 seconds; without a call in them they are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The target's name.
    pub target: String,
    /// Calls since the start.
    pub total: u64,
    /// Failed calls since the start.
    pub failed: u64,
    /// Calls in the last 60 seconds.
    pub requests_per_minute: u64,
    /// Calls per second over the last 5 seconds.
    pub requests_per_second: f64,
    /// Share of answered calls, in percent.
    pub success_rate: Option<f64>,
    /// Share of failed calls, in percent.
    pub error_rate: Option<f64>,
    /// Mean latency in milliseconds.
    pub mean_ms: Option<f64>,
    /// Median latency in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95th percentile of latency in milliseconds.
    pub p95_ms: Option<f64>,
    /// 99th percentile of latency in milliseconds.
    pub p99_ms: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    #[test]
    fn rates_and_latencies_are_of_the_last_minute() {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        for _ in 0..10 {
            monitor.record("a", Err(FailureClass::Timeout), Duration::from_secs(9));
        }
        clock.advance(Duration::from_secs(120));
        for n in 1..=100 {
            monitor.record(
                "a",
                if n % 4 == 0 {
                    Err(FailureClass::Transient)
                } else {
                    Ok(())
                },
                Duration::from_millis(n),
            );
        }
        let summary = monitor.summary("a").unwrap();
        assert_eq!(
            (summary.total, summary.failed),
            (110, 35),
            "totals are of all time"
        );
        assert_eq!(summary.requests_per_minute, 100);
        assert_eq!(summary.success_rate, Some(75.0));
        assert_eq!(summary.error_rate, Some(25.0));
        let within = |value: Option<f64>, want: f64| (value.unwrap() - want).abs() <= want * 0.02;
        assert!(within(summary.mean_ms, 50.5), "{summary:?}");
        assert!(within(summary.p50_ms, 50.0), "{summary:?}");
        assert!(within(summary.p95_ms, 95.0), "{summary:?}");
        assert!(within(summary.p99_ms, 99.0), "{summary:?}");
    }

    #[test]
    fn an_idle_target_has_no_rate_rather_than_a_good_one() {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        monitor.record("a", Ok(()), Duration::from_millis(5));
        clock.advance(Duration::from_secs(61));
        let summary = monitor.summary("a").unwrap();
        assert_eq!(
            (summary.requests_per_minute, summary.success_rate, summary.p95_ms),
            (0, None, None)
        );
    }

    #[test]
    fn a_timing_measures_on_the_clock_and_a_dropped_one_counts_nothing() {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        let timing = monitor.start("a");
        clock.advance(Duration::from_secs(2));
        timing.failed(FailureClass::Timeout);
        drop(monitor.start("a"));
        let summary = monitor.summary("a").unwrap();
        assert_eq!((summary.total, summary.failed), (1, 1));
        assert!((summary.p50_ms.unwrap() - 2_000.0).abs() < 40.0);
    }

    #[test]
    fn names_without_end_share_one_record() {
        let monitor = Monitor::new(ManualClock::default());
        for n in 0..MAX_TARGETS + 50 {
            monitor.record(&n.to_string(), Ok(()), Duration::ZERO);
        }
        assert_eq!(monitor.summaries().len(), MAX_TARGETS + 1);
        assert_eq!(monitor.summary(OTHER).unwrap().total, 50);
    }
}
