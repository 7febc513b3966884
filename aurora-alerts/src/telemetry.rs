//! The names of this crate's metrics, in one place.
//!
//! Labels are bounded: names of channels and closed lists, never names of rules or labels of series.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::pipeline::Outcome;
use crate::rule::Severity;
use crate::state::Decision;

/// Changes in the life of alerts, by `change` and `severity`.
pub const CHANGES: &str = "aurora_alerts_changes_total";
/// Alerts that fire now, by `severity`.
pub const FIRING: &str = "aurora_alerts_firing";
/// Samples that were not taken, by `reason`.
pub const SAMPLES_REFUSED: &str = "aurora_alerts_samples_refused_total";
/// What became of attempts to deliver, by `channel` and `outcome`.
pub const DELIVERIES: &str = "aurora_alerts_deliveries_total";
/// How long attempts took, in seconds, by `channel`.
pub const DELIVERY_SECONDS: &str = "aurora_alerts_delivery_seconds";
/// Notifications that wait, by `channel`.
pub const QUEUED: &str = "aurora_alerts_queued";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(CHANGES, "Changes in the life of alerts.");
    describe_gauge!(FIRING, "Alerts that fire now.");
    describe_counter!(SAMPLES_REFUSED, "Samples that were not taken.");
    describe_counter!(DELIVERIES, "What became of attempts to deliver a notification.");
    describe_histogram!(
        DELIVERY_SECONDS,
        metrics::Unit::Seconds,
        "How long attempts to deliver took."
    );
    describe_gauge!(QUEUED, "Notifications that wait for their channel.");
}

pub(crate) fn changed(decision: Decision, severity: Severity) {
    counter!(CHANGES, "change" => decision.as_str(), "severity" => severity.as_str()).increment(1);
    // Steps up and down rather than a value, so that two engines in one process add up.
    match decision {
        Decision::Fired | Decision::FiredQuietly { .. } => {
            gauge!(FIRING, "severity" => severity.as_str()).increment(1.0);
        }
        Decision::Resolved | Decision::ResolvedQuietly => {
            gauge!(FIRING, "severity" => severity.as_str()).decrement(1.0);
        }
        Decision::Pending | Decision::Cleared | Decision::CooldownOver => {}
    }
}

pub(crate) fn sample_refused(reason: &'static str) {
    counter!(SAMPLES_REFUSED, "reason" => reason).increment(1);
}

pub(crate) fn attempted(channel: &str, outcome: &Outcome, seconds: f64) {
    histogram!(DELIVERY_SECONDS, "channel" => channel.to_owned()).record(seconds);
    settled(channel, outcome);
}

pub(crate) fn settled(channel: &str, outcome: &Outcome) {
    counter!(DELIVERIES, "channel" => channel.to_owned(), "outcome" => outcome.as_str()).increment(1);
}

pub(crate) fn queued(channel: &str, step: f64) {
    gauge!(QUEUED, "channel" => channel.to_owned()).increment(step);
}
