//! The `metrics` facade as a source of samples.

mod histogram;
mod outputs;
mod registered;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aurora_core::time::Timestamp;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use self::histogram::Buckets;
use self::outputs::{Distribution, Single};
use self::registered::Registered;
use super::SeriesStore;

/// How many label sets of counters, gauges and histograms together, if nothing else is said.
const HANDLES: usize = 10_000;

/// Everything that an application tells the [`metrics`] facade, to be judged by rules. A cheap handle: clones share
/// everything.
///
/// Install it as the recorder of the process, or beside another one behind a fan-out. There may be several in a
/// process. What a `counter!` or `histogram!` costs is an atomic addition or two, however many rules there are.
///
/// | the application has | rules see |
/// | --- | --- |
/// | a counter `c` | `c`, its value since the start; watch it with [`Aggregate::Rate`](crate::condition::Aggregate::Rate) |
/// | a gauge `g` | `g`, its last value |
/// | a histogram `h` | `h_count` and `h_sum` since the start; `h_mean`, `h_p50`, `h_p95`, `h_p99` of what came since the last sampling, where anything did |
///
/// Percentiles are right to 7 %: they come from buckets of which eight double the value, between 10⁻⁹ and 10¹⁰. Counters
/// and gauges are sampled whether they have changed or not, so that silence cannot be seen by them.
///
/// The number of label sets is bounded: handles beyond it do nothing, and are counted.
///
/// # Examples
/// ```
/// use aurora_alerts::series::MetricsRecorder;
///
/// let recorder = MetricsRecorder::new();
/// // For the whole process: metrics::set_global_recorder(recorder.clone())
/// metrics::with_local_recorder(&recorder, || {
///     metrics::counter!("orders_total", "shop" => "north").increment(1);
/// });
/// assert_eq!(recorder.len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct MetricsRecorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    counters: Registered<AtomicU64, Single>,
    gauges: Registered<AtomicU64, Single>,
    histograms: Registered<Buckets, Distribution>,
    quota: Quota,
}

/// How many handles may still be made.
#[derive(Debug)]
struct Quota {
    left: AtomicUsize,
    most: usize,
    refused: AtomicU64,
}

impl Quota {
    fn take(&self) -> bool {
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken.is_ok()
    }
}

impl Default for MetricsRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsRecorder {
    /// One for at most 10,000 label sets.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(HANDLES)
    }

    /// One for at most so many label sets of counters, gauges and histograms together.
    #[must_use]
    pub fn with_limit(most: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                counters: Registered::new(),
                gauges: Registered::new(),
                histograms: Registered::new(),
                quota: Quota {
                    left: AtomicUsize::new(most),
                    most,
                    refused: AtomicU64::new(0),
                },
            }),
        }
    }

    /// How many label sets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let quota = &self.shared.quota;
        quota.most - quota.left.load(Ordering::Relaxed)
    }

    /// Whether nothing was told yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a handle was asked for that does nothing, because there were too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.quota.refused.load(Ordering::Relaxed)
    }

    /// Copies everything that rules watch into the series of an engine, as samples of now.
    ///
    /// Mean and percentiles are of what came since the last call, whichever engine that was for: give each engine a
    /// recorder of its own.
    pub fn sample_into(&self, series: &SeriesStore, now: Timestamp) {
        self.shared.counters.each(series, |value, output| {
            let value = value.load(Ordering::Relaxed);
            output.record(value as f64, now);
        });
        self.shared.gauges.each(series, |value, output| {
            let value = f64::from_bits(value.load(Ordering::Relaxed));
            output.record(value, now);
        });
        self.shared
            .histograms
            .each(series, |buckets, output| output.record(buckets, now));
    }
}

impl Recorder for MetricsRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let counter = self.shared.counters.get(key, &self.shared.quota);
        counter.map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let gauge = self.shared.gauges.get(key, &self.shared.quota);
        gauge.map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let histogram = self.shared.histograms.get(key, &self.shared.quota);
        histogram.map_or_else(Histogram::noop, Histogram::from_arc)
    }
}
