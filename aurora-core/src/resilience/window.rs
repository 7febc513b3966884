//! The last outcomes of a target, in fixed memory.

use std::time::Duration;

/// How many calls there were, and how many of them failed or were slow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) slow: u64,
}

impl Tally {
    pub(super) fn add(&mut self, failed: bool, slow: bool) {
        self.calls += 1;
        self.failed += u64::from(failed);
        self.slow += u64::from(slow);
    }

    fn subtract(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }

    /// Whether failed calls are at least `percent` of all.
    pub(super) fn failures_reach(self, percent: u8) -> bool {
        self.failed * 100 >= self.calls * u64::from(percent)
    }

    /// Whether slow calls are at least `percent` of all.
    pub(super) fn slow_reach(self, percent: u8) -> bool {
        self.slow * 100 >= self.calls * u64::from(percent)
    }
}

/// The outcomes that a breaker judges by: those of the last calls, or those of the last seconds.
#[derive(Debug)]
pub(super) enum Window {
    Calls(CallWindow),
    Seconds(SecondWindow),
}

impl Window {
    pub(super) fn push(&mut self, now: Duration, failed: bool, slow: bool) {
        match self {
            Self::Calls(window) => window.push(failed, slow),
            Self::Seconds(window) => window.push(now, failed, slow),
        }
    }

    pub(super) fn tally(&mut self, now: Duration) -> Tally {
        match self {
            Self::Calls(window) => window.total,
            Self::Seconds(window) => window.tally(now),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Calls(window) => (window.total, window.next) = (Tally::default(), 0),
            Self::Seconds(window) => {
                window.buckets.fill(Tally::default());
                window.total = Tally::default();
            }
        }
    }
}

/// A ring over the last outcomes with running totals.
#[derive(Debug)]
pub(super) struct CallWindow {
    ring: Box<[Slot]>,
    next: usize,
    total: Tally,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    failed: bool,
    slow: bool,
}

impl CallWindow {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            ring: vec![Slot::default(); capacity.max(1)].into_boxed_slice(),
            next: 0,
            total: Tally::default(),
        }
    }

    fn push(&mut self, failed: bool, slow: bool) {
        let full = self.total.calls == self.ring.len() as u64;
        if let Some(slot) = self.ring.get_mut(self.next) {
            if full {
                self.total.subtract(Tally {
                    calls: 1,
                    failed: u64::from(slot.failed),
                    slow: u64::from(slot.slow),
                });
            }
            *slot = Slot { failed, slow };
        }
        self.total.add(failed, slow);
        self.next = (self.next + 1) % self.ring.len();
    }
}

/// A ring of buckets of one second each with running totals; what is too old is taken out before anybody looks.
#[derive(Debug)]
pub(super) struct SecondWindow {
    buckets: Box<[Tally]>,
    /// The second that the newest bucket stands for.
    second: u64,
    total: Tally,
}

impl SecondWindow {
    pub(super) fn new(seconds: usize) -> Self {
        Self {
            buckets: vec![Tally::default(); seconds.max(1)].into_boxed_slice(),
            second: 0,
            total: Tally::default(),
        }
    }

    fn push(&mut self, now: Duration, failed: bool, slow: bool) {
        self.advance(now);
        let at = self.place(self.second);
        if let Some(bucket) = self.buckets.get_mut(at) {
            bucket.add(failed, slow);
            self.total.add(failed, slow);
        }
    }

    fn tally(&mut self, now: Duration) -> Tally {
        self.advance(now);
        self.total
    }

    fn advance(&mut self, now: Duration) {
        let now = now.as_secs();
        let passed = now.saturating_sub(self.second).min(self.buckets.len() as u64);
        for step in 0..passed {
            // The newest second takes the place of the oldest.
            let at = self.place(now - step);
            if let Some(bucket) = self.buckets.get_mut(at) {
                self.total.subtract(std::mem::take(bucket));
            }
        }
        self.second = self.second.max(now);
    }

    fn place(&self, second: u64) -> usize {
        // A remainder is below the length.
        usize::try_from(second % self.buckets.len() as u64).unwrap_or(0)
    }
}
