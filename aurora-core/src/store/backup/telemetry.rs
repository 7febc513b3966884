//! The names of the backups' metrics, in one place. Labels are closed lists.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::time::Timestamp;

use super::{Error, ErrorKind, Manifest};

/// When the last verified backup was begun, in seconds since the Unix epoch.
pub const LAST_SUCCESS: &str = "aurora_backup_last_success_timestamp_seconds";
/// How long backups took together with their tests, in seconds.
pub const DURATION_SECONDS: &str = "aurora_backup_duration_seconds";
/// The size of the last verified backup, in bytes.
pub const BYTES: &str = "aurora_backup_bytes";
/// Backups by `outcome` (`verified`, `unverified`, `failed`) and `error` (a kind of error, or `none`).
pub const RUNS: &str = "aurora_backup_runs_total";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_gauge!(
        LAST_SUCCESS,
        Unit::Seconds,
        "When the last verified backup was begun."
    );
    describe_histogram!(
        DURATION_SECONDS,
        Unit::Seconds,
        "How long backups took with their tests."
    );
    describe_gauge!(BYTES, Unit::Bytes, "The size of the last verified backup.");
    describe_counter!(RUNS, "Backups by their outcome.");
}

/// The last verified backup, new or found.
pub(super) fn verified(manifest: &Manifest) {
    gauge!(LAST_SUCCESS).set(seconds(manifest.started_at));
    // Sizes up to 4 TiB are exact in steps of 1 KiB, which is closer than a graph shows.
    let kibibytes = u32::try_from(manifest.bytes / 1_024).unwrap_or(u32::MAX);
    let rest = u32::try_from(manifest.bytes % 1_024).unwrap_or(0);
    gauge!(BYTES).set(f64::from(kibibytes) * 1_024.0 + f64::from(rest));
}

pub(super) fn ended(outcome: &Result<Manifest, Error>, took: Duration) {
    histogram!(DURATION_SECONDS).record(took.as_secs_f64());
    let (result, error) = match outcome {
        Ok(manifest) => {
            verified(manifest);
            ("verified", "none")
        }
        Err(error) if error.kind() == ErrorKind::Unverified => ("unverified", error.kind().as_str()),
        Err(error) => ("failed", error.kind().as_str()),
    };
    counter!(RUNS, "outcome" => result, "error" => error).increment(1);
}

fn seconds(at: Timestamp) -> f64 {
    at.since(Timestamp::UNIX_EPOCH).as_secs_f64()
}
