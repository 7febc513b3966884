//! Alerts that are over and of which everybody knows are forgotten.

use super::Pipeline;
use super::lane::{Item, Lane, LaneKey};
use crate::labels::Fingerprint;
use crate::notification::Status;

impl Pipeline {
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
        let waits = |lane: &Lane| lane.about(key).any(|item| mentions(item, fingerprint));
        if group.flush_at.is_some() || self.lanes.values().any(waits) {
            return false;
        }
        let receiver = &node.receiver;
        let has_heard = |lane: &LaneKey| group.told(lane, fingerprint).is_some_and(|told| told.seq >= seq);
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
}

fn mentions(item: &Item, fingerprint: Fingerprint) -> bool {
    item.content
        .iter()
        .any(|content| content.fingerprint == fingerprint)
}
