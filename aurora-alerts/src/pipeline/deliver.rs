//! Which notification goes next on every lane, and what that had to wait is told together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aurora_core::time::Timestamp;

use super::Pipeline;
use super::lane::{Item, LaneKey, Place};
use super::write::new_id;
use crate::history::Outcome;
use crate::labels::Fingerprint;
use crate::notification::{DeliveryId, NamedAlert, Notification, Reason, Status};
use crate::notifier::NotifyErrorKind;

/// A notification that is to be sent now.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) lane: LaneKey,
    pub(crate) notification: Notification,
}

/// How a channel stands, with all its targets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChannelView {
    pub(crate) queued: usize,
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) throttled_until: Option<Timestamp>,
    pub(crate) disabled: Option<(Timestamp, NotifyErrorKind)>,
}

impl Pipeline {
    /// Where several notifications had to wait for a lane that is free again, the worst become one digest.
    pub(super) fn merge(&mut self, now: Timestamp) {
        let keys: Vec<LaneKey> = self.lanes.keys().cloned().collect();
        for key in keys {
            let free = self
                .channels
                .get(&*key.channel)
                .is_none_or(|standing| standing.disabled.is_none() && !standing.rests(now));
            let Some(lane) = self.lanes.get(&key).filter(|_| free) else {
                continue;
            };
            let places = lane.to_merge(now);
            if !places.is_empty() {
                self.merge_into_digest(&key, &places, now);
            }
        }
    }

    fn merge_into_digest(&mut self, key: &LaneKey, places: &[Place], now: Timestamp) {
        let mut items: Vec<Item> = Vec::new();
        for place in places {
            if let Some(item) = self.drop_item(key, *place, Outcome::Superseded, now) {
                items.push(item);
            }
        }
        let Some(first) = items.first() else { return };
        let mut notification = Notification::test(&*key.target, now);
        notification.id = new_id(now);
        notification.reason = Reason::Digest;
        notification.receiver = first.notification.receiver.clone();
        notification.moved_to = first.notification.moved_to.clone();
        notification.group_key = format!("digest:{}/{}", key.channel, key.target);
        notification.created_at = items
            .iter()
            .map(|item| item.notification.created_at)
            .min()
            .unwrap_or(now);
        notification.others_firing = 0;
        let mut content = Vec::new();
        let mut alerts: BTreeMap<Fingerprint, NamedAlert> = BTreeMap::new();
        for item in &items {
            for alert in &item.notification.alerts {
                let newer = alerts
                    .get(&alert.fingerprint)
                    .is_none_or(|seen| seen.changes_total < alert.changes_total);
                if newer {
                    alerts.insert(alert.fingerprint, alert.clone());
                }
            }
            content.extend(item.content.iter().cloned());
        }
        content.sort();
        content.dedup();
        let mut alerts: Vec<NamedAlert> = alerts.into_values().collect();
        alerts.sort_by_key(|alert| (alert.status, Reverse(alert.severity), alert.starts_at));
        let is_firing = alerts.iter().any(|alert| alert.status == Status::Firing);
        notification.status = if is_firing {
            Status::Firing
        } else {
            Status::Resolved
        };
        notification.severity = alerts
            .iter()
            .filter(|alert| !is_firing || alert.status == Status::Firing)
            .map(|alert| alert.severity)
            .max()
            .unwrap_or_default();
        let unacknowledged: Vec<Fingerprint> = alerts
            .iter()
            .filter(|alert| alert.status == Status::Firing && alert.acknowledged_by.is_none())
            .map(|alert| alert.fingerprint)
            .collect();
        notification.acknowledge_url = self.acknowledge_url(&unacknowledged, now);
        notification.alerts = alerts;
        let item = Item {
            notification,
            content,
            failures: items.iter().map(|item| item.failures).max().unwrap_or(0),
            not_before: now,
            ambiguous: false,
            flying: false,
            order: items.iter().map(|item| item.order).min().unwrap_or(0),
        };
        self.insert_item(key, item);
    }

    /// Decides what is sent next, at most one on each lane; it is in flight until it is settled.
    ///
    /// The decision is part of a step and written down with it, so that whoever takes over knows what may have arrived.
    pub(crate) fn launch(&mut self, now: Timestamp) {
        for (key, lane) in &mut self.lanes {
            let standing = self.channels.get(&*key.channel);
            if standing.is_some_and(|standing| standing.disabled.is_some() || standing.rests(now)) {
                continue;
            }
            let Some(id) = lane.next(now).and_then(|place| lane.launch(place)) else {
                continue;
            };
            self.dirty.item_put(id, key);
            self.launched.insert(key.clone());
        }
    }

    /// What was launched since the last call, to be sent now that it is written down.
    pub(crate) fn claim(&mut self) -> Vec<Sending> {
        let launched = std::mem::take(&mut self.launched);
        let sendings = launched.into_iter().filter_map(|key| {
            let lane = self.lanes.get(&key)?;
            let notification = lane.get(lane.in_flight?)?.notification.clone();
            Some(Sending {
                lane: key,
                notification,
            })
        });
        sendings.collect()
    }

    /// What was claimed was not sent to its end: it goes out again.
    pub(crate) fn unclaim(&mut self, key: &LaneKey, id: DeliveryId) {
        if self.lanes.get_mut(key).is_some_and(|lane| lane.abort(id)) {
            self.dirty.item_put(id, key);
        }
    }

    /// How a channel stands.
    pub(crate) fn channel(&self, name: &str, now: Timestamp) -> ChannelView {
        let standing = self.channels.get(name);
        let mut view = ChannelView {
            throttled_until: standing.and_then(|standing| standing.rest_until),
            disabled: standing
                .and_then(|standing| standing.disabled.as_ref())
                .map(|disabled| (disabled.at, disabled.error)),
            ..ChannelView::default()
        };
        for (_, lane) in self.lanes_of_channel(name) {
            view.queued += lane.len();
            let oldest = lane.items().map(|item| item.notification.created_at).min();
            view.oldest = match (view.oldest, oldest) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            view.throttled_until = view.throttled_until.max(lane.standing.rest_until);
            if let (None, Some(disabled)) = (view.disabled, &lane.standing.disabled) {
                view.disabled = Some((disabled.at, disabled.error));
            }
        }
        view.throttled_until = view.throttled_until.filter(|until| now < *until);
        view
    }

    /// How many notifications wait, in flight included.
    pub(crate) fn waiting(&self) -> usize {
        self.lanes.values().map(super::Lane::len).sum()
    }
}
