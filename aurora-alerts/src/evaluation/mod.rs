//! Rules, series and states together: samples and time go in, changes come out. No clock, no I/O.

use aurora_core::time::Timestamp;

use crate::alert::Alert;
use crate::labels::Fingerprint;
use crate::rule::Rule;
use crate::series::SeriesStore;
use crate::state::{AlertState, Decision};

/// One change of one alert.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transition {
    /// When it was decided.
    pub(crate) at: Timestamp,
    pub(crate) fingerprint: Fingerprint,
    /// `None`: there is nothing to tell, only what must be stored has changed.
    pub(crate) decision: Option<Decision>,
    /// The alert after it.
    pub(crate) alert: Alert,
}

/// Judges series by rules.
#[derive(Debug)]
pub(crate) struct Evaluator {
    rules: Vec<Rule>,
    series: SeriesStore,
}

impl Evaluator {
    pub(crate) fn new(rules: Vec<Rule>, series: SeriesStore) -> Self {
        Self { rules, series }
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    pub(crate) const fn series(&self) -> &SeriesStore {
        &self.series
    }

    /// Judges everything that is new and lets time pass.
    pub(crate) fn tick(&mut self, _now: Timestamp, _out: &mut Vec<Transition>) {}

    /// Works by other rules from now on. Unchanged rules keep everything, changed ones the states of their label sets.
    pub(crate) fn replace_rules(&mut self, rules: Vec<Rule>, _now: Timestamp, _out: &mut Vec<Transition>) {
        self.rules = rules;
    }

    /// The alerts whose state passes the filter.
    pub(crate) fn alerts(&self, _filter: impl Fn(&AlertState) -> bool) -> Vec<Alert> {
        Vec::new()
    }

    pub(crate) fn get(&self, _fingerprint: Fingerprint) -> Option<Alert> {
        None
    }

    /// Everything that is needed to take an alert up again, as JSON; `None` where nothing need be kept.
    pub(crate) fn stored(&self, _fingerprint: Fingerprint) -> Option<String> {
        None
    }

    /// Takes up what [`stored`](Self::stored) gave; before the first tick.
    pub(crate) fn restore(&mut self, _rows: impl IntoIterator<Item = String>) {}

    /// What was learned since the last call: keys and JSON. A row whose JSON is `null` may be deleted.
    pub(crate) fn memory(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Takes up what [`memory`](Self::memory) gave; before the first tick.
    pub(crate) fn restore_memory(&mut self, _rows: impl IntoIterator<Item = (String, String)>) {}

    /// How often a condition of the application's own could not be judged.
    pub(crate) fn failures(&self) -> u64 {
        0
    }
}
