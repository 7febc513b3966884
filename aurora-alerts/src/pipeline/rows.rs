//! The pipeline as rows of a store, and back.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::changes::ToldKey;
use super::group::{Group, GroupTimes, Told};
use super::known::Known;
use super::lane::{Item, LaneKey, Standing};
use super::write::dedup;
use super::{Dirty, Pipeline, Setup};
use crate::labels::Fingerprint;
use crate::notification::Reason;
use crate::silence::Silence;
use crate::store::{Batch, OutboxRow, StateKey, StateKind};

/// Between the parts of a key; in no name of a channel, and escaped nowhere because parts are read from both ends.
const SEPARATOR: char = '\u{1f}';

impl Pipeline {
    /// Writes out every row that changed since the last call.
    pub(crate) fn take_changes(&mut self, batch: &mut Batch) {
        let dirty = std::mem::take(&mut self.dirty);
        for fingerprint in &dirty.alerts {
            let row = self.alerts.get(fingerprint);
            put(batch, (StateKind::Alert, fingerprint.to_string()), row);
        }
        for key in &dirty.groups {
            let times = self.groups.get(key).map(Group::times);
            put(batch, (StateKind::Group, key.clone()), times.as_ref());
        }
        for key in &dirty.told {
            let told = self
                .groups
                .get(&key.0)
                .and_then(|group| group.told(&key.1, key.2));
            put(batch, (StateKind::Told, told_key(key)), told.as_ref());
        }
        for id in &dirty.silences {
            let row = self.silences.get(id);
            put(batch, (StateKind::Silence, id.to_string()), row);
        }
        for channel in &dirty.channels {
            let row = self.channels.get(channel).filter(|standing| !standing.is_plain());
            put(batch, (StateKind::Channel, channel.clone()), row);
        }
        for key in &dirty.lanes {
            let standing = self.lanes.get(key).map(|lane| &lane.standing);
            let row = standing.filter(|standing| !standing.is_plain());
            put(batch, (StateKind::Channel, lane_key(key)), row);
        }
        self.take_items(&dirty, batch);
    }

    fn take_items(&self, dirty: &Dirty, batch: &mut Batch) {
        for (id, key) in &dirty.items {
            let Some(item) = self.lanes.get(key).and_then(|lane| lane.find(*id)) else {
                continue;
            };
            let Ok(body) = serde_json::to_string(item) else {
                continue; // plain data can always be written
            };
            let notification = &item.notification;
            batch.enqueue.push(OutboxRow {
                id: notification.id,
                dedup: dedup(key, item),
                channel: key.channel.to_string(),
                target: key.target.to_string(),
                created_at: notification.created_at,
                attempts: notification.attempt.saturating_sub(1),
                not_before: item.not_before,
                body,
            });
        }
        batch.dequeue.extend(dirty.gone.iter().copied());
    }

    /// Takes up what another process left; gives how many rows could not be understood.
    ///
    /// Must be called before anything else, alerts before what was told of them: in the order of [`StateKind`].
    pub(crate) fn restore(&mut self, state: &[(StateKey, String)], outbox: &[OutboxRow]) -> u64 {
        let mut unreadable = 0;
        for wanted in [
            StateKind::Alert,
            StateKind::Group,
            StateKind::Told,
            StateKind::Silence,
            StateKind::Channel,
        ] {
            for ((_, key), body) in state.iter().filter(|((kind, _), _)| *kind == wanted) {
                if self.restore_row(wanted, key, body).is_none() {
                    unreadable += 1;
                }
            }
        }
        let fingerprints: Vec<Fingerprint> = self.alerts.keys().copied().collect();
        for fingerprint in &fingerprints {
            self.set_alert_timer(*fingerprint);
        }
        for (key, told) in std::mem::take(&mut self.strays) {
            self.carry_stray(&key, told);
        }
        for row in outbox {
            unreadable += u64::from(self.restore_item(row).is_none());
        }
        let keys: Vec<String> = self.groups.keys().cloned().collect();
        for key in &keys {
            self.set_repeat_timer(key);
        }
        self.has_strangers = true;
        // What is kept back is known by looking.
        self.watched.extend(keys);
        unreadable
    }

    fn restore_row(&mut self, kind: StateKind, key: &str, body: &str) -> Option<()> {
        match kind {
            StateKind::Alert => {
                let known: Known = read(body)?;
                let fingerprint = known.facts.fingerprint;
                self.alerts.insert(fingerprint, known);
                self.join_groups(fingerprint, false);
                // What is stored of them follows, as far as the routes are the same.
                self.dirty.groups.clear();
            }
            StateKind::Group => {
                let times: GroupTimes = read(body)?;
                if let Some(group) = self.groups.get_mut(key) {
                    group.flushed_at = times.flushed_at;
                    group.flush_at = times.flush_at;
                } else {
                    self.dirty.groups.insert(key.to_owned());
                }
            }
            StateKind::Told => {
                let told: Told = read(body)?;
                let key = parse_told_key(key)?;
                match self.groups.get_mut(&key.0) {
                    Some(group) => {
                        group.told.entry(key.1).or_default().insert(key.2, told);
                    }
                    // Other routes are in force than those by which it was told.
                    None => {
                        self.strays.push((key.clone(), told));
                        self.dirty.told.insert(key);
                    }
                }
            }
            StateKind::Silence => {
                let silence: Silence = read(body)?;
                self.silences.insert(silence.id, silence);
            }
            StateKind::Channel => {
                let standing: Standing = read(body)?;
                match key.split_once(SEPARATOR) {
                    None => {
                        if let Some(channel) = self.channels.get_mut(key) {
                            *channel = standing;
                        }
                    }
                    Some((channel, target)) => {
                        if let Some(lane) = self.lanes.get_mut(&LaneKey::new(channel, target)) {
                            lane.waited_until = standing.rest_until;
                            lane.standing = standing;
                        }
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Works by other routes and rules from now on; what was told, what waits and what fires stay.
    pub(crate) fn configure(&mut self, setup: Setup, now: Timestamp) {
        self.setup = setup;
        self.open_lanes();
        self.inhibition = None;
        let mut told: BTreeMap<String, BTreeMap<LaneKey, BTreeMap<Fingerprint, Told>>> = BTreeMap::new();
        for (key, group) in std::mem::take(&mut self.groups) {
            self.dirty.groups.insert(key.clone());
            for (lane, of_lane) in &group.told {
                let keys = of_lane.keys().map(|alert| (key.clone(), lane.clone(), *alert));
                self.dirty.told.extend(keys);
            }
            told.insert(key, group.told);
        }
        self.timers.groups.clear();
        self.watched.clear();
        let before = std::mem::take(&mut self.memberships);
        let fingerprints: Vec<Fingerprint> = self.alerts.keys().copied().collect();
        for fingerprint in &fingerprints {
            self.join_groups(*fingerprint, true);
        }
        for (fingerprint, keys) in before {
            self.carry_over(fingerprint, &keys, &told);
        }
        self.drop_strangers(now);
        for fingerprint in fingerprints {
            self.set_alert_timer(fingerprint);
            self.schedule_groups_of(fingerprint, now);
        }
    }

    /// What a lane was told in a group that is no longer there it knows in the groups that are.
    fn carry_stray(&mut self, (_, lane, fingerprint): &ToldKey, told: Told) {
        for key in self.memberships.get(fingerprint).cloned().unwrap_or_default() {
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            if group
                .told(lane, *fingerprint)
                .is_none_or(|known| known.seq < told.seq)
            {
                group
                    .told
                    .entry(lane.clone())
                    .or_default()
                    .insert(*fingerprint, told);
                self.dirty.told.insert((key, lane.clone(), *fingerprint));
            }
        }
    }

    /// What a lane knows of an alert it knows in whatever group the alert is now.
    fn carry_over(
        &mut self,
        fingerprint: Fingerprint,
        before: &[String],
        told: &BTreeMap<String, BTreeMap<LaneKey, BTreeMap<Fingerprint, Told>>>,
    ) {
        let mut known: BTreeMap<LaneKey, Told> = BTreeMap::new();
        for (lane, of_lane) in before.iter().filter_map(|key| told.get(key)).flatten() {
            if let Some(found) = of_lane.get(&fingerprint) {
                let newest = known.entry(lane.clone()).or_insert(*found);
                if newest.seq < found.seq {
                    *newest = *found;
                }
            }
        }
        for key in self.memberships.get(&fingerprint).cloned().unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(&key) {
                for (lane, told) in &known {
                    group
                        .told
                        .entry(lane.clone())
                        .or_default()
                        .insert(fingerprint, *told);
                    self.dirty.told.insert((key.clone(), lane.clone(), fingerprint));
                }
            }
        }
    }

    /// What waits for groups that are no longer there is written anew, by the groups that are.
    pub(super) fn drop_strangers(&mut self, now: Timestamp) {
        self.rehouse();
        let lanes: Vec<LaneKey> = self.lanes.keys().cloned().collect();
        for key in lanes {
            let Some(lane) = self.lanes.get(&key) else {
                continue;
            };
            let strangers: Vec<_> = lane
                .items()
                .filter(|item| !lane.is_flying(item) && item.is_replaceable())
                .filter(|item| !self.groups.contains_key(&item.notification.group_key))
                .map(Item::place)
                .collect();
            for place in strangers {
                self.drop_item(&key, place, crate::history::Outcome::Superseded, now);
            }
        }
    }

    /// What may have arrived stays as it is, and is about the groups in which its alerts are now.
    fn rehouse(&mut self) {
        let (groups, memberships) = (&self.groups, &self.memberships);
        let home = |fingerprint: &Fingerprint| memberships.get(fingerprint).and_then(|keys| keys.first());
        for (key, lane) in &mut self.lanes {
            let changed = lane.rewrite(|item| {
                if item.is_replaceable() && !item.flying {
                    return false;
                }
                let mut moved = false;
                for part in &mut item.content {
                    if !groups.contains_key(&part.group)
                        && let Some(home) = home(&part.fingerprint)
                    {
                        part.group.clone_from(home);
                        moved = true;
                    }
                }
                if moved
                    && !groups.contains_key(&item.notification.group_key)
                    && item.notification.reason != Reason::Digest
                    && let Some(part) = item.content.first()
                {
                    item.notification.group_key.clone_from(&part.group);
                }
                moved
            });
            for id in changed {
                self.dirty.item_put(id, key);
            }
        }
    }

    fn restore_item(&mut self, row: &OutboxRow) -> Option<()> {
        let mut item: Item = read(&row.body)?;
        item.notification.id = row.id;
        item.abort();
        self.order = self.order.max(item.order);
        let key = LaneKey::new(&row.channel, &row.target);
        match self.lanes.get_mut(&key) {
            Some(lane) => lane.put(item),
            // The channel or the target is no longer there: its groups are looked at anew.
            None => self.dirty.item_gone(row.id),
        }
        Some(())
    }
}

fn put<T: Serialize>(batch: &mut Batch, key: StateKey, row: Option<&T>) {
    match row.and_then(|row| serde_json::to_string(row).ok()) {
        Some(body) => batch.puts.push((key, body)),
        None => batch.deletes.push(key),
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Option<T> {
    serde_json::from_str(body).ok()
}

fn lane_key(key: &LaneKey) -> String {
    format!("{}{SEPARATOR}{}", key.channel, key.target)
}

fn told_key((group, lane, fingerprint): &ToldKey) -> String {
    format!(
        "{fingerprint}{SEPARATOR}{}{SEPARATOR}{}{SEPARATOR}{}{group}",
        lane.channel,
        lane.target.len(),
        lane.target
    )
}

fn parse_told_key(key: &str) -> Option<ToldKey> {
    let (fingerprint, rest) = key.split_once(SEPARATOR)?;
    let (channel, rest) = rest.split_once(SEPARATOR)?;
    let (length, rest) = rest.split_once(SEPARATOR)?;
    let (target, group) = rest.split_at_checked(length.parse().ok()?)?;
    Some((
        group.to_owned(),
        LaneKey::new(channel, target),
        fingerprint.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_what_was_told_go_both_ways_whatever_is_in_them() {
        for (target, group) in [
            ("", ""),
            ("a@b", ":x"),
            ("\u{1f}", "\u{1f}{a=\"\u{1f}\"}"),
            ("ção", "/0{}:é"),
        ] {
            let key = (
                group.to_owned(),
                LaneKey::new("mail", target),
                crate::labels::Labels::new().fingerprint(),
            );
            assert_eq!(parse_told_key(&told_key(&key)), Some(key));
        }
    }
}
