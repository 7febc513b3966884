//! A monitor's numbers for whatever recorder the application has installed: the names, in one place.
//!
//! Every name carries the labels `monitor` (what the monitor was called when it was built) and `target` (bounded by
//! the monitor's own limit of names).

use std::sync::Arc;
use std::time::Duration;

use metrics::{
    Key, Label, Level, Metadata, SharedString, describe_counter, describe_gauge, describe_histogram,
};

use super::outcome::{Outcome, PER_OUTCOME};
use super::summary::Summary;

/// Calls that ended, by `outcome`: `answered`, a class of failure, or `cancelled`. Counted as they end.
pub const CALLS: &str = "aurora_monitor_calls_total";
/// How long answered and failed calls took, in seconds. Recorded as they end.
pub const CALL_SECONDS: &str = "aurora_monitor_call_seconds";
/// Calls that are under way. Set by [`Monitor::publish`](super::Monitor::publish), as all that follow.
pub const IN_FLIGHT: &str = "aurora_monitor_in_flight";
/// Calls per minute, over the window.
pub const REQUESTS_PER_MINUTE: &str = "aurora_monitor_requests_per_minute";
/// Share of answered calls in the window, in percent.
pub const SUCCESS_RATE: &str = "aurora_monitor_success_rate";
/// Latency over the window in seconds, by `quantile`: `0.5`, `0.95`, `0.99`.
pub const LATENCY: &str = "aurora_monitor_latency_seconds";

static METADATA: Metadata<'static> = Metadata::new("aurora_core::monitor", Level::INFO, Some(module_path!()));

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(CALLS, "Calls that ended, by outcome.");
    describe_histogram!(
        CALL_SECONDS,
        metrics::Unit::Seconds,
        "How long answered and failed calls took."
    );
    describe_gauge!(IN_FLIGHT, "Calls that are under way.");
    describe_gauge!(REQUESTS_PER_MINUTE, "Calls per minute, over the window.");
    describe_gauge!(
        SUCCESS_RATE,
        metrics::Unit::Percent,
        "Share of answered calls in the window."
    );
    describe_gauge!(
        LATENCY,
        metrics::Unit::Seconds,
        "Latency over the window, by quantile."
    );
}

/// What is told apart from each other per target; made once, so that a call costs no allocation here.
#[derive(Debug)]
pub(super) struct Exported {
    calls: [Key; PER_OUTCOME],
    seconds: Key,
    labels: Vec<Label>,
}

impl Exported {
    pub(super) fn new(monitor: &Arc<str>, target: &Arc<str>) -> Self {
        let label = |name: &'static str, value: &Arc<str>| {
            Label::new(name, SharedString::from_shared(Arc::clone(value)))
        };
        let labels = vec![label("monitor", monitor), label("target", target)];
        let with = |outcome: Outcome| {
            let mut labels = labels.clone();
            labels.push(Label::from_static_parts("outcome", outcome.as_str()));
            Key::from_parts(CALLS, labels)
        };
        Self {
            calls: Outcome::ALL.map(with),
            seconds: Key::from_parts(CALL_SECONDS, labels.clone()),
            labels,
        }
    }

    pub(super) fn ended(&self, outcome: Outcome, elapsed: Option<Duration>) {
        metrics::with_recorder(|recorder| {
            if let Some(key) = self.calls.get(outcome as usize) {
                recorder.register_counter(key, &METADATA).increment(1);
            }
            if let Some(elapsed) = elapsed.filter(|_| outcome.is_about_target()) {
                let seconds = recorder.register_histogram(&self.seconds, &METADATA);
                seconds.record(elapsed.as_secs_f64());
            }
        });
    }

    pub(super) fn publish(&self, summary: &Summary) {
        let gauge = |name: &'static str, quantile: Option<&'static str>, value: f64| {
            let mut labels = self.labels.clone();
            labels.extend(quantile.map(|quantile| Label::from_static_parts("quantile", quantile)));
            let key = Key::from_parts(name, labels);
            metrics::with_recorder(|recorder| recorder.register_gauge(&key, &METADATA).set(value));
        };
        gauge(IN_FLIGHT, None, summary.in_flight as f64);
        gauge(REQUESTS_PER_MINUTE, None, summary.requests_per_minute);
        if let Some(rate) = summary.success_rate {
            gauge(SUCCESS_RATE, None, rate);
        }
        let latencies = [
            ("0.5", summary.p50_ms),
            ("0.95", summary.p95_ms),
            ("0.99", summary.p99_ms),
        ];
        for (quantile, ms) in latencies {
            if let Some(ms) = ms {
                gauge(LATENCY, Some(quantile), ms / 1_000.0);
            }
        }
    }
}
