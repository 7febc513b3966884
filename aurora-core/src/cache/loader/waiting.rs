//! Those who wait for a load, and the load's end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::{Core, LoadError, LoadErrorKind, Outcome};
use crate::cache::Key;

/// Where the outcome of a load appears.
pub(super) struct Slot<V> {
    pub(super) outcome: watch::Sender<Option<Outcome<V>>>,
    /// Told when the last one who waited has left.
    pub(super) left: Arc<Notify>,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Self {
            outcome: self.outcome.clone(),
            left: Arc::clone(&self.left),
        }
    }
}

/// One who waits; dropping it leaves the load to the others.
pub(super) struct Waiting<'a, V> {
    core: &'a Core<V>,
    key: &'a Key,
    id: u64,
    outcome: watch::Receiver<Option<Outcome<V>>>,
}

impl<'a, V: Send + Sync> Waiting<'a, V> {
    pub(super) fn new(core: &'a Core<V>, key: &'a Key, id: u64, slot: &Slot<V>) -> Self {
        Self {
            core,
            key,
            id,
            outcome: slot.outcome.subscribe(),
        }
    }

    pub(super) async fn outcome(&mut self) -> Outcome<V> {
        let told = self.outcome.wait_for(Option::is_some).await;
        let told = told.ok().and_then(|told| told.clone());
        told.unwrap_or_else(|| Err(LoadError::new(LoadErrorKind::Abandoned)))
    }
}

impl<V> Drop for Waiting<'_, V> {
    fn drop(&mut self) {
        if let Some(slot) = lock(&self.core.flights).leave(self.key, self.id) {
            slot.left.notify_one();
        }
    }
}

/// Ends a load however it ends: also when its task is dropped before it has begun.
pub(super) struct Ending<V> {
    pub(super) core: Arc<Core<V>>,
    pub(super) key: Key,
    pub(super) id: u64,
    pub(super) slot: Slot<V>,
}

impl<V: Send + Sync> Ending<V> {
    /// Waits until nobody has waited for as long as the grace.
    pub(super) async fn is_abandoned(&self) {
        loop {
            self.slot.left.notified().await;
            self.core.settings.clock.sleep(self.core.settings.grace).await;
            if lock(&self.core.flights).abandon(&self.key, self.id) {
                return;
            }
        }
    }

    pub(super) fn tell(self, outcome: Outcome<V>) {
        // Whoever comes from here on finds what was kept, and must not join what has ended.
        lock(&self.core.flights).finish(&self.key, self.id);
        self.slot.outcome.send_replace(Some(outcome));
    }
}

impl<V> Drop for Ending<V> {
    fn drop(&mut self) {
        lock(&self.core.flights).finish(&self.key, self.id);
        self.slot.outcome.send_if_modified(|outcome| {
            let is_untold = outcome.is_none();
            if is_untold {
                *outcome = Some(Err(LoadError::new(LoadErrorKind::Abandoned)));
            }
            is_untold
        });
    }
}

pub(super) fn slot<V>() -> Slot<V> {
    Slot {
        outcome: watch::Sender::new(None),
        left: Arc::default(),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
