//! Rules, series and states together: samples and time go in, changes come out. No clock, no I/O.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::alert::{Alert, AlertEvent};
use crate::labels::{Fingerprint, Labels};
use crate::rule::Rule;
use crate::state::{AlertState, Observation, Phase};

/// How long a series without alerts may be silent before its place is given free.
const SERIES_KEPT: Duration = Duration::from_secs(60 * 60);

/// Why a sample was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// NaN or infinite.
    NotFinite,
    /// The metric already has as many label sets as it may have.
    TooManySeries,
    /// The engine was shut down.
    Closed,
}

impl Refusal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::TooManySeries => "too_many_series",
            Self::Closed => "closed",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Evaluation {
    // Sorted, so that the same history always yields the same changes in the same order.
    metrics: BTreeMap<String, Metric>,
    series_limit: usize,
}

#[derive(Debug, Default)]
struct Metric {
    rules: Vec<Arc<Rule>>,
    series: BTreeMap<Labels, Series>,
}

#[derive(Debug)]
struct Series {
    sampled_at: Timestamp,
    instances: Vec<Instance>,
}

/// One rule on one series.
#[derive(Debug)]
struct Instance {
    rule: Arc<Rule>,
    labels: Labels,
    fingerprint: Fingerprint,
    state: AlertState,
}

impl Evaluation {
    pub(crate) fn new(rules: Vec<Rule>, series_limit: usize) -> Self {
        let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
        for rule in rules {
            metrics
                .entry(rule.metric().to_owned())
                .or_default()
                .rules
                .push(Arc::new(rule));
        }
        Self {
            metrics,
            series_limit,
        }
    }

    /// Takes a new value; a metric or a series that no rule watches takes no place.
    pub(crate) fn sample(
        &mut self,
        metric: &str,
        labels: Labels,
        value: f64,
        now: Timestamp,
    ) -> Result<Vec<AlertEvent>, Refusal> {
        let Some(metric) = self.metrics.get_mut(metric) else {
            return Ok(Vec::new());
        };
        if !value.is_finite() {
            return Err(Refusal::NotFinite);
        }
        let mut events = Vec::new();
        if let Some(series) = metric.series.get_mut(&labels) {
            series.sample(value, now, &mut events);
            return Ok(events);
        }
        let mut series = Series::new(&metric.rules, &labels, now);
        if series.instances.is_empty() {
            return Ok(events);
        }
        if metric.series.len() >= self.series_limit {
            return Err(Refusal::TooManySeries);
        }
        series.sample(value, now, &mut events);
        metric.series.insert(labels, series);
        Ok(events)
    }

    /// Lets time pass: what becomes due at `now`.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<AlertEvent> {
        let mut events = Vec::new();
        for metric in self.metrics.values_mut() {
            metric.series.retain(|_, series| {
                series.tick(now, &mut events);
                !series.is_forgettable(now)
            });
        }
        events
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.metrics
            .values()
            .flat_map(|metric| metric.rules.iter().map(Arc::as_ref))
    }

    /// The alerts whose state passes the filter.
    pub(crate) fn alerts(&self, filter: impl Fn(&AlertState) -> bool) -> Vec<Alert> {
        let instances = self
            .metrics
            .values()
            .flat_map(|metric| metric.series.values())
            .flat_map(|series| &series.instances);
        instances
            .filter(|instance| filter(&instance.state))
            .map(Instance::alert)
            .collect()
    }
}

impl Series {
    fn new(rules: &[Arc<Rule>], labels: &Labels, now: Timestamp) -> Self {
        let watching = rules.iter().filter(|rule| rule.matches(labels));
        Self {
            sampled_at: now,
            instances: watching.map(|rule| Instance::new(rule, labels)).collect(),
        }
    }

    fn sample(&mut self, value: f64, now: Timestamp, events: &mut Vec<AlertEvent>) {
        self.sampled_at = now;
        for instance in &mut self.instances {
            events.extend(instance.step(Observation::Sample(value), now));
        }
    }

    fn tick(&mut self, now: Timestamp, events: &mut Vec<AlertEvent>) {
        self.sampled_at = self.sampled_at.min(now); // the machine's clock may have been set back
        let silent = now.since(self.sampled_at);
        for instance in &mut self.instances {
            // Time alone changes neither an inactive alert nor one that fires and was told.
            match instance.state.phase {
                Phase::Inactive => continue,
                Phase::Firing { notified: true, .. } if instance.rule.stale_after().is_none() => continue,
                _ => {}
            }
            let stale = instance.rule.stale_after().is_some_and(|limit| silent >= limit);
            let observation = if stale {
                Observation::Missing
            } else {
                Observation::Unchanged
            };
            events.extend(instance.step(observation, now));
        }
    }

    fn is_forgettable(&self, now: Timestamp) -> bool {
        now.since(self.sampled_at) >= SERIES_KEPT
            && self
                .instances
                .iter()
                .all(|instance| instance.state.is_forgettable(&instance.rule, now))
    }
}

impl Instance {
    fn new(rule: &Arc<Rule>, series: &Labels) -> Self {
        Self {
            rule: Arc::clone(rule),
            labels: rule.alert_labels(series),
            fingerprint: Fingerprint::of_alert(rule.name(), series),
            state: AlertState::default(),
        }
    }

    fn step(&mut self, observation: Observation, now: Timestamp) -> Option<AlertEvent> {
        let (state, decision) = self.state.step(&self.rule, observation, now);
        self.state = state;
        decision.map(|decision| AlertEvent {
            at: now,
            decision,
            alert: self.alert(),
        })
    }

    fn alert(&self) -> Alert {
        Alert::of(&self.rule, &self.labels, self.fingerprint, self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Decision;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    fn changes(events: &[AlertEvent]) -> Vec<Decision> {
        events.iter().map(|event| event.decision).collect()
    }

    #[test]
    fn every_label_set_has_a_state_of_its_own() {
        let rule = Rule::new("r").metric("m").above(1.0).build().unwrap();
        let mut evaluation = Evaluation::new(vec![rule], 10);
        let (a, b) = (Labels::from([("zone", "a")]), Labels::from([("zone", "b")]));
        let first = evaluation.sample("m", a.clone(), 2.0, at(0)).unwrap();
        let second = evaluation.sample("m", b, 2.0, at(0)).unwrap();
        assert_ne!(first[0].alert.fingerprint, second[0].alert.fingerprint);
        assert_eq!(
            changes(&evaluation.sample("m", a, 0.0, at(1)).unwrap()),
            [Decision::Resolved]
        );
        assert_eq!(evaluation.alerts(AlertState::is_active).len(), 1);
    }

    #[test]
    fn label_sets_are_bounded_and_silent_ones_give_their_place_free() {
        let rule = Rule::new("r").metric("m").above(1.0).build().unwrap();
        let mut evaluation = Evaluation::new(vec![rule], 2);
        let labels = |n: i64| Labels::from([("n", n.to_string())]);
        evaluation.sample("m", labels(1), 2.0, at(0)).unwrap();
        evaluation.sample("m", labels(2), 0.0, at(0)).unwrap();
        assert_eq!(
            evaluation.sample("m", labels(3), 2.0, at(1)),
            Err(Refusal::TooManySeries)
        );
        assert_eq!(
            evaluation.sample("m", labels(1), f64::NAN, at(1)),
            Err(Refusal::NotFinite)
        );
        evaluation.tick(at(3_600));
        assert!(
            evaluation.sample("m", labels(3), 2.0, at(3_601)).is_ok(),
            "the quiet one is gone"
        );
        assert_eq!(
            evaluation.alerts(AlertState::is_active).len(),
            2,
            "the firing one is kept"
        );
    }

    #[test]
    fn series_that_no_rule_lets_through_take_no_place() {
        let rule = Rule::new("r").metric("m").above(1.0).matching("env", "prod");
        let mut evaluation = Evaluation::new(vec![rule.build().unwrap()], 1);
        let labels = |env: &str| Labels::from([("env", env)]);
        for env in ["dev", "test", ""] {
            assert_eq!(evaluation.sample("m", labels(env), 2.0, at(0)), Ok(Vec::new()));
        }
        assert_eq!(
            changes(&evaluation.sample("m", labels("prod"), 2.0, at(0)).unwrap()),
            [Decision::Fired]
        );
    }

    #[test]
    fn no_two_series_of_a_rule_share_an_alert() {
        let rule = Rule::new("r").metric("m").above(1.0).label("zone", "a");
        let mut evaluation = Evaluation::new(vec![rule.build().unwrap()], 10);
        for labels in [
            Labels::new(),
            Labels::from([("zone", "a")]),
            Labels::from([("alertname", "r")]),
            Labels::from([("alertname", "s")]),
        ] {
            evaluation.sample("m", labels, 2.0, at(0)).unwrap();
        }
        let alerts = evaluation.alerts(AlertState::is_active);
        let fingerprints: std::collections::BTreeSet<_> =
            alerts.iter().map(|alert| alert.fingerprint).collect();
        assert_eq!(fingerprints.len(), 4, "{alerts:?}");
    }

    #[test]
    fn a_clock_set_back_does_not_keep_a_silent_series_alive() {
        let rule = Rule::new("r")
            .metric("m")
            .above(1.0)
            .stale_after(Duration::from_secs(300));
        let mut evaluation = Evaluation::new(vec![rule.build().unwrap()], 1);
        evaluation.sample("m", Labels::new(), 2.0, at(100_000)).unwrap();
        assert!(evaluation.tick(at(0)).is_empty());
        assert_eq!(changes(&evaluation.tick(at(300))), [Decision::Resolved]);
    }

    #[test]
    fn a_silent_series_ends_its_alerts_only_where_the_rule_says_so() {
        let stale = Rule::new("stale")
            .metric("m")
            .above(1.0)
            .stale_after(Duration::from_secs(300))
            .build()
            .unwrap();
        let keep = Rule::new("keep").metric("m").above(1.0).build().unwrap();
        let mut evaluation = Evaluation::new(vec![stale, keep], 2);
        evaluation.sample("m", Labels::new(), 2.0, at(0)).unwrap();
        assert!(evaluation.tick(at(299)).is_empty());
        let events = evaluation.tick(at(300));
        assert_eq!(changes(&events), [Decision::Resolved]);
        assert_eq!(events[0].alert.rule, "stale");
    }

    #[test]
    fn metrics_that_no_rule_watches_are_not_kept() {
        let mut evaluation = Evaluation::new(Vec::new(), 1);
        assert_eq!(
            evaluation.sample("m", Labels::new(), f64::NAN, at(0)),
            Ok(Vec::new())
        );
        assert!(evaluation.metrics.is_empty());
    }
}
