//! A monitor's numbers one by one, under the names that alert rules know.

use super::summary::{Performance, Summary};

/// Share of answered calls in the window, in percent.
pub const SUCCESS_RATE: &str = "success_rate";
/// Share of failed calls in the window, in percent.
pub const ERROR_RATE: &str = "error_rate";
/// Mean latency in the window, in seconds.
pub const RESPONSE_TIME: &str = "response_time";
/// 95th percentile of latency in the window, in seconds.
pub const RESPONSE_TIME_P95: &str = "response_time_p95";
/// Calls per minute.
pub const REQUESTS_PER_MINUTE: &str = "requests_per_minute";
/// Calls that are under way.
pub const IN_FLIGHT: &str = "in_flight";

/// One number, under a name that alert rules know.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sample<'a> {
    /// [`SUCCESS_RATE`], [`ERROR_RATE`], [`RESPONSE_TIME`] and so on.
    pub metric: &'static str,
    /// The target that it is about; `None` for all of them together.
    pub target: Option<&'a str>,
    /// The value, in the unit of its metric.
    pub value: f64,
}

impl<'a> Sample<'a> {
    /// The label that tells series of the same metric apart: `target`, or none for all of them together.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        self.target.map(|target| ("target", target)).into_iter()
    }
}

impl Performance {
    /// Every number as an input of alert rules: of all targets together (no label), then of each (label `target`).
    ///
    /// Rates and latencies of fewer than `minimum_calls` in the window are left out: one failure in a quiet night is
    /// no alert.
    pub fn samples(&self, minimum_calls: u64) -> impl Iterator<Item = Sample<'_>> {
        let overall = self.overall.samples(minimum_calls).map(|sample| Sample {
            target: None,
            ..sample
        });
        overall.chain(
            self.targets
                .iter()
                .flat_map(move |target| target.samples(minimum_calls)),
        )
    }
}

impl Summary {
    /// The numbers of one target, as [`Performance::samples`] gives them.
    pub fn samples(&self, minimum_calls: u64) -> impl Iterator<Item = Sample<'_>> {
        let judged = self.requests >= minimum_calls.max(1);
        let seconds = |ms: Option<f64>| ms.map(|ms| ms / 1_000.0);
        let rates = [
            (SUCCESS_RATE, self.success_rate),
            (ERROR_RATE, self.error_rate),
            (RESPONSE_TIME, seconds(self.mean_ms)),
            (RESPONSE_TIME_P95, seconds(self.p95_ms)),
        ];
        let always = [
            (REQUESTS_PER_MINUTE, Some(self.requests_per_minute)),
            (IN_FLIGHT, Some(self.in_flight as f64)),
        ];
        let told = rates.into_iter().filter(move |_| judged).chain(always);
        told.filter_map(|(metric, value)| {
            Some(Sample {
                metric,
                target: Some(&self.target),
                value: value?,
            })
        })
    }
}
