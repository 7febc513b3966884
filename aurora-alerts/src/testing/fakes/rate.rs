use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Clock;

/// The most addresses that are counted; those that were silent longest are forgotten first.
const ADDRESSES: usize = 1_000;

/// How many messages a service takes within a time, counted for each address by a clock that tests can move.
#[derive(Debug)]
pub struct RateWindow {
    clock: Arc<dyn Clock>,
    limit: usize,
    window: Duration,
    taken: Mutex<BTreeMap<String, VecDeque<Duration>>>,
}

impl RateWindow {
    /// At most `limit` messages, at least 1, to one address within any `window`.
    #[must_use]
    pub fn new(clock: impl Clock, limit: usize, window: Duration) -> Self {
        Self {
            clock: Arc::new(clock),
            limit: limit.max(1),
            window,
            taken: Mutex::default(),
        }
    }

    /// How many messages the address can get within a window.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Counts one message: how many more are left, and when the first place is free again.
    ///
    /// # Errors
    /// With the time until one is free, when none is; nothing is counted then.
    pub fn take(&self, address: &str) -> Result<(usize, Duration), Duration> {
        let now = self.clock.elapsed();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |at: &Duration| now.saturating_sub(*at) >= self.window;
        if taken.len() >= ADDRESSES && !taken.contains_key(address) {
            let oldest = taken.iter().min_by_key(|(_, times)| times.back().copied());
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                taken.remove(&oldest);
            }
        }
        let times = taken.entry(address.to_owned()).or_default();
        times.retain(|at| !is_over(at));
        let free_at = |times: &VecDeque<Duration>| {
            let first = times.front().copied().unwrap_or(now);
            (first + self.window).saturating_sub(now)
        };
        if times.len() >= self.limit {
            return Err(free_at(times));
        }
        times.push_back(now);
        Ok((self.limit - times.len(), free_at(times)))
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;

    use super::*;

    #[test]
    fn each_address_has_its_own_window_that_moves_with_the_clock() {
        let clock = ManualClock::default();
        let window = RateWindow::new(clock.clone(), 2, Duration::from_secs(10));
        assert_eq!(window.take("a"), Ok((1, Duration::from_secs(10))));
        clock.advance(Duration::from_secs(4));
        assert_eq!(window.take("a"), Ok((0, Duration::from_secs(6))));
        assert_eq!(window.take("a"), Err(Duration::from_secs(6)));
        assert_eq!(window.take("b"), Ok((1, Duration::from_secs(10))));
        clock.advance(Duration::from_secs(6));
        assert_eq!(window.take("a"), Ok((0, Duration::from_secs(4))));
    }
}
