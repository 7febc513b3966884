//! Reports on the history: who fired when and for how long, who acknowledged, how deliveries went; as JSON and CSV.
//!
//! A [`Report`] is made from the [`Record`]s of a history in one pass and in bounded memory. [`json_lines`] and
//! [`csv_lines`] export the records themselves.

mod csv;
mod export;
mod spread;
mod table;
mod tally;

use aurora_core::time::Timestamp;
use serde::Serialize;

pub use export::{csv_lines, json_lines};
pub use spread::Spread;
pub use table::Table;

pub(crate) use tally::Tally;

use crate::history::Record;
use crate::labels::Fingerprint;
use crate::rule::Severity;

/// What happened in a period, by rule and by channel.
///
/// Times are whole milliseconds. A firing counts as begun where it begins within the period. Its duration counts as far
/// as it lies within the period; a firing that began before the first record counts from the beginning of the period, and
/// one that has not ended counts until its end. Mean times are over whole firings, from their true beginning, and leave
/// out those whose beginning is not among the records; give records from before the period where that matters.
///
/// | limit | what becomes of the rest |
/// | --- | --- |
/// | 1,000 rules and 100 channels | their records are counted in `left_out` |
/// | 1,000 alerts of a rule that fire at once | further ones count as begun; their ends are counted in `left_out` |
/// | the last 100 firings of a rule are listed | earlier ones are counted in `firings_left_out` |
///
/// # Examples
/// ```
/// use aurora_alerts::report::{Report, Table};
/// use aurora_core::time::Timestamp;
///
/// let (from, to) = (Timestamp::parse("2026-11-01T00:00:00Z")?, Timestamp::parse("2026-12-01T00:00:00Z")?);
/// let report = Report::of([], from, to);
/// assert!(report.to_csv(Table::Channels).starts_with("channel,delivered,failed,"));
/// # Ok::<(), aurora_core::time::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The beginning of the period.
    pub from: Timestamp,
    /// Its end, exclusive.
    pub to: Timestamp,
    /// Rules of which something happened, the one with the most firings first.
    pub rules: Vec<RuleReport>,
    /// Channels that were used, by name.
    pub channels: Vec<ChannelReport>,
    /// Firings that lie at least partly within the period, the earliest end first; those that still fire come last.
    pub firings: Vec<Firing>,
    /// Firings that are counted but not listed.
    pub firings_left_out: u64,
    /// Records that a limit kept out of the numbers.
    pub left_out: u64,
}

/// What happened to the alerts of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The rule.
    pub rule: String,
    /// How bad it is, as last recorded.
    pub severity: Option<Severity>,
    /// How often an alert of it began to fire.
    pub firings: u64,
    /// How many of its firings ended.
    pub resolved: u64,
    /// How many of its alerts fire at the end of the period.
    pub still_firing: u64,
    /// How many of its firings somebody acknowledged.
    pub acknowledged: u64,
    /// How long its alerts fired, all together.
    pub firing_ms: u64,
    /// How long the longest of its firings lasted within the period.
    pub longest_ms: u64,
    /// From the beginning of a firing to its first acknowledgement, on average (MTTA); `None` without any.
    pub mean_to_acknowledge_ms: Option<u64>,
    /// From the beginning of a firing to its end, on average (MTTR); `None` without any.
    pub mean_to_resolve_ms: Option<u64>,
    /// How often one of its alerts began to flap.
    pub flaps: u64,
    /// Notifications that were delivered and were about one of its alerts alone; one that names several alerts counts with
    /// its channel only.
    pub notifications: u64,
}

/// How deliveries of one channel went.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelReport {
    /// The channel.
    pub channel: String,
    /// Notifications that it took.
    pub delivered: u64,
    /// Notifications that were given up.
    pub failed: u64,
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    /// Notifications that a newer one said too.
    pub superseded: u64,
    /// Notifications that went to the fallback channel instead.
    pub redirected: u64,
    /// The share of `delivered` in `delivered` and `failed`, 0 to 1; `None` without either.
    pub success_rate: Option<f64>,
    /// From the writing of a notification to its delivery, in milliseconds.
    pub waited_ms: Option<Spread>,
    /// How long an attempt took, in milliseconds, whatever became of it.
    pub attempt_ms: Option<Spread>,
}

/// One firing of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Firing {
    /// The rule.
    pub rule: String,
    /// The alert.
    pub fingerprint: Fingerprint,
    /// How bad it was.
    pub severity: Option<Severity>,
    /// When it began; `None` where that is not among the records.
    pub fired_at: Option<Timestamp>,
    /// When it ended; `None` where it still fires at the end of the period, or its end was never recorded.
    pub resolved_at: Option<Timestamp>,
    /// How long it lasted within the period.
    pub firing_ms: u64,
    /// Who acknowledged it first.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<Timestamp>,
}

impl Report {
    /// The report on the time from `from` until `to`, exclusive.
    ///
    /// The records must come in ascending order. Those from before the period tell what fires at its beginning and count
    /// for nothing else; reading ends with the first that is not before `to`. `to` should not lie in the future: what has
    /// not ended counts until then.
    pub fn of(records: impl IntoIterator<Item = Record>, from: Timestamp, to: Timestamp) -> Self {
        let mut tally = Tally::new(from, to);
        for record in records.into_iter().take_while(|record| record.at < to) {
            tally.take(record);
        }
        tally.finish()
    }

    /// The report as one JSON object, with the names of the fields.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists under fixed names: there is nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// One table of the report as CSV with a line of names (RFC 4180).
    ///
    /// A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe before it, so that no
    /// spreadsheet takes it for a formula. A value that is absent is an empty field.
    #[must_use]
    pub fn to_csv(&self, table: Table) -> String {
        table.of(self)
    }
}

#[cfg(test)]
mod tests;
