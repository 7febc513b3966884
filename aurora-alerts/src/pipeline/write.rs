//! How what is to be told becomes a notification in its lane, and takes the place of what waited there.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::flush::{Circumstances, Plan};
use super::lane::{Content, Item, LaneKey, Place};
use super::{Known, Pipeline};
use crate::labels::Fingerprint;
use crate::notification::{DeliveryId, NamedAlert, Notification, Reason, Status};

impl Pipeline {
    /// Puts what is planned into the lane; gives the alerts that are told by it.
    pub(super) fn carry_out(
        &mut self,
        circumstances: &Circumstances,
        lane: &LaneKey,
        plan: Plan,
        now: Timestamp,
    ) -> Vec<Fingerprint> {
        let key = circumstances.key.as_str();
        let is_same = plan.tell.is_empty() && plan.flap.is_empty() && plan.silently.is_empty() && !plan.holds;
        if is_same && plan.repeat.is_empty() {
            return Vec::new(); // what waits, if something does, still says what is to be said
        }
        for fingerprint in plan.silently {
            self.mark_told(key, lane, fingerprint, now);
        }
        let before = self.withdraw_for(key, lane, &plan.tell, &plan.flap, now);
        if before.is_kept {
            // What waits says the same already.
            return Vec::new();
        }
        let others = plan.still_firing + u64::try_from(plan.repeat.len()).unwrap_or(0);
        let told = plan.tell.clone();
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
            return repeat;
        }
        told
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
        let outdated: Vec<Place> = self.lanes.get(lane).map_or_else(Vec::new, |lane| {
            let waiting = lane.replaceable(key).into_iter();
            let is_outdated = |place: &Place| {
                lane.get(*place)
                    .is_some_and(|item| self.is_outdated(item, before.has_news))
            };
            waiting.filter(is_outdated).collect()
        });
        let wanted: BTreeMap<Fingerprint, u64> = tell
            .iter()
            .chain(flap)
            .filter_map(|fingerprint| Some((*fingerprint, self.alerts.get(fingerprint)?.seq)))
            .collect();
        if self.say(lane, &outdated, &wanted, flap.is_empty()) {
            before.is_kept = true;
            return before;
        }
        for place in outdated {
            let Some(item) = self.drop_item(lane, place, crate::history::Outcome::Superseded, now) else {
                continue;
            };
            before.failures = before.failures.max(item.failures);
            before.not_before = before.not_before.max(Some(item.not_before));
            before.created_at = match before.created_at {
                Some(at) => Some(at.min(item.notification.created_at)),
                None => Some(item.notification.created_at),
            };
        }
        before
    }

    /// Takes back what would tell somebody new of what is over, or of what somebody takes care of.
    pub(super) fn take_back(&mut self, key: &str, lane: &LaneKey, now: Timestamp) {
        let stale: Vec<Place> = self.lanes.get(lane).map_or_else(Vec::new, |lane| {
            let is_stale = |place: &Place| {
                lane.get(*place).is_some_and(|item| {
                    let reason = item.notification.reason;
                    matches!(reason, Reason::Escalated | Reason::Acknowledged)
                        && self.is_outdated(item, false)
                })
            };
            lane.replaceable(key).into_iter().filter(is_stale).collect()
        });
        for place in stale {
            self.drop_item(lane, place, crate::history::Outcome::Superseded, now);
        }
    }

    /// Whether what waits, in one notification or several, tells exactly this.
    fn say(
        &self,
        lane: &LaneKey,
        places: &[Place],
        wanted: &BTreeMap<Fingerprint, u64>,
        plain: bool,
    ) -> bool {
        let Some(lane) = self.lanes.get(lane).filter(|_| !places.is_empty()) else {
            return false;
        };
        let mut said = BTreeMap::new();
        for item in places.iter().filter_map(|place| lane.get(*place)) {
            let same_kind = match item.notification.reason {
                Reason::Changed => plain,
                Reason::Flapping => !plain,
                _ => false,
            };
            if !same_kind {
                return false;
            }
            said.extend(item.content.iter().map(|part| (part.fingerprint, part.seq)));
        }
        said == *wanted
    }

    /// Whether something newer takes the place of what waits.
    fn is_outdated(&self, item: &Item, has_news: bool) -> bool {
        let calls = |part: &Content| {
            self.alerts
                .get(&part.fingerprint)
                .is_some_and(|known| known.is_firing() && known.acknowledgement.is_none())
        };
        match item.notification.reason {
            Reason::Changed | Reason::Flapping => true,
            Reason::Repeated => has_news || !item.content.iter().all(calls),
            // Sent to somebody new: of no use once it is over or somebody takes care.
            Reason::Escalated => !item.content.iter().any(calls),
            Reason::Acknowledged => item.notification.alerts.iter().all(|alert| {
                self.alerts
                    .get(&alert.fingerprint)
                    .is_none_or(|known| !known.is_firing())
            }),
            Reason::Digest | Reason::Test | Reason::Message => false,
        }
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
        // What an earlier notification says that still waits, this one need not say.
        let said = self.lanes.get(lane).into_iter().flat_map(|lane| lane.about(key));
        let said: Vec<&Content> = said
            .flat_map(|item| &item.content)
            .filter(|part| part.group == key)
            .collect();
        let told_before = |fingerprint: Fingerprint| {
            let told = group.told(lane, fingerprint).map_or(0, |told| told.seq);
            let said = said.iter().filter(|part| part.fingerprint == fingerprint);
            said.map(|part| part.seq).fold(told, u64::max)
        };
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
            flying: false,
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
