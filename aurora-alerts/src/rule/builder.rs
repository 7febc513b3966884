use std::collections::BTreeMap;
use std::time::Duration;

use super::{Rule, Severity};
use crate::condition::{Operator, Threshold};
use crate::error::{Error, Problem};
use crate::labels::Labels;

/// A rule in the making; see [`Rule::new`].
#[derive(Debug, Clone)]
#[must_use = "a rule does nothing until an engine has it"]
pub struct RuleBuilder {
    name: String,
    metric: Option<String>,
    matchers: BTreeMap<String, String>,
    limit: Option<(Operator, f64)>,
    recovery: Option<f64>,
    severity: Severity,
    description: String,
    for_: Duration,
    cooldown: Duration,
    stale_after: Option<Duration>,
    labels: Labels,
    annotations: BTreeMap<String, String>,
}

impl RuleBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            metric: None,
            matchers: BTreeMap::new(),
            limit: None,
            recovery: None,
            severity: Severity::default(),
            description: String::new(),
            for_: Duration::ZERO,
            cooldown: Duration::ZERO,
            stale_after: None,
            labels: Labels::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// The metric whose samples are judged. Required.
    pub fn metric(mut self, name: impl Into<String>) -> Self {
        self.metric = Some(name.into());
        self
    }

    /// Only series whose label has exactly this value; an empty value means that the label is absent.
    pub fn matching(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.matchers.insert(label.into(), value.into());
        self
    }

    /// The limit, with an operator known at run time. One limit is required; the last one given counts.
    pub fn threshold(mut self, operator: Operator, value: f64) -> Self {
        self.limit = Some((operator, value));
        self
    }

    /// Breached by values `> value`.
    pub fn above(self, value: f64) -> Self {
        self.threshold(Operator::Above, value)
    }

    /// Breached by values `>= value`.
    pub fn at_least(self, value: f64) -> Self {
        self.threshold(Operator::AtLeast, value)
    }

    /// Breached by values `< value`.
    pub fn below(self, value: f64) -> Self {
        self.threshold(Operator::Below, value)
    }

    /// Breached by values `<= value`.
    pub fn at_most(self, value: f64) -> Self {
        self.threshold(Operator::AtMost, value)
    }

    /// Breached by values `== value`, exactly.
    pub fn equal_to(self, value: f64) -> Self {
        self.threshold(Operator::Equal, value)
    }

    /// Breached by values `!= value`, exactly.
    pub fn not_equal_to(self, value: f64) -> Self {
        self.threshold(Operator::NotEqual, value)
    }

    /// A firing alert resolves only when the operator no longer holds against this value (hysteresis).
    ///
    /// It must lie on the good side of the limit; it has no meaning with `==` and `!=`.
    pub fn recovery(mut self, value: f64) -> Self {
        self.recovery = Some(value);
        self
    }

    /// How bad it is; default [`Severity::Warning`].
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What it means, for people.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// How long the condition must hold before the alert fires; default zero, which fires at the first breach.
    ///
    /// As in Prometheus: from pending to firing when `now - active_at >= for`.
    pub fn for_(mut self, duration: Duration) -> Self {
        self.for_ = duration;
        self
    }

    /// How long after a notified firing the next firing of the same alert stays quiet; default zero.
    ///
    /// A firing that outlasts the cooldown is notified when the cooldown ends. A resolve is notified if and only if
    /// its firing was.
    pub fn cooldown(mut self, duration: Duration) -> Self {
        self.cooldown = duration;
        self
    }

    /// A series silent for this long is gone: a pending alert is cleared, a firing one resolves for want of data.
    ///
    /// Without it the last value stands until the next one comes.
    pub fn stale_after(mut self, duration: Duration) -> Self {
        self.stale_after = Some(duration);
        self
    }

    /// A label that the rule's alerts carry; a label of the same name on the series wins.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name, value);
        self
    }

    /// A text for people that the rule's alerts carry.
    pub fn annotation(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.annotations.insert(name.into(), text.into());
        self
    }

    /// Checks everything and makes the rule.
    ///
    /// # Errors
    /// With every problem at once: an empty name, a missing metric or limit, a limit that is not a finite number, a
    /// recovery threshold on the wrong side, a stale-after of zero.
    pub fn build(self) -> Result<Rule, Error> {
        let subject = format!("rule {:?}", self.name);
        let mut details = Vec::new();
        if self.name.trim().is_empty() {
            details.push("name must not be empty".to_owned());
        }
        if self.metric.as_ref().is_none_or(|metric| metric.trim().is_empty()) {
            details.push("metric is missing".to_owned());
        }
        match self.limit {
            Some((operator, value)) => {
                details.extend(
                    Threshold {
                        operator,
                        value,
                        recovery: self.recovery,
                    }
                    .problems(),
                );
            }
            None => details.push("threshold is missing".to_owned()),
        }
        if self.stale_after.is_some_and(|duration| duration.is_zero()) {
            details.push("stale-after must be longer than zero".to_owned());
        }
        if self.labels.iter().any(|(name, _)| name.is_empty()) || self.matchers.contains_key("") {
            details.push("names of labels must not be empty".to_owned());
        }
        Error::check(
            details
                .into_iter()
                .map(|detail| Problem::new(subject.as_str(), detail))
                .collect(),
        )?;
        let (Some(metric), Some((operator, value))) = (self.metric, self.limit) else {
            return Err(Error::invalid(subject, "metric or threshold is missing"));
        };
        Ok(Rule {
            name: self.name,
            metric,
            matchers: self.matchers,
            threshold: Threshold {
                operator,
                value,
                recovery: self.recovery,
            },
            severity: self.severity,
            description: self.description,
            for_: self.for_,
            cooldown: self.cooldown,
            stale_after: self.stale_after,
            labels: self.labels,
            annotations: self.annotations,
        })
    }
}

impl From<Rule> for RuleBuilder {
    fn from(rule: Rule) -> Self {
        Self {
            name: rule.name,
            metric: Some(rule.metric),
            matchers: rule.matchers,
            limit: Some((rule.threshold.operator, rule.threshold.value)),
            recovery: rule.threshold.recovery,
            severity: rule.severity,
            description: rule.description,
            for_: rule.for_,
            cooldown: rule.cooldown,
            stale_after: rule.stale_after,
            labels: rule.labels,
            annotations: rule.annotations,
        }
    }
}
