//! Settings of two tiers.

use std::sync::Arc;
use std::time::Duration;

use super::TieredCache;
use crate::cache::error::{Error, ErrorKind};
use crate::cache::memory::MemoryCache;
use crate::redis::Redis;
use crate::time::{Clock, SystemClock};

/// Settings of a [`TieredCache`].
#[derive(Debug, Clone)]
#[must_use]
pub struct TieredCacheBuilder {
    redis: Redis,
    near_ttl: Duration,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

impl TieredCacheBuilder {
    pub(super) fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.clone(),
            near_ttl: Duration::from_secs(1),
            capacity: 64 * 1024 * 1024,
            clock: Arc::new(SystemClock),
        }
    }

    /// How long a value is served from this process without asking Redis, and so the longest time for which one
    /// replica serves what another has changed: 1 ms to 1 day. 1 s unless told otherwise.
    ///
    /// It is also how long values outlive an outage of Redis. Give values that never change a long one.
    pub fn near_ttl(mut self, ttl: Duration) -> Self {
        self.near_ttl = ttl;
        self
    }

    /// The most bytes that the near tier may take. 64 MiB unless told otherwise.
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// The clock that the near tier expires by.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the cache and begins to listen to the other replicas.
    ///
    /// Must be called within a Tokio runtime, which carries the listener until the last clone is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`] when `near_ttl` is out of its range.
    pub fn build(self) -> Result<TieredCache, Error> {
        let range = Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);
        if !range.contains(&self.near_ttl) {
            let allowed = "near_ttl must be 1 ms to 1 day";
            return Err(Error::with_source(ErrorKind::InvalidSettings, allowed));
        }
        let near = MemoryCache::builder()
            .capacity(self.capacity)
            .clock(self.clock)
            .build();
        Ok(TieredCache::start(near, &self.redis, self.near_ttl))
    }
}
