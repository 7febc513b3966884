use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::matrix::Matrix;
use crate::workspaces::WorkspaceId;

/// A matrix above this many vectors is used for up to [`STALE`] after others were added: while many documents are being
/// embedded, it would otherwise be read again for every search. What was deleted meanwhile is not shown in any case.
const LARGE: usize = 5_000;
const STALE: Duration = Duration::from_secs(2);
/// How many matrices are read from the database at once.
const AT_ONCE: usize = 2;
/// How many matrices are kept, however small.
const MOST: usize = 1_024;

/// The matrices of all workspaces, the least used forgotten first when they would take too much memory.
#[derive(Debug, Clone)]
pub(in super::super) struct Matrices {
    entries: Arc<Mutex<Vec<Entry>>>,
    loading: Arc<Semaphore>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    workspace: WorkspaceId,
    scope: Uuid,
    /// What the scope was at when it was read: every change of vectors by any process counts it up.
    generation: i64,
    read_at: Timestamp,
    matrix: Arc<Matrix>,
}

impl Matrices {
    pub(in super::super) fn new(bytes: usize) -> Self {
        Self {
            entries: Arc::default(),
            loading: Arc::new(Semaphore::new(AT_ONCE)),
            bytes,
        }
    }

    /// A place among those who read; `None` is not possible as long as this lives.
    pub(in super::super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.loading.acquire().await.ok()
    }

    pub(in super::super) fn get(
        &self,
        workspace: WorkspaceId,
        scope: Uuid,
        generation: i64,
        now: Timestamp,
    ) -> Option<Arc<Matrix>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let place = entries
            .iter()
            .position(|entry| entry.workspace == workspace && entry.scope == scope)?;
        let entry = entries.get(place)?;
        let is_fresh = entry.generation == generation
            || (entry.generation < generation
                && entry.matrix.len() > LARGE
                && now.since(entry.read_at) < STALE);
        if !is_fresh {
            return None;
        }
        let entry = entries.remove(place);
        let matrix = Arc::clone(&entry.matrix);
        entries.push(entry);
        Some(matrix)
    }

    /// Keeps a matrix, unless it alone would take all there is.
    pub(in super::super) fn put(
        &self,
        workspace: WorkspaceId,
        scope: Uuid,
        generation: i64,
        now: Timestamp,
        matrix: &Arc<Matrix>,
    ) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.workspace != workspace || entry.scope != scope);
        if matrix.bytes() > self.bytes {
            return;
        }
        entries.push(Entry {
            workspace,
            scope,
            generation,
            read_at: now,
            matrix: Arc::clone(matrix),
        });
        let mut bytes: usize = entries.iter().map(|entry| entry.matrix.bytes()).sum();
        while (bytes > self.bytes || entries.len() > MOST) && !entries.is_empty() {
            bytes -= entries.remove(0).matrix.bytes();
        }
    }

    #[cfg(test)]
    pub(in super::super) fn len(&self) -> usize {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
