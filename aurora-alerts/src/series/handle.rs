use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aurora_core::time::Timestamp;

use super::limits::Refusal;
use super::slot::Slot;
use super::store::SeriesStore;
use crate::labels::Labels;

/// No generation of rules.
const UNRESOLVED: u64 = u64::MAX;

/// One series, resolved once: recording by it costs neither a look-up nor an allocation.
///
/// While there is a handle, its series is not forgotten. A handle of a metric that no rule watches records nothing, and
/// begins to when a rule is added that does.
#[derive(Debug)]
pub struct SeriesHandle {
    store: SeriesStore,
    metric: Arc<str>,
    labels: Labels,
    slot: OnceLock<Arc<Slot>>,
    // Which rules were in force when no series was found.
    generation: AtomicU64,
}

impl SeriesHandle {
    pub(super) fn new(store: SeriesStore, metric: &str, labels: Labels) -> Result<Self, Refusal> {
        let handle = Self::unresolved(store, metric, labels);
        handle.resolve()?;
        Ok(handle)
    }

    /// One that looks for its series when it first records.
    pub(super) fn unresolved(store: SeriesStore, metric: &str, labels: Labels) -> Self {
        Self {
            store,
            metric: metric.into(),
            labels,
            slot: OnceLock::new(),
            generation: AtomicU64::new(UNRESOLVED),
        }
    }

    /// Records a value at an instant; what is not a finite number is left out and counted.
    pub fn record_at(&self, value: f64, at: Timestamp) {
        if !value.is_finite() {
            self.store.refuse(Refusal::NotFinite);
            return;
        }
        if let Some(slot) = self.found() {
            self.store.push(slot, at, value);
        }
    }

    /// Whether what it records is looked at.
    pub(crate) fn is_watched(&self) -> bool {
        self.found().is_some()
    }

    fn found(&self) -> Option<&Arc<Slot>> {
        if let Some(slot) = self.slot.get() {
            return Some(slot);
        }
        if self.generation.load(Ordering::Relaxed) == self.store.generation() {
            return None;
        }
        self.resolve().unwrap_or_else(|refusal| {
            self.store.refuse(refusal);
            // Places become free: to be tried again.
            self.generation.store(UNRESOLVED, Ordering::Relaxed);
            None
        })
    }

    fn resolve(&self) -> Result<Option<&Arc<Slot>>, Refusal> {
        self.generation.store(self.store.generation(), Ordering::Relaxed);
        let Some(slot) = self.store.slot(&self.metric, &self.labels)? else {
            return Ok(None);
        };
        Ok(Some(self.slot.get_or_init(|| slot)))
    }
}

impl Drop for SeriesHandle {
    fn drop(&mut self) {
        // Looked at once more, so that it can be forgotten from now on.
        if let Some(slot) = self.slot.get() {
            self.store.wake(slot);
        }
    }
}
