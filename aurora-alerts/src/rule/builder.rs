use std::collections::BTreeMap;
use std::time::Duration;

use super::{Escalation, Flapping, NoData, Rule, Severity};
use crate::condition::{Aggregate, Condition, Operator, Selector, Threshold};
use crate::error::{Error, Problem};
use crate::labels::Labels;
use crate::matcher::{Matcher, Matchers};

/// A rule in the making; see [`Rule::new`].
#[derive(Debug, Clone)]
#[must_use = "a rule does nothing until an engine has it"]
pub struct RuleBuilder {
    name: String,
    condition: Option<Condition>,
    metric: Option<String>,
    matchers: Matchers,
    window: Option<Duration>,
    aggregate: Aggregate,
    limit: Option<(Operator, f64)>,
    recovery: Option<f64>,
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

impl RuleBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            condition: None,
            metric: None,
            matchers: Matchers::new(),
            window: None,
            aggregate: Aggregate::Last,
            limit: None,
            recovery: None,
            severity: Severity::default(),
            description: String::new(),
            for_: Duration::ZERO,
            keep_firing_for: Duration::ZERO,
            cooldown: Duration::ZERO,
            stale_after: None,
            no_data: NoData::default(),
            escalation: None,
            flapping: Some(Flapping::default()),
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
        self.matchers.push(Matcher::equal(label, value));
        self
    }

    /// Only series that fulfil this too.
    pub fn matcher(mut self, matcher: Matcher) -> Self {
        self.matchers.push(matcher);
        self
    }

    /// Judges what is made of the samples of the last `span`, at each tick, in place of each sample.
    pub fn window(mut self, span: Duration, aggregate: Aggregate) -> Self {
        self.window = Some(span);
        self.aggregate = aggregate;
        self
    }

    /// What the rule watches for, in place of a metric and a limit.
    pub fn condition(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
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

    /// How long a firing alert goes on firing after its condition has ended; default zero.
    ///
    /// As `keep_firing_for` in Prometheus: where the condition holds again in that time, the alert never ended.
    pub fn keep_firing_for(mut self, duration: Duration) -> Self {
        self.keep_firing_for = duration;
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
    /// Without it the last value stands until the next one comes, and a window without samples is no data at once. What
    /// was before a restart does not count as silence.
    pub fn stale_after(mut self, duration: Duration) -> Self {
        self.stale_after = Some(duration);
        self
    }

    /// What becomes of the alert of a series that is silent for [`stale_after`](Self::stale_after), or whose window is
    /// empty.
    pub fn no_data(mut self, policy: NoData) -> Self {
        self.no_data = policy;
        self
    }

    /// Who is told next if nobody acknowledges.
    pub fn escalation(mut self, chain: Escalation) -> Self {
        self.escalation = Some(chain);
        self
    }

    /// From when on changes are told as a digest; by default more than 8 in 10 minutes.
    pub fn flapping(mut self, flapping: Flapping) -> Self {
        self.flapping = Some(flapping);
        self
    }

    /// Tells every change, however many there are.
    pub fn never_flapping(mut self) -> Self {
        self.flapping = None;
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
    /// recovery threshold on the wrong side, a window of zero or longer than its kind may be, a stale-after of zero.
    pub fn build(self) -> Result<Rule, Error> {
        let subject = format!("rule {:?}", self.name);
        let mut details = Vec::new();
        if self.name.trim().is_empty() {
            details.push("name must not be empty".to_owned());
        }
        let condition = match self.condition {
            Some(condition) => {
                if self.metric.is_some() || self.limit.is_some() || self.window.is_some() {
                    details.push("a condition takes the place of metric, window and threshold".to_owned());
                }
                details.extend(condition.problems());
                Some(condition)
            }
            None => match (self.metric, self.limit) {
                (Some(metric), Some((operator, value))) => {
                    let condition = Condition::Threshold {
                        selector: Selector {
                            metric,
                            matchers: self.matchers,
                        },
                        window: self.window,
                        aggregate: self.aggregate,
                        threshold: Threshold {
                            operator,
                            value,
                            recovery: self.recovery,
                        },
                    };
                    details.extend(condition.problems());
                    Some(condition)
                }
                (metric, limit) => {
                    if metric.is_none() {
                        details.push("metric is missing".to_owned());
                    }
                    match limit {
                        None => details.push("threshold is missing".to_owned()),
                        Some((operator, value)) => details.extend(
                            Threshold {
                                operator,
                                value,
                                recovery: self.recovery,
                            }
                            .problems(),
                        ),
                    }
                    None
                }
            },
        };
        if self.stale_after.is_some_and(|duration| duration.is_zero()) {
            details.push("stale-after must be longer than zero".to_owned());
        }
        let falls_silent = condition.as_ref().is_none_or(Condition::can_have_no_data);
        if self.no_data == NoData::Fire && self.stale_after.is_none() && !falls_silent {
            details.push("no-data fire needs a stale-after or a window".to_owned());
        }
        if self.labels.iter().any(|(name, _)| name.is_empty()) {
            details.push("names of labels must not be empty".to_owned());
        }
        if self
            .escalation
            .as_ref()
            .is_some_and(|chain| chain.steps().is_empty())
        {
            details.push("escalation must have at least one step".to_owned());
        }
        if self.flapping.is_some_and(|flapping| {
            flapping.window.is_zero() || flapping.digest_every.is_zero() || flapping.stop > flapping.start
        }) {
            details.push(
                "flapping needs a window, an interval for its digest, and a stop not above its start"
                    .to_owned(),
            );
        }
        Error::check(
            details
                .into_iter()
                .map(|detail| Problem::new(subject.as_str(), detail))
                .collect(),
        )?;
        let Some(condition) = condition else {
            return Err(Error::invalid(subject, "condition is missing"));
        };
        Ok(Rule {
            name: self.name,
            condition,
            severity: self.severity,
            description: self.description,
            for_: self.for_,
            keep_firing_for: self.keep_firing_for,
            cooldown: self.cooldown,
            stale_after: self.stale_after,
            no_data: self.no_data,
            escalation: self.escalation,
            flapping: self.flapping,
            labels: self.labels,
            annotations: self.annotations,
        })
    }
}

impl From<Rule> for RuleBuilder {
    fn from(rule: Rule) -> Self {
        let mut builder = Self {
            severity: rule.severity,
            description: rule.description,
            for_: rule.for_,
            keep_firing_for: rule.keep_firing_for,
            cooldown: rule.cooldown,
            stale_after: rule.stale_after,
            no_data: rule.no_data,
            escalation: rule.escalation,
            flapping: rule.flapping,
            labels: rule.labels,
            annotations: rule.annotations,
            ..Self::new(rule.name)
        };
        // Taken apart, so that what is set afterwards still counts.
        match rule.condition {
            Condition::Threshold {
                selector,
                window,
                aggregate,
                threshold,
            } => {
                builder.metric = Some(selector.metric);
                builder.matchers = selector.matchers;
                builder.window = window;
                builder.aggregate = aggregate;
                builder.limit = Some((threshold.operator, threshold.value));
                builder.recovery = threshold.recovery;
            }
            other => builder.condition = Some(other),
        }
        builder
    }
}
