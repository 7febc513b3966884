mod combined;
mod conditions;
mod replaced;
mod restarted;
mod samples;

use std::time::Duration;

use aurora_core::time::Timestamp;

use super::{Evaluator, Transition};
use crate::labels::Labels;
use crate::rule::Rule;
use crate::series::{SeriesLimits, SeriesStore};
use crate::state::{AlertState, Decision};

/// An evaluator with its series; time is in seconds.
struct Bench {
    evaluator: Evaluator,
    series: SeriesStore,
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn zone(zone: &str) -> Labels {
    Labels::from([("zone", zone)])
}

impl Bench {
    fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self::limited(rules, SeriesLimits::default())
    }

    fn limited(rules: impl IntoIterator<Item = Rule>, limits: SeriesLimits) -> Self {
        let series = SeriesStore::new(limits);
        let evaluator = Evaluator::new(rules.into_iter().collect(), series.clone());
        Self { evaluator, series }
    }

    /// The series of a metric `m`.
    fn record(&self, labels: Labels, value: f64, second: i64) {
        self.series.record("m", labels, value, at(second)).unwrap();
    }

    fn transitions(&mut self, second: i64) -> Vec<Transition> {
        let mut out = Vec::new();
        self.evaluator.tick(at(second), &mut out);
        out
    }

    /// What is decided, and at which second.
    fn tick(&mut self, second: i64) -> Vec<(i64, Decision)> {
        decisions(&self.transitions(second))
    }

    fn replace(&mut self, rules: impl IntoIterator<Item = Rule>, second: i64) -> Vec<(i64, Decision)> {
        let mut out = Vec::new();
        let rules = rules.into_iter().collect();
        self.evaluator.replace_rules(rules, at(second), &mut out);
        decisions(&out)
    }

    fn rows(&self) -> Vec<String> {
        let alerts = self.evaluator.alerts(|_| true);
        alerts
            .iter()
            .filter_map(|alert| self.evaluator.stored(alert.fingerprint))
            .collect()
    }

    /// Ends, and begins again with what was stored.
    fn restart(&self, rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut next = Self::new(rules);
        next.evaluator.restore(self.rows());
        next.evaluator.restore_memory(self.evaluator.memory());
        next
    }

    fn active(&self) -> usize {
        self.evaluator.alerts(AlertState::is_active).len()
    }
}

fn decisions(transitions: &[Transition]) -> Vec<(i64, Decision)> {
    let second = |at_: Timestamp| at_.as_secs() - at(0).as_secs();
    transitions
        .iter()
        .filter_map(|transition| Some((second(transition.at), transition.decision?)))
        .collect()
}
