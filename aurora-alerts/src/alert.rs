use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde::Serialize;

use crate::condition::Operator;
use crate::labels::{Fingerprint, Labels};
use crate::rule::{Rule, Severity};
use crate::state::{AlertState, Decision};

/// One alert as it stands: a rule, a label set and their state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alert {
    /// The identity, the same over restarts.
    pub fingerprint: Fingerprint,
    /// The name of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The metric that the rule watches.
    pub metric: String,
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
    /// Where it stands, the last value and the last notification.
    #[serde(flatten)]
    pub state: AlertState,
}

impl Alert {
    pub(crate) fn of(rule: &Rule, labels: &Labels, fingerprint: Fingerprint, state: AlertState) -> Self {
        Self {
            fingerprint,
            rule: rule.name().to_owned(),
            severity: rule.severity(),
            metric: rule.metric().to_owned(),
            operator: rule.threshold().operator,
            threshold: rule.threshold().value,
            description: rule.description().to_owned(),
            labels: labels.clone(),
            annotations: rule.annotations().clone(),
            state,
        }
    }
}

/// One change in the life of an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AlertEvent {
    /// When it was decided.
    pub at: Timestamp,
    /// What was decided.
    #[serde(flatten)]
    pub decision: Decision,
    /// The alert after it.
    pub alert: Alert,
}
