//! What became of an attempt: told, tried again, given up, or the channel is switched off.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::group::Told;
use super::known::{Facts, Origin};
use super::lane::{Content, Disabled, Item, LaneKey, Place};
use super::{About, Pipeline, retry};
use crate::history::{Entry, Outcome};
use crate::labels::{Fingerprint, Labels};
use crate::link::AckSubject;
use crate::notification::{DeliveryId, Notification, Status};
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt, Scope};
use crate::rule::Severity;
use crate::state::{Decision, ResolveReason};

/// How many refusals in a row, which no repetition will mend, switch a channel off.
const PERMANENT_FAILURES: u32 = 3;

/// The name of the alert about a channel that was switched off.
pub(crate) const CHANNEL_BROKEN: &str = "Notification channel broken";

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
            item.claimed = false;
            item.ambiguous |= matches!(kind, NotifyErrorKind::Timeout | NotifyErrorKind::Cancelled);
            item.notification.attempt = item.notification.attempt.saturating_add(1);
            self.dirty.item_put(item.notification.id, key);
            let groups: Vec<String> = item.groups().into_iter().map(str::to_owned).collect();
            lane.put(item);
            for group in groups {
                self.look_again(&group, now);
            }
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
            self.order += 1;
            let mut copy = item.clone();
            copy.notification.id = super::flush::new_id(now);
            copy.notification.target = fallback.target.to_string();
            copy.notification.moved_to = None;
            copy.notification.attempt = 1;
            copy.failures = 0;
            copy.not_before = now;
            copy.ambiguous = false;
            copy.claimed = false;
            copy.order = self.order;
            self.insert_item(&fallback, copy);
        }
        self.tell(key, &item, false, now);
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

    /// Plans another look at a group where something changed while a lane was busy; else the next repetition.
    fn look_again(&mut self, key: &str, now: Timestamp) {
        let Some(group) = self.groups.get(key) else {
            return;
        };
        let has_news = group.members.iter().any(|member| {
            let seq = self.alerts.get(member).map_or(0, |known| known.seq);
            group
                .told
                .values()
                .any(|told| told.get(member).is_none_or(|told| told.seq < seq))
                || group.told.is_empty()
        });
        if has_news {
            self.schedule_group(key, now);
        } else {
            self.set_repeat_timer(key);
        }
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

    /// Switches a channel or one of its targets off, hands on what waits, and says so on the fallback channel.
    fn disable(&mut self, key: &LaneKey, error: &NotifyError, now: Timestamp) {
        let disabled = Some(Disabled {
            at: now,
            error: error.kind(),
            detail: error.to_string(),
        });
        match error.scope() {
            Scope::Target => {
                if let Some(lane) = self.lanes.get_mut(key) {
                    lane.standing.disabled = disabled;
                }
                self.dirty.lanes.insert(key.clone());
            }
            Scope::Channel => {
                if let Some(standing) = self.channels.get_mut(&*key.channel) {
                    standing.disabled = disabled;
                }
                self.dirty.channels.insert(key.channel.to_string());
            }
        }
        let entry = Entry::Channel {
            enabled: false,
            reason: Some(error.kind()),
        };
        self.log.note(now, None, Some(&key.channel), entry);
        if !self.fallback_lanes(&key.channel).is_empty() {
            self.redirect(key, error.scope(), now);
        }
        let target = (error.scope() == Scope::Target).then_some(&*key.target);
        self.tell_broken(&key.channel, target, error, now);
    }

    /// What waits on broken lanes is taken out; their groups are planned anew, for whoever takes over.
    fn redirect(&mut self, key: &LaneKey, scope: Scope, now: Timestamp) {
        let lanes: Vec<LaneKey> = self
            .lanes
            .keys()
            .filter(|other| match scope {
                Scope::Target => *other == key,
                Scope::Channel => other.channel == key.channel,
            })
            .cloned()
            .collect();
        let mut groups = BTreeSet::new();
        for lane in lanes {
            let items = self
                .lanes
                .get_mut(&lane)
                .map(super::Lane::drain)
                .unwrap_or_default();
            for item in items {
                self.dirty.item_gone(item.notification.id);
                self.note_delivery(&lane, &item.notification, Outcome::Redirected, None, now);
                groups.extend(item.groups().into_iter().map(str::to_owned));
            }
        }
        for group in groups {
            self.schedule_group(&group, now);
        }
    }

    fn tell_broken(&mut self, channel: &str, target: Option<&str>, error: &NotifyError, now: Timestamp) {
        let mut labels = Labels::from([("alertname", CHANNEL_BROKEN), ("channel", channel)]);
        if let Some(target) = target {
            labels.insert("target", target);
        }
        let facts = Facts {
            fingerprint: labels.fingerprint(),
            rule: CHANNEL_BROKEN.to_owned(),
            severity: Severity::Critical,
            metric: None,
            value: None,
            operator: None,
            threshold: None,
            description: format!(
                "channel {channel} takes nothing any more ({error}); it was switched off until it is switched on again"
            ),
            labels,
            annotations: std::collections::BTreeMap::new(),
            generator_url: None,
            starts_at: now,
        };
        let fingerprint = facts.fingerprint;
        if self.take_firing(facts, Origin::Channel, now, now) {
            self.note_change(fingerprint, Decision::Fired, now);
        }
    }

    /// Uses a channel again that was switched off, with all its targets; says whether it was off.
    pub(crate) fn enable(&mut self, channel: &str, now: Timestamp) -> bool {
        let mut was_off = false;
        let Some(standing) = self.channels.get_mut(channel) else {
            return false;
        };
        was_off |= standing.disabled.take().is_some();
        standing.permanent = 0;
        standing.rest_until = None;
        self.dirty.channels.insert(channel.to_owned());
        for (key, lane) in &mut self.lanes {
            if &*key.channel == channel {
                was_off |= lane.standing.disabled.take().is_some();
                lane.standing.permanent = 0;
                lane.standing.rest_until = None;
                lane.failures = 0;
                self.dirty.lanes.insert(key.clone());
            }
        }
        if !was_off {
            return false;
        }
        let entry = Entry::Channel {
            enabled: true,
            reason: None,
        };
        self.log.note(now, None, Some(channel), entry);
        let own: Vec<Fingerprint> = self
            .alerts
            .values()
            .filter(|known| {
                known.origin == Origin::Channel && known.facts.labels.get("channel") == Some(channel)
            })
            .map(|known| known.facts.fingerprint)
            .collect();
        for fingerprint in own {
            self.resolve(fingerprint, None, ResolveReason::Recovered, now, now);
            self.note_change(fingerprint, Decision::Resolved, now);
        }
        // Whatever it was not told in the meantime.
        let groups: Vec<String> = self.groups.keys().cloned().collect();
        for group in groups {
            self.schedule_group(&group, now);
        }
        true
    }

    /// Forgets an alert that is over, that everybody knows is over, and that was quiet for long enough.
    pub(super) fn finish(&mut self, fingerprint: Fingerprint) {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return;
        };
        if known.is_firing() || known.is_restless() || known.flap.since.is_some() {
            return;
        }
        let keys = self.memberships.get(&fingerprint).cloned().unwrap_or_default();
        if !keys
            .iter()
            .all(|key| self.knows_the_end(key, fingerprint, known.seq))
        {
            return;
        }
        for key in keys {
            self.forget_in_group(&key, fingerprint);
        }
        self.memberships.remove(&fingerprint);
        self.alerts.remove(&fingerprint);
        self.dirty.alerts.insert(fingerprint);
        self.set_alert_timer(fingerprint);
    }

    fn knows_the_end(&self, key: &str, fingerprint: Fingerprint, seq: u64) -> bool {
        let Some(group) = self.groups.get(key) else {
            return true;
        };
        let Some(node) = self.setup.tree.node(group.route) else {
            return true;
        };
        if group.flush_at.is_some() {
            return false;
        }
        let receiver = &node.receiver;
        let has_heard = |lane: &LaneKey| {
            let waits = self
                .lanes
                .get(lane)
                .is_some_and(|lane| lane.about(key).any(|item| mentions(item, fingerprint)));
            !waits && group.told(lane, fingerprint).is_some_and(|told| told.seq >= seq)
        };
        let routed = self.lanes_of(receiver);
        let listening = group
            .told
            .iter()
            .filter(|(_, told)| {
                told.get(&fingerprint)
                    .is_some_and(|told| told.status == Status::Firing)
            })
            .map(|(lane, _)| lane)
            .filter(|lane| self.lanes.contains_key(*lane) && !routed.contains(*lane));
        routed.iter().all(has_heard) && listening.count() == 0
    }

    fn forget_in_group(&mut self, key: &str, fingerprint: Fingerprint) {
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        group.members.remove(&fingerprint);
        for (lane, told) in &mut group.told {
            if told.remove(&fingerprint).is_some() {
                self.dirty
                    .told
                    .insert((key.to_owned(), lane.clone(), fingerprint));
            }
        }
        group.told.retain(|_, told| !told.is_empty());
        if group.members.is_empty() {
            self.set_group_timer(key, None);
            self.groups.remove(key);
            self.watched.remove(key);
            self.dirty.groups.insert(key.to_owned());
        }
    }

    pub(super) fn acknowledge_url(&self, fingerprints: &[Fingerprint], now: Timestamp) -> Option<String> {
        let links = self.setup.links.as_ref().filter(|_| !fingerprints.is_empty())?;
        links.sign(
            &AckSubject::Alerts(fingerprints.to_vec()),
            now + super::flush::LINK_LASTS,
        )
    }

    fn note_delivery(
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

fn mentions(item: &Item, fingerprint: Fingerprint) -> bool {
    item.content
        .iter()
        .any(|content| content.fingerprint == fingerprint)
}

/// Whoever asks to be left alone, or for fewer messages, means all of them.
fn asks_for_rest(error: &NotifyError) -> bool {
    error.kind() == NotifyErrorKind::RateLimited || error.retry_after().is_some()
}
