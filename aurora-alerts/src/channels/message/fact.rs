use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::DateTime;

use super::super::text::line;
use crate::notification::{NamedAlert, Status};

/// One thing to know about an alert, with its name.
#[derive(Debug, Clone)]
pub(in crate::channels) struct Fact {
    /// What it is: `Since`, or the name of a label; never empty.
    pub(in crate::channels) name: String,
    /// What it is like.
    pub(in crate::channels) value: Value,
}

/// What a fact says.
#[derive(Debug, Clone)]
pub(in crate::channels) enum Value {
    /// A text, never empty.
    Text(String),
    /// A time, which some channels show in the reader's zone.
    Time(Timestamp),
}

impl Fact {
    /// None where there is nothing to show.
    pub(super) fn text(name: &str, text: &str) -> Option<Self> {
        let (name, text) = (line(name), line(text));
        (!name.is_empty() && !text.is_empty()).then_some(Self {
            name,
            value: Value::Text(text),
        })
    }

    fn time(name: &str, at: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Time(at),
        }
    }

    pub(super) fn plain(&self) -> String {
        format!("{}: {}", self.name, self.value.plain())
    }
}

impl Value {
    /// The text, or the time in UTC.
    pub(in crate::channels) fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Time(at) => utc(*at),
        }
    }
}

/// When it began and ended, who acknowledged it, how it changed.
pub(super) fn of_life(alert: &NamedAlert) -> Vec<Fact> {
    let mut facts = Vec::new();
    match alert.ends_at {
        Some(ends_at) if alert.status == Status::Resolved => {
            facts.push(Fact::time("Started", alert.starts_at));
            facts.push(Fact::time("Ended", ends_at));
            facts.extend(Fact::text("Lasted", &lasting(ends_at.since(alert.starts_at))));
        }
        _ => facts.push(Fact::time("Since", alert.starts_at)),
    }
    if let Some(by) = &alert.acknowledged_by {
        facts.extend(Fact::text("Acknowledged by", by));
    }
    if alert.changes_total > 1 {
        facts.extend(Fact::text("Changes", &changes(alert)));
    }
    facts
}

/// The labels, without the one that repeats the name of the alert.
pub(super) fn of_labels(alert: &NamedAlert) -> impl Iterator<Item = Fact> {
    alert
        .labels
        .iter()
        .filter(|(name, value)| !(*name == "alertname" && *value == alert.rule))
        .filter_map(|(name, value)| Fact::text(name, value))
}

/// `5: firing 12:00:01, resolved 12:00:31, …`, the latest of many.
fn changes(alert: &NamedAlert) -> String {
    const SHOWN: usize = 6;
    let first = alert.changes.len().saturating_sub(SHOWN);
    let told: Vec<_> = alert
        .changes
        .iter()
        .skip(first)
        .map(|change| format!("{} {}", change.status, formatted(change.at, "%H:%M:%S")))
        .collect();
    let more = if usize::try_from(alert.changes_total).is_ok_and(|total| total <= told.len()) {
        ""
    } else {
        "…, "
    };
    format!("{}: {more}{}", alert.changes_total, told.join(", "))
}

fn utc(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S UTC")
}

fn formatted(at: Timestamp, format: &str) -> String {
    DateTime::from_timestamp(at.as_secs(), 0)
        .map_or_else(|| at.to_string(), |time| time.format(format).to_string())
}

/// The two largest units: `3 min 20 s`.
fn lasting(time: Duration) -> String {
    let secs = time.as_secs();
    let (days, hours, minutes, seconds) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {seconds} s"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_two_largest_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (200, "3 min 20 s"),
            (3_600, "1 h 0 min"),
            (90_061, "1 d 1 h"),
        ];
        for (secs, text) in table {
            assert_eq!(lasting(Duration::from_secs(secs)), text);
        }
    }
}
