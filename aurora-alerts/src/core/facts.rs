//! What is told of an alert.

use aurora_core::time::Timestamp;

use crate::alert::Alert;
use crate::pipeline::Facts;
use crate::state::AlertState;

pub(super) fn facts(alert: &Alert) -> Facts {
    Facts {
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
        generator_url: None,
        starts_at: starts_at(&alert.state, Timestamp::UNIX_EPOCH),
    }
}

pub(super) fn starts_at(state: &AlertState, otherwise: Timestamp) -> Timestamp {
    state.phase.active_since().unwrap_or(otherwise)
}
