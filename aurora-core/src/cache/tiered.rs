//! The cache in this process before the cache in Redis.

mod builder;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::JoinSet;

use super::error::Error;
use super::key::Key;
use super::memory::MemoryCache;
use super::redis::{RedisCache, millis, name};
use super::{CacheStore, check_entry, telemetry};
use crate::redis::{Answer, Arg, Event, Redis, Script, Subscription};
use crate::resilience::BreakerState;

pub use self::builder::TieredCacheBuilder;

/// The channel on which replicas tell each other what has changed.
const CHANNEL: &str = "cache-changes";

/// Writing and telling the others is one step, so that nobody hears of a change before it can be read.
static SET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept
         if ARGV[5] == 'NX' then kept = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
         else kept = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
         if kept then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
         return kept",
    )
});
static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local removed = redis.call('DEL', KEYS[1])
         redis.call('PUBLISH', ARGV[1], ARGV[2])
         return removed",
    )
});

/// A cache in this process before one in Redis that all replicas share; clones share both.
///
/// **With Redis**: what one replica sets or removes, the others stop serving when the message reaches them, and after
/// [`near_ttl`](TieredCacheBuilder::near_ttl) at the latest (1 s unless told otherwise). That is the bound on
/// staleness, and it holds whatever messages are lost. Where some may have been lost the near tier is dropped at once.
///
/// **Without Redis** no error reaches the caller. What was near is served for the rest of its `near_ttl`; what is set
/// is kept near for that long and lost to the other replicas; `set_if_absent` succeeds once per replica, not once; a
/// value that is removed here and still in Redis can come back with it. [`status`](Self::status) tells.
#[derive(Clone)]
pub struct TieredCache {
    shared: Arc<Shared>,
    _listener: Arc<JoinSet<()>>,
}

/// What the listener has as well.
struct Shared {
    near: MemoryCache,
    far: RedisCache,
    near_ttl: Duration,
    /// Tells our own messages from those of others.
    replica: String,
    changes: Changes,
    listening: Arc<AtomicBool>,
    /// Whether the listener has ever dropped what was near before it began.
    begun: AtomicBool,
    failures: AtomicU64,
}

/// How the two tiers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TieredStatus {
    /// Whether there is a connection to Redis.
    pub connected: bool,
    /// Where the circuit to Redis stands.
    pub circuit: BreakerState,
    /// Whether changes of other replicas are heard right now.
    pub listening: bool,
    /// How many questions Redis has not answered since the cache was made.
    pub far_failures: u64,
}

impl TieredCache {
    /// Starts a cache before what `redis` leads to.
    pub fn builder(redis: &Redis) -> TieredCacheBuilder {
        TieredCacheBuilder::new(redis)
    }

    fn start(near: MemoryCache, redis: &Redis, near_ttl: Duration) -> Self {
        let messages = redis.subscribe(CHANNEL);
        let shared = Arc::new(Shared {
            near,
            far: RedisCache::new(redis),
            near_ttl,
            replica: uuid::Uuid::now_v7().simple().to_string(),
            changes: Changes::default(),
            listening: messages.liveness(),
            begun: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        });
        let mut listener = JoinSet::new();
        listener.spawn(listen(Arc::clone(&shared), messages));
        Self {
            shared,
            _listener: Arc::new(listener),
        }
    }

    /// How the two tiers are.
    #[must_use]
    pub fn status(&self) -> TieredStatus {
        let shared = &self.shared;
        let redis = shared.far.redis();
        TieredStatus {
            connected: redis.is_connected(),
            circuit: redis.circuit(),
            listening: shared.begun.load(Ordering::Acquire) && shared.listening.load(Ordering::Acquire),
            far_failures: shared.failures.load(Ordering::Relaxed),
        }
    }

    async fn put(&self, key: &Key, value: &Bytes, ttl: Duration, condition: &str) -> Option<Answer> {
        let shared = &self.shared;
        let [channel, message] = shared.message(key);
        let args = [
            value.clone().into(),
            millis(ttl).into(),
            channel,
            message,
            condition.into(),
        ];
        let redis = shared.far.redis();
        shared.count(
            "set",
            redis.run(&SET, &[&name(key)], &args).await.map_err(Error::from),
        )
    }
}

impl Shared {
    /// What Redis said, if it said anything; else the failure is counted.
    fn count<T>(&self, operation: &'static str, outcome: Result<T, Error>) -> Option<T> {
        outcome
            .inspect_err(|error| {
                self.failures.fetch_add(1, Ordering::Relaxed);
                telemetry::far_failed(operation, error.kind());
            })
            .ok()
    }

    fn message(&self, key: &Key) -> [Arg; 2] {
        let channel = self.far.redis().name(CHANNEL);
        [
            channel.into(),
            format!("{} {}", self.replica, key.as_str()).into(),
        ]
    }

    /// Keeps a value near. One that is too large for the near tier alone is left out of it, in favour of none.
    async fn keep_near(&self, key: &Key, value: Bytes, ttl: Duration) {
        if self.near.set(key, value, ttl.min(self.near_ttl)).await.is_err() {
            self.forget_near(key).await;
        }
    }

    async fn forget_near(&self, key: &Key) {
        // The near tier forgets what is there without fail.
        drop(self.near.remove(key).await);
    }
}

async fn listen(shared: Arc<Shared>, mut messages: Subscription) {
    loop {
        match messages.next().await {
            Event::Gap => {
                shared.changes.all();
                shared.near.clear();
                shared.begun.store(true, Ordering::Release);
            }
            Event::Message(message) => {
                let Some((replica, key)) = std::str::from_utf8(&message)
                    .ok()
                    .and_then(|text| text.split_once(' '))
                else {
                    continue;
                };
                if replica != shared.replica {
                    let key = Key::stored(key);
                    shared.changes.one(&key);
                    shared.forget_near(&key).await;
                }
            }
        }
    }
}

#[async_trait]
impl CacheStore for TieredCache {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let shared = &self.shared;
        if let Some(value) = shared.near.get(key).await? {
            telemetry::read("near");
            return Ok(Some(value));
        }
        let before = shared.changes.seen(key);
        let found = shared.count("get", shared.far.get(key).await).flatten();
        telemetry::read(if found.is_some() { "far" } else { "none" });
        if let Some(value) = &found
            // It may have changed while it was on its way.
            && shared.changes.seen(key) == before
        {
            shared.keep_near(key, value.clone(), shared.near_ttl).await;
        }
        Ok(found)
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        check_entry(&value, ttl)?;
        self.put(key, &value, ttl, "").await;
        self.shared.changes.one(key);
        self.shared.keep_near(key, value, ttl).await;
        Ok(())
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let Some(answer) = self.put(key, &value, ttl, "NX").await else {
            return self
                .shared
                .near
                .set_if_absent(key, value, ttl.min(self.shared.near_ttl))
                .await;
        };
        if answer.is_nil() {
            return Ok(false);
        }
        self.shared.changes.one(key);
        self.shared.keep_near(key, value, ttl).await;
        Ok(true)
    }

    async fn remove(&self, key: &Key) -> Result<bool, Error> {
        let shared = &self.shared;
        let redis = shared.far.redis();
        let outcome = redis.run(&REMOVE, &[&name(key)], &shared.message(key)).await;
        let far = shared.count("remove", outcome.map_err(Error::from));
        shared.changes.one(key);
        let near = shared.near.remove(key).await?;
        Ok(far.map_or(near, |answer| {
            answer.as_integer().is_some_and(|removed| removed > 0)
        }))
    }
}

impl fmt::Debug for TieredCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredCache")
            .field("near_ttl", &self.shared.near_ttl)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// Counts changes, several keys together, so that a value that was read before one is not kept after it.
struct Changes {
    counts: Vec<AtomicU64>,
    hasher: std::hash::RandomState,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            counts: (0..64).map(|_| AtomicU64::new(0)).collect(),
            hasher: std::hash::RandomState::default(),
        }
    }
}

impl Changes {
    fn of(&self, key: &Key) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(key);
        self.counts.get(usize::try_from(hash % 64).unwrap_or(0))
    }

    fn seen(&self, key: &Key) -> u64 {
        self.of(key).map_or(0, |count| count.load(Ordering::Acquire))
    }

    fn one(&self, key: &Key) {
        if let Some(count) = self.of(key) {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn all(&self) {
        for count in &self.counts {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }
}
