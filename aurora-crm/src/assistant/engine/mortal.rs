//! Dies where a test says: a process that is killed there runs nothing after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

/// Counts the points that a turn passes, and stands still for ever at one of them.
#[derive(Debug, Clone, Default)]
pub(in crate::assistant) struct Mortal {
    /// The point to die at, from 1; never when 0.
    at: u32,
    passed: Arc<AtomicU32>,
    died: Arc<Notify>,
}

impl Mortal {
    pub(in crate::assistant) fn dies_at(point: u32) -> Self {
        Self {
            at: point,
            ..Self::default()
        }
    }

    pub(in crate::assistant) async fn pass(&self) {
        let passed = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if passed == self.at {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Resolves once it has died.
    pub(in crate::assistant) async fn death(&self) {
        self.died.notified().await;
    }
}
