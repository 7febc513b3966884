//! Of all replicas that miss a value, one loads it.

#[cfg(feature = "redis")]
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

#[cfg(feature = "redis")]
use super::ErrorKind;
#[cfg(feature = "redis")]
use super::{
    CacheStore as _, check_entry,
    redis::{RedisCache, millis, name},
};
use super::{Error, Key};
#[cfg(feature = "redis")]
use crate::redis::{Redis, Script};

/// Leases of a [`CacheStore`](super::CacheStore) that replicas share: who holds the lease of a key loads its value.
///
/// A lease is held under a token that nobody else uses and ends by itself. A value is kept by its holder only while the
/// token holds the lease, which is checked in the same step: what a holder that was paused writes too late is refused.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes the lease of `key` for the time `hold`, unless it is held.
    ///
    /// # Errors
    /// When the store cannot be asked, or `key` cannot have a lease.
    async fn take(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error>;

    /// Holds the lease for the time `hold` from now, if `token` holds it still.
    ///
    /// # Errors
    /// When the store cannot be asked.
    async fn renew(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error>;

    /// Gives the lease back, if `token` holds it still.
    ///
    /// # Errors
    /// When the store cannot be asked.
    async fn release(&self, key: &Key, token: &str) -> Result<bool, Error>;

    /// Keeps `value` for `ttl` and gives the lease back, if `token` holds it still; else does nothing.
    ///
    /// # Errors
    /// As [`CacheStore::set`](super::CacheStore::set).
    async fn set_held(&self, key: &Key, token: &str, value: Bytes, ttl: Duration) -> Result<bool, Error>;

    /// The value of `key` as all replicas see it, past what is kept near.
    ///
    /// # Errors
    /// As [`CacheStore::get`](super::CacheStore::get).
    async fn get_shared(&self, key: &Key) -> Result<Option<Bytes>, Error>;
}

#[cfg(feature = "redis")]
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
         return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
    )
});
#[cfg(feature = "redis")]
static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
         return redis.call('DEL', KEYS[1])",
    )
});
#[cfg(feature = "redis")]
static SET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
         return redis.call('DEL', KEYS[2])",
    )
});

/// The name of the lease of `key`, which lives on the same node of a cluster as the value.
#[cfg(feature = "redis")]
pub(super) fn lease_name(redis: &Redis, key: &Key) -> Result<String, Error> {
    let value = redis.name(&name(key));
    let tagged = value
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(tag, _)| tag);
    let tag = tagged.filter(|tag| !tag.is_empty()).unwrap_or(&value);
    if tag.contains('}') {
        // No other name shares its slot for certain.
        return Err(Error::new(ErrorKind::InvalidKey));
    }
    Ok(format!("cache-lease:{{{tag}}}:{}", key.as_str()))
}

#[cfg(feature = "redis")]
#[async_trait]
impl Leases for RedisCache {
    async fn take(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error> {
        let lease = lease_name(self.redis(), key)?;
        let args = [token.into(), "PX".into(), millis(hold).into(), "NX".into()];
        Ok(self.redis().command("SET", &[&lease], &args).await?.is_ok())
    }

    async fn renew(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error> {
        let lease = lease_name(self.redis(), key)?;
        let args = [token.into(), millis(hold).into()];
        let answer = self.redis().run(&RENEW, &[&lease], &args).await?;
        Ok(answer.as_integer() == Some(1))
    }

    async fn release(&self, key: &Key, token: &str) -> Result<bool, Error> {
        let lease = lease_name(self.redis(), key)?;
        let answer = self.redis().run(&RELEASE, &[&lease], &[token.into()]).await?;
        Ok(answer.as_integer() == Some(1))
    }

    async fn set_held(&self, key: &Key, token: &str, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let lease = lease_name(self.redis(), key)?;
        let args = [value.into(), millis(ttl).into(), token.into()];
        let answer = self.redis().run(&SET, &[&name(key), &lease], &args).await?;
        Ok(answer.as_integer() == Some(1))
    }

    async fn get_shared(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.get(key).await
    }
}
