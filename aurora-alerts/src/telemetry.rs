//! The names of this crate's metrics, in one place.
//!
//! Labels are bounded: names of channels and closed lists, never names of rules or labels of series.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::history::{Entry, Outcome, Record};
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
/// From the writing of a notification to its delivery, in seconds, by `channel`.
pub const WAITED_SECONDS: &str = "aurora_alerts_waited_seconds";
/// Steps of escalation chains that were taken.
pub const ESCALATIONS: &str = "aurora_alerts_escalations_total";
/// Alerts that somebody acknowledged.
pub const ACKNOWLEDGEMENTS: &str = "aurora_alerts_acknowledgements_total";
/// Requests that another replica had accepted and that were refused, because there are as many alerts as there may be.
pub const REPLICA_REFUSALS: &str = "aurora_alerts_replica_refusals_total";
/// Turns in which the store did not answer.
pub const STORE_FAILURES: &str = "aurora_alerts_store_failures_total";
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
    describe_histogram!(
        WAITED_SECONDS,
        metrics::Unit::Seconds,
        "From the writing of a notification to its delivery."
    );
    describe_counter!(ESCALATIONS, "Steps of escalation chains that were taken.");
    describe_counter!(ACKNOWLEDGEMENTS, "Alerts that somebody acknowledged.");
    describe_counter!(
        REPLICA_REFUSALS,
        "Requests that another replica had accepted and that were refused."
    );
    describe_counter!(STORE_FAILURES, "Turns in which the store did not answer.");
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

pub(crate) fn refused_of_replica() {
    counter!(REPLICA_REFUSALS).increment(1);
}

pub(crate) fn store_failed() {
    counter!(STORE_FAILURES).increment(1);
}

pub(crate) fn attempted(channel: &str, took: Duration) {
    histogram!(DELIVERY_SECONDS, "channel" => channel.to_owned()).record(took.as_secs_f64());
}

/// Counts what the history keeps.
pub(crate) fn recorded(record: &Record) {
    let channel = || record.channel.clone().unwrap_or_default();
    match &record.entry {
        Entry::Delivery {
            outcome, waited_ms, ..
        } => {
            counter!(DELIVERIES, "channel" => channel(), "outcome" => outcome.as_str()).increment(1);
            if matches!(outcome, Outcome::Delivered { .. }) {
                let waited = Duration::from_millis(*waited_ms).as_secs_f64();
                histogram!(WAITED_SECONDS, "channel" => channel()).record(waited);
            }
        }
        Entry::Escalated { .. } => counter!(ESCALATIONS).increment(1),
        Entry::Acknowledged { .. } => counter!(ACKNOWLEDGEMENTS).increment(1),
        _ => {}
    }
}

pub(crate) fn queued(channel: &str, waiting: usize) {
    gauge!(QUEUED, "channel" => channel.to_owned())
        .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
}
