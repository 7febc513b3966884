//! Looks at the alerts of servers without becoming one of them.

use std::time::Duration;

use async_trait::async_trait;
use aurora_alerts::history::{HistoryQuery, Record};
use aurora_alerts::store::{
    AlertStore, Batch, InboxMessage, Lead, Snapshot, SqlAlertStore, StoreError, StoreErrorKind,
};
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;

/// A store that is read, and in which somebody else always has the lead.
#[derive(Debug)]
pub(super) struct Onlooker {
    store: SqlAlertStore,
}

impl Onlooker {
    pub(super) const fn new(store: SqlAlertStore) -> Self {
        Self { store }
    }
}

fn read_only() -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, "this store is only looked at")
}

#[async_trait]
impl AlertStore for Onlooker {
    async fn lead(&self, _holder: &str, _ttl: Duration) -> Result<Option<Lead>, StoreError> {
        Ok(None)
    }

    async fn resign(&self, _lead: Lead) -> Result<(), StoreError> {
        Ok(())
    }

    async fn load(&self) -> Result<Snapshot, StoreError> {
        self.store.load().await
    }

    async fn version(&self) -> Result<i64, StoreError> {
        self.store.version().await
    }

    async fn commit(&self, _lead: Lead, _batch: &Batch) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn submit(&self, _bodies: &[String]) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn inbox(&self, after: i64, limit: usize) -> Result<Vec<InboxMessage>, StoreError> {
        self.store.inbox(after, limit).await
    }

    async fn history(&self, query: &HistoryQuery, page: &PageRequest) -> Result<Page<Record>, StoreError> {
        self.store.history(query, page).await
    }

    async fn sweep(&self, _before: Timestamp, _limit: usize) -> Result<u64, StoreError> {
        Ok(0)
    }
}
