//! Settings of a breaker.

use std::sync::Arc;
use std::time::Duration;

use super::Breaker;
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// The widest window: each of its calls takes two bytes.
const LARGEST_WINDOW: usize = 10_000;

/// Settings of a [`Breaker`].
#[derive(Debug, Clone)]
#[must_use]
pub struct BreakerBuilder {
    pub(super) window: usize,
    pub(super) minimum_calls: usize,
    pub(super) failure_percent: u8,
    pub(super) slow_percent: u8,
    pub(super) slow_after: Duration,
    pub(super) consecutive: u32,
    pub(super) open_for: Duration,
    pub(super) open_cap: Duration,
    pub(super) probes: u32,
    pub(super) half_open_for: Duration,
    pub(super) refused_for: Duration,
    pub(super) hold_cap: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
}

impl Default for BreakerBuilder {
    /// Window 50 calls, at least 10; 50 % failed or 100 % slower than 60 s; 5 in a row; open 5 s to 5 min; 1 probe
    /// within 120 s; 60 s for refused credentials; `Retry-After` of at most 1 h.
    fn default() -> Self {
        Self {
            window: 50,
            minimum_calls: 10,
            failure_percent: 50,
            slow_percent: 100,
            slow_after: Duration::from_secs(60),
            consecutive: 5,
            open_for: Duration::from_secs(5),
            open_cap: Duration::from_secs(300),
            probes: 1,
            half_open_for: Duration::from_secs(120),
            refused_for: Duration::from_secs(60),
            hold_cap: Duration::from_secs(3_600),
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }
}

impl BreakerBuilder {
    /// How many of the last calls are looked at: 1 to 10,000.
    pub const fn window(mut self, calls: usize) -> Self {
        self.window = calls;
        self
    }

    /// Below this many calls the shares are not judged; at most as many as the window holds.
    pub const fn minimum_calls(mut self, calls: usize) -> Self {
        self.minimum_calls = calls;
        self
    }

    /// The share of failed calls, in percent (1 to 100), that opens the circuit.
    pub const fn failure_percent(mut self, percent: u8) -> Self {
        self.failure_percent = percent;
        self
    }

    /// The share of slow calls, in percent (1 to 100), that opens the circuit, and what counts as slow.
    pub const fn slow(mut self, percent: u8, after: Duration) -> Self {
        self.slow_percent = percent;
        self.slow_after = after;
        self
    }

    /// How many hard failures in a row open the circuit; 0 turns it off.
    pub const fn consecutive(mut self, failures: u32) -> Self {
        self.consecutive = failures;
        self
    }

    /// How long the circuit stays open the first time, and at most after several times.
    pub const fn open_for(mut self, first: Duration, cap: Duration) -> Self {
        self.open_for = first;
        self.open_cap = cap;
        self
    }

    /// How many calls judge a half-open target (at least 1, at most as many as the window holds), and how long they may
    /// take.
    pub const fn probes(mut self, calls: u32, within: Duration) -> Self {
        self.probes = calls;
        self.half_open_for = within;
        self
    }

    /// How long a target is left alone that refuses our credentials.
    pub const fn refused_for(mut self, pause: Duration) -> Self {
        self.refused_for = pause;
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The breaker, closed. A setting out of its range is taken for the nearest that is within.
    #[must_use]
    pub fn build(mut self) -> Breaker {
        self.window = self.window.clamp(1, LARGEST_WINDOW);
        self.minimum_calls = self.minimum_calls.min(self.window);
        self.failure_percent = self.failure_percent.clamp(1, 100);
        self.slow_percent = self.slow_percent.clamp(1, 100);
        let most_probes = u32::try_from(self.window).unwrap_or(u32::MAX);
        self.probes = self.probes.clamp(1, most_probes);
        Breaker::new(self)
    }
}
