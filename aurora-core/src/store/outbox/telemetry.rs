//! The names of the outbox's metrics, in one place. Labels are bounded: names of queues and closed lists.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Messages enqueued, by `queue` and `result` (`new`, `duplicate`).
pub const ENQUEUED: &str = "aurora_outbox_enqueued_total";
/// What became of attempts, by `queue` and `outcome` (`done`, `retry`, `dead`, `release`, `lost`).
pub const OUTCOMES: &str = "aurora_outbox_outcomes_total";
/// How long messages had been due when they were claimed, in seconds, by `queue`.
pub const WAIT_SECONDS: &str = "aurora_outbox_wait_seconds";
/// How long attempts took, in seconds, by `queue`.
pub const ATTEMPT_SECONDS: &str = "aurora_outbox_attempt_seconds";
/// Attempts under way, by `queue`.
pub const IN_FLIGHT: &str = "aurora_outbox_in_flight";
/// Calls to the database by workers that failed, by `queue`.
pub const STORE_FAILURES: &str = "aurora_outbox_store_failures_total";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(ENQUEUED, "Messages enqueued.");
    describe_counter!(OUTCOMES, "What became of attempts to handle a message.");
    describe_histogram!(
        WAIT_SECONDS,
        Unit::Seconds,
        "How long messages had been due when claimed."
    );
    describe_histogram!(ATTEMPT_SECONDS, Unit::Seconds, "How long attempts took.");
    describe_gauge!(IN_FLIGHT, "Attempts under way.");
    describe_counter!(STORE_FAILURES, "Calls to the database by workers that failed.");
}

pub(super) fn enqueued(queue: &str, is_new: bool) {
    let result = if is_new { "new" } else { "duplicate" };
    counter!(ENQUEUED, "queue" => queue.to_owned(), "result" => result).increment(1);
}

pub(super) fn settled(queue: &str, outcome: &'static str) {
    counter!(OUTCOMES, "queue" => queue.to_owned(), "outcome" => outcome).increment(1);
}

pub(super) fn claimed(queue: &str, waited: f64) {
    histogram!(WAIT_SECONDS, "queue" => queue.to_owned()).record(waited);
    gauge!(IN_FLIGHT, "queue" => queue.to_owned()).increment(1.0);
}

pub(super) fn attempted(queue: &str, seconds: f64) {
    histogram!(ATTEMPT_SECONDS, "queue" => queue.to_owned()).record(seconds);
}

pub(super) fn landed(queue: &str) {
    gauge!(IN_FLIGHT, "queue" => queue.to_owned()).decrement(1.0);
}

pub(super) fn store_failed(queue: &str) {
    counter!(STORE_FAILURES, "queue" => queue.to_owned()).increment(1);
}
