//! A store that ends with its process.

mod shelf;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock, SystemClock, Timestamp};

use self::shelf::Shelf;
use super::{
    AlertStore, Batch, HISTORY_LIMIT, INBOX_LIMIT, InboxMessage, Lead, Snapshot, StoreError, fenced, full,
    pages,
};
use crate::history::{HistoryQuery, Record};

/// Keeps everything in the process; clones share it. For tests, and for engines that need not survive their process.
///
/// It holds what its engine holds, up to 10,000 messages in the inbox, and the newest 10,000 records of the history.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::store::{AlertStore, MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_alerts::store::StoreError> {
/// let store = MemoryStore::new();
/// let ttl = Duration::from_secs(15);
/// assert!(store.lead("this process", ttl).await?.is_some());
/// assert!(store.clone().lead("another", ttl).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shelf: Arc<Mutex<Shelf>>,
    clock: Arc<dyn Clock>,
    inbox_limit: usize,
    history_limit: usize,
}

impl MemoryStore {
    /// An empty store on the clock of the machine.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shelf: Arc::default(),
            clock: Arc::new(SystemClock),
            inbox_limit: INBOX_LIMIT,
            history_limit: HISTORY_LIMIT,
        }
    }

    /// Takes the time that leads go by from `clock`; the machine's unless told.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The most messages in the inbox, at least 1; 10,000 unless told.
    #[must_use]
    pub fn inbox_limit(mut self, messages: usize) -> Self {
        self.inbox_limit = messages.max(1);
        self
    }

    /// The most records of the history, of which the oldest go first; 10,000 unless told, 0 for none.
    #[must_use]
    pub const fn history_limit(mut self, records: usize) -> Self {
        self.history_limit = records;
        self
    }

    /// Nothing under the lock can panic half-way, and none of it waits.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl AlertStore for MemoryStore {
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Option<Lead>, StoreError> {
        let now = self.clock.elapsed();
        Ok(self.shelf().lead(holder, now, now.saturating_add(ttl)))
    }

    async fn resign(&self, lead: Lead) -> Result<(), StoreError> {
        self.shelf().resign(lead);
        Ok(())
    }

    async fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.shelf().snapshot())
    }

    async fn version(&self) -> Result<i64, StoreError> {
        Ok(self.shelf().version())
    }

    async fn commit(&self, lead: Lead, batch: &Batch) -> Result<(), StoreError> {
        let mut shelf = self.shelf();
        if !shelf.is_led_by(lead) {
            return Err(fenced());
        }
        shelf.write(batch, self.history_limit);
        Ok(())
    }

    async fn submit(&self, bodies: &[String]) -> Result<(), StoreError> {
        if self.shelf().submit(bodies, self.inbox_limit) {
            Ok(())
        } else {
            Err(full())
        }
    }

    async fn inbox(&self, after: i64, limit: usize) -> Result<Vec<InboxMessage>, StoreError> {
        Ok(self.shelf().inbox(after, limit))
    }

    async fn history(&self, query: &HistoryQuery, page: &PageRequest) -> Result<Page<Record>, StoreError> {
        let start = pages::start("", query, page)?;
        let most = usize::try_from(page.limit()).map_or(usize::MAX, |limit| limit.saturating_add(1));
        let records = self.shelf().history(query, start, most);
        pages::page("", query, page, records)
    }

    async fn sweep(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        Ok(self.shelf().sweep(before, limit))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("inbox_limit", &self.inbox_limit)
            .field("history_limit", &self.history_limit)
            .finish_non_exhaustive()
    }
}
