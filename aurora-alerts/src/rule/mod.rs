//! Rules: which metric, which limit, how bad, how patient.

mod builder;
mod defaults;
mod escalation;
mod severity;

use std::collections::BTreeMap;
use std::time::Duration;

pub use builder::RuleBuilder;
pub use defaults::{Levels, Thresholds, defaults};
pub use escalation::{Escalation, EscalationStep, Flapping};
pub use severity::{ParseSeverityError, Severity};

use crate::condition::{Condition, Selector, Threshold};
use crate::labels::Labels;

/// One alert rule, checked and unchangeable.
///
/// It is evaluated for every label set that its condition judges, each with a state of its own.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::{Rule, Severity};
///
/// let rule = Rule::new("Error rate high")
///     .metric("error_rate")
///     .above(20.0)
///     .recovery(15.0)
///     .severity(Severity::Warning)
///     .for_(Duration::from_secs(60))
///     .cooldown(Duration::from_secs(300))
///     .build()?;
/// assert_eq!(rule.metric(), Some("error_rate"));
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    name: String,
    condition: Condition,
    severity: Severity,
    description: String,
    for_: Duration,
    keep_firing_for: Duration,
    cooldown: Duration,
    stale_after: Option<Duration>,
    no_data: NoData,
    escalation: Option<Escalation>,
    flapping: Option<Flapping>,
    labels: Labels,
    annotations: BTreeMap<String, String>,
}

/// What becomes of an alert whose series has fallen silent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoData {
    /// A pending alert is cleared, a firing one resolves for want of data.
    #[default]
    Resolve,
    /// It counts as a breach: the alert becomes pending, and fires after the rule's `for`.
    Fire,
}

impl Rule {
    /// Begins a rule; the metric and the limit must follow.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a rule reads as what it will be, and is checked in build()"
    )]
    pub fn new(name: impl Into<String>) -> RuleBuilder {
        RuleBuilder::new(name.into())
    }

    /// The name, unique within an engine.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it watches for.
    #[must_use]
    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// The metric that it watches, where it watches one.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.selector().map(|selector| selector.metric.as_str())
    }

    /// The series that it watches, where they are of one metric.
    #[must_use]
    pub const fn selector(&self) -> Option<&Selector> {
        match &self.condition {
            Condition::Threshold { selector, .. }
            | Condition::Change { selector, .. }
            | Condition::Absent { selector, .. }
            | Condition::Heartbeat { selector, .. } => Some(selector),
            Condition::Anomaly(anomaly) => Some(&anomaly.selector),
            Condition::Burn(_)
            | Condition::Custom(_)
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_) => None,
        }
    }

    /// The limit and its recovery, where it has one.
    #[must_use]
    pub const fn threshold(&self) -> Option<&Threshold> {
        match &self.condition {
            Condition::Threshold { threshold, .. } | Condition::Change { threshold, .. } => Some(threshold),
            _ => None,
        }
    }

    /// How bad it is when the rule fires.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// What it means, for people; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How long the condition must hold before the alert fires; zero fires at once.
    #[must_use]
    pub const fn for_(&self) -> Duration {
        self.for_
    }

    /// How long a firing alert goes on firing after its condition has ended; zero ends it at once.
    #[must_use]
    pub const fn keep_firing_for(&self) -> Duration {
        self.keep_firing_for
    }

    /// How long after a notified firing the next firing of the same alert stays quiet.
    #[must_use]
    pub const fn cooldown(&self) -> Duration {
        self.cooldown
    }

    /// How long a series may be silent before its alert ends; `None`: the last value stands until the next.
    #[must_use]
    pub const fn stale_after(&self) -> Option<Duration> {
        self.stale_after
    }

    /// What becomes of its alert then.
    #[must_use]
    pub const fn no_data(&self) -> NoData {
        self.no_data
    }

    /// Who is told next if nobody acknowledges.
    #[must_use]
    pub const fn escalation(&self) -> Option<&Escalation> {
        self.escalation.as_ref()
    }

    /// From when on changes are told as a digest.
    #[must_use]
    pub const fn flapping(&self) -> Option<&Flapping> {
        self.flapping.as_ref()
    }

    /// Labels that its alerts carry besides those of the series.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Texts for people that its alerts carry, such as a link to a runbook.
    #[must_use]
    pub const fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The labels of the alert of one series: the rule's, and over them the series'.
    ///
    /// The series wins: what it measured is not written over.
    #[must_use]
    pub fn alert_labels(&self, series: &Labels) -> Labels {
        self.labels.iter().chain(series.iter()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_said_at_once() {
        let error = Rule::new(" ")
            .above(f64::NAN)
            .recovery(3.0)
            .stale_after(Duration::ZERO)
            .build()
            .unwrap_err();
        let details: Vec<_> = error
            .problems()
            .iter()
            .map(|problem| problem.detail.as_str())
            .collect();
        assert_eq!(
            details,
            [
                "name must not be empty",
                "metric is missing",
                "threshold must be a finite number",
                "stale-after must be longer than zero",
            ]
        );
        let error = Rule::new("quiet").metric("m").build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "alerts cannot be set up: rule \"quiet\": threshold is missing"
        );
    }

    #[test]
    fn labels_of_the_series_win_over_those_of_the_rule() {
        let rule = Rule::new("r")
            .metric("m")
            .above(1.0)
            .label("team", "ops")
            .label("zone", "?")
            .build()
            .unwrap();
        let labels = rule.alert_labels(&Labels::from([("zone", "a")]));
        assert_eq!(labels, Labels::from([("team", "ops"), ("zone", "a")]));
    }
}
