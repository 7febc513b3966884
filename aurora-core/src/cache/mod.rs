//! Bytes with a time to live, in process or in Redis.
//!
//! [`CacheStore`] is the trait; `MemoryCache` needs no service, `RedisCache` is shared by all replicas. A cache may
//! forget anything at any time: whoever reads it must be able to do without, and an error of a cache is a miss with a
//! reason, not a failure of the caller's work.
//!
//! A [`Key`] cannot be made without saying whose value it is, so that one tenant never reads another's.
//!
//! # Examples
//! ```
//! # #[cfg(feature = "memory")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use aurora_core::cache::{CacheStore, Key, MemoryCache, Scope};
//!
//! let cache = MemoryCache::new();
//! let key = Key::new(&Scope::tenant("wsp_17"), "company", 1, "11222333000181")?;
//! cache.set(&key, "{}".into(), Duration::from_secs(60)).await?;
//! assert_eq!(cache.get(&key).await?.as_deref(), Some(&b"{}"[..]));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod key;
mod lease;
mod loader;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod telemetry;
#[cfg(all(feature = "memory", feature = "redis"))]
mod tiered;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::error::{Error, ErrorKind};
#[cfg(feature = "redis")]
pub(crate) use self::key::is_name;
pub use self::key::{Key, Scope};
pub use self::lease::Leases;
pub use self::loader::{Freshness, LoadError, LoadErrorKind, ReadThrough, ReadThroughBuilder, Served};
#[cfg(feature = "memory")]
pub use self::memory::{MemoryCache, MemoryCacheBuilder};
#[cfg(feature = "redis")]
pub use self::redis::RedisCache;
pub use self::telemetry::{ANSWERS, FAR_FAILURES, LATE_WRITES, READS, REFRESH_FAILURES, describe};
#[cfg(all(feature = "memory", feature = "redis"))]
pub use self::tiered::{TieredCache, TieredCacheBuilder, TieredStatus};

/// The longest time to live that a store accepts: 400 days.
pub const MAX_TTL: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The largest value that a store accepts: 8 MiB.
pub const MAX_VALUE: usize = 8 * 1024 * 1024;

/// A place that keeps bytes for a while.
///
/// Every implementation passes the suite in `contract`, which stands behind the feature `testing`.
#[async_trait]
pub trait CacheStore: Debug + Send + Sync + 'static {
    /// The value of `key`, if there is one that has not expired.
    ///
    /// # Errors
    /// When the store cannot be asked.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect on the store.
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error>;

    /// Keeps `value` for `ttl`, in place of an earlier value and its time to live.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTtl`] and [`ErrorKind::TooLarge`] as [`check_entry`] says; otherwise when the store cannot
    /// be asked, in which case it is not known whether it kept the value.
    ///
    /// # Cancel safety
    /// When the future is dropped, the value may have been kept or not.
    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error>;

    /// Keeps `value` for `ttl` unless there is one; of several at the same time exactly one succeeds.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    ///
    /// # Cancel safety
    /// When the future is dropped, the value may have been kept or not.
    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error>;

    /// Forgets `key`, and says whether there was a value that had not expired.
    ///
    /// # Errors
    /// When the store cannot be asked, in which case it is not known whether it forgot the value.
    ///
    /// # Cancel safety
    /// When the future is dropped, the value may have been forgotten or not.
    async fn remove(&self, key: &Key) -> Result<bool, Error>;

    /// The leases by which one of many replicas loads a value; `None` when the store is not shared.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }
}

/// Checks what every store checks before it keeps a value.
///
/// # Errors
/// [`ErrorKind::InvalidTtl`] when `ttl` is zero or above [`MAX_TTL`]; [`ErrorKind::TooLarge`] when `value` is longer
/// than [`MAX_VALUE`].
pub fn check_entry(value: &[u8], ttl: Duration) -> Result<(), Error> {
    if ttl.is_zero() || ttl > MAX_TTL {
        return Err(Error::new(ErrorKind::InvalidTtl));
    }
    if value.len() > MAX_VALUE {
        return Err(Error::new(ErrorKind::TooLarge));
    }
    Ok(())
}
