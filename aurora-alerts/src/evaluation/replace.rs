//! Other rules for a running evaluator.

use std::collections::HashMap;
use std::sync::Arc;

use aurora_core::time::Timestamp;

use super::instance::{Identity, Instance};
use super::plan::{Planned, watches};
use super::watched::{Judged, Watched};
use super::whole::Whole;
use super::{Evaluator, Place, Transition};
use crate::labels::{Fingerprint, Labels};
use crate::rule::Rule;
use crate::series::Watch;
use crate::state::{AlertState, ResolveReason};

/// An alert that has lost its place.
struct Stray {
    /// The place of its rule among the old ones.
    rule: usize,
    series: Arc<Labels>,
    instance: Instance,
}

impl Evaluator {
    /// Works by other rules from now on.
    ///
    /// Unchanged rules keep everything, changed ones the states of their label sets. Where a `for` was raised, a firing
    /// alert goes back to pending, and its end is told. Alerts of rules that are gone end.
    pub(crate) fn replace_rules(&mut self, rules: Vec<Rule>, now: Timestamp, out: &mut Vec<Transition>) {
        let old_rules = std::mem::take(&mut self.rules);
        let old_watched = std::mem::take(&mut self.watched);
        let old_wholes = std::mem::take(&mut self.wholes);
        self.places.clear();
        self.restless.clear();
        self.plan(rules);
        let names: HashMap<String, usize> = self
            .rules
            .iter()
            .enumerate()
            .map(|(place, planned)| (planned.rule.name().to_owned(), place))
            .collect();
        let successor = |old: usize| {
            let name = old_rules.get(old)?.rule.name();
            names.get(name).copied()
        };
        let watches = watches(self.rules.iter(), self.series.limits());
        let mut strays = Vec::new();
        for watched in old_watched.into_iter().flatten() {
            self.carry(watched, &watches, &old_rules, successor, &mut strays);
        }
        self.series.watch(watches);
        for whole in old_wholes {
            self.carry_whole(whole, &old_rules, successor, &mut strays);
        }
        for stray in strays {
            self.settle(stray, &old_rules, successor, now, out);
        }
        self.index();
        self.demote(&old_rules, now, out);
    }

    /// Takes a series along, with what its rules know of it.
    fn carry(
        &mut self,
        watched: Watched,
        watches: &HashMap<Arc<str>, Watch>,
        old_rules: &[Planned],
        successor: impl Fn(usize) -> Option<usize>,
        strays: &mut Vec<Stray>,
    ) {
        let mut judges = self.judges_of(&watched.slot);
        let mut changed = false;
        for old in watched.judged {
            let new =
                successor(old.rule).and_then(|rule| judges.iter_mut().find(|judged| judged.rule == rule));
            let Some(new) = new else {
                strays.push(Stray {
                    rule: old.rule,
                    series: Arc::clone(&watched.slot.labels),
                    instance: old.instance,
                });
                continue;
            };
            let (before, after) = (old_rules.get(old.rule), self.rules.get(new.rule));
            let same = before
                .zip(after)
                .is_some_and(|(before, after)| before.each == after.each);
            changed |= !same;
            new.instance = old.instance;
            if same {
                new.learned = old.learned;
                new.unsaved = old.unsaved;
            }
        }
        let kept = watches
            .get(&watched.slot.metric)
            .is_some_and(|watch| watch.lets_through(&watched.slot.labels));
        if !kept {
            return;
        }
        let index = watched.slot.index;
        if self.watched.len() <= index {
            self.watched.resize_with(index + 1, || None);
        }
        if let Some(place) = self.watched.get_mut(index) {
            *place = Some(Watched {
                judged: judges,
                // What a longer window asks for was not kept.
                restored: watched.restored || changed,
                visited: 0,
                ..watched
            });
        }
    }

    fn carry_whole(
        &mut self,
        old: Whole,
        old_rules: &[Planned],
        successor: impl Fn(usize) -> Option<usize>,
        strays: &mut Vec<Stray>,
    ) {
        let place =
            successor(old.rule).and_then(|rule| self.wholes.iter().position(|whole| whole.rule == rule));
        let (before, after) = (
            old_rules.get(old.rule),
            place.and_then(|place| self.rules.get(self.wholes.get(place)?.rule)),
        );
        let same = before
            .zip(after)
            .is_some_and(|(before, after)| before.rule.condition() == after.rule.condition());
        if let (true, Some(new)) = (same, place.and_then(|place| self.wholes.get_mut(place))) {
            *new = Whole {
                rule: new.rule,
                ..old
            };
            return;
        }
        strays.extend(old.held.into_iter().map(|(series, held)| Stray {
            rule: old.rule,
            series,
            instance: held.instance,
        }));
    }

    /// Gives an alert to the rule of the same name, or ends it.
    fn settle(
        &mut self,
        stray: Stray,
        old_rules: &[Planned],
        successor: impl Fn(usize) -> Option<usize>,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let Some(old) = old_rules.get(stray.rule) else {
            return;
        };
        let reason = match successor(stray.rule) {
            Some(rule) if self.place(rule, &stray.series, stray.instance.clone()) => return,
            Some(_) => ResolveReason::RuleChanged,
            None => ResolveReason::RuleRemoved,
        };
        if stray.instance.state == AlertState::default() {
            return;
        }
        let identity = Identity {
            rule: &old.rule,
            series: &stray.series,
            fingerprint: Fingerprint::of_alert(old.rule.name(), &stray.series),
        };
        let alert = identity.alert(stray.instance.state);
        Instance::depart(alert, stray.instance.stored, reason, now, out);
    }

    /// Finds the place of every alert anew; every series is looked at in the next tick.
    fn index(&mut self) {
        self.places.clear();
        self.restless.clear();
        for (index, watched) in self.watched.iter().enumerate() {
            let Some(watched) = watched else {
                continue;
            };
            self.restless.push(index);
            for Judged {
                rule, fingerprint, ..
            } in &watched.judged
            {
                let place = Place::Series { index, rule: *rule };
                self.places.insert(*fingerprint, place);
            }
        }
        for (place, whole) in self.wholes.iter().enumerate() {
            for (labels, held) in &whole.held {
                let labels = Arc::clone(labels);
                self.places
                    .insert(held.fingerprint, Place::Whole { place, labels });
            }
        }
    }

    /// Sends alerts whose `for` was raised back to pending.
    fn demote(&mut self, old_rules: &[Planned], now: Timestamp, out: &mut Vec<Transition>) {
        let raised: Vec<bool> = self
            .rules
            .iter()
            .map(|new| {
                let old = old_rules.iter().find(|old| old.rule.name() == new.rule.name());
                old.is_some_and(|old| new.rule.for_() > old.rule.for_())
            })
            .collect();
        let rules = &self.rules;
        let raised = |rule: usize| rules.get(rule).filter(|_| raised.get(rule) == Some(&true));
        for watched in self.watched.iter_mut().flatten() {
            for judged in &mut watched.judged {
                if let Some(planned) = raised(judged.rule) {
                    let identity = Identity {
                        rule: &planned.rule,
                        series: &watched.slot.labels,
                        fingerprint: judged.fingerprint,
                    };
                    judged.instance.demote(identity, now, out);
                }
            }
        }
        for whole in &mut self.wholes {
            if let Some(planned) = raised(whole.rule) {
                for (labels, held) in &mut whole.held {
                    let identity = held.identity(&planned.rule, labels);
                    held.instance.demote(identity, now, out);
                }
            }
        }
    }
}
