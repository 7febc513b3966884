//! Settings of a read-through cache.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::ReadThrough;
use crate::cache::{CacheStore, Error, ErrorKind, MAX_TTL};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// Settings of a [`ReadThrough`].
#[must_use]
pub struct ReadThroughBuilder<V> {
    pub(super) settings: Settings,
    pub(super) value: PhantomData<fn() -> V>,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) store: Arc<dyn CacheStore>,
    pub(super) kind: Arc<str>,
    pub(super) version: u32,
    pub(super) fresh_for: Duration,
    pub(super) stale_for: Duration,
    pub(super) negative_for: Duration,
    pub(super) jitter: f64,
    pub(super) early: Option<f64>,
    pub(super) grace: Duration,
    pub(super) flights: usize,
    pub(super) lease: Option<Duration>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
}

impl<V> ReadThroughBuilder<V> {
    /// How long a value is fresh: 1 ms to 200 days. 5 min unless told otherwise.
    pub fn fresh_for(mut self, time: Duration) -> Self {
        self.settings.fresh_for = time;
        self
    }

    /// For how long after that a value is served while it is refreshed, or when it cannot be: up to 200 days. Not at
    /// all unless told otherwise.
    pub fn stale_for(mut self, time: Duration) -> Self {
        self.settings.stale_for = time;
        self
    }

    /// How long it is remembered that there is no such thing: up to 200 days. Not at all unless told otherwise.
    pub fn negative_for(mut self, time: Duration) -> Self {
        self.settings.negative_for = time;
        self
    }

    /// By which share at most the time for which something is fresh is cut at random, 0 to 0.9, so that what was
    /// loaded together does not end together. 0.1 unless told otherwise.
    pub fn jitter(mut self, share: f64) -> Self {
        self.settings.jitter = share;
        self
    }

    /// Refreshes a value before its time is over, with a probability that grows towards the end and with the time that
    /// the load took: `now − delta·beta·ln(U) ≥ fresh_until` (XFetch). 1 is the usual `beta`, up to 10; without it
    /// values are refreshed when their time is over.
    pub fn early(mut self, beta: f64) -> Self {
        self.settings.early = Some(beta);
        self
    }

    /// For how long a load goes on that nobody waits for any more, up to 1 min. 1 s unless told otherwise.
    pub fn grace(mut self, time: Duration) -> Self {
        self.settings.grace = time;
        self
    }

    /// How many loads may be under way at once, 1 to 100,000; above that, whoever needs another gets
    /// [`LoadErrorKind::Busy`](super::LoadErrorKind::Busy). 1,024 unless told otherwise.
    pub fn flights(mut self, number: usize) -> Self {
        self.settings.flights = number;
        self
    }

    /// Lets one of all replicas load a value that is missing or stale, under a lease in the store, which must be shared
    /// ([`CacheStore::leases`]).
    ///
    /// `hold`, 100 ms to 1 min, is how long the lease of a replica that died or was paused lasts; one at work renews
    /// it. The others look again and again for the value, for at most that long, and then load it themselves; where
    /// something stale can be served nobody waits. What a replica writes after its lease has ended is refused. While
    /// the store cannot be reached, values are loaded as without leases.
    pub fn lease(mut self, hold: Duration) -> Self {
        self.settings.lease = Some(hold);
        self
    }

    /// The clock that says what is fresh.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Where chance comes from.
    pub fn random(mut self, random: Random) -> Self {
        self.settings.random = random;
        self
    }

    pub(super) fn new(store: impl CacheStore, kind: &str, version: u32) -> Self {
        Self {
            settings: Settings {
                store: Arc::new(store),
                kind: kind.into(),
                version,
                fresh_for: Duration::from_secs(300),
                stale_for: Duration::ZERO,
                negative_for: Duration::ZERO,
                jitter: 0.1,
                early: None,
                grace: Duration::from_secs(1),
                flights: 1_024,
                lease: None,
                clock: Arc::new(SystemClock),
                random: Random::system(),
            },
            value: PhantomData,
        }
    }

    /// Makes the cache.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`] when a setting is out of its range, or the kind cannot be part of a key; the
    /// source names all of them.
    pub fn build(self) -> Result<ReadThrough<V>, Error> {
        let settings = self.settings;
        let longest = MAX_TTL / 2;
        let mut problems = Vec::new();
        let mut check = |holds: bool, problem: &'static str| {
            if !holds {
                problems.push(problem);
            }
        };
        check(
            crate::cache::key::is_name(&settings.kind, 32),
            "the kind must have 1 to 32 characters out of a-z A-Z 0-9 . _ -",
        );
        check(
            (Duration::from_millis(1)..=longest).contains(&settings.fresh_for),
            "fresh_for must be 1 ms to 200 days",
        );
        check(
            settings.stale_for <= longest,
            "stale_for must be at most 200 days",
        );
        check(
            settings.negative_for <= longest,
            "negative_for must be at most 200 days",
        );
        check((0.0..=0.9).contains(&settings.jitter), "jitter must be 0 to 0.9");
        check(
            settings.early.is_none_or(|beta| beta > 0.0 && beta <= 10.0),
            "early must be above 0 and at most 10",
        );
        check(
            settings.grace <= Duration::from_secs(60),
            "grace must be at most 1 min",
        );
        check(
            (1..=100_000).contains(&settings.flights),
            "flights must be 1 to 100000",
        );
        let holds = Duration::from_millis(100)..=Duration::from_secs(60);
        check(
            settings.lease.is_none_or(|hold| holds.contains(&hold)),
            "lease must be 100 ms to 1 min",
        );
        check(
            settings.lease.is_none() || settings.store.leases().is_some(),
            "lease needs a store that replicas share, such as RedisCache or TieredCache",
        );
        if problems.is_empty() {
            Ok(ReadThrough::start(settings))
        } else {
            Err(Error::with_source(
                ErrorKind::InvalidSettings,
                problems.join("; "),
            ))
        }
    }
}

impl<V> std::fmt::Debug for ReadThroughBuilder<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReadThroughBuilder").field(&self.settings).finish()
    }
}
