//! Values that are loaded when they are not kept.

mod builder;
mod envelope;
mod flights;
mod lease;
mod pauses;
mod served;
#[cfg(test)]
mod tests;
mod waiting;

use std::error::Error as StdError;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use self::builder::Settings;
use self::envelope::{Envelope, Lifetimes, Standing};
use self::flights::{Flights, Joined, Purpose};
use self::lease::{Claim, Turn};
use self::pauses::Pauses;
use self::waiting::{Ending, Slot, Waiting, lock, slot};
use super::{CacheStore, Key, Scope, telemetry};

pub use self::builder::ReadThroughBuilder;
pub use self::served::{Freshness, LoadError, LoadErrorKind, Served};

/// How long the refresh of a value rests after one that failed, half as much more or less at random.
const RETRY: Duration = Duration::from_secs(1);

/// Values of one kind that are loaded when they are not kept, in front of any [`CacheStore`]; clones share the loads
/// under way.
///
/// - However many ask for a value that is missing, it is loaded once. The load belongs to the cache: the caller that
///   began it may leave. When all have left it is given up after a grace.
/// - A value that is stale is served at once while exactly one refresh is under way; when that fails, it is served
///   until its stale time is over.
/// - An error goes to all who waited, and is not kept. That there is no such thing can be kept for a time of its own.
/// - An error of the store is a miss, and so is a value that cannot be read, such as one of an older version.
///
/// Values of two tenants never meet: the [`Scope`] is part of every key.
///
/// # Examples
/// ```
/// # #[cfg(feature = "memory")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::{io, time::Duration};
/// use aurora_core::cache::{Freshness, MemoryCache, ReadThrough, Scope};
///
/// let names: ReadThrough<String> = ReadThrough::builder(MemoryCache::new(), "name", 1)
///     .fresh_for(Duration::from_secs(60))
///     .stale_for(Duration::from_secs(600))
///     .negative_for(Duration::from_secs(10))
///     .build()?;
/// let tenant = Scope::tenant("wsp_17");
/// let load = || async { Ok::<_, io::Error>(Some("Padaria Aurora".to_owned())) };
/// assert_eq!(names.get(&tenant, "11222333000181", load).await?.freshness(), Freshness::Loaded);
/// let again = names.get(&tenant, "11222333000181", load).await?;
/// assert_eq!(again.freshness(), Freshness::Fresh);
/// assert_eq!(again.value().map(String::as_str), Some("Padaria Aurora"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct ReadThrough<V> {
    core: Arc<Core<V>>,
    /// The loads under way; they hold the core, and end with the last handle.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

struct Core<V> {
    settings: Settings,
    flights: Mutex<Flights<Key, Slot<V>>>,
    pauses: Pauses,
}

/// What is kept and may be served.
struct Kept<V> {
    served: Served<V>,
    standing: Standing,
    created: i64,
}

type Outcome<V> = Result<Served<V>, LoadError>;

impl<V> ReadThrough<V> {
    /// Starts a cache in `store` of values of this `kind`, which is part of their keys; a new `version` leaves behind
    /// what was kept in an older form.
    pub fn builder(store: impl CacheStore, kind: &str, version: u32) -> ReadThroughBuilder<V> {
        ReadThroughBuilder::new(store, kind, version)
    }

    fn start(settings: Settings) -> Self {
        Self {
            core: Arc::new(Core {
                flights: Mutex::new(Flights::new(settings.flights)),
                pauses: Pauses::default(),
                settings,
            }),
            tasks: Arc::default(),
        }
    }

    /// How many loads are under way.
    #[must_use]
    pub fn loading(&self) -> usize {
        lock(&self.core.flights).len()
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync + 'static> ReadThrough<V> {
    /// Forgets the value that `text` names, so that it is loaded anew. A load that is under way may still keep what it
    /// has found.
    ///
    /// # Errors
    /// As [`CacheStore::remove`]; also when the key cannot be used.
    ///
    /// # Cancel safety
    /// When the future is dropped, the value may have been forgotten or not.
    pub async fn forget(&self, scope: &Scope, text: &str) -> Result<bool, super::Error> {
        let settings = &self.core.settings;
        let key = Key::new(scope, &settings.kind, settings.version, text)?;
        settings.store.remove(&key).await
    }

    /// The value that `text` names within `scope`, from the store or from `load`, for which `None` means that there is
    /// no such thing.
    ///
    /// `load` runs in a task of this cache, within a Tokio runtime; give it time limits of its own.
    ///
    /// # Errors
    /// When it is not kept and cannot be loaded: see [`LoadErrorKind`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the load to the others who wait for it, and after the grace to nobody.
    pub async fn get<E, F>(
        &self,
        scope: &Scope,
        text: &str,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Served<V>, LoadError>
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let settings = &self.core.settings;
        let key = Key::new(scope, &settings.kind, settings.version, text)
            .map_err(|error| LoadError::caused(LoadErrorKind::InvalidKey, error))?;
        let kept = self.core.read(&key, settings.early).await;
        let outcome = match kept {
            Some(kept) => {
                if kept.standing != Standing::Fresh {
                    self.refresh(&key, kept.created, load);
                }
                Ok(kept.served)
            }
            None => self.load(&key, load).await,
        };
        telemetry::answered(&settings.kind, outcome.as_ref().ok().map(Served::freshness));
        outcome
    }

    async fn load<E, F>(&self, key: &Key, load: impl FnOnce() -> F + Send + 'static) -> Outcome<V>
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let mut waiting = {
            let joined = lock(&self.core.flights).join(key, Purpose::Wait, slot);
            match joined {
                Joined::Full => return Err(LoadError::new(LoadErrorKind::Busy)),
                Joined::Under { id, slot } => Waiting::new(&self.core, key, id, &slot),
                Joined::Begun { id, slot } => {
                    let waiting = Waiting::new(&self.core, key, id, &slot);
                    self.begin(key, id, slot, None, load);
                    waiting
                }
            }
        };
        waiting.outcome().await
    }

    /// Renews the value that was created then, unless that has just failed.
    fn refresh<E, F>(&self, key: &Key, created: i64, load: impl FnOnce() -> F + Send + 'static)
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if self.core.pauses.holds(key, self.core.settings.clock.elapsed()) {
            return;
        }
        let joined = lock(&self.core.flights).join(key, Purpose::Refresh, slot);
        // Where too many loads are under way, a later reader refreshes.
        if let Joined::Begun { id, slot } = joined {
            self.begin(key, id, slot, Some(created), load);
        }
    }

    /// Starts a load; `seen` says when the value was created that is to be renewed, for which nobody waits.
    fn begin<E, F>(
        &self,
        key: &Key,
        id: u64,
        slot: Slot<V>,
        seen: Option<i64>,
        load: impl FnOnce() -> F + Send + 'static,
    ) where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let ending = Ending {
            core: Arc::clone(&self.core),
            key: key.clone(),
            id,
            slot,
        };
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let core = Arc::clone(&ending.core);
            let claim = core.settings.lease.map(Claim::new);
            let key = ending.key.clone();
            let renewal = core.renew(&key, ending.id, seen, claim.as_ref(), load);
            let outcome = tokio::select! {
                outcome = AssertUnwindSafe(renewal).catch_unwind() => {
                    outcome.unwrap_or_else(|_| Some(Err(LoadError::new(LoadErrorKind::Panicked))))
                }
                () = ending.is_abandoned() => Some(Err(LoadError::new(LoadErrorKind::Abandoned))),
            };
            if seen.is_some() && !matches!(outcome, Some(Ok(_))) {
                core.rest(&key);
                if outcome.is_some() {
                    telemetry::refresh_failed(&core.settings.kind);
                }
            }
            if let Some(outcome) = outcome {
                ending.tell(outcome);
            }
            core.release(&key, claim.as_ref()).await;
        });
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync> Core<V> {
    /// What is kept, if it may be served.
    async fn read(&self, key: &Key, early: Option<f64>) -> Option<Kept<V>> {
        // An error of the store is a miss; stores count their own.
        let bytes = self.settings.store.get(key).await.ok()??;
        self.decode(key, &bytes, early)
    }

    fn decode(&self, key: &Key, bytes: &[u8], early: Option<f64>) -> Option<Kept<V>> {
        let settings = &self.settings;
        let envelope: Envelope<V> = serde_json::from_slice(bytes).ok()?;
        if !envelope.is_of(settings.version, key.scope()) {
            return None;
        }
        let now = settings.clock.now();
        let standing = envelope.standing(now, early, &settings.random);
        let freshness = match standing {
            Standing::Fresh | Standing::Early => Freshness::Fresh,
            Standing::Stale => Freshness::Stale,
            Standing::Over => return None,
        };
        let served = Served {
            freshness,
            age: envelope.age(now),
            ttl: envelope.ttl(now),
            value: envelope.value.map(Arc::new),
        };
        Some(Kept {
            served,
            standing,
            created: envelope.created,
        })
    }

    /// Lets the next reader of something stale do without a refresh for a while.
    fn rest(&self, key: &Key) {
        let settings = &self.settings;
        let pause = RETRY.mul_f64(0.5 + settings.random.unit());
        self.pauses
            .begin(key, settings.clock.elapsed().saturating_add(pause));
    }

    /// Loads and keeps; `None` when another replica does, and nobody waits here. Whoever comes to load may have looked
    /// before another load had ended: it looks once more.
    async fn renew<E, F>(
        &self,
        key: &Key,
        id: u64,
        seen: Option<i64>,
        claim: Option<&Claim>,
        load: impl FnOnce() -> F + Send,
    ) -> Option<Outcome<V>>
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send,
    {
        if let Some(served) = newer(self.read(key, None).await, seen) {
            return Some(Ok(served));
        }
        let turn = match self.turn(key, id, seen, claim).await {
            Turn::Found(served) => return Some(Ok(served)),
            Turn::Elsewhere => return None,
            turn => turn,
        };
        let settings = &self.settings;
        let begun = settings.clock.elapsed();
        let value = match self.holding(key, claim, load()).await {
            Ok(value) => value,
            Err(error) => return Some(Err(LoadError::caused(LoadErrorKind::Failed, error))),
        };
        let delta = settings.clock.elapsed().saturating_sub(begun);
        let envelope = self.envelope(value, delta, key);
        let now = settings.clock.now();
        let remaining = envelope.remaining(now);
        if !remaining.is_zero()
            && let Ok(bytes) = serde_json::to_vec(&envelope)
        {
            self.keep(key, &turn, claim, bytes.into(), remaining).await;
        }
        Some(Ok(Served {
            freshness: Freshness::Loaded,
            age: Duration::ZERO,
            ttl: envelope.ttl(now),
            value: envelope.value.map(Arc::new),
        }))
    }

    fn envelope(&self, value: Option<V>, delta: Duration, key: &Key) -> Envelope<V> {
        let settings = &self.settings;
        let (fresh_for, stale_for) = if value.is_some() {
            (settings.fresh_for, settings.stale_for)
        } else {
            (settings.negative_for, Duration::ZERO)
        };
        let lifetimes = Lifetimes {
            fresh_for: fresh_for.mul_f64(1.0 - settings.jitter * settings.random.unit()),
            stale_for,
        };
        let now = settings.clock.now();
        Envelope::new(value, now, delta, lifetimes, settings.version, key.scope())
    }
}

/// What is kept, if it is fresh and not what was `seen`.
fn newer<V>(kept: Option<Kept<V>>, seen: Option<i64>) -> Option<Served<V>> {
    kept.filter(|kept| kept.standing == Standing::Fresh && seen != Some(kept.created))
        .map(|kept| kept.served)
}

impl<V> Clone for ReadThrough<V> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            tasks: Arc::clone(&self.tasks),
        }
    }
}

impl<V> fmt::Debug for ReadThrough<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadThrough")
            .field("kind", &self.core.settings.kind)
            .field("loading", &self.loading())
            .finish_non_exhaustive()
    }
}
