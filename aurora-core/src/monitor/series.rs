//! One target's record.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::export::Exported;
use super::histogram::{Counted, LONGEST};
use super::outcome::{Counts, Outcome, PER_OUTCOME};
use super::ring::{Ring, Tally};

/// A window is this many slots; it ends with the one that is being filled.
pub(super) const SLOTS: u64 = 12;
/// The slot that is being filled, two whole windows before it, and one to spare for a reader who is late.
const ROWS: usize = 26;
/// Percentiles are those of one window.
const LATENCIES: usize = 13;

/// Lengths that all series of a monitor share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    pub(super) window: Duration,
    pub(super) point: Duration,
    pub(super) points: usize,
}

impl Spans {
    pub(super) fn slot(&self) -> Duration {
        self.window / 12
    }
}

/// The number of the stretch of this length that `now` lies in, from 1.
pub(super) fn epoch(now: Duration, length: Duration) -> u64 {
    (micros(now) / micros(length).max(1)).saturating_add(1)
}

/// In 64 bits, whose division is several times as fast as that of 128.
fn micros(span: Duration) -> u64 {
    span.as_secs()
        .saturating_mul(1_000_000)
        .saturating_add(span.subsec_micros().into())
}

/// How much of the time before `now` the window covers: eleven whole slots, and what has passed of the one being filled.
fn covered(now: Duration, spans: &Spans) -> Duration {
    let slot = micros(spans.slot()).max(1);
    Duration::from_micros(slot * (SLOTS - 1) + micros(now) % slot)
}

#[derive(Debug)]
pub(super) struct Series {
    totals: [AtomicU64; PER_OUTCOME],
    in_flight: AtomicU64,
    /// The slot of the first record, from which on silence means something.
    born: AtomicU64,
    recent: Ring,
    history: Ring,
    exported: Option<Exported>,
}

/// What a series held at one moment, raw, so that those of several targets can be added up.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) totals: Counts,
    pub(super) in_flight: u64,
    pub(super) window: Tally,
    /// The time that `window` was counted over.
    pub(super) covered: Duration,
    pub(super) latencies: Counted,
    /// Calls in the last whole slot, or in the one that is being filled where that had none.
    pub(super) last_slot: u64,
    /// The last whole window, and the one before it.
    pub(super) trend: (Tally, Tally),
    /// Whether both were whole.
    pub(super) is_old: bool,
}

impl Series {
    pub(super) fn new(spans: &Spans, exported: Option<Exported>) -> Self {
        Self {
            totals: Default::default(),
            in_flight: AtomicU64::new(0),
            born: AtomicU64::new(0),
            recent: Ring::new(ROWS, LATENCIES),
            history: Ring::new(spans.points + 2, 0),
            exported,
        }
    }

    pub(super) fn started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn record(&self, now: Duration, spans: &Spans, outcome: Outcome, elapsed: Option<Duration>) {
        if let Some(total) = self.totals.get(outcome as usize) {
            total.fetch_add(1, Ordering::Relaxed);
        }
        let micros = elapsed
            .filter(|_| outcome.is_about_target())
            .map(|elapsed| u64::try_from(elapsed.as_micros()).unwrap_or(LONGEST).min(LONGEST));
        let slot = epoch(now, spans.slot());
        if self.born.load(Ordering::Relaxed) == 0 {
            // Whoever was first has said it.
            self.born
                .compare_exchange(0, slot, Ordering::Relaxed, Ordering::Relaxed)
                .ok();
        }
        self.recent.record(slot, outcome, micros);
        self.history.record(epoch(now, spans.point), outcome, micros);
        if let Some(exported) = &self.exported {
            exported.ended(outcome, elapsed);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_flight() == 0 && Outcome::ALL.iter().all(|outcome| self.totals().of(*outcome) == 0)
    }

    pub(super) fn exported(&self) -> Option<&Exported> {
        self.exported.as_ref()
    }

    fn totals(&self) -> Counts {
        Counts::load_wide(&self.totals)
    }

    pub(super) fn read(&self, now: Duration, spans: &Spans) -> Reading {
        let slot = epoch(now, spans.slot());
        let back = |slots: u64| slot.saturating_sub(slots);
        let mut latencies = Counted::new();
        self.recent.latencies(back(SLOTS - 1), slot, &mut latencies);
        let born = self.born.load(Ordering::Relaxed);
        // The slot that is being filled would read low, so the last whole one tells the rate once there is one.
        let of_slot = |slot| self.recent.tally(slot, slot).outcomes.total();
        let last_slot = Some(of_slot(back(1))).filter(|calls| *calls > 0);
        Reading {
            totals: self.totals(),
            in_flight: self.in_flight(),
            window: self.recent.tally(back(SLOTS - 1), slot),
            // Of a series younger than its window the rate is what was counted, not a projection.
            covered: if born > 0 && born <= back(SLOTS) {
                covered(now, spans)
            } else {
                spans.window
            },
            latencies,
            last_slot: last_slot.unwrap_or_else(|| of_slot(slot)),
            trend: (
                self.recent.tally(back(SLOTS), back(1)),
                self.recent.tally(back(2 * SLOTS), back(SLOTS + 1)),
            ),
            is_old: born > 0 && born <= back(2 * SLOTS),
        }
    }

    /// The tallies of the latest points of the history, the oldest first; the last one is being filled.
    pub(super) fn history(&self, now: Duration, spans: &Spans) -> impl Iterator<Item = (u64, Tally)> {
        let last = epoch(now, spans.point);
        let points = u64::try_from(spans.points).unwrap_or(1).max(1);
        let first = last.saturating_sub(points - 1).max(1);
        (first..=last).map(|point| (point, self.history.tally(point, point)))
    }

    /// Forgets everything but the calls that are under way.
    pub(super) fn clear(&self) {
        for total in &self.totals {
            total.store(0, Ordering::Relaxed);
        }
        self.born.store(0, Ordering::Relaxed);
        self.recent.clear();
        self.history.clear();
    }
}

#[cfg(test)]
impl Series {
    /// The memory that it takes, without the labels of the export.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.recent.bytes() + self.history.bytes()
    }
}

impl Reading {
    pub(super) fn add(&mut self, other: &Self) {
        self.totals.add(&other.totals);
        self.in_flight += other.in_flight;
        self.window.add(&other.window);
        self.covered = self.covered.min(other.covered);
        self.latencies.add(&other.latencies);
        self.last_slot += other.last_slot;
        self.trend.0.add(&other.trend.0);
        self.trend.1.add(&other.trend.1);
        self.is_old |= other.is_old;
    }

    pub(super) fn empty() -> Self {
        Self {
            totals: Counts::default(),
            in_flight: 0,
            window: Tally::default(),
            covered: Duration::MAX,
            latencies: Counted::new(),
            last_slot: 0,
            trend: Default::default(),
            is_old: false,
        }
    }
}
