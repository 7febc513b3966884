//! The cache in this process before the cache in Redis.

mod builder;
mod leases;
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
use super::{CacheStore, ErrorKind, Leases, check_entry, telemetry};
use crate::redis::{Answer, Arg, Event, Redis, Script, Subscription};
use crate::resilience::BreakerState;

pub use self::builder::TieredCacheBuilder;

/// The channel on which replicas tell each other what has changed.
const CHANNEL: &str = "cache-changes";

/// Writing and telling the others is one step, so that nobody hears of a change before it can be read.
static SET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[6] then return false end
         local kept
         if ARGV[5] == 'NX' then kept = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
         else kept = redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
         if kept then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
         if KEYS[2] then redis.call('DEL', KEYS[2]) end
         return kept",
    )
});
/// The value and for how long it is kept yet, so that the near tier does not keep it for longer.
static GET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = redis.call('GET', KEYS[1])
         return kept and {kept, redis.call('PTTL', KEYS[1])}",
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

    /// Writes to Redis, under the lease of that name and token if there is one.
    async fn put(
        &self,
        key: &Key,
        value: &Bytes,
        ttl: Duration,
        condition: &str,
        lease: Option<(&str, &str)>,
    ) -> Option<Answer> {
        let shared = &self.shared;
        let [channel, message] = shared.message(key);
        let name = name(key);
        let mut keys = vec![name.as_str()];
        let mut args = vec![
            value.clone().into(),
            millis(ttl).into(),
            channel,
            message,
            condition.into(),
        ];
        if let Some((lease, token)) = lease {
            keys.push(lease);
            args.push(token.into());
        }
        let redis = shared.far.redis();
        shared.count("set", redis.run(&SET, &keys, &args).await.map_err(Error::from))
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

    /// Keeps a value near if nothing has changed since `before`, also while it is being kept. One that is too large for
    /// the near tier alone is left out of it, in favour of none.
    async fn keep_near(&self, key: &Key, value: Bytes, ttl: Duration, before: u64) {
        if self.changes.seen(key) != before
            || self.near.set(key, value, ttl.min(self.near_ttl)).await.is_err()
            // Whoever changes it says so first and then forgets what is near: one of us sees the other.
            || self.changes.seen(key) != before
        {
            self.forget_near(key).await;
        }
    }

    /// Keeps near what was set here, unless somebody else has changed it since `before`: then it is not known whose
    /// value Redis has.
    async fn set_near(&self, key: &Key, value: Bytes, ttl: Duration, before: u64) {
        self.changes.one(key);
        self.keep_near(key, value, ttl, before.wrapping_add(1)).await;
    }

    /// The value in Redis and for how long it is kept yet.
    async fn far(&self, key: &Key) -> Result<Option<(Bytes, Duration)>, Error> {
        let answer = self.far.redis().run(&GET, &[&name(key)], &[]).await?;
        match answer.as_list() {
            None if answer.is_nil() => Ok(None),
            Some([value, left]) => {
                let (value, left) = (value.as_bytes(), left.as_integer());
                let (Some(value), Some(left)) = (value, left) else {
                    return Err(Error::new(ErrorKind::Protocol));
                };
                // Negative when it never ends, which only somebody else's value does.
                let left = u64::try_from(left).map_or(self.near_ttl, Duration::from_millis);
                Ok(Some((value.clone(), left)))
            }
            _ => Err(Error::new(ErrorKind::Protocol)),
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
        let found = shared.count("get", shared.far(key).await).flatten();
        telemetry::read(if found.is_some() { "far" } else { "none" });
        let Some((value, left)) = found else {
            return Ok(None);
        };
        // It may have changed while it was on its way.
        shared.keep_near(key, value.clone(), left, before).await;
        Ok(Some(value))
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        check_entry(&value, ttl)?;
        let shared = &self.shared;
        let before = shared.changes.seen(key);
        // First, because we do not heed our own message: the future may be dropped while it is being sent.
        shared.forget_near(key).await;
        self.put(key, &value, ttl, "", None).await;
        shared.set_near(key, value, ttl, before).await;
        Ok(())
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let shared = &self.shared;
        let before = shared.changes.seen(key);
        let Some(answer) = self.put(key, &value, ttl, "NX", None).await else {
            let near_ttl = ttl.min(shared.near_ttl);
            return shared.near.set_if_absent(key, value, near_ttl).await;
        };
        if answer.is_nil() {
            return Ok(false);
        }
        shared.set_near(key, value, ttl, before).await;
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

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
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

const STRIPES: u64 = 1_024;

/// Counts changes, several keys together, so that a value that was read before one is not kept after it.
struct Changes {
    counts: Vec<AtomicU64>,
    hasher: std::hash::RandomState,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            counts: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: std::hash::RandomState::default(),
        }
    }
}

impl Changes {
    fn of(&self, key: &Key) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(key);
        self.counts.get(usize::try_from(hash % STRIPES).unwrap_or(0))
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
