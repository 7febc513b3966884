//! Settings of a breaker.

use std::sync::Arc;
use std::time::Duration;

use super::Breaker;
use crate::resilience::window::{CallWindow, SecondWindow, Window};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// The widest window of calls: each takes two bytes.
const MOST_CALLS: usize = 10_000;
/// The widest window of seconds: each takes 24 bytes.
const MOST_SECONDS: usize = 3_600;

/// Settings of a [`Breaker`].
#[derive(Debug, Clone)]
#[must_use]
pub struct BreakerBuilder {
    settings: Settings,
    name: Option<String>,
    clock: Arc<dyn Clock>,
    random: Random,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    kind: WindowKind,
    minimum_calls: usize,
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
}

#[derive(Debug, Clone, Copy)]
enum WindowKind {
    Calls(usize),
    Seconds(usize),
}

impl Settings {
    pub(super) fn window(&self) -> Window {
        match self.kind {
            WindowKind::Calls(calls) => Window::Calls(CallWindow::new(calls)),
            WindowKind::Seconds(seconds) => Window::Seconds(SecondWindow::new(seconds)),
        }
    }

    pub(super) const fn minimum_calls(&self) -> u64 {
        self.minimum_calls as u64
    }
}

impl Default for BreakerBuilder {
    /// Window 50 calls, at least 10; 50 % failed or 100 % slower than 60 s; 5 in a row; open 5 s to 5 min; 1 probe
    /// within 120 s; 60 s for refused credentials; `Retry-After` of at most 1 h; no name.
    fn default() -> Self {
        let settings = Settings {
            kind: WindowKind::Calls(50),
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
        };
        Self {
            settings,
            name: None,
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }
}

impl BreakerBuilder {
    /// How many of the last calls are looked at: 1 to 10,000.
    pub const fn window(mut self, calls: usize) -> Self {
        self.settings.kind = WindowKind::Calls(calls);
        self
    }

    /// Looks at the calls of the last seconds instead, 1 to 3,600 of them.
    ///
    /// What is older does not count any more, so that after an idle time the [minimum](Self::minimum_calls) has to be
    /// reached anew before the circuit can open.
    pub const fn window_seconds(mut self, seconds: usize) -> Self {
        self.settings.kind = WindowKind::Seconds(seconds);
        self
    }

    /// Below this many calls the shares are not judged; at most as many as a window of calls holds.
    pub const fn minimum_calls(mut self, calls: usize) -> Self {
        self.settings.minimum_calls = calls;
        self
    }

    /// The share of failed calls, in percent (1 to 100), that opens the circuit.
    pub const fn failure_percent(mut self, percent: u8) -> Self {
        self.settings.failure_percent = percent;
        self
    }

    /// The share of slow calls, in percent (1 to 100), that opens the circuit, and beyond what time a call is slow.
    pub const fn slow(mut self, percent: u8, after: Duration) -> Self {
        self.settings.slow_percent = percent;
        self.settings.slow_after = after;
        self
    }

    /// How many hard failures in a row open the circuit; 0 turns it off.
    pub const fn consecutive(mut self, failures: u32) -> Self {
        self.settings.consecutive = failures;
        self
    }

    /// How long the circuit stays open the first time, and at most after several times.
    pub const fn open_for(mut self, first: Duration, cap: Duration) -> Self {
        self.settings.open_for = first;
        self.settings.open_cap = cap;
        self
    }

    /// How many calls judge a half-open target (at least 1, at most as many as a window of calls holds), and how long
    /// they may take: twice the time limit of an attempt is a good choice.
    pub const fn probes(mut self, calls: u32, within: Duration) -> Self {
        self.settings.probes = calls;
        self.settings.half_open_for = within;
        self
    }

    /// How long a target is left alone that refuses our credentials.
    pub const fn refused_for(mut self, pause: Duration) -> Self {
        self.settings.refused_for = pause;
        self
    }

    /// The longest `Retry-After` that is respected; a longer one counts as this.
    pub const fn hold_cap(mut self, longest: Duration) -> Self {
        self.settings.hold_cap = longest;
        self
    }

    /// The name that it has in logs and metrics. Without one it writes neither.
    ///
    /// Give each breaker of a process another name, and only as many as metrics can bear labels: a name stands for
    /// provider, model or endpoint class, and credential, not for a host alone.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
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
        let settings = &mut self.settings;
        match &mut settings.kind {
            WindowKind::Calls(calls) => {
                *calls = (*calls).clamp(1, MOST_CALLS);
                settings.minimum_calls = settings.minimum_calls.min(*calls);
                settings.probes = settings.probes.min(u32::try_from(*calls).unwrap_or(u32::MAX));
            }
            WindowKind::Seconds(seconds) => *seconds = (*seconds).clamp(1, MOST_SECONDS),
        }
        settings.failure_percent = settings.failure_percent.clamp(1, 100);
        settings.slow_percent = settings.slow_percent.clamp(1, 100);
        settings.probes = settings.probes.max(1);
        Breaker::new(self.settings, self.name, self.clock, self.random)
    }
}
