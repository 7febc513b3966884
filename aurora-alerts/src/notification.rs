use std::collections::BTreeMap;
use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::condition::Operator;
use crate::labels::{Fingerprint, Labels};
use crate::rule::Severity;
use crate::state::{Phase, ResolveReason};

/// Marks the ids of deliveries: one notification on its way to one channel.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery;

impl IdKind for Delivery {
    const PREFIX: &'static str = "dlv";
}

/// Names one notification to one channel; the same over all its attempts, so that a receiver can tell a repetition.
pub type DeliveryId = Id<Delivery>;

/// What a notification says about its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

impl Status {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a channel is asked to tell people.
///
/// `Display` gives it as one line: `[WARNING] Error rate high: error_rate 31 > 20`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notification {
    /// The id of the delivery, the same over all attempts: the idempotency key.
    pub id: DeliveryId,
    /// Whether the alert fires or is over.
    pub status: Status,
    /// The identity of the alert, the same for its firing and its resolve.
    pub fingerprint: Fingerprint,
    /// The name of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The metric that the rule watches.
    pub metric: String,
    /// The value when this was decided.
    pub value: Option<f64>,
    /// How the value is compared.
    pub operator: Operator,
    /// What the value is compared with.
    pub threshold: f64,
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
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Notification {
    pub(crate) fn of(alert: &Alert, status: Status, id: DeliveryId, now: Timestamp) -> Self {
        let (starts_at, ends_at, resolve_reason) = match alert.state.phase {
            Phase::Inactive => (now, None, None),
            Phase::Pending { active_since } | Phase::Firing { active_since, .. } => {
                (active_since, None, None)
            }
            Phase::Resolved {
                active_since,
                resolved_at,
                reason,
                ..
            } => (active_since, Some(resolved_at), Some(reason)),
        };
        Self {
            id,
            status,
            fingerprint: alert.fingerprint,
            rule: alert.rule.clone(),
            severity: alert.severity,
            metric: alert.metric.clone(),
            value: alert.state.value,
            operator: alert.operator,
            threshold: alert.threshold,
            description: alert.description.clone(),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            starts_at,
            ends_at,
            resolve_reason,
            attempt: 1,
        }
    }

    /// The headline: `[WARNING] Error rate high`, or `[RESOLVED] Error rate high`.
    #[must_use]
    pub fn title(&self) -> String {
        let mark = match self.status {
            Status::Firing => self.severity.as_str(),
            Status::Resolved => self.status.as_str(),
        };
        format!("[{}] {}", mark.to_uppercase(), self.rule)
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title())?;
        if let (Status::Firing, Some(value)) = (self.status, self.value) {
            let (metric, operator) = (&self.metric, self.operator);
            write!(
                f,
                ": {metric} {} {operator} {}",
                number(value),
                number(self.threshold)
            )?;
        }
        if self.resolve_reason == Some(ResolveReason::NoData) {
            f.write_str(" (no data)")?;
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
