//! Rules, series and states together: samples and time go in, changes come out. No clock, no I/O.
//!
//! A tick looks only at series with something new, and at those that time alone can change: pending alerts, alerts whose
//! rule waits for silence or for the end of a cooldown, windows that still hold samples, heartbeats. Rules that judge by
//! more than one series are judged as a whole at each tick.
//!
//! Samples are judged in their order at their own time, and before each of them time passes up to it, so that how often
//! is ticked changes nothing about what is decided by samples.

mod instance;
mod join;
mod leaf;
mod memory;
mod node;
mod plan;
mod replace;
mod restore;
mod sweep;
#[cfg(test)]
mod tests;
mod view;
mod watched;
mod whole;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aurora_core::time::Timestamp;

use self::instance::{Identity, Instance};
use self::leaf::Room;
use self::node::Context;
use self::plan::{Planned, watches};
use self::watched::{Judged, Watched};
use self::whole::Whole;
use crate::alert::Alert;
use crate::labels::{Fingerprint, Labels};
use crate::rule::Rule;
use crate::series::{SeriesStore, Slot};
use crate::state::{AlertState, Decision, ResolveReason};

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

/// Judges series by rules. There is one for each store of series.
#[derive(Debug)]
pub(crate) struct Evaluator {
    rules: Vec<Planned>,
    /// Places of the rules that judge each series of a metric on its own.
    by_metric: HashMap<String, Vec<usize>>,
    wholes: Vec<Whole>,
    series: SeriesStore,
    /// By the index of the slot.
    watched: Vec<Option<Watched>>,
    /// Indices of series that time alone can change.
    restless: Vec<usize>,
    places: HashMap<Fingerprint, Place>,
    /// Alerts that nothing will judge any more; they end at the next tick.
    departed: Vec<(Alert, ResolveReason)>,
    dirty: Vec<Arc<Slot>>,
    room: Room,
    slots: Vec<Arc<Slot>>,
    ticks: u64,
    swept_at: Option<Timestamp>,
    failures: u64,
    unreadable: u64,
    /// Keys of memory that are not needed any more.
    forgotten: Mutex<Vec<String>>,
}

/// Where an alert is found.
#[derive(Debug, Clone)]
enum Place {
    Series { index: usize, rule: usize },
    Whole { place: usize, labels: Arc<Labels> },
}

impl Evaluator {
    pub(crate) fn new(rules: Vec<Rule>, series: SeriesStore) -> Self {
        let mut evaluator = Self {
            rules: Vec::new(),
            by_metric: HashMap::new(),
            wholes: Vec::new(),
            series,
            watched: Vec::new(),
            restless: Vec::new(),
            places: HashMap::new(),
            departed: Vec::new(),
            dirty: Vec::new(),
            room: Room::default(),
            slots: Vec::new(),
            ticks: 0,
            swept_at: None,
            failures: 0,
            unreadable: 0,
            forgotten: Mutex::default(),
        };
        evaluator.plan(rules);
        evaluator
            .series
            .watch(watches(evaluator.rules.iter(), evaluator.series.limits()));
        evaluator
    }

    fn plan(&mut self, rules: Vec<Rule>) {
        self.rules = rules.into_iter().map(Planned::new).collect();
        self.by_metric.clear();
        self.wholes.clear();
        for (place, planned) in self.rules.iter().enumerate() {
            match &planned.each {
                Some((selector, _)) => self
                    .by_metric
                    .entry(selector.metric.clone())
                    .or_default()
                    .push(place),
                None => self.wholes.push(Whole::new(place, &planned.rule)),
            }
        }
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|planned| &*planned.rule)
    }

    pub(crate) const fn series(&self) -> &SeriesStore {
        &self.series
    }

    /// Judges everything that is new and lets time pass.
    pub(crate) fn tick(&mut self, now: Timestamp, out: &mut Vec<Transition>) {
        self.ticks += 1;
        for (alert, reason) in std::mem::take(&mut self.departed) {
            Instance::depart(alert, true, reason, now, out);
        }
        let mut dirty = std::mem::take(&mut self.dirty);
        self.series.take_dirty(&mut dirty);
        let restless = std::mem::take(&mut self.restless);
        for slot in dirty.drain(..) {
            let index = slot.index;
            if !matches!(self.watched.get(index), Some(Some(_))) {
                self.notice(slot);
            }
            self.visit(index, now, out);
        }
        self.dirty = dirty;
        for index in restless {
            self.visit(index, now, out);
        }
        self.judge_wholes(now, out);
        self.sweep(now);
    }

    /// Begins to watch a series.
    fn notice(&mut self, slot: Arc<Slot>) {
        let index = slot.index;
        let judged = self.judges_of(&slot);
        for judged in &judged {
            let rule = judged.rule;
            self.places
                .insert(judged.fingerprint, Place::Series { index, rule });
        }
        if self.watched.len() <= index {
            self.watched.resize_with(index + 1, || None);
        }
        if let Some(place) = self.watched.get_mut(index) {
            *place = Some(Watched::new(slot, judged));
        }
    }

    /// The rules that judge a series on its own.
    fn judges_of(&self, slot: &Slot) -> Vec<Judged> {
        let places = self.by_metric.get(&*slot.metric);
        let judges = places.into_iter().flatten().filter_map(|place| {
            let planned = self.rules.get(*place)?;
            let (selector, _) = planned.each.as_ref()?;
            selector.matches(&slot.labels).then(|| {
                let fingerprint = Fingerprint::of_alert(planned.rule.name(), &slot.labels);
                Judged::new(*place, fingerprint)
            })
        });
        judges.collect()
    }

    fn visit(&mut self, index: usize, now: Timestamp, out: &mut Vec<Transition>) {
        let Some(Some(watched)) = self.watched.get_mut(index) else {
            return;
        };
        if watched.visited == self.ticks {
            return;
        }
        watched.visited = self.ticks;
        if watched.visit(&self.rules, now, &mut self.room, out) {
            self.restless.push(index);
        }
    }

    fn judge_wholes(&mut self, now: Timestamp, out: &mut Vec<Transition>) {
        let most = self.series.limits().per_metric;
        for (place, whole) in self.wholes.iter_mut().enumerate() {
            let Some(planned) = self.rules.get(whole.rule) else {
                continue;
            };
            let mut context = Context {
                series: &self.series,
                now,
                stale_after: planned.rule.stale_after(),
                room: &mut self.room,
                slots: &mut self.slots,
            };
            match whole.tick(&planned.rule, most, &mut context, out) {
                Ok(found) => {
                    for (fingerprint, labels) in found {
                        self.places.insert(fingerprint, Place::Whole { place, labels });
                    }
                }
                Err(error) => {
                    self.failures += 1;
                    tracing::warn!(rule = planned.rule.name(), %error, "a condition could not be judged");
                }
            }
        }
        self.slots.clear();
    }

    /// The alerts whose state passes the filter, in the order of the rules and of their labels.
    pub(crate) fn alerts(&self, filter: impl Fn(&AlertState) -> bool) -> Vec<Alert> {
        let mut found = Vec::new();
        for watched in self.watched.iter().flatten() {
            for judged in &watched.judged {
                if filter(&judged.instance.state) {
                    found.push((judged.rule, &*watched.slot.labels, &judged.instance.state));
                }
            }
        }
        for whole in &self.wholes {
            for (labels, held) in &whole.held {
                if filter(&held.instance.state) {
                    found.push((whole.rule, &**labels, &held.instance.state));
                }
            }
        }
        found.sort_by_key(|(rule, labels, _)| (*rule, *labels));
        found
            .into_iter()
            .filter_map(|(rule, series, state)| self.alert(rule, series, state))
            .collect()
    }

    fn alert(&self, rule: usize, series: &Labels, state: &AlertState) -> Option<Alert> {
        let rule = &self.rules.get(rule)?.rule;
        let identity = Identity {
            rule,
            series,
            fingerprint: Fingerprint::of_alert(rule.name(), series),
        };
        Some(identity.alert(*state))
    }

    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<Alert> {
        let (rule, series, instance) = self.find(fingerprint)?;
        self.alert(rule, series, &instance.state)
    }

    fn find(&self, fingerprint: Fingerprint) -> Option<(usize, &Labels, &Instance)> {
        match self.places.get(&fingerprint)? {
            Place::Series { index, rule } => {
                let watched = self.watched.get(*index)?.as_ref()?;
                let judged = watched.judged.iter().find(|judged| judged.rule == *rule)?;
                Some((*rule, &watched.slot.labels, &judged.instance))
            }
            Place::Whole { place, labels } => {
                let whole = self.wholes.get(*place)?;
                Some((whole.rule, labels, &whole.held.get(labels)?.instance))
            }
        }
    }

    /// How often a condition of the application's own could not be judged.
    pub(crate) fn failures(&self) -> u64 {
        self.failures
    }

    /// How many stored rows could not be read.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }
}
