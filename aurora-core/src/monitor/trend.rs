//! How a window differs from the one before it.

use serde::Serialize;

use super::ring::Tally;

/// Fewer calls than this in either window say nothing about a rate or a latency.
const MINIMUM_CALLS: u64 = 10;
/// A change below this share of the value before is none.
const FLOOR: f64 = 0.10;
/// Nor is a change of the error rate of less than this, in percentage points.
const FLOOR_POINTS: f64 = 1.0;
/// 95 % of what chance alone does stays within this many standard deviations.
const DEVIATIONS: f64 = 1.96;

/// The last whole window against the window before it.
///
/// A change has to be larger than chance: beyond the 95 % of a Poisson count for the number of calls and of a
/// two-proportion test for the error rate, and at least 10 % of the value (one percentage point for the error rate).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trend {
    /// Calls per minute.
    pub requests_per_minute: Change,
    /// Share of failed calls, in percent.
    pub error_rate: Change,
    /// Mean latency in milliseconds.
    pub mean_ms: Change,
}

/// One number, before and now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// In the window before; `None` when nothing was measured.
    pub before: Option<f64>,
    /// In the last whole window; `None` when nothing was measured.
    pub now: Option<f64>,
    /// The difference in percent of the value before; `None` without one, or when it was zero.
    pub percent: Option<f64>,
    /// Where it goes.
    pub direction: Direction,
}

/// Where a number goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// It rises.
    Up,
    /// It falls.
    Down,
    /// No more than chance.
    Flat,
    /// Too little was measured to tell.
    Unknown,
}

impl Trend {
    pub(super) fn of(now: &Tally, before: &Tally, is_old: bool, per_minute: f64) -> Self {
        let (calls, earlier) = (now.outcomes.total(), before.outcomes.total());
        let measured = calls >= MINIMUM_CALLS && earlier >= MINIMUM_CALLS;
        let counted = is_old && calls + earlier >= MINIMUM_CALLS;
        let (calls, earlier) = (calls as f64, earlier as f64);

        let by_chance = DEVIATIONS * (calls + earlier).sqrt();
        let requests = Change::new(
            is_old.then_some(earlier * per_minute),
            is_old.then_some(calls * per_minute),
            counted.then(|| (calls - earlier).abs() > by_chance.max(FLOOR * earlier)),
        );

        let (failed, failed_earlier) = (now.outcomes.failed() as f64, before.outcomes.failed() as f64);
        let rate = |failed: f64, calls: f64| (calls > 0.0).then(|| failed * 100.0 / calls);
        let pooled = (failed + failed_earlier) / (calls + earlier).max(1.0);
        let deviation =
            (pooled * (1.0 - pooled) * (1.0 / calls.max(1.0) + 1.0 / earlier.max(1.0))).sqrt() * 100.0;
        let differ =
            |now: f64, before: f64| (now - before).abs() > (DEVIATIONS * deviation).max(FLOOR_POINTS);
        let (errors, errors_earlier) = (rate(failed, calls), rate(failed_earlier, earlier));
        let error_rate = Change::new(
            errors_earlier,
            errors,
            both(errors, errors_earlier)
                .filter(|_| measured)
                .map(|(now, before)| differ(now, before)),
        );

        let ms = |tally: &Tally| tally.mean().map(|micros| micros / 1_000.0);
        let (latency, latency_earlier) = (ms(now), ms(before));
        let mean_ms = Change::new(
            latency_earlier,
            latency,
            both(latency, latency_earlier)
                .filter(|_| measured)
                .map(|(now, before)| (now - before).abs() > FLOOR * before),
        );
        Self {
            requests_per_minute: requests,
            error_rate,
            mean_ms,
        }
    }
}

impl Change {
    /// `significant` is `None` where too little was measured.
    fn new(before: Option<f64>, now: Option<f64>, significant: Option<bool>) -> Self {
        let percent = both(now, before)
            .filter(|(_, before)| *before > 0.0)
            .map(|(now, before)| (now - before) * 100.0 / before);
        let direction = match (significant, now, before) {
            (None, ..) => Direction::Unknown,
            (Some(true), now, before) if now > before => Direction::Up,
            (Some(true), ..) => Direction::Down,
            (Some(false), ..) => Direction::Flat,
        };
        Self {
            before: before.map(hundredths),
            now: now.map(hundredths),
            percent: percent.map(hundredths),
            direction,
        }
    }
}

fn both(a: Option<f64>, b: Option<f64>) -> Option<(f64, f64)> {
    a.zip(b)
}

pub(super) fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
