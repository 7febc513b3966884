//! What is kept of idempotent calls in this process, where there is no Redis.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::cache::{CacheStore, Error, Key, check_entry};
use aurora_core::time::Clock;
use bytes::Bytes;

/// What an entry costs besides its key and its value, roughly, in bytes.
const OVERHEAD: usize = 192;

/// A bounded memory that workspaces share fairly: when it is full, whoever holds most of it loses the oldest that they have.
/// So nobody's keys are freed by what another workspace has sent, which a cache that forgets what is used least would do.
pub(super) struct FairCache {
    capacity: usize,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    weight: usize,
    /// Of the entry that was put last.
    number: u64,
    tenants: HashMap<String, Tenant>,
}

#[derive(Default)]
struct Tenant {
    weight: usize,
    entries: HashMap<Key, Entry>,
    /// The oldest first.
    order: BTreeMap<u64, Key>,
}

struct Entry {
    number: u64,
    value: Bytes,
    ends: Duration,
}

impl FairCache {
    /// One that holds so many bytes at most.
    pub(super) fn new(capacity: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            capacity,
            clock,
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CacheStore for FairCache {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        Ok(self.held().get(key, self.clock.elapsed()))
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        check_entry(&value, ttl)?;
        let now = self.clock.elapsed();
        let mut held = self.held();
        held.put(key, &value, now.saturating_add(ttl));
        held.shed(self.capacity, now);
        drop(held);
        Ok(())
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let now = self.clock.elapsed();
        let mut held = self.held();
        let is_free = held.get(key, now).is_none();
        if is_free {
            held.put(key, &value, now.saturating_add(ttl));
            held.shed(self.capacity, now);
        }
        drop(held);
        Ok(is_free)
    }

    async fn remove(&self, key: &Key) -> Result<bool, Error> {
        let removed = self.held().remove(key);
        Ok(removed.is_some_and(|entry| self.clock.elapsed() < entry.ends))
    }
}

impl Held {
    fn get(&self, key: &Key, now: Duration) -> Option<Bytes> {
        let entry = self.tenants.get(owner(key))?.entries.get(key)?;
        (now < entry.ends).then(|| entry.value.clone())
    }

    fn put(&mut self, key: &Key, value: &Bytes, ends: Duration) {
        self.remove(key);
        self.number += 1;
        let entry = Entry {
            number: self.number,
            // A copy: the value may be a part of a larger buffer that it would keep alive.
            value: Bytes::copy_from_slice(value),
            ends,
        };
        let weight = weight(key, &entry);
        let tenant = self.tenants.entry(owner(key).to_owned()).or_default();
        tenant.order.insert(entry.number, key.clone());
        tenant.entries.insert(key.clone(), entry);
        tenant.weight += weight;
        self.weight += weight;
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let tenant = self.tenants.get_mut(owner(key))?;
        let entry = tenant.entries.remove(key)?;
        tenant.order.remove(&entry.number);
        let weight = weight(key, &entry);
        tenant.weight -= weight;
        if tenant.entries.is_empty() {
            self.tenants.remove(owner(key));
        }
        self.weight -= weight;
        Some(entry)
    }

    /// Makes room: by what is over, then by what they lose who hold most.
    fn shed(&mut self, capacity: usize, now: Duration) {
        if self.weight <= capacity {
            return;
        }
        let over: Vec<Key> = self
            .tenants
            .values()
            .flat_map(|it| it.over(now))
            .cloned()
            .collect();
        for key in over {
            self.remove(&key);
        }
        while self.weight > capacity {
            let heaviest = self.tenants.values().max_by_key(|tenant| tenant.weight);
            let oldest = heaviest.and_then(|tenant| tenant.order.values().next());
            let Some(oldest) = oldest.cloned() else { return };
            self.remove(&oldest);
        }
    }
}

impl Tenant {
    /// The oldest entries, as far as their time is over.
    fn over(&self, now: Duration) -> impl Iterator<Item = &Key> {
        let is_over = move |key: &&Key| self.entries.get(*key).is_some_and(|entry| entry.ends <= now);
        self.order.values().take_while(is_over)
    }
}

/// Whose a key is: its scope.
fn owner(key: &Key) -> &str {
    key.as_str().split(':').next().unwrap_or_default()
}

fn weight(key: &Key, entry: &Entry) -> usize {
    OVERHEAD + key.as_str().len() + entry.value.len()
}

impl fmt::Debug for FairCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairCache")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::cache::Scope;
    use aurora_core::time::{ManualClock, SystemClock};

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn key(tenant: &str, text: &str) -> Key {
        Key::new(&Scope::tenant(tenant), "test", 1, text).unwrap()
    }

    #[tokio::test]
    async fn it_does_what_every_cache_does() {
        aurora_core::cache::contract::check(&FairCache::new(64 << 20, Arc::new(SystemClock))).await;
    }

    #[tokio::test]
    async fn whoever_fills_it_loses_their_own() {
        let clock = ManualClock::default();
        let cache = FairCache::new(64 << 10, Arc::new(clock.clone()));
        for n in 0..20 {
            let mine = key("quiet", &n.to_string());
            cache.set(&mine, "made".into(), DAY).await.unwrap();
        }
        for n in 0..2_000 {
            let theirs = key("loud", &n.to_string());
            let taken = cache.set_if_absent(&theirs, vec![0; 512].into(), DAY).await;
            assert!(taken.unwrap());
            assert!(cache.held().weight <= 64 << 10);
        }
        for n in 0..20 {
            assert!(cache.get(&key("quiet", &n.to_string())).await.unwrap().is_some());
        }
        assert!(cache.get(&key("loud", "1999")).await.unwrap().is_some());
        assert!(cache.get(&key("loud", "0")).await.unwrap().is_none());

        clock.advance(DAY);
        cache
            .set(&key("loud", "new"), vec![0; 1_024].into(), DAY)
            .await
            .unwrap();
        assert_eq!(cache.held().tenants.len(), 1, "what is over goes first");
    }
}
