//! What a monitor says.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;

use super::outcome::Outcome;
use super::ring::Tally;
use super::series::{Reading, Spans};
use super::trend::{Trend, hundredths};
use crate::time::Timestamp;

/// How a target performs.
///
/// Rates and latencies are of the window (60 seconds unless the monitor was built otherwise), which moves in steps of a
/// twelfth; without a call in it they are `None`. Latencies are read from buckets: percentiles are at most 3.2 % off,
/// mean and maximum are exact.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The target's name.
    pub target: String,
    /// Calls that were answered or failed, since the start.
    pub total: u64,
    /// Answered calls since the start.
    pub succeeded: u64,
    /// Failed calls since the start.
    pub failed: u64,
    /// Calls refused for a mistake of the caller's own, since the start. They are in no rate.
    pub rejected: u64,
    /// Calls that the caller gave up, since the start. They are in no rate.
    pub cancelled: u64,
    /// Calls that are under way.
    pub in_flight: u64,
    /// The length of the window, in seconds.
    pub window_seconds: f64,
    /// Calls in the window.
    pub requests: u64,
    /// Calls in the window, as a rate per minute of the time that it covers.
    pub requests_per_minute: f64,
    /// Calls per second over the last twelfth of the window: 5 seconds of 60.
    pub requests_per_second: f64,
    /// Share of answered calls, in percent.
    pub success_rate: Option<f64>,
    /// Share of failed calls, in percent.
    pub error_rate: Option<f64>,
    /// Failed calls in the window, by class.
    pub failures: Failures,
    /// Mean latency in milliseconds.
    pub mean_ms: Option<f64>,
    /// Median latency in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95th percentile of latency in milliseconds.
    pub p95_ms: Option<f64>,
    /// 99th percentile of latency in milliseconds.
    pub p99_ms: Option<f64>,
    /// The longest call in milliseconds.
    pub max_ms: Option<f64>,
    /// The last whole window against the one before it.
    pub trend: Trend,
}

/// Failed calls by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failures {
    /// [`FailureClass::Transient`](crate::failure::FailureClass::Transient)
    pub transient: u64,
    /// [`FailureClass::Throttled`](crate::failure::FailureClass::Throttled)
    pub throttled: u64,
    /// [`FailureClass::Timeout`](crate::failure::FailureClass::Timeout)
    pub timeout: u64,
    /// [`FailureClass::Credential`](crate::failure::FailureClass::Credential)
    pub credential: u64,
}

impl Summary {
    pub(super) fn of(target: &str, reading: &Reading, spans: &Spans) -> Self {
        let (totals, window) = (&reading.totals, &reading.window);
        let requests = window.outcomes.total();
        let per_minute = 60.0 / spans.window.as_secs_f64();
        let rate = if requests == 0 {
            0.0
        } else {
            requests as f64 * 60.0 / reading.covered.as_secs_f64()
        };
        let some = |value: f64| (requests > 0).then_some(value);
        let error_rate = window.outcomes.failed() as f64 * 100.0 / requests.max(1) as f64;
        let longest = window.longest as f64;
        let percentile = |percent: f64| {
            reading
                .latencies
                .percentile(percent)
                .map(|micros| ms(micros.min(longest)))
        };
        Self {
            target: target.to_owned(),
            total: totals.total(),
            succeeded: totals.of(Outcome::Answered),
            failed: totals.failed(),
            rejected: totals.of(Outcome::Rejected),
            cancelled: totals.of(Outcome::Cancelled),
            in_flight: reading.in_flight,
            window_seconds: spans.window.as_secs_f64(),
            requests,
            requests_per_minute: hundredths(rate),
            requests_per_second: hundredths(reading.last_slot as f64 / spans.slot().as_secs_f64()),
            success_rate: some(100.0 - error_rate),
            error_rate: some(error_rate),
            failures: Failures {
                transient: window.outcomes.of(Outcome::Transient),
                throttled: window.outcomes.of(Outcome::Throttled),
                timeout: window.outcomes.of(Outcome::Timeout),
                credential: window.outcomes.of(Outcome::Credential),
            },
            mean_ms: window.mean().map(ms),
            p50_ms: percentile(50.0),
            p95_ms: percentile(95.0),
            p99_ms: percentile(99.0),
            max_ms: (window.timed > 0).then(|| ms(longest)),
            trend: Trend::of(&reading.trend.0, &reading.trend.1, reading.is_old, per_minute),
        }
    }
}

/// How all targets perform, and how they compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Performance {
    /// When this was so.
    pub at: Timestamp,
    /// Share of answered calls since the start, of all targets, in percent; `None` before the first call.
    pub overall_success_rate: Option<f64>,
    /// All targets as one; its name is `overall`.
    pub overall: Summary,
    /// Each target, by name.
    pub targets: Vec<Summary>,
    /// The targets that were called within the window, the best first.
    pub ranking: Vec<Rank>,
}

/// A target's place among all.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rank {
    /// From 1: by success rate to a tenth of a percent, then by the 95th percentile of latency, then by name.
    pub place: usize,
    /// The target's name.
    pub target: String,
    /// Its share of all calls in the window, in percent.
    pub share: f64,
    /// By how many percentage points its success rate is above that of all.
    pub success_rate_difference: f64,
    /// Its mean latency as a multiple of that of all.
    pub mean_ratio: Option<f64>,
}

impl Performance {
    pub(super) fn of(at: Timestamp, readings: &[(Arc<str>, Reading)], spans: &Spans) -> Self {
        let mut all = Reading::empty();
        for (_, reading) in readings {
            all.add(reading);
        }
        let overall = Summary::of("overall", &all, spans);
        let targets: Vec<_> = readings
            .iter()
            .map(|(name, reading)| Summary::of(name, reading, spans))
            .collect();
        let of_all = |answered: u64, total: u64| answered as f64 * 100.0 / total as f64;
        Self {
            at,
            overall_success_rate: (overall.total > 0).then(|| of_all(overall.succeeded, overall.total)),
            ranking: rank(&overall, &targets),
            overall,
            targets,
        }
    }
}

fn rank(overall: &Summary, targets: &[Summary]) -> Vec<Rank> {
    let mut called: Vec<_> = targets.iter().filter(|target| target.requests > 0).collect();
    let success = |summary: &Summary| summary.success_rate.unwrap_or(0.0);
    called.sort_by(|a, b| {
        let tenths = |summary: &Summary| (success(summary) * 10.0).round();
        let slow = |summary: &Summary| summary.p95_ms.unwrap_or(f64::MAX);
        let by_success = tenths(b).partial_cmp(&tenths(a)).unwrap_or(Ordering::Equal);
        by_success
            .then_with(|| slow(a).partial_cmp(&slow(b)).unwrap_or(Ordering::Equal))
            .then_with(|| a.target.cmp(&b.target))
    });
    let place = |(at, target): (usize, &&Summary)| Rank {
        place: at + 1,
        target: target.target.clone(),
        share: hundredths(target.requests as f64 * 100.0 / overall.requests.max(1) as f64),
        success_rate_difference: hundredths(success(target) - success(overall)),
        mean_ratio: target
            .mean_ms
            .zip(overall.mean_ms)
            .filter(|(_, all)| *all > 0.0)
            .map(|(mean, all)| hundredths(mean / all)),
    };
    called.iter().enumerate().map(place).collect()
}

/// What was counted in one stretch of a target's history.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Point {
    /// When the stretch began; the last one is not over yet.
    pub from: Timestamp,
    /// Calls that were answered or failed.
    pub requests: u64,
    /// Failed calls.
    pub failed: u64,
    /// Mean latency in milliseconds; `None` without a call.
    pub mean_ms: Option<f64>,
    /// The longest call in milliseconds; `None` without a call.
    pub max_ms: Option<f64>,
}

impl Point {
    pub(super) fn of(from: Timestamp, tally: &Tally) -> Self {
        Self {
            from,
            requests: tally.outcomes.total(),
            failed: tally.outcomes.failed(),
            mean_ms: tally.mean().map(ms),
            max_ms: (tally.timed > 0).then(|| ms(tally.longest as f64)),
        }
    }
}

fn ms(micros: f64) -> f64 {
    (micros / 10.0).round() / 100.0
}
