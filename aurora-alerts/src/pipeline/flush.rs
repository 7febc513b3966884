//! What a group has to tell each of its targets: the difference between what is and what was told.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::group::Told;
use super::lane::LaneKey;
use super::{Known, Origin, Pipeline};
use crate::labels::Fingerprint;
use crate::notification::Status;
use crate::route::Unseen;

/// How long a link by which a notification can be acknowledged is good.
pub(super) const LINK_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What one target is to hear of one alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It has changed.
    Tell,
    /// It changes so often that it is summed up.
    Flap,
    /// It has changed, and nobody is told: it was kept back until it was over.
    Silently,
    /// It has changed, and is kept back for now.
    Hold,
    /// It still fires, and it is time to say so again.
    Repeat,
    /// Nothing.
    Nothing,
}

/// What is the same for all targets of a group.
#[derive(Debug)]
pub(super) struct Circumstances {
    pub(super) key: String,
    pub(super) receiver: String,
    pub(super) repeat: Duration,
    pub(super) unseen: Unseen,
    pub(super) is_muted: bool,
    /// Changes still wait for the group's wait or interval.
    pub(super) is_early: bool,
    pub(super) suppressed: BTreeSet<Fingerprint>,
    pub(super) members: Vec<Fingerprint>,
}

/// What is to be told to one target.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) tell: Vec<Fingerprint>,
    pub(super) flap: Vec<Fingerprint>,
    pub(super) repeat: Vec<Fingerprint>,
    pub(super) silently: Vec<Fingerprint>,
    pub(super) holds: bool,
    pub(super) still_firing: u64,
}

impl Pipeline {
    /// Looks at everything that a group could have to tell, and plans it.
    pub(super) fn flush(&mut self, key: &str, now: Timestamp) {
        self.prepare_inhibition();
        let Some(circumstances) = self.circumstances(key, now) else {
            return;
        };
        if !circumstances.is_early
            && let Some(group) = self.groups.get_mut(key)
            && group.flush_at.take().is_some()
        {
            self.dirty.groups.insert(key.to_owned());
        }
        let mut told_of = BTreeSet::new();
        let mut flapped = BTreeSet::new();
        let mut holds = false;
        for lane in self.group_lanes(key, &circumstances.receiver) {
            if self.lanes.get(&lane).is_none_or(|lane| lane.blocks(key)) {
                continue; // when it settles, the group is looked at again
            }
            self.take_back(key, &lane, now);
            let plan = self.plan(&circumstances, &lane, now);
            holds |= plan.holds;
            flapped.extend(plan.flap.iter().copied());
            told_of.extend(self.carry_out(&circumstances, &lane, plan, now));
        }
        self.after_flush(&circumstances, &told_of, &flapped, holds, now);
    }

    fn circumstances(&self, key: &str, now: Timestamp) -> Option<Circumstances> {
        let group = self.groups.get(key)?;
        let node = self.setup.tree.node(group.route)?;
        let suppressed = group
            .members
            .iter()
            .filter_map(|member| self.alerts.get(member))
            .filter(|known| self.is_suppressed(known, now))
            .map(|known| known.facts.fingerprint)
            .collect();
        Some(Circumstances {
            key: key.to_owned(),
            receiver: self.receiver_of(group.members.iter().next().copied(), &node.receiver),
            repeat: node.repeat_interval,
            unseen: node.unseen,
            is_early: group.flush_at.is_some_and(|at| now < at),
            is_muted: !self.setup.tree.muted_by(node, now).is_empty(),
            suppressed,
            members: group.members.iter().copied().collect(),
        })
    }

    /// A broken channel is told of on the fallback channel, whatever the routes say.
    pub(super) fn receiver_of(&self, member: Option<Fingerprint>, routed: &str) -> String {
        let is_own = member
            .and_then(|member| self.alerts.get(&member))
            .is_some_and(|known| known.origin == Origin::Channel);
        match self.setup.fallback.as_deref() {
            Some(fallback) if is_own && self.setup.tree.has_receiver(fallback) => fallback.to_owned(),
            _ => routed.to_owned(),
        }
    }

    /// Those that the route names, and those that were told of something and have to hear of its end.
    fn group_lanes(&self, key: &str, receiver: &str) -> BTreeSet<LaneKey> {
        let mut lanes = self.lanes_of(receiver);
        if let Some(group) = self.groups.get(key) {
            let listening = group.listening().filter(|lane| {
                self.lanes
                    .get(*lane)
                    .is_some_and(|found| !self.is_broken(lane, found))
            });
            lanes.extend(listening.cloned());
        }
        // Those that an escalation would tell, to take back what is of no use any more.
        let waiting = self
            .lanes
            .iter()
            .filter(|(_, lane)| lane.about(key).next().is_some());
        lanes.extend(waiting.map(|(lane, _)| lane.clone()));
        lanes
    }

    fn plan(&self, circumstances: &Circumstances, lane: &LaneKey, now: Timestamp) -> Plan {
        let mut plan = Plan::default();
        let Some(group) = self.groups.get(&circumstances.key) else {
            return plan;
        };
        let is_routed = self.lanes_of(&circumstances.receiver).contains(lane);
        // What waits about the group goes before a repetition.
        let waiting = self.lanes.get(lane);
        let is_idle = waiting.is_some_and(|lane| lane.about(&circumstances.key).next().is_none());
        for fingerprint in &circumstances.members {
            let Some(known) = self.alerts.get(fingerprint) else {
                continue;
            };
            let told = group.told(lane, *fingerprint);
            if !is_routed && told.is_none_or(|told| told.status == Status::Resolved) {
                continue; // told of others by an escalation, not of this one
            }
            match self.need(circumstances, known, told, now) {
                Need::Tell => plan.tell.push(*fingerprint),
                Need::Flap => plan.flap.push(*fingerprint),
                Need::Repeat if is_routed && is_idle => plan.repeat.push(*fingerprint),
                Need::Silently => plan.silently.push(*fingerprint),
                Need::Hold => plan.holds = true,
                Need::Repeat | Need::Nothing if known.is_firing() => plan.still_firing += 1,
                Need::Repeat | Need::Nothing => {}
            }
        }
        plan
    }

    /// The heart of the matter: what one target has to hear of one alert.
    fn need(&self, circumstances: &Circumstances, known: &Known, told: Option<Told>, now: Timestamp) -> Need {
        let told_seq = told.map_or(0, |told| told.seq);
        let is_suppressed = circumstances.suppressed.contains(&known.facts.fingerprint);
        if known.seq == told_seq {
            let Some(told) = told.filter(|told| told.status == Status::Firing) else {
                return Need::Nothing;
            };
            let is_due = told.at + circumstances.repeat <= now;
            let is_quiet = is_suppressed
                || circumstances.is_muted
                || known.acknowledgement.is_some()
                || known.flap.since.is_some();
            return if is_due && !is_quiet {
                Need::Repeat
            } else {
                Need::Nothing
            };
        }
        if circumstances.is_early {
            return Need::Nothing;
        }
        if circumstances.is_muted {
            return Need::Hold;
        }
        let knows_it_fires = told.is_some_and(|told| told.status == Status::Firing);
        if known.is_firing() && is_suppressed {
            return Need::Hold;
        }
        if !known.is_firing()
            && !knows_it_fires
            && (known.held.contains(&circumstances.key) || circumstances.unseen == Unseen::Drop)
        {
            return Need::Silently;
        }
        match (known.flap.since, known.flap.digest_at) {
            (Some(_), Some(due)) if due <= now => Need::Flap,
            (Some(_), _) => Need::Nothing,
            (None, _) => Need::Tell,
        }
    }

    fn after_flush(
        &mut self,
        circumstances: &Circumstances,
        told_of: &BTreeSet<Fingerprint>,
        flapped: &BTreeSet<Fingerprint>,
        holds: bool,
        now: Timestamp,
    ) {
        if (!told_of.is_empty() || !flapped.is_empty())
            && let Some(group) = self.groups.get_mut(&circumstances.key)
        {
            group.flushed_at = Some(now);
            self.dirty.groups.insert(circumstances.key.clone());
        }
        let held: Vec<Fingerprint> = if circumstances.is_early {
            Vec::new()
        } else if circumstances.is_muted {
            circumstances.members.clone()
        } else {
            circumstances.suppressed.iter().copied().collect()
        };
        for fingerprint in held {
            self.mark_held(&circumstances.key, fingerprint);
        }
        for fingerprint in told_of {
            self.release(&circumstances.key, *fingerprint);
        }
        for fingerprint in told_of {
            self.count_told(*fingerprint, now);
        }
        for fingerprint in flapped {
            self.next_digest(*fingerprint, now);
        }
        if holds {
            self.watched.insert(circumstances.key.clone());
        }
        self.set_repeat_timer(&circumstances.key);
        for fingerprint in circumstances.members.clone() {
            self.finish(fingerprint);
        }
    }

    /// What was silenced or inhibited when it fired or ended was kept back, however long its groups wait.
    pub(super) fn weigh(&mut self, now: Timestamp) {
        let changed = std::mem::take(&mut self.unweighed);
        if changed.is_empty() || (self.silences.is_empty() && self.setup.inhibit.is_empty()) {
            return;
        }
        self.prepare_inhibition();
        for fingerprint in changed {
            let is_suppressed = |known: &Known| self.is_suppressed(known, now);
            if !self.alerts.get(&fingerprint).is_some_and(is_suppressed) {
                continue;
            }
            let keys = self.memberships.get(&fingerprint).cloned().unwrap_or_default();
            if let Some(known) = self.alerts.get_mut(&fingerprint) {
                known.held.extend(keys);
                self.dirty.alerts.insert(fingerprint);
            }
        }
    }

    /// This firing was kept back; if it ends before it is told, nobody of this group hears of it.
    fn mark_held(&mut self, key: &str, fingerprint: Fingerprint) {
        if let Some(known) = self.alerts.get_mut(&fingerprint)
            && known.is_firing()
            && known.held.insert(key.to_owned())
        {
            self.dirty.alerts.insert(fingerprint);
        }
    }

    /// It is told now: whoever hears that it fires hears of its end.
    fn release(&mut self, key: &str, fingerprint: Fingerprint) {
        if let Some(known) = self.alerts.get_mut(&fingerprint)
            && known.held.remove(key)
        {
            self.dirty.alerts.insert(fingerprint);
        }
    }

    fn next_digest(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        let policy = self
            .alerts
            .get(&fingerprint)
            .and_then(|known| self.flapping_of(known));
        let (Some(policy), Some(known)) = (policy, self.alerts.get_mut(&fingerprint)) else {
            return;
        };
        if known.flap.digest_at.is_some() {
            known.flap.digest_at = Some(now + policy.digest_every);
            self.dirty.alerts.insert(fingerprint);
            self.set_alert_timer(fingerprint);
        }
    }

    /// Plans the next look at a group that fires and does not change.
    pub(super) fn set_repeat_timer(&mut self, key: &str) {
        let Some(group) = self.groups.get(key) else {
            return;
        };
        let Some(node) = self.setup.tree.node(group.route) else {
            return;
        };
        let member = group.members.iter().next().copied();
        let routed = self.lanes_of(&self.receiver_of(member, &node.receiver));
        // Where something is on its way, its outcome decides when the next is due.
        let repeats = |lane: &LaneKey| {
            routed.contains(lane)
                && self
                    .lanes
                    .get(lane)
                    .is_some_and(|found| !self.is_broken(lane, found) && found.about(key).next().is_none())
        };
        let told = group
            .told
            .iter()
            .filter(|(lane, _)| repeats(lane))
            .flat_map(|(_, told)| told);
        let firing = told.filter(|(fingerprint, told)| {
            let calls = |known: &Known| {
                known.is_firing() && known.acknowledgement.is_none() && known.flap.since.is_none()
            };
            told.status == Status::Firing && self.alerts.get(fingerprint).is_some_and(calls)
        });
        let mut repeat = firing.map(|(_, told)| told.at + node.repeat_interval).min();
        let flush_at = group.flush_at;
        if repeat.is_some_and(|at| at <= self.now) {
            // Due and not told: it is kept back, and looked at with every tick until it is not.
            self.watched.insert(key.to_owned());
            repeat = None;
        }
        let at = match (flush_at, repeat) {
            (Some(flush), Some(repeat)) => Some(flush.min(repeat)),
            (flush, repeat) => flush.or(repeat),
        };
        self.set_group_timer(key, at);
    }
}
