//! What one channel has still to send, as plain data: no clock, no I/O.
//!
//! Its times are those of `Clock::elapsed`: a machine's clock that is set back delays no delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::notification::{DeliveryId, Notification};

#[derive(Debug)]
pub(super) struct Outbox {
    /// In the order of their arrival.
    items: Vec<Item>,
    capacity: usize,
    in_flight: Option<DeliveryId>,
    /// The channel as a whole asked to be left alone until then.
    throttled_until: Option<Duration>,
}

#[derive(Debug)]
struct Item {
    notification: Notification,
    not_before: Duration,
}

impl Outbox {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            items: Vec::new(),
            capacity,
            in_flight: None,
            throttled_until: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn throttled_until(&self, now: Duration) -> Option<Duration> {
        self.throttled_until.filter(|until| now < *until)
    }

    /// Adds a notification; when full, gives back one of the least severe, which may be the new one: the oldest that
    /// is not the last word about its alert, or else the oldest.
    pub(super) fn push(&mut self, notification: Notification, now: Duration) -> Option<Notification> {
        self.items.push(Item {
            notification,
            not_before: now,
        });
        if self.items.len() <= self.capacity {
            return None;
        }
        let waiting = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| Some(item.notification.id) != self.in_flight);
        let last: BTreeMap<_, _> = self
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| (item.notification.fingerprint, index))
            .collect();
        // `min_by_key` gives the first of equals, and the items stand in order of arrival.
        let (victim, _) = waiting.min_by_key(|(index, item)| {
            let is_last_word = last.get(&item.notification.fingerprint) == Some(index);
            (item.notification.severity, is_last_word)
        })?;
        Some(self.items.remove(victim).notification)
    }

    /// Takes the next notification that may go now: the most severe, the oldest among equals, and never before an
    /// older one of the same alert. One at a time: nothing while one is in flight.
    pub(super) fn claim(&mut self, now: Duration) -> Option<Notification> {
        if self.in_flight.is_some() || self.throttled_until(now).is_some() {
            return None;
        }
        let ready = self.heads().filter(|item| item.not_before <= now);
        // The last of equals would win in `max_by_key`, so look from the end.
        let next = ready
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .max_by_key(|item| item.notification.severity)?;
        let notification = next.notification.clone();
        self.in_flight = Some(notification.id);
        Some(notification)
    }

    /// When the next claim can succeed, if nothing else happens; `None` while empty or in flight.
    pub(super) fn next_due(&self) -> Option<Duration> {
        if self.in_flight.is_some() {
            return None;
        }
        let due = self.heads().map(|item| item.not_before).min()?;
        Some(self.throttled_until.map_or(due, |until| due.max(until)))
    }

    /// It was delivered or given up.
    pub(super) fn finish(&mut self, id: DeliveryId) {
        self.in_flight = None;
        self.items.retain(|item| item.notification.id != id);
    }

    /// It is to be tried again.
    pub(super) fn postpone(&mut self, id: DeliveryId, not_before: Duration) {
        self.in_flight = None;
        if let Some(item) = self.items.iter_mut().find(|item| item.notification.id == id) {
            item.notification.attempt = item.notification.attempt.saturating_add(1);
            item.not_before = not_before;
        }
    }

    /// The channel as a whole is to be left alone.
    pub(super) fn throttle(&mut self, until: Duration) {
        self.throttled_until = self.throttled_until.max(Some(until));
    }

    /// The oldest notification of every alert.
    fn heads(&self) -> impl Iterator<Item = &Item> {
        let mut seen = BTreeSet::new();
        self.items
            .iter()
            .filter(move |item| seen.insert(item.notification.fingerprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::Status;
    use crate::rule::Severity;
    use crate::testing::sample_notification;

    fn at(secs: u64) -> Duration {
        Duration::from_secs(1_000 + secs)
    }

    fn notice(rule: &str, severity: Severity) -> Notification {
        let mut notification = sample_notification(rule, Status::Firing);
        notification.severity = severity;
        notification
    }

    fn names(outbox: &mut Outbox, now: Duration) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(next) = outbox.claim(now) {
            outbox.finish(next.id);
            names.push(format!("{} {}", next.rule, next.status));
        }
        names
    }

    #[test]
    fn the_worst_goes_first_and_equals_keep_their_order() {
        let mut outbox = Outbox::new(10);
        for (rule, severity) in [
            ("a", Severity::Info),
            ("b", Severity::Critical),
            ("c", Severity::Warning),
            ("d", Severity::Critical),
        ] {
            assert!(outbox.push(notice(rule, severity), at(0)).is_none());
        }
        assert_eq!(
            names(&mut outbox, at(0)),
            ["b firing", "d firing", "c firing", "a firing"]
        );
    }

    #[test]
    fn a_resolve_never_overtakes_its_firing() {
        let mut outbox = Outbox::new(10);
        outbox.push(notice("a", Severity::Warning), at(0));
        outbox.push(sample_notification("a", Status::Resolved), at(0));
        let firing = outbox.claim(at(0)).unwrap();
        outbox.postpone(firing.id, at(60));
        assert_eq!(
            outbox.claim(at(1)),
            None,
            "the firing waits, so its end waits too"
        );
        assert_eq!(outbox.next_due(), Some(at(60)));
        let again = outbox.claim(at(60)).unwrap();
        assert_eq!((again.id, again.attempt), (firing.id, 2));
        outbox.finish(again.id);
        assert_eq!(names(&mut outbox, at(60)), ["a resolved"]);
    }

    #[test]
    fn one_at_a_time_and_a_throttled_channel_rests() {
        let mut outbox = Outbox::new(10);
        outbox.push(notice("a", Severity::Warning), at(0));
        outbox.push(notice("b", Severity::Warning), at(0));
        let first = outbox.claim(at(0)).unwrap();
        assert_eq!(outbox.claim(at(0)), None);
        assert_eq!(outbox.next_due(), None);
        outbox.throttle(at(30));
        outbox.throttle(at(10));
        outbox.finish(first.id);
        assert_eq!(
            outbox.claim(at(29)),
            None,
            "a shorter wish does not undo a longer one"
        );
        assert_eq!(outbox.next_due(), Some(at(30)));
        assert!(outbox.claim(at(30)).is_some());
    }

    #[test]
    fn when_full_the_oldest_of_the_least_severe_makes_room() {
        let mut outbox = Outbox::new(3);
        outbox.push(notice("info-1", Severity::Info), at(0));
        outbox.push(notice("crit-1", Severity::Critical), at(0));
        outbox.push(notice("info-2", Severity::Info), at(0));
        let mut dropped = Vec::new();
        for rule in ["crit-2", "crit-3", "crit-4"] {
            dropped.push(outbox.push(notice(rule, Severity::Critical), at(0)).unwrap().rule);
        }
        dropped.push(outbox.push(notice("info-3", Severity::Info), at(0)).unwrap().rule);
        assert_eq!(dropped, ["info-1", "info-2", "crit-1", "info-3"]);
    }

    #[test]
    fn when_full_the_last_word_about_an_alert_stays_longest() {
        let mut outbox = Outbox::new(3);
        // its firing was delivered before: without its end it would seem to fire for ever
        outbox.push(sample_notification("told", Status::Resolved), at(0));
        outbox.push(notice("flapping", Severity::Warning), at(0));
        outbox.push(sample_notification("flapping", Status::Resolved), at(0));
        let dropped = outbox.push(notice("new", Severity::Warning), at(0)).unwrap();
        assert_eq!(
            (dropped.rule.as_str(), dropped.status),
            ("flapping", Status::Firing)
        );
        assert_eq!(
            names(&mut outbox, at(0)),
            ["told resolved", "flapping resolved", "new firing"]
        );
    }

    #[test]
    fn what_is_in_flight_is_never_dropped() {
        let mut outbox = Outbox::new(1);
        outbox.push(notice("flying", Severity::Info), at(0));
        outbox.claim(at(0)).unwrap();
        let dropped = outbox.push(notice("new", Severity::Critical), at(0)).unwrap();
        assert_eq!(dropped.rule, "new");
    }
}
