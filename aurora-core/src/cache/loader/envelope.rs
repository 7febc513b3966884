//! What is kept with a value, and what that says about it later.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rng::Random;
use crate::time::Timestamp;

/// How far the clocks of two replicas may lie apart before an entry from the future is taken for a mistake.
const SKEW: Duration = Duration::from_secs(5);

/// A value and how long it is good for, as it is kept. Times are wall-clock time in microseconds, because replicas
/// share it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope<V> {
    /// `None` is a negative entry: there is no such thing.
    pub(super) value: Option<V>,
    pub(super) created: i64,
    fresh_until: i64,
    stale_until: i64,
    /// How long the load took, in milliseconds.
    delta_ms: u64,
    version: u32,
    tenant: String,
}

/// How long values are good for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) fresh_for: Duration,
    pub(super) stale_for: Duration,
}

/// What an entry is good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// To be served.
    Fresh,
    /// To be served, and to be refreshed although it is fresh still.
    Early,
    /// To be served while it is refreshed.
    Stale,
    /// Not to be served.
    Over,
}

impl<V> Envelope<V> {
    pub(super) fn new(
        value: Option<V>,
        now: Timestamp,
        delta: Duration,
        lifetimes: Lifetimes,
        version: u32,
        tenant: &str,
    ) -> Self {
        let fresh_until = now + lifetimes.fresh_for;
        Self {
            value,
            created: now.as_micros(),
            fresh_until: fresh_until.as_micros(),
            stale_until: (fresh_until + lifetimes.stale_for).as_micros(),
            delta_ms: u64::try_from(delta.as_millis()).unwrap_or(u64::MAX),
            version,
            tenant: tenant.to_owned(),
        }
    }

    pub(super) fn is_of(&self, version: u32, tenant: &str) -> bool {
        self.version == version && self.tenant == tenant
    }

    /// How old it is; zero when it is from the future.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        now.since(Timestamp::from_micros(self.created))
    }

    /// For how many seconds it is fresh yet; negative when it is not.
    pub(super) fn ttl(&self, now: Timestamp) -> i64 {
        let micros = self.fresh_until.saturating_sub(now.as_micros());
        micros.div_euclid(1_000_000)
    }

    /// How long it may be served yet; of a clock that was set back not more than it ever could.
    pub(super) fn remaining(&self, now: Timestamp) -> Duration {
        Timestamp::from_micros(self.stale_until).since(now)
    }

    /// An entry from the future is over: else a clock that was set back would keep it fresh for as long as it was set
    /// back. With `beta`, an entry that was slow to load is refreshed early, the more likely the nearer its end.
    pub(super) fn standing(&self, now: Timestamp, beta: Option<f64>, random: &Random) -> Standing {
        let created = Timestamp::from_micros(self.created);
        let (fresh_until, stale_until) = (
            Timestamp::from_micros(self.fresh_until),
            Timestamp::from_micros(self.stale_until),
        );
        if created > now + SKEW || now >= stale_until {
            return Standing::Over;
        }
        if now >= fresh_until {
            return Standing::Stale;
        }
        let is_early = beta.is_some_and(|beta| {
            // In (0, 1], so that the logarithm is finite.
            let drawn = 1.0 - random.unit();
            let ahead = Duration::from_millis(self.delta_ms).as_secs_f64() * beta * -drawn.ln();
            Duration::try_from_secs_f64(ahead).is_ok_and(|ahead| now + ahead >= fresh_until)
        });
        if is_early {
            Standing::Early
        } else {
            Standing::Fresh
        }
    }
}
