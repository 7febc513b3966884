//! Values that are loaded when they are not kept.

mod builder;
mod envelope;
mod flights;
mod served;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use self::builder::Settings;
use self::envelope::{Envelope, Lifetimes, Standing};
use self::flights::{Flights, Joined, Purpose};
use super::{CacheStore, Key, Scope, telemetry};

pub use self::builder::ReadThroughBuilder;
pub use self::served::{Freshness, LoadError, LoadErrorKind, Served};

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
}

type Outcome<V> = Result<Served<V>, LoadError>;

/// Where the outcome of a load appears.
struct Slot<V> {
    outcome: watch::Sender<Option<Outcome<V>>>,
    /// Told when the last one who waited has left.
    left: Arc<Notify>,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Self {
            outcome: self.outcome.clone(),
            left: Arc::clone(&self.left),
        }
    }
}

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
            Some((served, standing)) => {
                if standing != Standing::Fresh {
                    self.refresh(&key, load);
                }
                Ok(served)
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
                    self.begin(key, id, slot, Purpose::Wait, load);
                    waiting
                }
            }
        };
        waiting.outcome().await
    }

    fn refresh<E, F>(&self, key: &Key, load: impl FnOnce() -> F + Send + 'static)
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        let joined = lock(&self.core.flights).join(key, Purpose::Refresh, slot);
        // Where too many loads are under way, a later reader refreshes.
        if let Joined::Begun { id, slot } = joined {
            self.begin(key, id, slot, Purpose::Refresh, load);
        }
    }

    fn begin<E, F>(
        &self,
        key: &Key,
        id: u64,
        slot: Slot<V>,
        purpose: Purpose,
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
            let work = AssertUnwindSafe(core.renew(&ending.key, purpose, load)).catch_unwind();
            let outcome = tokio::select! {
                outcome = work => outcome.unwrap_or_else(|_| Err(LoadError::new(LoadErrorKind::Panicked))),
                () = ending.is_abandoned() => Err(LoadError::new(LoadErrorKind::Abandoned)),
            };
            if purpose == Purpose::Refresh && outcome.is_err() {
                telemetry::refresh_failed(&core.settings.kind);
            }
            ending.tell(outcome);
        });
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync> Core<V> {
    /// What is kept, if it may be served.
    async fn read(&self, key: &Key, early: Option<f64>) -> Option<(Served<V>, Standing)> {
        let settings = &self.settings;
        // An error of the store is a miss; stores count their own.
        let bytes = settings.store.get(key).await.ok()??;
        let envelope: Envelope<V> = serde_json::from_slice(&bytes).ok()?;
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
        Some((served, standing))
    }

    /// Loads and keeps. Whoever waits may have looked before another load had ended: it looks once more.
    async fn renew<E, F>(&self, key: &Key, purpose: Purpose, load: impl FnOnce() -> F + Send) -> Outcome<V>
    where
        E: StdError + Send + Sync + 'static,
        F: Future<Output = Result<Option<V>, E>> + Send,
    {
        if purpose == Purpose::Wait
            && let Some((served, Standing::Fresh)) = self.read(key, None).await
        {
            return Ok(served);
        }
        let settings = &self.settings;
        let begun = settings.clock.elapsed();
        let value = load()
            .await
            .map_err(|error| LoadError::caused(LoadErrorKind::Failed, error))?;
        let delta = settings.clock.elapsed().saturating_sub(begun);
        let envelope = self.envelope(value, delta, key);
        let now = settings.clock.now();
        let remaining = envelope.remaining(now);
        if !remaining.is_zero()
            && let Ok(bytes) = serde_json::to_vec(&envelope)
        {
            // What cannot be kept is loaded again; stores count their own errors.
            drop(settings.store.set(key, bytes.into(), remaining).await);
        }
        Ok(Served {
            freshness: Freshness::Loaded,
            age: Duration::ZERO,
            ttl: envelope.ttl(now),
            value: envelope.value.map(Arc::new),
        })
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

/// One who waits; dropping it leaves the load to the others.
struct Waiting<'a, V> {
    core: &'a Core<V>,
    key: &'a Key,
    id: u64,
    outcome: watch::Receiver<Option<Outcome<V>>>,
}

impl<'a, V: Send + Sync> Waiting<'a, V> {
    fn new(core: &'a Core<V>, key: &'a Key, id: u64, slot: &Slot<V>) -> Self {
        Self {
            core,
            key,
            id,
            outcome: slot.outcome.subscribe(),
        }
    }

    async fn outcome(&mut self) -> Outcome<V> {
        let told = self.outcome.wait_for(Option::is_some).await;
        let told = told.ok().and_then(|told| told.clone());
        told.unwrap_or_else(|| Err(LoadError::new(LoadErrorKind::Abandoned)))
    }
}

impl<V> Drop for Waiting<'_, V> {
    fn drop(&mut self) {
        if let Some(slot) = lock(&self.core.flights).leave(self.key, self.id) {
            slot.left.notify_one();
        }
    }
}

/// Ends a load however it ends: also when its task is dropped before it has begun.
struct Ending<V> {
    core: Arc<Core<V>>,
    key: Key,
    id: u64,
    slot: Slot<V>,
}

impl<V: Send + Sync> Ending<V> {
    /// Waits until nobody has waited for as long as the grace.
    async fn is_abandoned(&self) {
        loop {
            self.slot.left.notified().await;
            self.core.settings.clock.sleep(self.core.settings.grace).await;
            if lock(&self.core.flights).abandon(&self.key, self.id) {
                return;
            }
        }
    }

    fn tell(self, outcome: Outcome<V>) {
        // Whoever comes from here on finds what was kept, and must not join what has ended.
        lock(&self.core.flights).finish(&self.key, self.id);
        self.slot.outcome.send_replace(Some(outcome));
    }
}

impl<V> Drop for Ending<V> {
    fn drop(&mut self) {
        lock(&self.core.flights).finish(&self.key, self.id);
        self.slot.outcome.send_if_modified(|outcome| {
            let is_untold = outcome.is_none();
            if is_untold {
                *outcome = Some(Err(LoadError::new(LoadErrorKind::Abandoned)));
            }
            is_untold
        });
    }
}

fn slot<V>() -> Slot<V> {
    Slot {
        outcome: watch::Sender::new(None),
        left: Arc::default(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
