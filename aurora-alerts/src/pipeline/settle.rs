//! What became of an attempt: told, tried again, given up, or the channel is switched off.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::group::Told;
use super::lane::{Content, Item, LaneKey, Place};
use super::{About, Pipeline, retry};
use crate::history::{Entry, Outcome};
use crate::labels::Fingerprint;
use crate::link::AckSubject;
use crate::notification::{DeliveryId, Notification, Status};
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt, Scope};

/// How many refusals in a row, which no repetition will mend, switch a channel off.
const PERMANENT_FAILURES: u32 = 3;

impl Pipeline {
    /// Takes the outcome of what was claimed on a lane.
    pub(crate) fn settle(
        &mut self,
        key: &LaneKey,
        id: DeliveryId,
        result: Result<Receipt, NotifyError>,
        took: Duration,
        now: Timestamp,
    ) {
        let Some(lane) = self.lanes.get_mut(key) else {
            return;
        };
        // An outcome that comes late, of what was claimed before the state was loaded anew, says nothing here.
        let flying = lane.in_flight.and_then(|place| lane.get(place));
        let Some(item) = flying.filter(|item| item.notification.id == id).cloned() else {
            return;
        };
        let place = item.place();
        lane.in_flight = None;
        match result {
            Ok(receipt) => self.delivered(key, place, item, receipt, took, now),
            Err(error) => self.failed(key, place, item, &error, took, now),
        }
    }

    fn delivered(
        &mut self,
        key: &LaneKey,
        place: Place,
        item: Item,
        receipt: Receipt,
        took: Duration,
        now: Timestamp,
    ) {
        self.take_out(key, place);
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.failures = 0;
            lane.standing.permanent = 0;
            let rest = receipt.rest.unwrap_or_default().max(lane.limits.spacing);
            if !rest.is_zero() {
                lane.rest(now + rest);
            }
            if receipt.moved_to.is_some() {
                lane.standing.moved_to.clone_from(&receipt.moved_to);
            }
            self.dirty.lanes.insert(key.clone());
        }
        if let Some(standing) = self.channels.get_mut(&*key.channel)
            && standing.permanent > 0
        {
            standing.permanent = 0;
            self.dirty.channels.insert(key.channel.to_string());
        }
        let outcome = Outcome::Delivered {
            message: receipt.message,
        };
        self.note_delivery(key, &item.notification, outcome, Some(took), now);
        self.tell(key, &item, true, now);
    }

    fn failed(
        &mut self,
        key: &LaneKey,
        place: Place,
        mut item: Item,
        error: &NotifyError,
        took: Duration,
        now: Timestamp,
    ) {
        let kind = error.kind();
        let made = item.failures.saturating_add(1);
        let wait = retry::wait(&self.setup.retry, made, error, &self.setup.random);
        let breaks = kind == NotifyErrorKind::Gone || self.count_permanent(key, error);
        let outcome = match wait {
            Some(wait) if !breaks => Outcome::Retrying {
                error: kind,
                detail: error.to_string(),
                next_at: now + wait,
            },
            _ => Outcome::Failed {
                error: kind,
                detail: error.to_string(),
            },
        };
        self.note_delivery(key, &item.notification, outcome, Some(took), now);
        if breaks {
            // Free again, so that it can go to whoever takes over, or wait for the channel to be mended.
            item.flying = false;
            self.insert_item(key, item);
            self.disable(key, error, now);
            return;
        }
        let Some(wait) = wait else {
            self.give_up(key, place, item, now);
            return;
        };
        if error.scope() == Scope::Channel && asks_for_rest(error) {
            self.rest_channel(key, now + wait);
        }
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.failures = lane.failures.saturating_add(1);
            let lane_wait = if asks_for_rest(error) {
                wait
            } else {
                retry::wait(&self.setup.retry, lane.failures, error, &self.setup.random).unwrap_or(wait)
            };
            lane.rest(now + lane_wait.min(wait.max(Duration::from_secs(1))));
            self.dirty.lanes.insert(key.clone());
            item.failures = made;
            item.not_before = now + wait;
            item.flying = false;
            item.ambiguous |= matches!(kind, NotifyErrorKind::Timeout | NotifyErrorKind::Cancelled);
            item.notification.attempt = item.notification.attempt.saturating_add(1);
            self.dirty.item_put(item.notification.id, key);
            let groups: Vec<String> = item.groups().into_iter().map(str::to_owned).collect();
            lane.put(item);
            for group in groups {
                self.look_again(&group, now);
            }
        }
        let is_broken = self.lanes.get(key).is_some_and(|lane| self.is_broken(key, lane));
        if is_broken && !self.fallback_lanes(&key.channel).is_empty() {
            // Another target has switched the channel off meanwhile.
            self.redirect(key, Scope::Target, now);
        }
    }

    /// Leaves the whole channel alone, with all its lanes.
    fn rest_channel(&mut self, key: &LaneKey, until: Timestamp) {
        if let Some(standing) = self.channels.get_mut(&*key.channel) {
            standing.rest(until);
            self.dirty.channels.insert(key.channel.to_string());
        }
        for (other, lane) in &mut self.lanes {
            if other.channel == key.channel {
                lane.waited_until = lane.waited_until.max(Some(until));
            }
        }
    }

    /// Counts refusals that no repetition will mend; says whether there were too many in a row.
    fn count_permanent(&mut self, key: &LaneKey, error: &NotifyError) -> bool {
        if error.is_retryable() {
            return false;
        }
        let standing = match error.scope() {
            Scope::Target => self.lanes.get_mut(key).map(|lane| &mut lane.standing),
            Scope::Channel => self.channels.get_mut(&*key.channel),
        };
        let Some(standing) = standing else { return false };
        standing.permanent = standing.permanent.saturating_add(1);
        let too_many = standing.permanent >= PERMANENT_FAILURES;
        self.dirty.lanes.insert(key.clone());
        self.dirty.channels.insert(key.channel.to_string());
        too_many
    }

    /// This target will never hear of it; the fallback channel does.
    fn give_up(&mut self, key: &LaneKey, place: Place, item: Item, now: Timestamp) {
        self.take_out(key, place);
        for fallback in self.fallback_lanes(&key.channel) {
            if let Some(copy) = self.copy_for(&fallback, &item, now) {
                self.insert_item(&fallback, copy);
            }
        }
        self.tell(key, &item, false, now);
    }

    /// What a lane that takes over does not know yet of a notification, as one of its own.
    fn copy_for(&mut self, lane: &LaneKey, item: &Item, now: Timestamp) -> Option<Item> {
        let knows = |part: &Content| {
            let told = self
                .groups
                .get(&part.group)
                .and_then(|group| group.told(lane, part.fingerprint));
            told.is_some_and(|told| told.seq >= part.seq)
                || self.lanes.get(lane).is_some_and(|lane| {
                    let mut waiting = lane.about(&part.group).flat_map(|item| &item.content);
                    waiting.any(|other| other.fingerprint == part.fingerprint && other.seq >= part.seq)
                })
        };
        let mut copy = item.clone();
        copy.content.retain(|part| !knows(part));
        if copy.content.is_empty() {
            return None;
        }
        let left: BTreeSet<Fingerprint> = copy.content.iter().map(|part| part.fingerprint).collect();
        copy.notification
            .alerts
            .retain(|alert| left.contains(&alert.fingerprint));
        copy.notification.id = super::write::new_id(now);
        copy.notification.target = lane.target.to_string();
        copy.notification.moved_to = None;
        copy.notification.attempt = 1;
        copy.failures = 0;
        copy.not_before = now;
        copy.ambiguous = false;
        copy.flying = false;
        self.order += 1;
        copy.order = self.order;
        Some(copy)
    }

    /// Remembers what a target knows now, and looks whether there is more to tell.
    fn tell(&mut self, key: &LaneKey, item: &Item, delivered: bool, now: Timestamp) {
        for content in &item.content {
            self.set_told(key, content, delivered, now);
        }
        let groups: BTreeSet<String> = item.groups().into_iter().map(str::to_owned).collect();
        for group in groups {
            self.look_again(&group, now);
        }
        let fingerprints: BTreeSet<Fingerprint> =
            item.content.iter().map(|content| content.fingerprint).collect();
        for fingerprint in fingerprints {
            self.finish(fingerprint);
        }
    }

    pub(super) fn set_told(&mut self, key: &LaneKey, content: &Content, delivered: bool, now: Timestamp) {
        let Some(group) = self.groups.get_mut(&content.group) else {
            return;
        };
        let told = Told {
            seq: content.seq,
            status: content.status,
            at: now,
            delivered,
        };
        group
            .told
            .entry(key.clone())
            .or_default()
            .insert(content.fingerprint, told);
        self.dirty
            .told
            .insert((content.group.clone(), key.clone(), content.fingerprint));
    }

    /// Plans another look at a group where something changed while a lane was busy, and the next repetition.
    fn look_again(&mut self, key: &str, now: Timestamp) {
        if self.has_news(key) {
            self.schedule_group(key, now);
        }
        self.set_repeat_timer(key);
    }

    /// Whether somebody has something to hear of a group, now or later.
    fn has_news(&self, key: &str) -> bool {
        let Some((group, node)) = self.groups.get(key).and_then(|group| {
            let node = self.setup.tree.node(group.route)?;
            Some((group, node))
        }) else {
            return false;
        };
        let member = group.members.iter().next().copied();
        let routed = self.lanes_of(&self.receiver_of(member, &node.receiver));
        let news = |lane: &LaneKey, only_firing: bool| {
            group.members.iter().any(|member| {
                let seq = self.alerts.get(member).map_or(0, |known| known.seq);
                match group.told(lane, *member) {
                    Some(told) => told.seq < seq && (!only_firing || told.status == Status::Firing),
                    None => !only_firing && seq > 0,
                }
            })
        };
        routed.iter().any(|lane| news(lane, false))
            || group
                .listening()
                .filter(|lane| !routed.contains(*lane) && self.lanes.contains_key(*lane))
                .any(|lane| news(lane, true))
    }

    /// Takes a notification out of its lane that will not be sent.
    pub(super) fn drop_item(
        &mut self,
        key: &LaneKey,
        place: Place,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<Item> {
        let item = self.take_out(key, place)?;
        self.note_delivery(key, &item.notification, outcome, None, now);
        Some(item)
    }

    fn take_out(&mut self, key: &LaneKey, place: Place) -> Option<Item> {
        let item = self.lanes.get_mut(key)?.remove(place)?;
        self.dirty.item_gone(item.notification.id);
        Some(item)
    }

    pub(super) fn acknowledge_url(&self, fingerprints: &[Fingerprint], now: Timestamp) -> Option<String> {
        let links = self.setup.links.as_ref().filter(|_| !fingerprints.is_empty())?;
        links.sign(
            &AckSubject::Alerts(fingerprints.to_vec()),
            now + super::flush::LINK_LASTS,
        )
    }

    pub(super) fn note_delivery(
        &mut self,
        key: &LaneKey,
        notification: &Notification,
        outcome: Outcome,
        took: Option<Duration>,
        now: Timestamp,
    ) {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let first = notification.alerts.first();
        let about = first.map(|alert| About {
            fingerprint: alert.fingerprint,
            rule: &alert.rule,
            severity: alert.severity,
            labels: &alert.labels,
        });
        let entry = Entry::Delivery {
            id: notification.id,
            target: notification.target.clone(),
            reason: notification.reason,
            status: notification.status,
            alerts: u64::try_from(notification.alerts.len()).unwrap_or(u64::MAX),
            attempt: if took.is_some() { notification.attempt } else { 0 },
            took_ms: took.map_or(0, millis),
            waited_ms: millis(now.since(notification.created_at)),
            outcome,
        };
        self.log.note(now, about, Some(&key.channel), entry);
    }
}

/// Whoever asks to be left alone, or for fewer messages, means all of them.
fn asks_for_rest(error: &NotifyError) -> bool {
    error.kind() == NotifyErrorKind::RateLimited || error.retry_after().is_some()
}
