//! What waits for one target of one channel, as plain data.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::Fingerprint;
use crate::notification::{DeliveryId, Notification, Reason, Status};
use crate::notifier::{Limits, NotifyErrorKind};
use crate::rule::Severity;

/// One target of one channel.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneKey {
    pub(crate) channel: Arc<str>,
    pub(crate) target: Arc<str>,
}

impl LaneKey {
    pub(crate) fn new(channel: &str, target: &str) -> Self {
        Self {
            channel: Arc::from(channel),
            target: Arc::from(target),
        }
    }
}

impl fmt::Debug for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.channel, self.target)
    }
}

/// Up to which change of which alert of which group a notification tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) group: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) seq: u64,
    pub(crate) status: Status,
}

/// One notification that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) notification: Notification,
    /// What is told once it is delivered.
    pub(crate) content: Vec<Content>,
    /// Attempts that failed, also of notifications that this one took the place of.
    pub(crate) failures: u32,
    pub(crate) not_before: Timestamp,
    /// An attempt may have arrived: the content must not change, nor be told again under another id.
    pub(crate) ambiguous: bool,
    /// It is being sent. Stored, so that whoever takes over knows that it may have arrived.
    #[serde(default)]
    pub(crate) flying: bool,
    /// Its place among equals.
    pub(crate) order: u64,
}

/// Where an item stands in its lane: the worst first, then the oldest.
pub(crate) type Place = (Reverse<Severity>, u64);

impl Item {
    pub(crate) fn place(&self) -> Place {
        (Reverse(self.notification.severity), self.order)
    }

    /// Whether a newer notification of its group may take its place.
    pub(crate) fn is_replaceable(&self) -> bool {
        !self.ambiguous && self.notification.reason != Reason::Digest
    }

    /// Whether it may become part of a digest.
    fn is_mergeable(&self) -> bool {
        !self.ambiguous
            && matches!(
                self.notification.reason,
                Reason::Changed | Reason::Repeated | Reason::Escalated | Reason::Flapping
            )
    }

    /// It was being sent, and nobody knows whether it arrived: it goes out again as it is.
    pub(crate) fn abort(&mut self) {
        if std::mem::take(&mut self.flying) {
            self.ambiguous = true;
            self.notification.attempt = self.notification.attempt.saturating_add(1);
        }
    }

    /// The groups that it is about.
    pub(crate) fn groups(&self) -> BTreeSet<&str> {
        let told = self.content.iter().map(|part| part.group.as_str());
        told.chain([self.notification.group_key.as_str()]).collect()
    }
}

/// Why nothing is sent on a lane or a channel until somebody has corrected it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disabled {
    pub(crate) at: Timestamp,
    pub(crate) error: NotifyErrorKind,
    pub(crate) detail: String,
}

/// What is kept of a lane, or of a whole channel, over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Standing {
    /// It asked to be left alone until then.
    pub(crate) rest_until: Option<Timestamp>,
    pub(crate) disabled: Option<Disabled>,
    /// Failures in a row that no repetition will mend.
    pub(crate) permanent: u32,
    /// Where the target has moved.
    pub(crate) moved_to: Option<String>,
}

impl Standing {
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn rests(&self, now: Timestamp) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// Rests at least until then; a shorter wish does not undo a longer one.
    pub(crate) fn rest(&mut self, until: Timestamp) {
        self.rest_until = self.rest_until.max(Some(until));
    }
}

/// One target of one channel, with what waits for it.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) limits: Limits,
    pub(crate) standing: Standing,
    items: BTreeMap<Place, Item>,
    places: BTreeMap<DeliveryId, Place>,
    /// Which items are about which group.
    groups: BTreeMap<String, BTreeSet<Place>>,
    /// What is being sent now.
    pub(crate) in_flight: Option<Place>,
    /// Failed attempts in a row, of whatever notification.
    pub(crate) failures: u32,
    /// Items written before then had to wait for the lane.
    pub(crate) waited_until: Option<Timestamp>,
}

impl Lane {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            standing: Standing::default(),
            items: BTreeMap::new(),
            places: BTreeMap::new(),
            groups: BTreeMap::new(),
            in_flight: None,
            failures: 0,
            waited_until: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub(crate) fn is_flying(&self, item: &Item) -> bool {
        self.in_flight == Some(item.place())
    }

    pub(crate) fn put(&mut self, item: Item) {
        let place = item.place();
        for group in item.groups() {
            match self.groups.get_mut(group) {
                Some(places) => {
                    places.insert(place);
                }
                None => {
                    self.groups.insert(group.to_owned(), BTreeSet::from([place]));
                }
            }
        }
        self.places.insert(item.notification.id, place);
        self.items.insert(place, item);
    }

    pub(crate) fn remove(&mut self, place: Place) -> Option<Item> {
        if self.in_flight == Some(place) {
            self.in_flight = None;
        }
        let item = self.items.remove(&place)?;
        self.places.remove(&item.notification.id);
        for group in item.groups() {
            if let Some(places) = self.groups.get_mut(group) {
                places.remove(&place);
                if places.is_empty() {
                    self.groups.remove(group);
                }
            }
        }
        Some(item)
    }

    /// What waits or flies that is about the group.
    pub(crate) fn about(&self, group: &str) -> impl Iterator<Item = &Item> {
        let places = self.groups.get(group).into_iter().flatten();
        places.filter_map(|place| self.items.get(place))
    }

    pub(crate) fn find(&self, id: DeliveryId) -> Option<&Item> {
        self.get(*self.places.get(&id)?)
    }

    /// Marks an item as being sent.
    pub(crate) fn launch(&mut self, place: Place) -> Option<DeliveryId> {
        let item = self.items.get_mut(&place)?;
        item.flying = true;
        self.in_flight = Some(place);
        Some(item.notification.id)
    }

    /// What was being sent no longer is, and nobody knows whether it arrived.
    pub(crate) fn abort(&mut self, id: DeliveryId) -> bool {
        let flying = self.in_flight.and_then(|place| self.items.get_mut(&place));
        let Some(item) = flying.filter(|item| item.notification.id == id) else {
            return false;
        };
        item.abort();
        self.in_flight = None;
        true
    }

    /// Leaves the lane alone until then, and notes that what waits now had to.
    pub(crate) fn rest(&mut self, until: Timestamp) {
        self.standing.rest(until);
        self.waited_until = self.waited_until.max(Some(until));
    }

    /// Whether something about the group is on its way whose content must not change any more.
    pub(crate) fn blocks(&self, group: &str) -> bool {
        self.about(group)
            .any(|item| self.is_flying(item) || !item.is_replaceable())
    }

    /// What waits for the group and can be replaced.
    pub(crate) fn replaceable(&self, group: &str) -> Vec<Place> {
        self.about(group)
            .filter(|item| item.is_replaceable() && !self.is_flying(item))
            .map(Item::place)
            .collect()
    }

    /// The next item that may be sent: the worst, the oldest among equals, and never before an older one of its group.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Place> {
        if self.in_flight.is_some() || self.standing.disabled.is_some() || self.standing.rests(now) {
            return None;
        }
        let mut ready = self.items.values().filter(|item| item.not_before <= now);
        ready.find(|item| self.is_head(item)).map(Item::place)
    }

    fn is_head(&self, item: &Item) -> bool {
        item.groups()
            .into_iter()
            .all(|group| self.about(group).all(|other| other.order >= item.order))
    }

    /// When the next item may be sent, if nothing else happens.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        if self.in_flight.is_some() || self.standing.disabled.is_some() {
            return None;
        }
        let due = self.items.values().map(|item| item.not_before).min()?;
        Some(self.standing.rest_until.map_or(due, |rest| due.max(rest)))
    }

    /// What is to become one digest: at least two items that had to wait, the worst first, within the lane's limit.
    pub(crate) fn to_merge(&self, now: Timestamp) -> Vec<Place> {
        let Some(waited_until) = self.waited_until else {
            return Vec::new();
        };
        if self.in_flight.is_some()
            || self.standing.disabled.is_some()
            || self.standing.rests(now)
            || self.limits.alerts < 2
        {
            return Vec::new();
        }
        let mut room = self.limits.alerts;
        let mut places = Vec::new();
        for item in self.items.values() {
            if !item.is_mergeable() || item.notification.created_at >= waited_until {
                continue;
            }
            let Some(left) = room.checked_sub(item.notification.alerts.len()) else {
                break;
            };
            room = left;
            places.push(item.place());
        }
        // A digest that is to be tried again goes first: it is older than all of these.
        let has_digest = self
            .items
            .values()
            .any(|item| item.notification.reason == Reason::Digest);
        if places.len() < 2 || has_digest {
            return Vec::new();
        }
        places
    }

    pub(crate) fn get(&self, place: Place) -> Option<&Item> {
        self.items.get(&place)
    }

    /// Changes every item, also what is in flight, which stays so.
    pub(crate) fn rewrite(&mut self, change: impl Fn(&mut Item) -> bool) -> Vec<DeliveryId> {
        let flying = self.in_flight;
        let places: Vec<Place> = self.items.keys().copied().collect();
        let mut changed = Vec::new();
        for place in places {
            if let Some(mut item) = self.remove(place) {
                if change(&mut item) {
                    changed.push(item.notification.id);
                }
                self.put(item);
            }
        }
        self.in_flight = flying;
        changed
    }

    /// Everything that waits, taken out, except what is in flight.
    pub(crate) fn drain(&mut self) -> Vec<Item> {
        let places: Vec<Place> = self
            .items
            .keys()
            .copied()
            .filter(|place| Some(*place) != self.in_flight)
            .collect();
        places
            .into_iter()
            .filter_map(|place| self.remove(place))
            .collect()
    }

    /// Every time moves back by `by`, because the machine's clock did.
    pub(crate) fn shift(&mut self, by: std::time::Duration) {
        for item in self.items.values_mut() {
            item.not_before = item.not_before - by;
        }
        self.standing.rest_until = self.standing.rest_until.map(|until| until - by);
        self.waited_until = self.waited_until.map(|until| until - by);
    }
}
