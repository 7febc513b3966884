//! Which values are not refreshed again yet.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Until when the refresh of a key rests. Several keys share one place, so that memory does not grow with the keys that
/// fail: one may rest because of another, which is stale a moment longer.
#[derive(Debug)]
pub(super) struct Pauses {
    /// Microseconds of the monotonic clock.
    until: Vec<AtomicU64>,
    hasher: RandomState,
}

const PLACES: u64 = 1_024;

impl Default for Pauses {
    fn default() -> Self {
        Self {
            until: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::default(),
        }
    }
}

impl Pauses {
    fn of(&self, key: &impl Hash) -> Option<&AtomicU64> {
        let place = self.hasher.hash_one(key) % PLACES;
        self.until.get(usize::try_from(place).unwrap_or(0))
    }

    pub(super) fn begin(&self, key: &impl Hash, until: Duration) {
        if let Some(place) = self.of(key) {
            place.fetch_max(micros(until), Ordering::Relaxed);
        }
    }

    pub(super) fn holds(&self, key: &impl Hash, now: Duration) -> bool {
        self.of(key)
            .is_some_and(|place| micros(now) < place.load(Ordering::Relaxed))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
