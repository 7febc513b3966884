//! Where documents are read and cut: they are from strangers and cost time, so on threads of their own, few at once, and
//! each within a time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aurora_core::time::Clock;
use tokio::sync::Semaphore;

use super::super::limits::Limits;
use crate::error::{Error, ErrorKind};
use crate::leads::refused;

/// Whether whoever asked for the work has given it up; clones tell the same.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Over(Arc<AtomicBool>);

impl Over {
    pub(in super::super) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is told when work is dropped, so that it ends.
struct OnDrop(Over);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Threads to read on; clones share them.
#[derive(Debug, Clone)]
pub(in super::super) struct Places(Arc<Semaphore>);

impl Places {
    pub(in super::super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Does work. Work that was given up, because it took too long or nobody waits for it any more, holds its place until it
    /// really ends.
    ///
    /// # Errors
    /// Those of the work; `Unavailable` when all places are taken; `Invalid` when it takes too long; `Internal` when it panics.
    pub(in super::super) async fn run<T: Send + 'static>(
        &self,
        limits: &Limits,
        clock: &dyn Clock,
        work: impl FnOnce(&Over) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let wait = clock.sleep(limits.reading);
        let place = tokio::select! {
            place = Arc::clone(&self.0).acquire_owned() => place,
            () = wait => return Err(Error::new(ErrorKind::Unavailable)),
        };
        let place = place.map_err(|_| Error::new(ErrorKind::Unavailable))?;
        let over = Over::default();
        let given_up = OnDrop(over.clone());
        let work = tokio::task::spawn_blocking(move || {
            let done = work(&over);
            drop(place);
            done
        });
        let ended = tokio::select! {
            ended = work => ended,
            () = clock.sleep(limits.reading) => return Err(too_long(limits)),
        };
        drop(given_up);
        ended.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal)))
    }
}

/// What work says that ended because it was given up.
pub(super) fn too_long(limits: &Limits) -> Error {
    let message = format!("reading it took more than {} s", limits.reading.as_secs());
    refused("content", "too_large", message)
}
