use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aurora_core::time::Timestamp;

use super::coarse::Coarse;
use super::ring::{Ring, Sample};
use super::store::Needs;
use crate::labels::Labels;

/// One series: what is recorded goes in, what is judged comes out.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Its place in tables of series; free again once the series is forgotten.
    pub(crate) index: usize,
    pub(crate) metric: Arc<str>,
    pub(crate) labels: Arc<Labels>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    ring: Ring,
    coarse: Option<Box<Coarse>>,
    dirty: bool,
}

/// What became of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// The series had nothing new before: it must be looked at.
    pub(crate) woke: bool,
    /// An older sample that nobody had looked at was lost.
    pub(crate) lost: bool,
}

impl Slot {
    pub(crate) fn new(index: usize, metric: Arc<str>, labels: Arc<Labels>, needs: Needs) -> Self {
        Self {
            index,
            metric,
            labels,
            inner: Mutex::new(Inner {
                ring: Ring::new(needs.samples, needs.history),
                coarse: needs.coarse(),
                dirty: false,
            }),
        }
    }

    // A panic of another thread leaves samples that are still samples.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, at: Timestamp, value: f64) -> Pushed {
        let mut inner = self.lock();
        let lost = inner.ring.push(at, value);
        if let Some(coarse) = &mut inner.coarse {
            coarse.push(at, value);
        }
        Pushed {
            woke: !std::mem::replace(&mut inner.dirty, true),
            lost,
        }
    }

    /// Whether it had nothing new before; now it is to be looked at.
    pub(crate) fn wake(&self) -> bool {
        !std::mem::replace(&mut self.lock().dirty, true)
    }

    /// Copies the samples, and gives how many of them were looked at before; now all are.
    pub(crate) fn take(&self, now: Timestamp, into: &mut Vec<Sample>) -> usize {
        let mut inner = self.lock();
        inner.dirty = false;
        inner.ring.take(now, into)
    }

    /// Copies the samples after `since`, and gives how many there ever were.
    pub(crate) fn copy(&self, since: Option<Timestamp>, now: Timestamp, into: &mut Vec<Sample>) -> u64 {
        self.lock().ring.copy(since, now, into)
    }

    /// When the last sample was.
    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        self.lock().ring.last_at()
    }

    /// Hands over the coarse tier, where there is one.
    pub(crate) fn coarse<T>(&self, read: impl FnOnce(&Coarse) -> T) -> Option<T> {
        self.lock().coarse.as_deref().map(read)
    }

    pub(crate) fn resize(&self, needs: Needs) {
        let mut inner = self.lock();
        inner.ring.resize(needs.samples, needs.history);
        match (&inner.coarse, needs.coarse()) {
            (_, None) => inner.coarse = None,
            (None, coarse) => inner.coarse = coarse,
            (Some(_), Some(_)) => {}
        }
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.lock().dirty
    }
}
