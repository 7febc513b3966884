//! The JSON of alerts as programs outside rely on it.

use std::collections::BTreeMap;

use aurora_alerts::silence::Silence;
use aurora_alerts::state::Phase;
use aurora_alerts::{Acknowledgement, Alert, Labels};
use aurora_core::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::matched;

/// An alert as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView {
    /// Its identity, 16 hexadecimal digits; the same over restarts.
    #[schema(example = "9f86d081884c7d65")]
    fingerprint: String,
    /// The rule that found it, or the label `alertname` of one that was posted.
    rule: String,
    /// `info`, `warning` or `critical`.
    severity: &'static str,
    /// `pending`, `firing`, `resolved` or `inactive`.
    state: &'static str,
    /// The metric that the rule watches.
    metric: Option<String>,
    /// How the value is compared.
    operator: Option<&'static str>,
    /// What the value is compared with.
    threshold: Option<f64>,
    /// The last value.
    value: Option<f64>,
    /// What it means, for people.
    description: String,
    /// The labels of the series and of the rule.
    #[schema(value_type = Object)]
    labels: Labels,
    /// Texts for people.
    #[schema(value_type = Object)]
    annotations: BTreeMap<String, String>,
    /// Since when its condition holds (RFC 3339).
    #[schema(format = DateTime)]
    active_since: Option<String>,
    /// When it began to fire (RFC 3339).
    #[schema(format = DateTime)]
    fired_at: Option<String>,
    /// When it ended (RFC 3339).
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
    /// Why it ended: `recovered`, `no_data`, `rule_removed`, `rule_changed`, `expired`, `posted`.
    #[schema(value_type = Option<String>)]
    resolve_reason: Option<Value>,
    /// Who takes care, if somebody does.
    acknowledgement: Option<AcknowledgementView>,
    /// The silences that keep it back now.
    silenced_by: Vec<String>,
}

/// Somebody takes care of an alert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertAcknowledgement)]
pub(crate) struct AcknowledgementView {
    /// Who.
    by: String,
    /// What was said; may be empty.
    note: String,
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    at: String,
    /// Until when it counts (RFC 3339); null until the alert ends.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl From<Acknowledgement> for AcknowledgementView {
    fn from(it: Acknowledgement) -> Self {
        Self {
            by: it.by,
            note: it.comment,
            at: it.at.to_string(),
            until: it.until.map(|until| until.to_string()),
        }
    }
}

/// Since when an alert is active.
pub(crate) const fn active_since(alert: &Alert) -> Option<Timestamp> {
    alert.state.phase.active_since()
}

/// The word for where an alert stands.
pub(crate) const fn state_of(alert: &Alert) -> &'static str {
    match alert.state.phase {
        Phase::Pending { .. } => "pending",
        Phase::Firing { .. } => "firing",
        Phase::Resolved { .. } => "resolved",
        _ => "inactive",
    }
}

/// The silences that keep an alert back at `now`.
pub(crate) fn silenced_by(alert: &Alert, silences: &[Silence], now: Timestamp) -> Vec<String> {
    let labels = matched(alert);
    silences
        .iter()
        .filter(|silence| silence.is_active(now) && silence.matches(&labels))
        .map(|silence| silence.id.to_string())
        .collect()
}

impl AlertView {
    pub(crate) fn of(alert: Alert, silences: &[Silence], now: Timestamp) -> Self {
        let (fired_at, resolved) = match alert.state.phase {
            Phase::Firing { fired_at, .. } => (Some(fired_at), None),
            Phase::Resolved {
                fired_at,
                resolved_at,
                reason,
                ..
            } => (Some(fired_at), Some((resolved_at, reason))),
            _ => (None, None),
        };
        Self {
            state: state_of(&alert),
            active_since: active_since(&alert).map(|at| at.to_string()),
            fired_at: fired_at.map(|at| at.to_string()),
            resolved_at: resolved.map(|(at, _)| at.to_string()),
            resolve_reason: resolved.and_then(|(_, reason)| serde_json::to_value(reason).ok()),
            silenced_by: silenced_by(&alert, silences, now),
            fingerprint: alert.fingerprint.to_string(),
            rule: alert.rule,
            severity: alert.severity.as_str(),
            metric: alert.metric,
            operator: alert.operator.map(aurora_alerts::Operator::as_str),
            threshold: alert.threshold,
            value: alert.state.value,
            description: alert.description,
            labels: alert.labels,
            annotations: alert.annotations,
            acknowledgement: alert.acknowledgement.map(Into::into),
        }
    }
}

/// One page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertPage {
    /// The alerts, those that began last first.
    pub(super) items: Vec<AlertView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// An alert with why people were or were not told of it, and what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertDetails {
    #[serde(flatten)]
    pub(super) alert: AlertView,
    /// Where it stands on its way to each target: `groups[].targets[].stage` is `told`, `refused`, `silenced`, `inhibited`,
    /// `muted`, `flapping`, `grouped`, `queued`, `in_flight`, `disabled`, `dropped` or `due`.
    #[schema(value_type = Object)]
    pub(super) explanation: Value,
    /// What happened to it, the newest first, at most 50 lines.
    #[schema(value_type = Vec<Object>)]
    pub(super) history: Vec<Value>,
}
