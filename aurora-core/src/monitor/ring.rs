//! Counts over the latest stretches of time, in a ring that recorders never wait for and readers only look at.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, TryLockError};

use super::histogram::{Counted, Histogram};
use super::outcome::{Counts, Outcome, PER_OUTCOME};

/// One stretch of time.
#[derive(Debug, Default)]
struct Row {
    /// Which stretch the row holds; 0 is none.
    epoch: AtomicU64,
    outcomes: [AtomicU32; PER_OUTCOME],
    timed: AtomicU32,
    micros: AtomicU64,
    longest: AtomicU64,
}

/// A ring of stretches. Rows are prepared by the first recorder of a new stretch; no reader ever writes.
#[derive(Debug)]
pub(super) struct Ring {
    rows: Box<[Row]>,
    /// Latencies of as many latest rows as are asked for percentiles; each is allocated when it is first needed.
    latencies: Box<[OnceLock<Histogram>]>,
    current: AtomicU64,
    turning: Mutex<()>,
}

/// What was counted in some stretches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) outcomes: Counts,
    pub(super) timed: u64,
    pub(super) micros: u64,
    pub(super) longest: u64,
}

impl Ring {
    pub(super) fn new(rows: usize, latencies: usize) -> Self {
        Self {
            rows: (0..rows.max(2)).map(|_| Row::default()).collect(),
            latencies: (0..latencies).map(|_| OnceLock::new()).collect(),
            current: AtomicU64::new(0),
            turning: Mutex::new(()),
        }
    }

    /// Counts one call in the stretch `epoch`, which is at least 1.
    pub(super) fn record(&self, epoch: u64, outcome: Outcome, micros: Option<u64>) {
        let epoch = self.turn_to(epoch);
        let Some(row) = self.row(epoch) else { return };
        if let Some(count) = row.outcomes.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(micros) = micros {
            row.timed.fetch_add(1, Ordering::Relaxed);
            row.micros.fetch_add(micros, Ordering::Relaxed);
            row.longest.fetch_max(micros, Ordering::Relaxed);
            if let Some(latency) = self.latency(epoch) {
                latency.get_or_init(Histogram::new).record(micros);
            }
        }
    }

    /// Everything in the stretches from `first` to `last`.
    pub(super) fn tally(&self, first: u64, last: u64) -> Tally {
        let mut sum = Tally::default();
        for epoch in first.max(1)..=last {
            if let Some(row) = self.row(epoch).filter(|row| row.holds(epoch)) {
                sum.add(&row.tally());
            }
        }
        sum
    }

    /// The latencies in the stretches from `first` to `last`, which must be among the latest that are kept.
    pub(super) fn latencies(&self, first: u64, last: u64, sum: &mut Counted) {
        for epoch in first.max(1)..=last {
            let live = self.row(epoch).is_some_and(|row| row.holds(epoch));
            if let Some(latency) = self.latency(epoch).and_then(OnceLock::get).filter(|_| live) {
                latency.add_to(sum);
            }
        }
    }

    pub(super) fn clear(&self) {
        let _turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &self.rows {
            row.clear();
        }
        for latency in self.latencies.iter().filter_map(OnceLock::get) {
            latency.clear();
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let filled = self.latencies.iter().filter_map(OnceLock::get).count();
        let latencies = size_of_val(&*self.latencies) + filled * super::histogram::BUCKETS * 4;
        size_of_val(&*self.rows) + latencies
    }

    /// Prepares the row of `epoch` if it is new; gives the stretch to count in.
    ///
    /// Whoever finds another recorder at it counts in the stretch before instead of waiting: one call is then some
    /// microseconds early. Only after an idle stretch, which readers may no longer look at, is there a wait.
    fn turn_to(&self, epoch: u64) -> u64 {
        let current = self.current.load(Ordering::Acquire);
        if epoch <= current {
            return current;
        }
        let _turning = match self.turning.try_lock() {
            Ok(turning) => turning,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) if current > 0 && epoch == current + 1 => return current,
            Err(TryLockError::WouldBlock) => self.turning.lock().unwrap_or_else(PoisonError::into_inner),
        };
        let current = self.current.load(Ordering::Acquire);
        if epoch <= current {
            return current;
        }
        if let Some(row) = self.row(epoch) {
            row.clear();
            if let Some(latency) = self.latency(epoch).and_then(OnceLock::get) {
                latency.clear();
            }
            row.epoch.store(epoch, Ordering::Release);
        }
        self.current.store(epoch, Ordering::Release);
        epoch
    }

    fn row(&self, epoch: u64) -> Option<&Row> {
        self.rows.get(place(epoch, self.rows.len()))
    }

    fn latency(&self, epoch: u64) -> Option<&OnceLock<Histogram>> {
        self.latencies.get(place(epoch, self.latencies.len()))
    }
}

fn place(epoch: u64, places: usize) -> usize {
    let places = u64::try_from(places).unwrap_or(u64::MAX).max(1);
    usize::try_from(epoch % places).unwrap_or(0)
}

impl Row {
    fn holds(&self, epoch: u64) -> bool {
        self.epoch.load(Ordering::Acquire) == epoch
    }

    fn tally(&self) -> Tally {
        Tally {
            outcomes: Counts::load(&self.outcomes),
            timed: self.timed.load(Ordering::Relaxed).into(),
            micros: self.micros.load(Ordering::Relaxed),
            longest: self.longest.load(Ordering::Relaxed),
        }
    }

    fn clear(&self) {
        for count in self.outcomes.iter().chain([&self.timed]) {
            count.store(0, Ordering::Relaxed);
        }
        self.micros.store(0, Ordering::Relaxed);
        self.longest.store(0, Ordering::Relaxed);
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.outcomes.add(&other.outcomes);
        self.timed += other.timed;
        self.micros = self.micros.saturating_add(other.micros);
        self.longest = self.longest.max(other.longest);
    }

    /// The mean latency in microseconds.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.micros as f64 / self.timed as f64)
    }
}
