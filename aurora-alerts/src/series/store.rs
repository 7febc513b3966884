use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::coarse::Coarse;
use super::handle::SeriesHandle;
use super::limits::{Refusal, SeriesLimits};
use super::share::{Share, Shares};
use super::slot::Slot;
use crate::labels::Labels;
use crate::matcher::Matchers;

/// What must be kept of a series for the rules that look at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// At most so many samples.
    pub(crate) samples: usize,
    /// So many of them stay after they were judged.
    pub(crate) history: usize,
    /// For so long the growth by the minute; zero for none.
    pub(crate) growth: Duration,
}

impl Needs {
    /// What serves both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            samples: self.samples.max(other.samples),
            history: self.history.max(other.history),
            growth: self.growth.max(other.growth),
        }
    }

    pub(super) fn coarse(self) -> Option<Box<Coarse>> {
        let minutes = usize::try_from(self.growth.as_secs().div_ceil(60)).ok()?;
        // The minute that has just begun and the one that the window has half left.
        (minutes > 0).then(|| Box::new(Coarse::new(minutes + 2)))
    }
}

/// Which series of a metric are kept, and what of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    /// Any of them must let a series through.
    pub(crate) selectors: Vec<Matchers>,
    pub(crate) needs: Needs,
}

/// The series that rules look at. A cheap handle: clones share everything.
///
/// Recorders write into it from any thread; the engine reads it at each tick.
#[derive(Debug, Clone)]
pub struct SeriesStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: SeriesLimits,
    registry: RwLock<Registry>,
    dirty: Mutex<Vec<Arc<Slot>>>,
    shares: Mutex<Shares>,
    /// Grows with every change of the rules.
    generation: AtomicU64,
    lost: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Registry {
    metrics: HashMap<Arc<str>, Metric>,
    total: usize,
    next: usize,
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Metric {
    watch: Option<Watch>,
    // Sorted, so that the same history always yields the same changes in the same order.
    series: BTreeMap<Arc<Labels>, Arc<Slot>>,
}

impl SeriesStore {
    pub(crate) fn new(limits: SeriesLimits) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                registry: RwLock::default(),
                dirty: Mutex::default(),
                shares: Mutex::default(),
                generation: AtomicU64::new(0),
                lost: AtomicU64::new(0),
                refused: AtomicU64::new(0),
            }),
        }
    }

    /// Takes a value; one of a series that no rule watches takes no place.
    pub(crate) fn record(
        &self,
        metric: &str,
        labels: Labels,
        value: f64,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        if let Some(slot) = self.slot_for(metric, &labels, Some(value))? {
            self.push(&slot, at, value);
        }
        Ok(())
    }

    /// Takes what one replica measured of a mean; what all have measured becomes the sample. The share was measured at
    /// one time and heard of at another.
    pub(crate) fn record_share(
        &self,
        metric: &str,
        labels: Labels,
        value: f64,
        (at, heard_at): (Timestamp, Timestamp),
        of: &str,
        share: Share,
    ) -> Result<(), Refusal> {
        if !value.is_finite() {
            return Err(Refusal::NotFinite);
        }
        if !self.is_watched(metric, &labels) {
            return Ok(());
        }
        let mean = {
            let mut shares = self.shared.shares.lock().unwrap_or_else(PoisonError::into_inner);
            let most = self.shared.limits.total;
            if !shares.take((metric, &labels), of, (value, share), heard_at, most) {
                return Err(Refusal::TooManySeries);
            }
            shares.mean(metric, &labels, heard_at)
        };
        match mean {
            Some(mean) => self.record(metric, labels, mean, at),
            None => Ok(()),
        }
    }

    /// One series, resolved once.
    pub(crate) fn handle(&self, metric: &str, labels: Labels) -> Result<SeriesHandle, Refusal> {
        SeriesHandle::new(self.clone(), metric, labels)
    }

    /// One series that is looked for when it is first recorded.
    pub(super) fn handle_later(&self, metric: &str, labels: Labels) -> SeriesHandle {
        SeriesHandle::unresolved(self.clone(), metric, labels)
    }

    /// Whether both are the same store.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(super) fn slot(&self, metric: &str, labels: &Labels) -> Result<Option<Arc<Slot>>, Refusal> {
        self.slot_for(metric, labels, None)
    }

    fn slot_for(
        &self,
        metric: &str,
        labels: &Labels,
        value: Option<f64>,
    ) -> Result<Option<Arc<Slot>>, Refusal> {
        {
            let registry = self.read();
            let Some(watched) = registry.metrics.get(metric) else {
                return Ok(None);
            };
            if watched.watch.is_none() && !watched.series.contains_key(labels) {
                return Ok(None);
            }
            if value.is_some_and(|value| !value.is_finite()) {
                return Err(Refusal::NotFinite);
            }
            if let Some(slot) = watched.series.get(labels) {
                return Ok(Some(Arc::clone(slot)));
            }
            if !watched.lets_through(labels) {
                return Ok(None);
            }
        }
        self.write().add(metric, labels, Some(self.shared.limits))
    }

    /// Whether a rule watches such a series.
    pub(crate) fn is_watched(&self, metric: &str, labels: &Labels) -> bool {
        let registry = self.read();
        registry
            .metrics
            .get(metric)
            .is_some_and(|metric| metric.lets_through(labels))
    }

    /// The series of an alert that was stored; limits do not turn away what was already accepted.
    pub(crate) fn adopt(&self, metric: &str, labels: &Labels) -> Option<Arc<Slot>> {
        self.write().add(metric, labels, None).ok().flatten()
    }

    pub(super) fn push(&self, slot: &Arc<Slot>, at: Timestamp, value: f64) {
        let pushed = slot.push(at, value);
        if pushed.woke {
            self.look_at(slot);
        }
        if pushed.lost {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn wake(&self, slot: &Arc<Slot>) {
        if slot.wake() {
            self.look_at(slot);
        }
    }

    fn look_at(&self, slot: &Arc<Slot>) {
        let mut dirty = self.shared.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        dirty.push(Arc::clone(slot));
    }

    /// Puts the series that have something new into `into`, whose place is used for the next ones.
    pub(crate) fn take_dirty(&self, into: &mut Vec<Arc<Slot>>) {
        into.clear();
        let mut dirty = self.shared.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(into, &mut dirty);
    }

    /// What is new counts as judged: another has judged it. What the other knew of means that are measured together has to
    /// be heard anew.
    pub(crate) fn skip(&self, now: Timestamp) {
        let mut shares = self.shared.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.wait(now);
        drop(shares);
        let mut dirty = Vec::new();
        self.take_dirty(&mut dirty);
        let mut samples = Vec::new();
        for slot in dirty {
            slot.take(now, &mut samples);
        }
    }

    /// The series of a metric that a selector lets through, in the order of their labels.
    pub(crate) fn matching(&self, metric: &str, matchers: &Matchers, into: &mut Vec<Arc<Slot>>) {
        into.clear();
        if let Some(metric) = self.read().metrics.get(metric) {
            let series = metric.series.values();
            into.extend(series.filter(|slot| matchers.matches(&slot.labels)).cloned());
        }
    }

    /// Watches other metrics from now on. Series that nobody watches or holds any more are dropped.
    pub(crate) fn watch(&self, mut watches: HashMap<Arc<str>, Watch>) {
        let mut registry = self.write();
        let registry = &mut *registry;
        for (name, metric) in &mut registry.metrics {
            metric.watch = watches.remove(name);
            let watch = metric.watch.as_ref();
            metric.series.retain(|labels, slot| {
                let watched = watch.is_some_and(|watch| watch.lets_through(labels));
                let kept = watched || Arc::strong_count(slot) > 1;
                if let (true, Some(watch)) = (kept, watch) {
                    slot.resize(watch.needs);
                }
                if !kept {
                    registry.free.push(slot.index);
                    registry.total -= 1;
                }
                kept
            });
        }
        for (name, watch) in watches {
            registry.metrics.entry(name).or_default().watch = Some(watch);
        }
        registry
            .metrics
            .retain(|_, metric| metric.watch.is_some() || !metric.series.is_empty());
        self.shared.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets a series, unless something new has come or somebody else holds it.
    ///
    /// The caller holds one reference; whether it was forgotten.
    pub(crate) fn forget(&self, slot: &Arc<Slot>) -> bool {
        let mut registry = self.write();
        let registry = &mut *registry;
        // No recorder by name is at work while this is locked.
        if Arc::strong_count(slot) > 2 || slot.is_dirty() {
            return false;
        }
        let Some(metric) = registry.metrics.get_mut(&slot.metric) else {
            return true;
        };
        if metric.series.remove(&slot.labels).is_some() {
            registry.free.push(slot.index);
            registry.total -= 1;
        }
        true
    }

    pub(super) fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Relaxed)
    }

    pub(crate) fn refuse(&self, _refusal: Refusal) {
        self.shared.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many samples were lost because more came between two ticks than are kept.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// How many samples were refused that came by a [`SeriesHandle`] or from another replica.
    pub(crate) fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// How many series there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.read().total
    }

    pub(crate) fn limits(&self) -> SeriesLimits {
        self.shared.limits
    }

    fn read(&self) -> RwLockReadGuard<'_, Registry> {
        self.shared
            .registry
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Registry> {
        self.shared
            .registry
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn add(
        &mut self,
        metric: &str,
        labels: &Labels,
        limits: Option<SeriesLimits>,
    ) -> Result<Option<Arc<Slot>>, Refusal> {
        let Some((name, _)) = self.metrics.get_key_value(metric) else {
            return Ok(None);
        };
        let name = Arc::clone(name);
        let Some(metric) = self.metrics.get_mut(metric) else {
            return Ok(None);
        };
        if let Some(slot) = metric.series.get(labels) {
            return Ok(Some(Arc::clone(slot)));
        }
        let Some(watch) = metric.watch.as_ref().filter(|watch| watch.lets_through(labels)) else {
            return Ok(None);
        };
        if limits.is_some_and(|limits| metric.series.len() >= limits.per_metric || self.total >= limits.total)
        {
            return Err(Refusal::TooManySeries);
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        self.total += 1;
        let labels = Arc::new(labels.clone());
        let slot = Arc::new(Slot::new(index, name, Arc::clone(&labels), watch.needs));
        metric.series.insert(labels, Arc::clone(&slot));
        Ok(Some(slot))
    }
}

impl Metric {
    fn lets_through(&self, labels: &Labels) -> bool {
        self.watch
            .as_ref()
            .is_some_and(|watch| watch.lets_through(labels))
    }
}

impl Watch {
    pub(crate) fn lets_through(&self, labels: &Labels) -> bool {
        self.selectors.iter().any(|matchers| matchers.matches(labels))
    }
}
