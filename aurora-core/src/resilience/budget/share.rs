//! A retry budget that is a share of the requests.

use std::sync::Arc;

use crate::sync::{Mutex, PoisonError};
use crate::time::Clock;

/// The seconds that are looked at.
const SECONDS: usize = 10;
const WINDOW: u64 = SECONDS as u64;

/// Requests and retries of the last ten seconds.
#[derive(Debug)]
pub(super) struct Share {
    percent: u32,
    floor: u64,
    clock: Arc<dyn Clock>,
    seconds: Mutex<[Second; SECONDS]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Second {
    number: u64,
    requests: u64,
    retries: u64,
}

impl Share {
    pub(super) fn new(percent: u32, floor_per_second: u32, clock: Arc<dyn Clock>) -> Self {
        Self {
            percent,
            floor: u64::from(floor_per_second) * WINDOW,
            clock,
            seconds: Mutex::default(),
        }
    }

    pub(super) fn requested(&self) {
        self.with(self.now(), |seconds, now| {
            current(seconds, now, |second| second.requests += 1);
        });
    }

    /// Takes one retry; gives the second that it is counted in.
    pub(super) fn withdraw(&self) -> Option<u64> {
        self.with(self.now(), |seconds, now| {
            (left(self, seconds, now) > 0).then(|| {
                current(seconds, now, |second| second.retries += 1);
                now
            })
        })
    }

    /// Puts back a retry that was counted in `second`, if that still counts.
    pub(super) fn put_back(&self, second: u64) {
        self.with(second, |seconds, number| {
            for second in seconds.iter_mut().filter(|second| second.number == number) {
                second.retries = second.retries.saturating_sub(1);
            }
        });
    }

    /// How many retries may be made now.
    pub(super) fn left(&self) -> u64 {
        self.with(self.now(), |seconds, now| left(self, seconds, now))
    }

    fn now(&self) -> u64 {
        self.clock.elapsed().as_secs()
    }

    fn with<R>(&self, now: u64, act: impl FnOnce(&mut [Second], u64) -> R) -> R {
        act(
            &mut *self.seconds.lock().unwrap_or_else(PoisonError::into_inner),
            now,
        )
    }
}

fn left(share: &Share, seconds: &[Second], now: u64) -> u64 {
    let live = || seconds.iter().filter(|second| second.number + WINDOW > now);
    let requests: u64 = live().map(|second| second.requests).sum();
    let retries: u64 = live().map(|second| second.retries).sum();
    (share.floor + requests * u64::from(share.percent) / 100).saturating_sub(retries)
}

fn current(seconds: &mut [Second], now: u64, act: impl FnOnce(&mut Second)) {
    // A remainder is below the length.
    let place = usize::try_from(now % WINDOW).unwrap_or(0);
    if let Some(second) = seconds.get_mut(place) {
        if second.number != now {
            *second = Second {
                number: now,
                ..Second::default()
            };
        }
        act(second);
    }
}
