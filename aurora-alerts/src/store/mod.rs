//! Where an engine keeps what must survive it: state, notifications that wait, history, and what other processes hand in.
//!
//! An engine is one pure state machine and a store of plain rows. Whoever holds the *lead* of a store
//! runs the state machine; every other engine on the same store hands its input to the inbox and takes over when the
//! lead is free. Each write of the leader carries the *fence* of its lead, so that one that was paused and replaced can
//! write no more.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod error;
mod memory;
mod pages;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;

pub use error::{StoreError, StoreErrorKind};
pub use memory::MemoryStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::{MIGRATIONS, SqlAlertStore};

use crate::history::{HistoryQuery, Record};
use crate::notification::DeliveryId;

/// The most messages in an inbox unless told otherwise.
const INBOX_LIMIT: usize = 10_000;
/// The most records of a history in memory unless told otherwise.
const HISTORY_LIMIT: usize = 10_000;

/// What a row of state is about. Stored by [`as_str`](Self::as_str); a new kind needs no new table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StateKind {
    /// Where one alert of a rule stands, by fingerprint.
    Instance,
    /// One alert that has fired, of a rule or posted, by fingerprint.
    Alert,
    /// What a rule has learned of a series, by rule and fingerprint of the series.
    Memory,
    /// One group of alerts and its timers, by group key.
    Group,
    /// What one target was told of one alert, by group, channel, target and fingerprint.
    Told,
    /// One silence, by its id.
    Silence,
    /// How one channel or one of its targets stands, by channel and target.
    Channel,
    /// Anything else that an engine keeps about itself.
    Engine,
}

impl StateKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Instance,
        Self::Alert,
        Self::Memory,
        Self::Group,
        Self::Told,
        Self::Silence,
        Self::Channel,
        Self::Engine,
    ];

    /// The name under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Alert => "alert",
            Self::Memory => "memory",
            Self::Group => "group",
            Self::Told => "told",
            Self::Silence => "silence",
            Self::Channel => "channel",
            Self::Engine => "engine",
        }
    }

    /// The kind of a stored name; `None` where a newer version wrote it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The key of one row of state.
pub type StateKey = (StateKind, String);

/// One notification that waits for its target.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// The delivery.
    pub id: DeliveryId,
    /// What makes a second row for the same change impossible: unique within an engine.
    pub dedup: String,
    /// The channel.
    pub channel: String,
    /// The target of the channel; may be empty.
    pub target: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Attempts that were made.
    pub attempts: u32,
    /// Not before then.
    pub not_before: Timestamp,
    /// Everything else, as JSON.
    pub body: String,
}

/// Everything that one or several steps of an engine changed; written in one transaction or not at all.
///
/// Within a batch a key is either put or deleted, and a delivery either written or removed, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Rows of state to insert or replace, with their JSON.
    pub puts: Vec<(StateKey, String)>,
    /// Rows of state to delete.
    pub deletes: Vec<StateKey>,
    /// Notifications to insert, or to replace where their id is known.
    ///
    /// One with the `dedup` of another id that waits is left out: another replica has written the same change. What
    /// is replaced keeps its `dedup`.
    pub enqueue: Vec<OutboxRow>,
    /// Notifications that wait no more; they go before `enqueue` is written.
    pub dequeue: Vec<DeliveryId>,
    /// What happened.
    pub history: Vec<Record>,
    /// Messages of the inbox that were taken in.
    pub consumed: Vec<i64>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty()
            && self.deletes.is_empty()
            && self.enqueue.is_empty()
            && self.dequeue.is_empty()
            && self.history.is_empty()
            && self.consumed.is_empty()
    }

    /// This batch and then `later`, as one.
    #[must_use]
    pub(crate) fn followed_by(mut self, later: Self) -> Self {
        if self.is_empty() {
            return later;
        }
        let newer: BTreeSet<&StateKey> = later
            .puts
            .iter()
            .map(|(key, _)| key)
            .chain(&later.deletes)
            .collect();
        self.puts.retain(|(key, _)| !newer.contains(key));
        self.deletes.retain(|key| !newer.contains(key));
        let newer: BTreeSet<DeliveryId> = later
            .enqueue
            .iter()
            .map(|row| row.id)
            .chain(later.dequeue.iter().copied())
            .collect();
        self.enqueue.retain(|row| !newer.contains(&row.id));
        self.dequeue.retain(|id| !newer.contains(id));
        self.puts.extend(later.puts);
        self.deletes.extend(later.deletes);
        self.enqueue.extend(later.enqueue);
        self.dequeue.extend(later.dequeue);
        self.history.extend(later.history);
        self.consumed.extend(later.consumed);
        self
    }
}

/// Everything that an engine needs to go on where another ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// All rows of state, in the order of their keys.
    pub state: Vec<(StateKey, String)>,
    /// All notifications that wait, oldest first.
    pub outbox: Vec<OutboxRow>,
    /// Changes with every commit.
    pub version: i64,
}

impl Snapshot {
    /// The texts that the application keeps with its engine, see [`AlertEngine::keep`](crate::AlertEngine::keep).
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, String> {
        let rows = self.state.iter().filter_map(|((kind, key), text)| {
            let name = key.strip_prefix(KEPT).filter(|_| *kind == StateKind::Engine)?;
            Some((name.to_owned(), text.clone()))
        });
        rows.collect()
    }
}

/// Sets the names of what an application keeps apart from the engine's own.
const KEPT: &str = "kept/";

pub(crate) fn kept_key(name: &str) -> String {
    format!("{KEPT}{name}")
}

/// The right to run the engine of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// Rises whenever the lead changes hands.
    pub fence: i64,
}

/// One message that another process handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// Its number; later ones are higher.
    pub seq: i64,
    /// JSON.
    pub body: String,
}

/// What an engine keeps, and how.
///
/// One handle is the store of one engine; clones and further handles of the same name share it. The suite
/// `contract` (feature `testing`) checks an implementation.
///
/// # Cancel safety
/// A dropped future of `commit` has either written everything or nothing.
#[async_trait]
pub trait AlertStore: fmt::Debug + Send + Sync + 'static {
    /// Takes the lead for `holder`, or keeps it, for `ttl` from now; `None` while another holds it.
    ///
    /// The same holder that asks again before anybody else has taken it keeps its fence, also when its time is over.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Option<Lead>, StoreError>;

    /// Gives the lead back, so that another need not wait for its end. Nothing happens where it was lost already.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn resign(&self, lead: Lead) -> Result<(), StoreError>;

    /// Everything there is.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn load(&self) -> Result<Snapshot, StoreError>;

    /// The version of the last commit, to see whether there is something new to load.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn version(&self) -> Result<i64, StoreError>;

    /// Writes everything in `batch`, or nothing.
    ///
    /// A lead whose time is up can still write while nobody else has taken it; one that was given back cannot.
    ///
    /// # Errors
    /// [`StoreErrorKind::Fenced`] when the lead was lost: nothing was written and nothing more can be.
    /// [`StoreErrorKind::Unavailable`] when the store does not answer; it is not known whether it was written, and
    /// writing it again is harmless.
    async fn commit(&self, lead: Lead, batch: &Batch) -> Result<(), StoreError>;

    /// Hands messages to whoever leads, all or none; kept in their order.
    ///
    /// # Errors
    /// [`StoreErrorKind::Full`] when the inbox holds its limit; otherwise when the store does not answer.
    async fn submit(&self, bodies: &[String]) -> Result<(), StoreError>;

    /// The oldest messages above `after`, at most `limit`; they stay until a commit consumes them.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn inbox(&self, after: i64, limit: usize) -> Result<Vec<InboxMessage>, StoreError>;

    /// What happened, the newest first: by time, and by number where several have the same time.
    ///
    /// # Errors
    /// [`StoreErrorKind::Invalid`] when the cursor is of another query; otherwise when the store does not answer.
    async fn history(&self, query: &HistoryQuery, page: &PageRequest) -> Result<Page<Record>, StoreError>;

    /// Forgets history from before `before`, at most `limit` records; gives how many were forgotten.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn sweep(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError>;
}

fn fenced() -> StoreError {
    StoreError::new(StoreErrorKind::Fenced, "another engine has taken the lead")
}

fn full() -> StoreError {
    StoreError::new(StoreErrorKind::Full, "the inbox is full")
}
