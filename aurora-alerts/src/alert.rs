use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::Operator;
use crate::labels::{Fingerprint, Labels};
use crate::pipeline::Acknowledgement;
use crate::rule::{Rule, Severity};
use crate::state::{AlertState, Decision};

/// One alert as it stands: a rule, a label set and their state.
///
/// Its JSON has the fields of the state beside the others: `phase`, `value`, `last_notified_at` and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alert {
    /// The identity, the same over restarts.
    pub fingerprint: Fingerprint,
    /// The name of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The metric that the rule watches, where it watches one.
    pub metric: Option<String>,
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
    /// Who takes care, if somebody does.
    pub acknowledgement: Option<Acknowledgement>,
    /// What its last post says, where somebody else found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<Posting>,
    /// Where it stands, the last value and the last notification.
    #[serde(flatten)]
    pub state: AlertState,
}

/// The last post of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Posting {
    /// When it came; `None` where an earlier version took it.
    pub at: Option<Timestamp>,
    /// When the alert ends unless it is posted again.
    pub expires_at: Timestamp,
    /// A page that tells more.
    pub generator_url: Option<String>,
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

impl Alert {
    /// The alert of a rule on one series; `series` are the labels of the series alone.
    pub(crate) fn of(rule: &Rule, series: &Labels, fingerprint: Fingerprint, state: AlertState) -> Self {
        Self {
            fingerprint,
            rule: rule.name().to_owned(),
            severity: rule.severity(),
            metric: rule.metric().map(str::to_owned),
            operator: rule.threshold().map(|threshold| threshold.operator),
            threshold: rule.threshold().map(|threshold| threshold.value),
            description: rule.description().to_owned(),
            labels: rule.alert_labels(series),
            annotations: rule.annotations().clone(),
            acknowledgement: None,
            posting: None,
            state,
        }
    }
}
