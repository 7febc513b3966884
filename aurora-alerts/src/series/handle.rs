use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aurora_core::time::Timestamp;

use super::limits::Refusal;
use super::slot::Slot;
use super::store::SeriesStore;
use crate::labels::Labels;

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
        let handle = Self {
            store,
            metric: metric.into(),
            labels,
            slot: OnceLock::new(),
            generation: AtomicU64::new(0),
        };
        handle.resolve()?;
        Ok(handle)
    }

    /// Records a value at an instant; what is not a finite number is left out and counted.
    pub fn record_at(&self, value: f64, at: Timestamp) {
        if !value.is_finite() {
            self.store.refuse(Refusal::NotFinite);
            return;
        }
        if let Some(slot) = self.slot.get() {
            return self.store.push(slot, at, value);
        }
        if self.generation.load(Ordering::Relaxed) == self.store.generation() {
            return;
        }
        match self.resolve() {
            Ok(Some(slot)) => self.store.push(slot, at, value),
            Ok(None) => {}
            Err(refusal) => self.store.refuse(refusal),
        }
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
