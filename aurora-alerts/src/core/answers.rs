//! What became of commands that other replicas handed in, until they have surely read it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::input::Reply;
use crate::store::{Batch, Snapshot, StateKind};

/// Longer than anybody waits; what the inbox takes in meanwhile is the most that there can be.
const KEEP: Duration = Duration::from_secs(60);
/// Sets the tickets apart from whatever else an engine keeps about itself.
const PREFIX: &str = "answer/";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Answer {
    reply: Reply,
    at: Timestamp,
}

/// Answers by the ticket under which the command came.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: BTreeMap<String, Answer>,
    unsaved: BTreeSet<String>,
}

impl Answers {
    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        for ((kind, key), body) in &snapshot.state {
            let ticket = key.strip_prefix(PREFIX).filter(|_| *kind == StateKind::Engine);
            // One that a newer version wrote is waited for in vain, and swept by that version.
            if let (Some(ticket), Ok(answer)) = (ticket, serde_json::from_str(body)) {
                self.known.insert(ticket.to_owned(), answer);
            }
        }
    }

    pub(super) fn give(&mut self, ticket: String, reply: Reply, at: Timestamp) {
        self.unsaved.insert(ticket.clone());
        self.known.insert(ticket, Answer { reply, at });
    }

    pub(super) fn get(&self, ticket: &str) -> Option<Reply> {
        self.known.get(ticket).map(|answer| answer.reply)
    }

    pub(super) fn take_changes(&mut self, now: Timestamp, batch: &mut Batch) {
        let key = |ticket: &str| (StateKind::Engine, format!("{PREFIX}{ticket}"));
        for ticket in std::mem::take(&mut self.unsaved) {
            if let Some(Ok(body)) = self.known.get(&ticket).map(serde_json::to_string) {
                batch.puts.push((key(&ticket), body));
            }
        }
        self.known.retain(|ticket, answer| {
            let stays = now.since(answer.at) < KEEP;
            if !stays {
                batch.deletes.push(key(ticket));
            }
            stays
        });
    }
}
