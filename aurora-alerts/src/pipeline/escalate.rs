//! Who is told next when nobody acknowledges.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;

use super::known::{Climb, Known, Origin};
use super::{About, Pipeline};
use crate::history::Entry;
use crate::labels::Fingerprint;
use crate::notification::Reason;
use crate::rule::Escalation;

impl Pipeline {
    /// The chain of an alert: that of its rule, or of the first of its routes that has one.
    pub(super) fn chain_of(&self, known: &Known) -> Option<&Escalation> {
        let own = match known.origin {
            Origin::Rule => self.setup.rules.get(&known.facts.rule)?.escalation.as_ref(),
            Origin::Posted { .. } => None,
            Origin::Channel => return None,
        };
        own.or_else(|| {
            let keys = self.memberships.get(&known.facts.fingerprint)?;
            keys.iter().find_map(|key| {
                let group = self.groups.get(key)?;
                self.setup.tree.node(group.route)?.escalation.as_ref()
            })
        })
    }

    /// Begins the chain of an alert that fires, where it has one and nobody takes care.
    pub(super) fn begin_climb(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        if !known.is_firing() || known.acknowledgement.is_some() {
            return;
        }
        let Some(first) = self.chain_of(known).and_then(|chain| chain.steps().first()) else {
            return;
        };
        let climb = Climb {
            next: 0,
            round: 0,
            due: Some(now + first.after),
            told: 0,
        };
        if let Some(known) = self.alerts.get_mut(&fingerprint) {
            known.climb = Some(climb);
        }
        self.dirty.alerts.insert(fingerprint);
        self.set_alert_timer(fingerprint);
    }

    /// An alert was told once more; after so many times without an answer the next step is due.
    pub(super) fn count_told(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        if !known.is_firing() {
            return;
        }
        if known.climb.is_none() {
            self.begin_climb(fingerprint, now);
        }
        let threshold = self
            .alerts
            .get(&fingerprint)
            .and_then(|known| self.chain_of(known))
            .and_then(Escalation::notifications);
        let Some(climb) = self
            .alerts
            .get_mut(&fingerprint)
            .and_then(|known| known.climb.as_mut())
        else {
            return;
        };
        climb.told = climb.told.saturating_add(1);
        if climb.due.is_some() && threshold.is_some_and(|threshold| climb.told >= threshold) {
            climb.due = Some(now);
        }
        self.dirty.alerts.insert(fingerprint);
        self.set_alert_timer(fingerprint);
    }

    /// Takes every step that is due, alerts of one group and step together.
    pub(super) fn escalate(&mut self, now: Timestamp) {
        let due = std::mem::take(&mut self.due_climbs);
        if due.is_empty() {
            return;
        }
        self.prepare_inhibition();
        let mut steps: BTreeMap<(String, String, u32), BTreeSet<Fingerprint>> = BTreeMap::new();
        for fingerprint in due {
            if let Some((group, receiver, step)) = self.take_step(fingerprint, now) {
                steps
                    .entry((group, receiver, step))
                    .or_default()
                    .insert(fingerprint);
            }
            self.set_alert_timer(fingerprint);
        }
        for ((group, receiver, step), fingerprints) in steps {
            let fingerprints: Vec<_> = fingerprints.into_iter().collect();
            for lane in self.lanes_of(&receiver) {
                let limit = self.lanes.get(&lane).map_or(1, |lane| lane.limits.alerts.max(1));
                for part in fingerprints.chunks(limit) {
                    self.enqueue(&lane, &group, Reason::Escalated, part, Some(step), now);
                }
            }
        }
    }

    /// Goes one step on; gives the group, the receiver and the number of the step. Nothing while it is kept back.
    fn take_step(&mut self, fingerprint: Fingerprint, now: Timestamp) -> Option<(String, String, u32)> {
        let known = self.alerts.get(&fingerprint)?;
        let climb = known.climb?;
        if !known.is_firing() || known.acknowledgement.is_some() || climb.due.is_none_or(|due| due > now) {
            return None;
        }
        let position = usize::try_from(climb.next).unwrap_or(usize::MAX);
        let step = self
            .chain_of(known)
            .and_then(|chain| chain.steps().get(position).cloned());
        let Some(step) = step else {
            // Other rules are in force, whose chain is shorter or not there.
            self.set_climb(fingerprint, Climb { due: None, ..climb });
            return None;
        };
        let chain = self.chain_of(known)?;
        if self.is_suppressed(known, now) {
            // Looked at again when the wait of the same step has passed once more.
            let later = now + step.after.max(std::time::Duration::from_secs(1));
            self.set_climb(
                fingerprint,
                Climb {
                    due: Some(later),
                    ..climb
                },
            );
            return None;
        }
        let (next, round) = match chain.steps().get(position + 1) {
            Some(_) => (climb.next + 1, climb.round),
            None => (0, climb.round + 1),
        };
        let following = chain
            .steps()
            .get(usize::try_from(next).unwrap_or(usize::MAX))
            .filter(|_| round <= chain.repeats());
        let due = following.map(|step| now + step.after);
        let number = climb.next + 1;
        let about = About {
            fingerprint,
            rule: &known.facts.rule,
            severity: known.facts.severity,
            labels: &known.facts.labels,
        };
        let entry = Entry::Escalated {
            step: number,
            receiver: step.receiver.clone(),
        };
        self.log.note(now, Some(about), None, entry);
        self.set_climb(
            fingerprint,
            Climb {
                next,
                round,
                due,
                told: 0,
            },
        );
        let group = self.memberships.get(&fingerprint)?.first()?.clone();
        Some((group, step.receiver, number))
    }

    fn set_climb(&mut self, fingerprint: Fingerprint, climb: Climb) {
        if let Some(known) = self.alerts.get_mut(&fingerprint) {
            known.climb = Some(climb);
            self.dirty.alerts.insert(fingerprint);
        }
    }
}
