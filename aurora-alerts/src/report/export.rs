use super::csv::Line;
use crate::history::{Entry, Outcome, Record};
use crate::rule::Severity;

const NAMES: [&str; 22] = [
    "seq",
    "at",
    "kind",
    "fingerprint",
    "rule",
    "severity",
    "channel",
    "change",
    "value",
    "starts_at",
    "delivery",
    "target",
    "reason",
    "status",
    "alerts",
    "attempt",
    "took_ms",
    "waited_ms",
    "outcome",
    "error",
    "by",
    "detail",
];

/// The records as lines of JSON, each with its line feed (<https://jsonlines.org>); what is read back is equal.
pub fn json_lines(records: impl IntoIterator<Item = Record>) -> impl Iterator<Item = String> {
    records.into_iter().map(|record| {
        // Records hold texts, numbers and times under fixed names: there is nothing that JSON could not say.
        let mut line = serde_json::to_string(&record).unwrap_or_default();
        line.push('\n');
        line
    })
}

/// The records as CSV (RFC 4180), each line with its line break, a line of names first.
///
/// A column that says nothing about a kind of record is empty. A text that begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return gets an apostrophe before it, so that no spreadsheet takes it for a formula; numbers stay as they are.
///
/// # Examples
/// ```
/// use aurora_alerts::report::csv_lines;
///
/// let mut lines = csv_lines([]);
/// assert!(lines.next().unwrap().starts_with("seq,at,kind,fingerprint,rule,severity,channel,"));
/// assert_eq!(lines.next(), None);
/// ```
pub fn csv_lines(records: impl IntoIterator<Item = Record>) -> impl Iterator<Item = String> {
    let lines = records.into_iter().map(|record| line(&record));
    std::iter::once(Line::names(&NAMES)).chain(lines)
}

/// What the columns after `channel` hold.
#[derive(Default)]
struct Columns<'r> {
    change: Option<&'r str>,
    value: Option<f64>,
    starts_at: Option<String>,
    delivery: Option<String>,
    target: &'r str,
    reason: Option<&'static str>,
    status: Option<&'static str>,
    alerts: Option<u64>,
    attempt: Option<u32>,
    took_ms: Option<u64>,
    waited_ms: Option<u64>,
    outcome: Option<&'static str>,
    error: Option<&'static str>,
    by: &'r str,
    detail: String,
}

fn line(record: &Record) -> String {
    let columns = columns(&record.entry);
    Line::default()
        .value(Some(record.seq))
        .value(Some(record.at))
        .value(Some(record.entry.kind()))
        .value(record.fingerprint)
        .text(record.rule.as_deref().unwrap_or_default())
        .value(record.severity.map(Severity::as_str))
        .text(record.channel.as_deref().unwrap_or_default())
        .text(columns.change.unwrap_or_default())
        .value(columns.value)
        .value(columns.starts_at)
        .value(columns.delivery)
        .text(columns.target)
        .value(columns.reason)
        .value(columns.status)
        .value(columns.alerts)
        .value(columns.attempt)
        .value(columns.took_ms)
        .value(columns.waited_ms)
        .value(columns.outcome)
        .value(columns.error)
        .text(columns.by)
        .text(&columns.detail)
        .end()
}

fn columns(entry: &Entry) -> Columns<'_> {
    let empty = Columns::default();
    match entry {
        Entry::Alert {
            decision,
            value,
            starts_at,
        } => Columns {
            change: Some(decision.as_str()),
            value: *value,
            starts_at: Some(starts_at.to_string()),
            ..empty
        },
        Entry::Delivery { .. } => delivery(entry),
        Entry::Acknowledged { by, comment, .. } => Columns {
            by,
            detail: comment.clone(),
            ..empty
        },
        Entry::Unacknowledged { by } => Columns { by, ..empty },
        Entry::Escalated { step, receiver } => Columns {
            target: receiver,
            detail: format!("step {step}"),
            ..empty
        },
        Entry::Silence { id, change, by, .. } => Columns {
            change: Some(change),
            by,
            detail: id.clone(),
            ..empty
        },
        Entry::Channel { enabled, reason } => Columns {
            change: Some(if *enabled { "enabled" } else { "disabled" }),
            error: reason.map(|reason| reason.as_str()),
            ..empty
        },
        Entry::Flapping { began } => Columns {
            change: Some(if *began { "began" } else { "ended" }),
            ..empty
        },
    }
}

fn delivery(entry: &Entry) -> Columns<'_> {
    let Entry::Delivery {
        id,
        target,
        reason,
        status,
        alerts,
        attempt,
        took_ms,
        waited_ms,
        outcome,
    } = entry
    else {
        return Columns::default();
    };
    let (error, detail) = match outcome {
        Outcome::Retrying { error, detail, .. } | Outcome::Failed { error, detail } => {
            (Some(error.as_str()), detail.clone())
        }
        Outcome::Delivered { message } => (None, message.clone().unwrap_or_default()),
        Outcome::Superseded | Outcome::Redirected => (None, String::new()),
    };
    Columns {
        delivery: Some(id.to_string()),
        target,
        reason: Some(reason.as_str()),
        status: Some(status.as_str()),
        alerts: Some(*alerts),
        attempt: Some(*attempt),
        took_ms: Some(*took_ms),
        waited_ms: Some(*waited_ms),
        outcome: Some(outcome.as_str()),
        error,
        detail,
        ..Columns::default()
    }
}
