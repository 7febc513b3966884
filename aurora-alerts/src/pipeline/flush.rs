//! What a group has to tell each of its targets: the difference between what is and what was told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::group::Told;
use super::lane::{Content, Item, LaneKey};
use super::{Known, Origin, Pipeline};
use crate::labels::Fingerprint;
use crate::notification::{DeliveryId, NamedAlert, Notification, Reason, Status};
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
struct Circumstances {
    key: String,
    receiver: String,
    repeat: Duration,
    unseen: Unseen,
    is_muted: bool,
    /// Changes still wait for the group's wait or interval.
    is_early: bool,
    suppressed: BTreeSet<Fingerprint>,
    members: Vec<Fingerprint>,
}

/// What is to be told to one target.
#[derive(Debug, Default)]
struct Plan {
    tell: Vec<Fingerprint>,
    flap: Vec<Fingerprint>,
    repeat: Vec<Fingerprint>,
    silently: Vec<Fingerprint>,
    holds: bool,
    still_firing: u64,
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
            let plan = self.plan(&circumstances, &lane, now);
            holds |= plan.holds;
            told_of.extend(plan.tell.iter().chain(&plan.repeat).copied());
            flapped.extend(plan.flap.iter().copied());
            self.carry_out(&circumstances, &lane, plan, now);
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
    fn receiver_of(&self, member: Option<Fingerprint>, routed: &str) -> String {
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
        lanes
    }

    fn plan(&self, circumstances: &Circumstances, lane: &LaneKey, now: Timestamp) -> Plan {
        let mut plan = Plan::default();
        let Some(group) = self.groups.get(&circumstances.key) else {
            return plan;
        };
        let is_routed = self.lanes_of(&circumstances.receiver).contains(lane);
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
                Need::Repeat if is_routed => plan.repeat.push(*fingerprint),
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
        if !known.is_firing() && !knows_it_fires && (known.held || circumstances.unseen == Unseen::Drop) {
            return Need::Silently;
        }
        match (known.flap.since, known.flap.digest_at) {
            (Some(_), Some(due)) if due <= now => Need::Flap,
            (Some(_), _) => Need::Nothing,
            (None, _) => Need::Tell,
        }
    }

    fn carry_out(&mut self, circumstances: &Circumstances, lane: &LaneKey, plan: Plan, now: Timestamp) {
        let key = circumstances.key.as_str();
        for fingerprint in plan.silently {
            self.mark_told(key, lane, fingerprint, now);
        }
        if circumstances.is_early {
            // What waits is news, and goes before a repetition.
            let waits = self
                .lanes
                .get(lane)
                .is_some_and(|lane| lane.about(key).next().is_some());
            if waits || plan.repeat.is_empty() {
                return;
            }
        }
        let before = self.withdraw_for(key, lane, &plan.tell, &plan.flap, now);
        if before.is_kept {
            // What waits says the same already.
            return;
        }
        let others = plan.still_firing + u64::try_from(plan.repeat.len()).unwrap_or(0);
        for (reason, fingerprints) in [(Reason::Changed, plan.tell), (Reason::Flapping, plan.flap)] {
            let mut fingerprints = fingerprints;
            self.sort(&mut fingerprints);
            for part in fingerprints.chunks(self.limit(lane)) {
                self.enqueue_with(lane, key, reason, part, None, others, Some(&before), now);
            }
        }
        if before.told_nothing() && !plan.repeat.is_empty() {
            let mut repeat = plan.repeat;
            self.sort(&mut repeat);
            let limit = self.limit(lane);
            let rest = repeat.len().saturating_sub(limit);
            repeat.truncate(limit);
            let others = plan.still_firing + u64::try_from(rest).unwrap_or(0);
            self.enqueue_with(lane, key, Reason::Repeated, &repeat, None, others, None, now);
        }
    }

    fn limit(&self, lane: &LaneKey) -> usize {
        self.lanes.get(lane).map_or(1, |lane| lane.limits.alerts.max(1))
    }

    fn sort(&self, fingerprints: &mut [Fingerprint]) {
        fingerprints.sort_by_cached_key(|fingerprint| {
            let known = self.alerts.get(fingerprint);
            (
                known.map(|known| !known.is_firing()),
                Reverse(known.map(|known| known.facts.severity)),
                known.map(|known| known.facts.starts_at),
                known.map(|known| known.facts.rule.clone()),
            )
        });
    }

    /// Takes out what waits for the group, so that what is newer takes its place.
    fn withdraw_for(
        &mut self,
        key: &str,
        lane: &LaneKey,
        tell: &[Fingerprint],
        flap: &[Fingerprint],
        now: Timestamp,
    ) -> Before {
        let mut before = Before {
            has_news: !tell.is_empty() || !flap.is_empty(),
            ..Before::default()
        };
        let Some(waiting) = self.lanes.get(lane).map(|lane| lane.replaceable(key)) else {
            return before;
        };
        let wanted: BTreeMap<Fingerprint, u64> = tell
            .iter()
            .chain(flap)
            .filter_map(|fingerprint| Some((*fingerprint, self.alerts.get(fingerprint)?.seq)))
            .collect();
        if waiting.len() == 1
            && let Some(item) = self.lanes.get(lane).and_then(|lane| lane.get(*waiting.first()?))
            && self.says(item, &wanted, flap.is_empty())
        {
            before.is_kept = true;
            return before;
        }
        for place in waiting {
            let Some(item) = self.lanes.get(lane).and_then(|lane| lane.get(place)) else {
                continue;
            };
            if !self.is_outdated(item) {
                continue;
            }
            before.failures = before.failures.max(item.failures);
            before.not_before = before.not_before.max(Some(item.not_before));
            before.created_at = match before.created_at {
                Some(at) => Some(at.min(item.notification.created_at)),
                None => Some(item.notification.created_at),
            };
            self.drop_item(lane, place, crate::history::Outcome::Superseded, now);
        }
        before
    }

    /// Whether a waiting notification tells exactly this.
    fn says(&self, item: &Item, wanted: &BTreeMap<Fingerprint, u64>, plain: bool) -> bool {
        let same_kind = match item.notification.reason {
            Reason::Changed => plain,
            Reason::Flapping => !plain,
            _ => false,
        };
        same_kind
            && item.content.len() == wanted.len()
            && item
                .content
                .iter()
                .all(|part| wanted.get(&part.fingerprint) == Some(&part.seq))
    }

    /// Whether something newer takes the place of what waits.
    fn is_outdated(&self, item: &Item) -> bool {
        match item.notification.reason {
            Reason::Changed | Reason::Flapping | Reason::Repeated => true,
            // Sent to somebody new: of no use once it is over or somebody takes care.
            Reason::Escalated => item.content.iter().all(|part| {
                self.alerts
                    .get(&part.fingerprint)
                    .is_none_or(|known| !known.is_firing() || known.acknowledgement.is_some())
            }),
            Reason::Acknowledged => item.notification.alerts.iter().all(|alert| {
                self.alerts
                    .get(&alert.fingerprint)
                    .is_none_or(|known| !known.is_firing())
            }),
            Reason::Digest | Reason::Test => false,
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
        for fingerprint in &circumstances.suppressed {
            self.mark_held(*fingerprint);
        }
        if circumstances.is_muted {
            for fingerprint in circumstances.members.clone() {
                self.mark_held(fingerprint);
            }
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

    /// This firing was kept back; if it ends before it is told, nobody hears of it.
    fn mark_held(&mut self, fingerprint: Fingerprint) {
        if let Some(known) = self.alerts.get_mut(&fingerprint)
            && known.is_firing()
            && !known.held
        {
            known.held = true;
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
        // Where something is on its way, its outcome decides when the next is due.
        let idle = |lane: &LaneKey| {
            self.lanes
                .get(lane)
                .is_some_and(|lane| lane.about(key).next().is_none())
        };
        let told = group
            .told
            .iter()
            .filter(|(lane, _)| idle(lane))
            .flat_map(|(_, told)| told);
        let firing = told.filter(|(fingerprint, told)| {
            told.status == Status::Firing
                && self
                    .alerts
                    .get(fingerprint)
                    .is_some_and(|known| known.is_firing() && known.acknowledgement.is_none())
        });
        let repeat = firing.map(|(_, told)| told.at + node.repeat_interval).min();
        let at = match (group.flush_at, repeat) {
            (Some(flush), Some(repeat)) => Some(flush.min(repeat)),
            (flush, repeat) => flush.or(repeat),
        };
        self.set_group_timer(key, at);
    }

    fn mark_told(&mut self, key: &str, lane: &LaneKey, fingerprint: Fingerprint, now: Timestamp) {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        let content = Content {
            group: key.to_owned(),
            fingerprint,
            seq: known.seq,
            status: known.status,
        };
        self.set_told(lane, &content, true, now);
    }

    /// Writes one notification and puts it in its lane.
    pub(super) fn enqueue(
        &mut self,
        lane: &LaneKey,
        key: &str,
        reason: Reason,
        fingerprints: &[Fingerprint],
        step: Option<u32>,
        now: Timestamp,
    ) {
        self.enqueue_with(lane, key, reason, fingerprints, step, 0, None, now);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the one place where a notification is written"
    )]
    fn enqueue_with(
        &mut self,
        lane: &LaneKey,
        key: &str,
        reason: Reason,
        fingerprints: &[Fingerprint],
        step: Option<u32>,
        others_firing: u64,
        before: Option<&Before>,
        now: Timestamp,
    ) {
        let Some(group) = self.groups.get(key) else {
            return;
        };
        let told_before = |fingerprint: Fingerprint| group.told(lane, fingerprint).map_or(0, |told| told.seq);
        let knowns: Vec<&Known> = fingerprints
            .iter()
            .filter_map(|fingerprint| self.alerts.get(fingerprint))
            .collect();
        let alerts: Vec<NamedAlert> = knowns
            .iter()
            .map(|known| known.named(told_before(known.facts.fingerprint)))
            .collect();
        let content: Vec<Content> = if reason == Reason::Acknowledged {
            Vec::new()
        } else {
            let part = |known: &&Known| Content {
                group: key.to_owned(),
                fingerprint: known.facts.fingerprint,
                seq: known.seq,
                status: known.status,
            };
            knowns.iter().map(part).collect()
        };
        let is_firing = knowns.iter().any(|known| known.is_firing());
        let unacknowledged: Vec<Fingerprint> = knowns
            .iter()
            .filter(|known| known.is_firing() && known.acknowledgement.is_none())
            .map(|known| known.facts.fingerprint)
            .collect();
        let worst = |only_firing: bool| {
            let considered = knowns.iter().filter(|known| !only_firing || known.is_firing());
            considered.map(|known| known.facts.severity).max()
        };
        let mut notification = Notification::test(&*lane.target, now);
        notification.status = if is_firing {
            Status::Firing
        } else {
            Status::Resolved
        };
        notification.reason = reason;
        notification.severity = worst(is_firing).unwrap_or_default();
        notification.receiver = self
            .setup
            .tree
            .node(group.route)
            .map(|node| self.receiver_of(fingerprints.first().copied(), &node.receiver))
            .unwrap_or_default();
        notification.moved_to = self
            .lanes
            .get(lane)
            .and_then(|lane| lane.standing.moved_to.clone());
        notification.group_key = key.to_owned();
        notification.group_labels = group.labels.clone();
        notification.alerts = alerts;
        notification.others_firing = others_firing;
        notification.escalation_step = step;
        notification.acknowledge_url = self.acknowledge_url(&unacknowledged, now);
        notification.created_at = before.and_then(|before| before.created_at).unwrap_or(now);
        self.order += 1;
        let item = Item {
            failures: before.map_or(0, |before| before.failures),
            not_before: before.and_then(|before| before.not_before).unwrap_or(now),
            notification,
            content,
            ambiguous: false,
            claimed: false,
            order: self.order,
        };
        self.insert_item(lane, item);
    }

    pub(super) fn insert_item(&mut self, lane: &LaneKey, item: Item) {
        self.dirty.item_put(item.notification.id, lane);
        if let Some(found) = self.lanes.get_mut(lane) {
            found.put(item);
        }
    }
}

/// What waited before, whose place something newer takes.
#[derive(Debug, Default)]
struct Before {
    has_news: bool,
    is_kept: bool,
    failures: u32,
    not_before: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

impl Before {
    const fn told_nothing(&self) -> bool {
        !self.has_news
    }
}

/// What makes a second notification of the same change to the same target impossible.
pub(super) fn dedup(lane: &LaneKey, item: &Item) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0xff]);
    };
    part(&lane.channel);
    part(&lane.target);
    part(&item.notification.group_key);
    part(item.notification.reason.as_str());
    for content in &item.content {
        part(&content.group);
        part(&content.fingerprint.to_string());
        part(&content.seq.to_string());
    }
    if item.content.is_empty() || matches!(item.notification.reason, Reason::Repeated | Reason::Escalated) {
        // The same alerts may be told again at another time.
        part(&item.notification.created_at.to_string());
        part(&item.notification.escalation_step.unwrap_or_default().to_string());
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a delivery that is written now.
pub(super) fn new_id(now: Timestamp) -> DeliveryId {
    DeliveryId::new(now)
}
