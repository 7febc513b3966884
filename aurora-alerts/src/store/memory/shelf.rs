//! What a store in memory holds.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::super::{Batch, InboxMessage, Lead, OutboxRow, Snapshot, StateKey, pages};
use crate::history::{HistoryQuery, Record};
use crate::notification::DeliveryId;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    fence: i64,
    /// Who leads, and until when by the monotonic clock.
    leader: Option<(String, Duration)>,
    version: i64,
    state: BTreeMap<StateKey, String>,
    outbox: BTreeMap<DeliveryId, OutboxRow>,
    /// Which delivery has a `dedup`.
    changes: HashMap<String, DeliveryId>,
    /// In the order of their places.
    history: VecDeque<Record>,
    /// The highest number that the history has seen.
    newest: i64,
    inbox: VecDeque<InboxMessage>,
    /// The number of the last message.
    submitted: i64,
}

impl Shelf {
    pub(super) fn lead(&mut self, holder: &str, now: Duration, until: Duration) -> Option<Lead> {
        match &mut self.leader {
            // Nobody has written in the meantime, so that what it knows is still so.
            Some((leader, expires)) if leader == holder => *expires = until,
            Some((_, expires)) if *expires > now => return None,
            _ => {
                self.fence += 1;
                self.leader = Some((holder.to_owned(), until));
            }
        }
        Some(Lead { fence: self.fence })
    }

    pub(super) fn resign(&mut self, lead: Lead) {
        if self.is_led_by(lead) {
            self.leader = None;
        }
    }

    /// A lead whose time is up still counts while nobody has taken it: nobody else writes.
    pub(super) fn is_led_by(&self, lead: Lead) -> bool {
        self.leader.is_some() && self.fence == lead.fence
    }

    pub(super) const fn version(&self) -> i64 {
        self.version
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let state = self.state.iter();
        let mut outbox: Vec<OutboxRow> = self.outbox.values().cloned().collect();
        outbox.sort_by_key(|row| (row.created_at, row.id));
        Snapshot {
            state: state.map(|(key, body)| (key.clone(), body.clone())).collect(),
            outbox,
            version: self.version,
        }
    }

    pub(super) fn write(&mut self, batch: &Batch, history_limit: usize) {
        self.version += 1;
        for key in &batch.deletes {
            self.state.remove(key);
        }
        for (key, body) in &batch.puts {
            match self.state.get_mut(key) {
                Some(stored) => body.clone_into(stored),
                None => drop(self.state.insert(key.clone(), body.clone())),
            }
        }
        for id in &batch.dequeue {
            if let Some(row) = self.outbox.remove(id) {
                self.changes.remove(&row.dedup);
            }
        }
        for row in &batch.enqueue {
            self.enqueue(row);
        }
        for record in &batch.history {
            self.record(record, history_limit);
        }
        for seq in &batch.consumed {
            if let Ok(at) = self.inbox.binary_search_by_key(seq, |message| message.seq) {
                self.inbox.remove(at);
            }
        }
    }

    fn enqueue(&mut self, row: &OutboxRow) {
        match self.outbox.entry(row.id) {
            Slot::Occupied(mut slot) => {
                let dedup = std::mem::take(&mut slot.get_mut().dedup);
                slot.insert(OutboxRow { dedup, ..row.clone() });
            }
            Slot::Vacant(slot) if !self.changes.contains_key(&row.dedup) => {
                self.changes.insert(row.dedup.clone(), row.id);
                slot.insert(row.clone());
            }
            Slot::Vacant(_) => {}
        }
    }

    fn record(&mut self, record: &Record, limit: usize) {
        // Numbers rise, so that only a batch that is written again has one that was seen.
        if record.seq <= self.newest && self.history.iter().any(|known| known.seq == record.seq) {
            return;
        }
        self.newest = self.newest.max(record.seq);
        let place = pages::place(record);
        match self.history.back() {
            Some(last) if pages::place(last) > place => {
                let at = self.history.partition_point(|known| pages::place(known) < place);
                self.history.insert(at, record.clone());
            }
            _ => self.history.push_back(record.clone()),
        }
        while self.history.len() > limit {
            self.history.pop_front();
        }
    }

    /// Whether there was room for all of them.
    pub(super) fn submit(&mut self, bodies: &[String], limit: usize) -> bool {
        if self.inbox.len().saturating_add(bodies.len()) > limit {
            return false;
        }
        for body in bodies {
            self.submitted += 1;
            self.inbox.push_back(InboxMessage {
                seq: self.submitted,
                body: body.clone(),
            });
        }
        true
    }

    pub(super) fn inbox(&self, after: i64, limit: usize) -> Vec<InboxMessage> {
        let first = self.inbox.partition_point(|message| message.seq <= after);
        self.inbox.iter().skip(first).take(limit).cloned().collect()
    }

    /// The newest `most` of `query` before `start`.
    pub(super) fn history(
        &self,
        query: &HistoryQuery,
        start: Option<pages::Place>,
        most: usize,
    ) -> Vec<Record> {
        let newest = self.history.iter().rev();
        newest
            .filter(|record| start.is_none_or(|start| pages::place(record) < start) && query.wants(record))
            .take(most)
            .cloned()
            .collect()
    }

    pub(super) fn sweep(&mut self, before: Timestamp, limit: usize) -> u64 {
        let old = self.history.partition_point(|record| record.at < before);
        let gone = old.min(limit);
        self.history.drain(..gone);
        u64::try_from(gone).unwrap_or(u64::MAX)
    }
}
