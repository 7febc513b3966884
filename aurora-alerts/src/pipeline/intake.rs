//! What comes in: alerts that fire and end, alerts that are posted, silences, acknowledgements.

use aurora_core::time::Timestamp;

use super::group::Group;
use super::known::{Facts, FlapTurn, Known, Origin};
use super::{About, Pipeline};
use crate::history::Entry;
use crate::labels::Fingerprint;
use crate::posted::PostedAlert;
use crate::state::{Decision, ResolveReason};

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostRefusal {
    /// There are as many as there may be.
    Full,
}

impl Pipeline {
    /// An alert of a rule fires.
    pub(crate) fn fire(&mut self, facts: Facts, at: Timestamp, now: Timestamp) {
        self.take_firing(facts, Origin::Rule, at, now);
    }

    /// An alert of a rule is over.
    pub(crate) fn resolve(
        &mut self,
        fingerprint: Fingerprint,
        value: Option<f64>,
        reason: ResolveReason,
        at: Timestamp,
        now: Timestamp,
    ) {
        let Some(known) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        known.facts.value = value;
        if known.resolve(reason, at) {
            self.changed(fingerprint, now);
        }
    }

    /// Takes a posted alert; the semantics are those of Alertmanager's `POST /api/v2/alerts`.
    pub(crate) fn post(
        &mut self,
        posted: PostedAlert,
        now: Timestamp,
    ) -> Result<Option<Decision>, PostRefusal> {
        let starts_at = posted
            .starts_at
            .unwrap_or_else(|| posted.ends_at.map_or(now, |end| end.min(now)));
        let guessed = posted.ends_at.is_none();
        let mut expires_at = posted.ends_at.unwrap_or(now + self.setup.resolve_timeout);
        let facts = posted.into_facts(starts_at);
        let fingerprint = facts.fingerprint;
        let before = self.alerts.get(&fingerprint);
        if before.is_none() && self.alerts.len() >= self.setup.bounds.alerts {
            return Err(PostRefusal::Full);
        }
        if expires_at <= now {
            let is_open = before.is_some_and(Known::is_firing);
            if is_open {
                self.resolve(fingerprint, None, ResolveReason::Posted, expires_at.min(now), now);
                self.note_change(fingerprint, Decision::Resolved, now);
            }
            // The end of an alert that nobody knows of says nothing to anybody.
            return Ok(is_open.then_some(Decision::Resolved));
        }
        let mut facts = facts;
        if let Some(known) = before.filter(|known| known.is_firing()) {
            facts.starts_at = facts.starts_at.min(known.facts.starts_at);
            if let (
                Origin::Posted {
                    expires_at: earlier,
                    guessed: false,
                    ..
                },
                true,
            ) = (known.origin, guessed)
            {
                expires_at = expires_at.max(earlier);
            }
        }
        let origin = Origin::Posted {
            expires_at,
            guessed,
            at: Some(now),
        };
        let fired = self.take_firing(facts, origin, now, now);
        if fired {
            self.note_change(fingerprint, Decision::Fired, now);
        }
        Ok(fired.then_some(Decision::Fired))
    }

    pub(super) fn take_firing(
        &mut self,
        facts: Facts,
        origin: Origin,
        at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let fingerprint = facts.fingerprint;
        let known = self
            .alerts
            .entry(fingerprint)
            .or_insert_with(|| Known::new(facts.clone(), origin));
        let relabelled = known.facts.labels != facts.labels || known.facts.severity != facts.severity;
        let fired = known.fire(facts, origin, at);
        if fired {
            self.join_groups(fingerprint, relabelled);
            self.changed(fingerprint, now);
        } else {
            self.dirty.alerts.insert(fingerprint);
            self.set_alert_timer(fingerprint);
        }
        fired
    }

    /// Looks up the groups of an alert, once in its life unless its labels or the routes changed.
    pub(super) fn join_groups(&mut self, fingerprint: Fingerprint, anew: bool) {
        if self.memberships.contains_key(&fingerprint) && !anew {
            return;
        }
        self.leave_groups(fingerprint);
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        let mut keys = Vec::new();
        for found in self.setup.tree.memberships(&known.matched(), fingerprint) {
            let group = self
                .groups
                .entry(found.key.clone())
                .or_insert_with(|| Group::new(found.route, found.labels));
            group.route = found.route;
            group.members.insert(fingerprint);
            self.dirty.groups.insert(found.key.clone());
            keys.push(found.key);
        }
        self.memberships.insert(fingerprint, keys);
    }

    fn leave_groups(&mut self, fingerprint: Fingerprint) {
        for key in self.memberships.remove(&fingerprint).unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(&key) {
                group.members.remove(&fingerprint);
            }
        }
    }

    /// Everything that follows from a change of an alert.
    fn changed(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        self.dirty.alerts.insert(fingerprint);
        self.inhibition = None;
        self.unweighed.insert(fingerprint);
        self.look_at_flapping(fingerprint, now);
        self.set_alert_timer(fingerprint);
        self.schedule_groups_of(fingerprint, now);
    }

    fn look_at_flapping(&mut self, fingerprint: Fingerprint, now: Timestamp) -> Option<FlapTurn> {
        let policy = self
            .alerts
            .get(&fingerprint)
            .and_then(|known| self.flapping_of(known));
        let known = self.alerts.get_mut(&fingerprint)?;
        let turn = known.watch_flapping(policy.as_ref(), now)?;
        let about = About {
            fingerprint,
            rule: &known.facts.rule,
            severity: known.facts.severity,
            labels: &known.facts.labels,
        };
        let entry = Entry::Flapping {
            began: turn == FlapTurn::Began,
        };
        self.log.note(now, Some(about), None, entry);
        self.dirty.alerts.insert(fingerprint);
        Some(turn)
    }

    /// Plans that changes are told: after the group's wait or interval, at once where there is none.
    pub(super) fn schedule_groups_of(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        for key in self.memberships.get(&fingerprint).cloned().unwrap_or_default() {
            self.schedule_group(&key, now);
        }
    }

    pub(super) fn schedule_group(&mut self, key: &str, now: Timestamp) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        let Some(node) = self.setup.tree.node(group.route) else {
            return;
        };
        if group.flush_at.is_none() {
            let at = match group.flushed_at {
                None => now + node.group_wait,
                Some(before) => (before + node.group_interval).max(now),
            };
            group.flush_at = Some(at);
            self.dirty.groups.insert(key.to_owned());
        }
        let at = match (group.flush_at, group.timer) {
            (Some(flush), Some(timer)) => Some(flush.min(timer)),
            (flush, timer) => flush.or(timer),
        };
        self.set_group_timer(key, at);
    }

    /// The time has come for something about an alert.
    pub(super) fn wake_alert(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        let Some(known) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        if known.expires_at().is_some_and(|at| at <= now) {
            let at = known.expires_at().unwrap_or(now);
            if known.resolve(ResolveReason::Expired, at) {
                self.changed(fingerprint, now);
                self.note_change(fingerprint, Decision::Resolved, now);
            }
        }
        let ran_out = self.alerts.get(&fingerprint).is_some_and(|known| {
            let until = known.acknowledgement.as_ref().and_then(|ack| ack.until);
            until.is_some_and(|until| until <= now)
        });
        if ran_out {
            self.unacknowledge(fingerprint, "", now);
        }
        let turned = self.look_at_flapping(fingerprint, now).is_some();
        let sums_up = |known: &Known| known.flap.digest_at.is_some_and(|at| at <= now);
        if turned || self.alerts.get(&fingerprint).is_some_and(sums_up) {
            self.schedule_groups_of(fingerprint, now);
        }
        self.finish(fingerprint);
        // An escalation that is due is taken by its own stage, which sets the timer anew.
        let climbs = |known: &Known| {
            known
                .climb
                .and_then(|climb| climb.due)
                .is_some_and(|due| due <= now)
        };
        if self.alerts.get(&fingerprint).is_some_and(climbs) {
            self.due_climbs.insert(fingerprint);
        } else {
            self.set_alert_timer(fingerprint);
        }
    }

    /// Writes a change of an alert that no rule decided into the history.
    pub(super) fn note_change(&mut self, fingerprint: Fingerprint, decision: Decision, now: Timestamp) {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        let about = About {
            fingerprint,
            rule: &known.facts.rule,
            severity: known.facts.severity,
            labels: &known.facts.labels,
        };
        let entry = Entry::Alert {
            decision,
            value: known.facts.value,
            starts_at: known.facts.starts_at,
        };
        self.log.note(now, Some(about), None, entry);
    }
}
