//! Checks of what Aurora itself is made of, and of anything else by a closure.

use std::fmt;

use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt as _};

use super::{HealthCheck, HealthError};
use crate::cache::{CacheStore, Key, Scope};
use crate::fallback::{Fallback, TargetStatus};

/// A check that asks a closure.
///
/// # Examples
/// ```
/// use aurora_core::health::{FnCheck, HealthError};
///
/// let queue = FnCheck::new("queue", || async {
///     let waiting = 17;
///     if waiting > 1_000 { Err(HealthError::degraded("too many wait")) } else { Ok(()) }
/// });
/// ```
pub struct FnCheck {
    name: String,
    check: Box<dyn Fn() -> BoxFuture<'static, Result<(), HealthError>> + Send + Sync>,
}

impl FnCheck {
    /// A check of this name.
    pub fn new<F, Fut>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HealthError>> + Send + 'static,
    {
        Self {
            name: name.into(),
            check: Box::new(move || check().boxed()),
        }
    }
}

impl fmt::Debug for FnCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnCheck")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HealthCheck for FnCheck {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), HealthError> {
        (self.check)().await
    }
}

/// Whether a database answers, under the name `database`.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[derive(Debug)]
pub struct DatabaseCheck {
    database: crate::store::Database,
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl DatabaseCheck {
    /// A check of this database.
    #[must_use]
    pub const fn new(database: crate::store::Database) -> Self {
        Self { database }
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[async_trait]
impl HealthCheck for DatabaseCheck {
    fn name(&self) -> &str {
        "database"
    }

    async fn check(&self) -> Result<(), HealthError> {
        self.database
            .ping()
            .await
            .map_err(|error| HealthError::of(&error))
    }
}

/// Whether a cache answers, under the name `cache`. It reads one key that nobody writes.
#[derive(Debug)]
pub struct CacheCheck<C> {
    cache: C,
}

impl<C: CacheStore> CacheCheck<C> {
    /// A check of this cache.
    #[must_use]
    pub const fn new(cache: C) -> Self {
        Self { cache }
    }
}

#[async_trait]
impl<C: CacheStore> HealthCheck for CacheCheck<C> {
    fn name(&self) -> &str {
        "cache"
    }

    async fn check(&self) -> Result<(), HealthError> {
        let unnamed = |_| HealthError::new("the question has no name");
        let key = Key::new(&Scope::Global, "health", 1, "ping").map_err(unnamed)?;
        let found = self.cache.get(&key).await;
        found.map(drop).map_err(|error| HealthError::of(&error))
    }
}

/// Whether calls through a fallback reach anybody: down when no target is healthy, degraded when one is not.
///
/// It costs no call: it reads what the calls have shown.
pub struct FallbackCheck {
    name: String,
    targets: Box<dyn Fn() -> Vec<TargetStatus> + Send + Sync>,
}

impl FallbackCheck {
    /// A check of this fallback under a name such as `providers`.
    pub fn new<T: Send + Sync + 'static>(name: impl Into<String>, fallback: Fallback<T>) -> Self {
        Self::of(name, move || fallback.status())
    }

    /// A check of something that knows its targets, such as a client with a fallback inside.
    pub fn of(
        name: impl Into<String>,
        targets: impl Fn() -> Vec<TargetStatus> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            targets: Box::new(targets),
        }
    }
}

impl fmt::Debug for FallbackCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackCheck")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HealthCheck for FallbackCheck {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), HealthError> {
        let targets = (self.targets)();
        match targets.iter().filter(|target| target.healthy).count() {
            0 => Err(HealthError::new("no target is healthy")),
            healthy if healthy == targets.len() => Ok(()),
            _ => Err(HealthError::degraded("a target is not healthy")),
        }
    }
}
