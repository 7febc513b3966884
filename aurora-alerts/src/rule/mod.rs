//! Rules: which metric, which limit, how bad, how patient.

mod builder;
mod defaults;
mod severity;

use std::collections::BTreeMap;
use std::time::Duration;

pub use builder::RuleBuilder;
pub use defaults::{Levels, Thresholds, defaults};
pub use severity::{ParseSeverityError, Severity};

use crate::condition::Threshold;
use crate::labels::Labels;

/// One alert rule, checked and unchangeable.
///
/// It is evaluated for every label set of its metric that its matchers let through, each with a state of its own.
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
/// assert_eq!(rule.metric(), "error_rate");
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    name: String,
    metric: String,
    matchers: BTreeMap<String, String>,
    threshold: Threshold,
    severity: Severity,
    description: String,
    for_: Duration,
    cooldown: Duration,
    stale_after: Option<Duration>,
    labels: Labels,
    annotations: BTreeMap<String, String>,
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

    /// The metric whose samples it judges.
    #[must_use]
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// The limit and its recovery.
    #[must_use]
    pub const fn threshold(&self) -> &Threshold {
        &self.threshold
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

    /// Whether the rule watches a series with these labels.
    #[must_use]
    pub fn matches(&self, series: &Labels) -> bool {
        self.matchers
            .iter()
            .all(|(name, value)| series.get(name).unwrap_or_default() == value)
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
    fn matchers_compare_values_and_empty_means_absent() {
        let rule = Rule::new("r")
            .metric("m")
            .above(1.0)
            .matching("env", "prod")
            .matching("canary", "")
            .build()
            .unwrap();
        assert!(rule.matches(&Labels::from([("env", "prod"), ("zone", "a")])));
        assert!(!rule.matches(&Labels::from([("env", "dev")])));
        assert!(!rule.matches(&Labels::from([("env", "prod"), ("canary", "yes")])));
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
