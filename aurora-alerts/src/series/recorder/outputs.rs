use std::array;

use aurora_core::time::Timestamp;

use super::histogram::{Buckets, Interval};
use super::registered::Output;
use crate::labels::Labels;
use crate::series::{SeriesHandle, SeriesStore};

/// One series.
#[derive(Debug)]
pub(super) struct Single(SeriesHandle);

impl Output for Single {
    fn new(name: &str, labels: &Labels, series: &SeriesStore) -> Self {
        Self(series.handle_later(name, labels.clone()))
    }
}

impl Single {
    pub(super) fn record(&self, value: f64, now: Timestamp) {
        self.0.record_at(value, now);
    }
}

/// The series of a histogram.
#[derive(Debug)]
pub(super) struct Distribution {
    handles: [SeriesHandle; 6],
    count: u64,
    /// The sum at the last sampling; `None` where nobody watched then.
    sum: Option<f64>,
}

const SUFFIXES: [&str; 6] = ["count", "sum", "mean", "p50", "p95", "p99"];

impl Output for Distribution {
    fn new(name: &str, labels: &Labels, series: &SeriesStore) -> Self {
        Self {
            handles: array::from_fn(|n| {
                let suffix = SUFFIXES.get(n).copied().unwrap_or_default();
                series.handle_later(&format!("{name}_{suffix}"), labels.clone())
            }),
            count: 0,
            // The first interval begins with the histogram.
            sum: Some(0.0),
        }
    }
}

impl Distribution {
    pub(super) fn record(&mut self, buckets: &Buckets, now: Timestamp) {
        if !self.handles.iter().any(SeriesHandle::is_watched) {
            self.sum = None;
            return;
        }
        let mut interval = Interval::default();
        let sum = buckets.take(&mut interval);
        self.count = self.count.saturating_add(interval.count());
        let before = self.sum.replace(sum);
        let [counted, summed, mean, percentiles @ ..] = &self.handles;
        counted.record_at(self.count as f64, now);
        summed.record_at(sum, now);
        // Of an interval whose beginning nobody saw nothing is said.
        let (Some(before), 1..) = (before, interval.count()) else {
            return;
        };
        mean.record_at((sum - before) / interval.count() as f64, now);
        for (handle, percent) in percentiles.iter().zip([50, 95, 99]) {
            if let Some(value) = interval.percentile(percent) {
                handle.record_at(value, now);
            }
        }
    }
}
