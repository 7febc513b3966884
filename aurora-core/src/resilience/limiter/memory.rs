//! The limiter of one process.

use std::fmt;
use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::RateLimiter;
use super::error::{Error, ErrorKind};
use super::policy::Policies;
use super::reservation::Adjustment;
use super::shard::Shard;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::time::{Clock, SystemClock};

/// How many locks there are at most.
const SHARDS: usize = 64;

/// Below this many keys a part of the memory is not worth a lock of its own.
const KEYS_PER_SHARD: usize = 512;

/// Limits within one process, on its monotonic clock, in bounded memory; clones share what is counted.
///
/// A check takes one lock of several, and for a key that is known it allocates nothing.
///
/// # When it is full
/// A key whose limits are all unused again makes room first. Else, of the 64 keys next in turn, the one goes that
/// has used the smallest part of its limits, and one that has used up a limit never goes: to be forgotten, an attacker
/// would have to fill the memory with keys that are used more than his own, each at the price of that use. When all of
/// them are used up, the new key is refused until the first of them frees.
#[derive(Clone)]
pub struct MemoryLimiter {
    inner: Arc<Inner>,
}

struct Inner {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
}

impl MemoryLimiter {
    /// A limiter for at most 100,000 keys on the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::sized(100_000, Arc::new(SystemClock))
    }

    /// Starts a limiter with other than the usual settings.
    pub fn builder() -> MemoryLimiterBuilder {
        MemoryLimiterBuilder {
            max_keys: 100_000,
            clock: Arc::new(SystemClock),
        }
    }

    pub(super) fn sized(max_keys: usize, clock: Arc<dyn Clock>) -> Self {
        let shards = (max_keys / KEYS_PER_SHARD).clamp(1, SHARDS);
        // Rounded down: never more keys than were asked for.
        let each = (max_keys / shards).max(1);
        Self {
            inner: Arc::new(Inner {
                shards: (0..shards).map(|_| Mutex::new(Shard::new(each))).collect(),
                hasher: RandomState::new(),
                clock,
            }),
        }
    }

    /// Checks a request that costs `cost` units, and counts it when every policy lets it pass. A cost of zero asks
    /// where the key stands and counts nothing.
    #[must_use]
    pub fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Verdict {
        match self.shard(subject) {
            // Under the lock the time is read in the order in which it is kept.
            Some(mut shard) => shard.check(subject, policies, self.now(), cost),
            None => Verdict::blind(policies, Duration::from_secs(1)),
        }
    }

    /// Puts back what was taken too much, or takes what was taken too little.
    pub fn adjust(&self, adjustment: &Adjustment) {
        if let Some(mut shard) = self.shard(&adjustment.subject) {
            shard.adjust(adjustment, self.now());
        }
    }

    /// How many keys are kept, those included whose limits are unused again and that go at the next need.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.inner.shards.iter().map(|shard| lock(shard).count()).sum()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.inner.clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// There is always one: it is a remainder.
    fn shard(&self, subject: &Subject) -> Option<MutexGuard<'_, Shard>> {
        let shards = &self.inner.shards;
        let count = u64::try_from(shards.len()).unwrap_or(1).max(1);
        let index = self.inner.hasher.hash_one(subject) % count;
        shards.get(usize::try_from(index).unwrap_or(0)).map(lock)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error> {
        Ok(Self::check(self, subject, policies, cost))
    }

    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error> {
        Self::adjust(self, adjustment);
        Ok(())
    }

    fn check_now(&self, subject: &Subject, policies: &Policies, cost: u32) -> Option<Verdict> {
        Some(Self::check(self, subject, policies, cost))
    }

    fn adjust_now(&self, adjustment: &Adjustment) -> bool {
        Self::adjust(self, adjustment);
        true
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter")
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`MemoryLimiter`].
#[derive(Debug, Clone)]
#[must_use]
pub struct MemoryLimiterBuilder {
    max_keys: usize,
    clock: Arc<dyn Clock>,
}

impl MemoryLimiterBuilder {
    /// How many keys are kept at most, 1 to 100 million; 100,000 unless told otherwise. A key takes up to 300
    /// bytes, 100 more for each policy after the first, and 8 for each unit of the limit of a sliding log.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The limiter, with nothing used.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`] when the number of keys is out of its range.
    pub fn build(self) -> Result<MemoryLimiter, Error> {
        if !(1..=100_000_000).contains(&self.max_keys) {
            let allowed = "a limiter keeps 1 to 100,000,000 keys";
            return Err(Error::with_source(ErrorKind::InvalidSettings, allowed));
        }
        Ok(MemoryLimiter::sized(self.max_keys, self.clock))
    }
}
