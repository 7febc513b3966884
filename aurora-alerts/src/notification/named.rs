//! One alert as a notification names it.

use std::collections::BTreeMap;
use std::fmt;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Status;
use crate::condition::Operator;
use crate::labels::{Fingerprint, Labels};
use crate::rule::Severity;
use crate::state::ResolveReason;

/// One change of an alert between firing and resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The number of the change in the life of the alert, from 1.
    pub seq: u64,
    /// What it became.
    pub status: Status,
    /// When.
    pub at: Timestamp,
}

/// One alert as a notification names it.
///
/// `Display` gives it as one line: `Error rate high: error_rate 31 > 20 {zone="a"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NamedAlert {
    /// The identity of the alert, the same for its firing and its resolve and over restarts.
    pub fingerprint: Fingerprint,
    /// The name of the rule, or the label `alertname` of an alert that was posted.
    pub rule: String,
    /// Whether it fires or is over.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// The metric that the rule watches, where it watches one.
    pub metric: Option<String>,
    /// The value when this was decided.
    pub value: Option<f64>,
    /// How the value is compared, where the rule has a threshold.
    pub operator: Option<Operator>,
    /// What the value is compared with, where the rule has a threshold.
    pub threshold: Option<f64>,
    /// What it means, for people; may be empty.
    pub description: String,
    /// The labels of the series and of the rule.
    pub labels: Labels,
    /// Texts for people.
    pub annotations: BTreeMap<String, String>,
    /// Since when the condition holds or held.
    pub starts_at: Timestamp,
    /// When the alert ended; `None` while it fires.
    pub ends_at: Option<Timestamp>,
    /// Why the alert ended; `None` while it fires.
    pub resolve_reason: Option<ResolveReason>,
    /// A page that tells more, where the source of the alert named one.
    pub generator_url: Option<String>,
    /// Who acknowledged it, if somebody did.
    pub acknowledged_by: Option<String>,
    /// What this target has not been told before, oldest first; at most the last 16 changes.
    pub changes: Vec<Change>,
    /// How many changes are told in `changes` or had to be left out of it.
    pub changes_total: u64,
}

impl NamedAlert {
    /// Whether it fired and resolved again before this target could be told of it.
    #[must_use]
    pub fn is_over_before_told(&self) -> bool {
        self.status == Status::Resolved && self.changes.iter().any(|change| change.status == Status::Firing)
    }

    /// What happened, in short: `error_rate 31 > 20`; empty where there is no value.
    #[must_use]
    pub fn reading(&self) -> String {
        let Some(value) = self.value else {
            return String::new();
        };
        let value = number(value);
        match (&self.metric, self.operator, self.threshold) {
            (Some(metric), Some(operator), Some(threshold)) => {
                format!("{metric} {value} {operator} {}", number(threshold))
            }
            (Some(metric), ..) => format!("{metric} {value}"),
            _ => value,
        }
    }
}

impl fmt::Display for NamedAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        let reading = self.reading();
        if self.status == Status::Firing && !reading.is_empty() {
            write!(f, ": {reading}")?;
        }
        if self.resolve_reason == Some(ResolveReason::NoData) {
            f.write_str(" (no data)")?;
        }
        if self.is_over_before_told() {
            f.write_str(" (fired and resolved before this could be sent)")?;
        }
        if !self.labels.is_empty() {
            write!(f, " {}", self.labels)?;
        }
        Ok(())
    }
}

/// A number as people write it: no float noise, no endless digits.
fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:e}");
    }
    let decimals = if size >= 1.0 { 4 } else { 8 };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_no_float_noise() {
        let table = [
            (31.0, "31"),
            (0.1 + 0.2, "0.3"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (100.0, "100"),
            (1_234_567.891_23, "1234567.8912"),
            (0.000_123, "0.000123"),
            (0.000_012, "1.2e-5"),
            (1e300, "1e300"),
        ];
        for (value, expected) in table {
            assert_eq!(number(value), expected);
        }
    }
}
