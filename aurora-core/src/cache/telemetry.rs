//! The names of this module's metrics.

use std::sync::Arc;

use metrics::{counter, describe_counter};

#[cfg(all(feature = "memory", feature = "redis"))]
use super::ErrorKind;
use super::loader::Freshness;

/// Reads of a two-tier cache, by the `tier` that had the value: `near`, `far` or `none`.
pub const READS: &str = "aurora_cache_reads_total";
/// Questions that Redis did not answer to a two-tier cache, by `operation` and `reason`.
pub const FAR_FAILURES: &str = "aurora_cache_far_failures_total";
/// What a read-through cache answered, by `kind` and `outcome`: `fresh`, `stale`, `loaded`, or `failed`.
pub const ANSWERS: &str = "aurora_cache_answers_total";
/// Refreshes in the background that failed, by `kind`.
pub const REFRESH_FAILURES: &str = "aurora_cache_refresh_failures_total";
/// Values that were not kept because the lease to load them had ended, by `kind`.
pub const LATE_WRITES: &str = "aurora_cache_late_writes_total";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(READS, "Reads of a two-tier cache.");
    describe_counter!(
        FAR_FAILURES,
        "Questions that Redis did not answer to a two-tier cache."
    );
    describe_counter!(ANSWERS, "What a read-through cache answered.");
    describe_counter!(REFRESH_FAILURES, "Refreshes in the background that failed.");
    describe_counter!(
        LATE_WRITES,
        "Values that were not kept because their lease had ended."
    );
}

#[cfg(all(feature = "memory", feature = "redis"))]
pub(super) fn read(tier: &'static str) {
    counter!(READS, "tier" => tier).increment(1);
}

#[cfg(all(feature = "memory", feature = "redis"))]
pub(super) fn far_failed(operation: &'static str, kind: ErrorKind) {
    counter!(FAR_FAILURES, "operation" => operation, "reason" => kind.as_str()).increment(1);
}

pub(super) fn answered(kind: &Arc<str>, freshness: Option<Freshness>) {
    let outcome = freshness.map_or("failed", Freshness::as_str);
    counter!(ANSWERS, "kind" => Arc::clone(kind), "outcome" => outcome).increment(1);
}

pub(super) fn refresh_failed(kind: &Arc<str>) {
    counter!(REFRESH_FAILURES, "kind" => Arc::clone(kind)).increment(1);
}

pub(super) fn late(kind: &Arc<str>) {
    counter!(LATE_WRITES, "kind" => Arc::clone(kind)).increment(1);
}
