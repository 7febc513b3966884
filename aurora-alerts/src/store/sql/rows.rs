//! Rows as the statements take them, and as they are read back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use aurora_core::time::Timestamp;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::history::Record;
use crate::notification::DeliveryId;
use crate::store::{Batch, InboxMessage, OutboxRow, StateKey, StateKind, StoreError, StoreErrorKind, pages};

/// The longest text that an index takes as it is, in bytes; PostgreSQL refuses entries of 2,704.
const LONGEST: usize = 512;
/// What a shortened text begins with.
const SHORTENED: &str = "sha256:";

/// A text as an indexed column holds it: itself, or its hash where it is too long or no database takes it.
pub(super) fn indexed(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains('\0') && !text.starts_with(SHORTENED) {
        return Cow::Borrowed(text);
    }
    let digest = Sha256::digest(text.as_bytes());
    let hex = digest.iter().map(|byte| format!("{byte:02x}"));
    Cow::Owned(SHORTENED.chars().chain(hex.collect::<String>().chars()).collect())
}

/// The whole of a text, as JSON, where its column does not hold it.
fn exact(text: &str, indexed: &str) -> Option<String> {
    (text != indexed).then(|| serde_json::Value::from(text).to_string())
}

/// What [`indexed`] and [`exact`] were made of.
fn whole(indexed: String, exact: Option<String>) -> Result<String, StoreError> {
    match exact {
        Some(exact) => {
            serde_json::from_str(&exact).map_err(|_| corrupt("a name is stored that cannot be read"))
        }
        None => Ok(indexed),
    }
}

fn corrupt(detail: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, detail)
}

/// Rows as `jsonb_each` reads them.
pub(super) struct Rows<'r, T>(pub(super) &'r [T]);

impl<T: Serialize> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().enumerate())
    }
}

#[derive(Debug, Serialize)]
pub(super) struct StateRow<'b> {
    kind: &'static str,
    key: Cow<'b, str>,
    exact_key: Option<String>,
    body: &'b str,
}

fn state_row<'b>((kind, key): &'b StateKey, body: &'b str) -> StateRow<'b> {
    let stored = indexed(key);
    StateRow {
        kind: kind.as_str(),
        exact_key: exact(key, &stored),
        key: stored,
        body,
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Waiting<'b> {
    id: String,
    dedup: Cow<'b, str>,
    exact_dedup: Option<String>,
    channel: Cow<'b, str>,
    exact_channel: Option<String>,
    target: Cow<'b, str>,
    exact_target: Option<String>,
    created_at: i64,
    attempts: u32,
    not_before: i64,
    body: &'b str,
}

fn waiting<'b>(row: &'b OutboxRow, dedup: &'b str) -> Waiting<'b> {
    let (dedup_stored, channel, target) = (indexed(dedup), indexed(&row.channel), indexed(&row.target));
    Waiting {
        id: row.id.uuid().simple().to_string(),
        exact_dedup: exact(dedup, &dedup_stored),
        exact_channel: exact(&row.channel, &channel),
        exact_target: exact(&row.target, &target),
        dedup: dedup_stored,
        channel,
        target,
        created_at: pages::storable(row.created_at).as_micros(),
        attempts: row.attempts,
        not_before: pages::storable(row.not_before).as_micros(),
        body: &row.body,
    }
}

#[derive(Debug, Serialize)]
pub(super) struct RecordRow<'b> {
    seq: i64,
    at: i64,
    kind: &'static str,
    fingerprint: Option<String>,
    rule: Option<Cow<'b, str>>,
    severity: Option<&'static str>,
    channel: Option<Cow<'b, str>>,
    body: String,
}

fn record_row(record: &Record) -> Result<RecordRow<'_>, StoreError> {
    let body = serde_json::to_string(record).map_err(|error| {
        StoreError::new(StoreErrorKind::Invalid, "a record cannot be written as JSON").with_source(error)
    })?;
    Ok(RecordRow {
        seq: record.seq,
        at: pages::storable(record.at).as_micros(),
        kind: record.entry.kind(),
        fingerprint: record.fingerprint.map(|fingerprint| fingerprint.to_string()),
        rule: record.rule.as_deref().map(indexed),
        severity: record.severity.map(crate::rule::Severity::as_str),
        channel: record.channel.as_deref().map(indexed),
        body,
    })
}

pub(super) fn record(body: &str) -> Result<Record, StoreError> {
    serde_json::from_str(body).map_err(|_| corrupt("a record of the history is stored that cannot be read"))
}

#[derive(Debug, Serialize)]
pub(super) struct Id {
    id: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Message<'b> {
    seq: i64,
    body: &'b str,
}

/// Messages with their numbers, of which the last one is known.
pub(super) fn messages(bodies: &[String], last_seq: i64) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = (0..)
        .zip(bodies.iter().rev())
        .map(|(before, body)| Message {
            seq: last_seq.saturating_sub(before),
            body,
        })
        .collect();
    messages.reverse();
    messages
}

/// A batch in rows, each key once.
#[derive(Debug)]
pub(super) struct Rowed<'b> {
    pub(super) deletes: Vec<StateRow<'b>>,
    pub(super) puts: Vec<StateRow<'b>>,
    pub(super) dequeue: Vec<Id>,
    pub(super) enqueue: Vec<Waiting<'b>>,
    pub(super) history: Vec<RecordRow<'b>>,
    pub(super) consumed: Vec<Message<'b>>,
}

impl<'b> Rowed<'b> {
    pub(super) fn of(batch: &'b Batch) -> Result<Self, StoreError> {
        let puts: BTreeMap<&StateKey, &str> = batch
            .puts
            .iter()
            .map(|(key, body)| (key, body.as_str()))
            .collect();
        let id = |id: &DeliveryId| Id {
            id: id.uuid().simple().to_string(),
        };
        let consumed = batch.consumed.iter();
        Ok(Self {
            deletes: batch.deletes.iter().map(|key| state_row(key, "")).collect(),
            puts: puts.into_iter().map(|(key, body)| state_row(key, body)).collect(),
            dequeue: batch.dequeue.iter().map(id).collect(),
            enqueue: enqueued(&batch.enqueue),
            history: batch.history.iter().map(record_row).collect::<Result<_, _>>()?,
            consumed: consumed.map(|seq| Message { seq: *seq, body: "" }).collect(),
        })
    }
}

/// Each delivery once, as it was last and under its first `dedup`, and each `dedup` once.
fn enqueued(rows: &[OutboxRow]) -> Vec<Waiting<'_>> {
    let mut kept: Vec<(&OutboxRow, &str)> = Vec::with_capacity(rows.len());
    let mut places: BTreeMap<DeliveryId, usize> = BTreeMap::new();
    let mut told: HashSet<&str> = HashSet::with_capacity(rows.len());
    for row in rows {
        if let Some(known) = places.get(&row.id).and_then(|place| kept.get_mut(*place)) {
            known.0 = row;
        } else if told.insert(&row.dedup) {
            places.insert(row.id, kept.len());
            kept.push((row, &row.dedup));
        }
    }
    kept.into_iter().map(|(row, dedup)| waiting(row, dedup)).collect()
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredState {
    kind: String,
    key: String,
    exact_key: Option<String>,
    body: String,
}

/// All rows of state in the order of their keys, without those that a newer version wrote.
pub(super) fn state(rows: Vec<StoredState>) -> Result<Vec<(StateKey, String)>, StoreError> {
    let mut state = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(kind) = StateKind::parse(&row.kind) {
            state.push(((kind, whole(row.key, row.exact_key)?), row.body));
        }
    }
    state.sort_unstable();
    Ok(state)
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct StoredWaiting {
    id: DeliveryId,
    dedup: String,
    exact_dedup: Option<String>,
    channel: String,
    exact_channel: Option<String>,
    target: String,
    exact_target: Option<String>,
    created_at: Timestamp,
    attempts: i64,
    not_before: Timestamp,
    body: String,
}

/// All notifications that wait, the oldest first.
pub(super) fn outbox(rows: Vec<StoredWaiting>) -> Result<Vec<OutboxRow>, StoreError> {
    let mut outbox = Vec::with_capacity(rows.len());
    for row in rows {
        outbox.push(OutboxRow {
            id: row.id,
            dedup: whole(row.dedup, row.exact_dedup)?,
            channel: whole(row.channel, row.exact_channel)?,
            target: whole(row.target, row.exact_target)?,
            created_at: row.created_at,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            not_before: row.not_before,
            body: row.body,
        });
    }
    outbox.sort_unstable_by_key(|row| (row.created_at, row.id));
    Ok(outbox)
}

pub(super) fn inbox(rows: Vec<(i64, String)>) -> Vec<InboxMessage> {
    let messages = rows.into_iter().map(|(seq, body)| InboxMessage { seq, body });
    messages.collect()
}
