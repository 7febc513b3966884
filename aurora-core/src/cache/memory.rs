//! The cache in this process.

use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

use super::error::{Error, ErrorKind};
use super::key::Key;
use super::{CacheStore, check_entry};
use crate::time::{Clock, SystemClock};

/// What an entry costs besides its key and its value: the cache's own bookkeeping, roughly, in bytes.
const OVERHEAD: usize = 128;

/// A cache in this process, bounded by the bytes that it holds; clones share their entries.
///
/// When it is full, it forgets what is used least. Freshness is ours and runs on the injected clock; the library below
/// only bounds the memory.
#[derive(Clone)]
pub struct MemoryCache {
    entries: Cache<Key, Entry>,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    fresh_until: Duration,
}

impl MemoryCache {
    /// A cache with the usual settings.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts a cache with other than the usual settings.
    #[must_use]
    pub fn builder() -> MemoryCacheBuilder {
        MemoryCacheBuilder::default()
    }

    /// How many bytes the entries take, their keys and bookkeeping included, expired ones too.
    pub async fn size(&self) -> u64 {
        self.entries.run_pending_tasks().await;
        self.entries.weighted_size()
    }

    /// Forgets everything.
    #[cfg(feature = "redis")]
    pub(super) fn clear(&self) {
        self.entries.invalidate_all();
    }

    fn entry(&self, key: &Key, value: &Bytes, ttl: Duration) -> Result<Entry, Error> {
        check_entry(value, ttl)?;
        if weight(key, value) > self.capacity {
            return Err(Error::new(ErrorKind::TooLarge));
        }
        Ok(Entry {
            // A copy: the value may be a small part of a large buffer that it would keep alive.
            value: Bytes::copy_from_slice(value),
            fresh_until: self.clock.elapsed().saturating_add(ttl),
        })
    }

    fn is_fresh(&self, entry: &Entry) -> bool {
        self.clock.elapsed() < entry.fresh_until
    }
}

#[async_trait]
impl CacheStore for MemoryCache {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let Some(entry) = self.entries.get(key).await else {
            return Ok(None);
        };
        if self.is_fresh(&entry) {
            return Ok(Some(entry.value));
        }
        self.entries
            .entry_by_ref(key)
            .and_compute_with(|found| match found {
                // Somebody may have renewed it in between.
                Some(found) if !self.is_fresh(found.value()) => ready(Op::Remove),
                _ => ready(Op::Nop),
            })
            .await;
        Ok(None)
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        let entry = self.entry(key, &value, ttl)?;
        // Not a plain insert: that would not wait for a `set_if_absent` that has already looked.
        self.entries
            .entry_by_ref(key)
            .and_upsert_with(|_| ready(entry))
            .await;
        Ok(())
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        let entry = self.entry(key, &value, ttl)?;
        let outcome = self
            .entries
            .entry_by_ref(key)
            .and_compute_with(|found| match found {
                Some(found) if self.is_fresh(found.value()) => ready(Op::Nop),
                _ => ready(Op::Put(entry)),
            })
            .await;
        Ok(matches!(
            outcome,
            CompResult::Inserted(_) | CompResult::ReplacedWith(_)
        ))
    }

    async fn remove(&self, key: &Key) -> Result<bool, Error> {
        let outcome = self
            .entries
            .entry_by_ref(key)
            .and_compute_with(|_| ready(Op::Remove))
            .await;
        Ok(matches!(outcome, CompResult::Removed(entry) if self.is_fresh(entry.value())))
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`MemoryCache`].
#[derive(Debug, Clone)]
pub struct MemoryCacheBuilder {
    capacity: usize,
    clock: Arc<dyn Clock>,
}

impl Default for MemoryCacheBuilder {
    fn default() -> Self {
        Self {
            capacity: 64 * 1024 * 1024,
            clock: Arc::new(SystemClock),
        }
    }
}

impl MemoryCacheBuilder {
    /// The most bytes that all entries together may take. 64 MiB unless told otherwise.
    #[must_use]
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// The clock that entries expire by.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the cache.
    #[must_use]
    pub fn build(self) -> MemoryCache {
        let entries = Cache::builder()
            .max_capacity(u64::try_from(self.capacity).unwrap_or(u64::MAX))
            .weigher(|key: &Key, entry: &Entry| u32::try_from(weight(key, &entry.value)).unwrap_or(u32::MAX))
            .build();
        MemoryCache {
            entries,
            capacity: self.capacity,
            clock: self.clock,
        }
    }
}

fn weight(key: &Key, value: &[u8]) -> usize {
    OVERHEAD + key.as_str().len() + value.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Scope;
    use crate::time::ManualClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key(text: &str) -> Key {
        Key::new(&Scope::Global, "test", 1, text).unwrap()
    }

    #[tokio::test]
    async fn an_entry_lives_exactly_as_long_as_it_should() {
        let clock = ManualClock::default();
        let cache = MemoryCache::builder().clock(clock.clone()).build();
        cache.set(&key("a"), "1".into(), MINUTE).await.unwrap();
        clock.advance(MINUTE - Duration::from_nanos(1));
        assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "1");
        assert!(!cache.set_if_absent(&key("a"), "2".into(), MINUTE).await.unwrap());
        clock.advance(Duration::from_nanos(1));
        assert!(cache.get(&key("a")).await.unwrap().is_none());
        assert_eq!(
            cache.size().await,
            0,
            "an expired entry was kept after it was found"
        );
    }

    #[tokio::test]
    async fn an_expired_entry_counts_as_absent() {
        let clock = ManualClock::default();
        let cache = MemoryCache::builder().clock(clock.clone()).build();
        cache.set(&key("a"), "1".into(), MINUTE).await.unwrap();
        cache.set(&key("b"), "1".into(), MINUTE).await.unwrap();
        clock.advance(MINUTE);
        assert!(cache.set_if_absent(&key("a"), "2".into(), MINUTE).await.unwrap());
        assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "2");
        assert!(!cache.remove(&key("b")).await.unwrap());
    }

    #[tokio::test]
    async fn the_wall_clock_has_no_say_in_expiry() {
        let clock = ManualClock::default();
        let cache = MemoryCache::builder().clock(clock.clone()).build();
        cache.set(&key("a"), "1".into(), MINUTE).await.unwrap();
        clock.set_wall(clock.now() + 100 * MINUTE);
        assert!(cache.get(&key("a")).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn memory_stays_within_its_bound() {
        let capacity = 64 * 1024;
        let cache = MemoryCache::builder().capacity(capacity).build();
        for n in 0..1_000 {
            let value = Bytes::from(vec![0; 1_024]);
            cache.set(&key(&n.to_string()), value, MINUTE).await.unwrap();
        }
        let size = cache.size().await;
        assert!(
            0 < size && size <= u64::try_from(capacity).unwrap(),
            "{size} bytes held"
        );
        let error = cache
            .set(&key("a"), vec![0; capacity].into(), MINUTE)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn a_kept_value_does_not_hold_on_to_the_buffer_it_came_from() {
        let cache = MemoryCache::new();
        let buffer = Bytes::from(vec![7; 1_000_000]);
        cache.set(&key("a"), buffer.slice(..3), MINUTE).await.unwrap();
        assert!(buffer.is_unique());
    }
}
