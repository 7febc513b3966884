//! The JSON of rules.

use std::collections::BTreeMap;

use aurora_alerts::{Labels, Rule};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::rulebook::Listed;

/// A rule, in force or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRule)]
pub(super) struct RuleView {
    /// Unique.
    name: String,
    /// `built_in`: the server begins with it; `changed`: and people have changed it; `custom`: people wrote it.
    source: &'static str,
    /// Whether it is in force.
    enabled: bool,
    /// Grows with each change; also in the header `ETag`.
    version: i64,
    /// `info`, `warning` or `critical`.
    severity: &'static str,
    /// What it means, for people.
    description: String,
    /// The metric that it watches, where it watches one.
    metric: Option<String>,
    /// How the value is compared, where it has a threshold.
    operator: Option<&'static str>,
    /// What the value is compared with.
    threshold: Option<f64>,
    /// What a firing alert's value is compared with instead.
    recovery: Option<f64>,
    /// How long the condition must hold before the alert fires.
    for_seconds: u64,
    /// How long a firing alert goes on firing after its condition has ended.
    keep_firing_seconds: u64,
    /// How long after a notified firing the next firing of the same alert stays quiet.
    cooldown_seconds: u64,
    /// Labels that its alerts carry besides those of the series.
    #[schema(value_type = Object)]
    labels: Labels,
    /// Texts for people.
    #[schema(value_type = Object)]
    annotations: BTreeMap<String, String>,
    /// Who is told next if nobody acknowledges.
    escalation: Vec<StepView>,
    /// The rule as it was written; one that the server begins with as a rule file would say it, null where none can.
    #[schema(value_type = Option<Object>)]
    definition: Option<Map<String, Value>>,
    /// Who changed it last.
    changed_by: Option<String>,
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// How many of its alerts are pending or fire.
    active_alerts: usize,
}

/// A step of a chain of escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EscalationStep)]
pub(super) struct StepView {
    /// How long after the step before.
    after_seconds: u64,
    /// Who is told.
    receiver: String,
}

/// The steps of the chain of a rule or route.
pub(super) fn steps(chain: Option<&aurora_alerts::rule::Escalation>) -> Vec<StepView> {
    let steps = chain
        .map(aurora_alerts::rule::Escalation::steps)
        .unwrap_or_default();
    steps
        .iter()
        .map(|step| StepView {
            after_seconds: step.after.as_secs(),
            receiver: step.receiver.clone(),
        })
        .collect()
}

impl RuleView {
    pub(super) fn of(listed: Listed, alerts: &[aurora_alerts::Alert]) -> Self {
        let (version, enabled) = (listed.version(), listed.is_enabled());
        let Listed {
            rule,
            is_built_in,
            entry,
            begun,
            ..
        } = listed;
        let (changed, written) = match entry {
            Some(entry) => (Some((entry.changed_by, entry.changed_at)), entry.rule),
            None => (None, None),
        };
        let threshold = rule.threshold();
        Self {
            source: match (is_built_in, &written) {
                (true, None) => "built_in",
                (true, Some(_)) => "changed",
                (false, _) => "custom",
            },
            enabled,
            version,
            severity: rule.severity().as_str(),
            description: rule.description().to_owned(),
            metric: rule.metric().map(str::to_owned),
            operator: threshold.map(|it| it.operator.as_str()),
            threshold: threshold.map(|it| it.value),
            recovery: threshold.and_then(|it| it.recovery),
            for_seconds: rule.for_().as_secs(),
            keep_firing_seconds: rule.keep_firing_for().as_secs(),
            cooldown_seconds: rule.cooldown().as_secs(),
            labels: rule.labels().clone(),
            annotations: rule.annotations().clone(),
            escalation: steps(rule.escalation()),
            definition: written.or(begun),
            changed_by: changed.as_ref().map(|(by, _)| by.clone()),
            changed_at: changed.map(|(_, at)| at.to_string()),
            active_alerts: active(&rule, alerts),
            name: rule.name().to_owned(),
        }
    }
}

fn active(rule: &Rule, alerts: &[aurora_alerts::Alert]) -> usize {
    alerts.iter().filter(|alert| alert.rule == rule.name()).count()
}

/// All rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRuleList)]
pub(super) struct RuleList {
    /// By name.
    pub(super) items: Vec<RuleView>,
}
