//! The cache in Redis or Valkey.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::error::{Error, ErrorKind};
use super::key::Key;
use super::{CacheStore, Leases, check_entry};
use crate::redis::{self, Answer, Arg, Redis};

/// A cache in Redis or Valkey, shared by all replicas; clones share its connection.
///
/// While there is no connection, or its circuit is open, every question is answered with [`ErrorKind::Unavailable`] at
/// once; see [`Redis`] for the rest. Keys are stored as `{prefix}:cache:{key}`.
#[derive(Debug, Clone)]
pub struct RedisCache {
    redis: Redis,
}

impl RedisCache {
    /// A cache behind this handle.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self { redis: redis.clone() }
    }

    /// The handle behind the cache.
    #[must_use]
    pub const fn redis(&self) -> &Redis {
        &self.redis
    }

    async fn put(
        &self,
        key: &Key,
        value: Bytes,
        ttl: Duration,
        condition: Option<&str>,
    ) -> Result<Answer, Error> {
        check_entry(&value, ttl)?;
        let mut args: Vec<Arg> = vec![value.into(), "PX".into(), millis(ttl).into()];
        args.extend(condition.map(Arg::from));
        Ok(self.redis.command("SET", &[&name(key)], &args).await?)
    }
}

/// The name under which a key is kept, after the prefix.
pub(super) fn name(key: &Key) -> String {
    format!("cache:{}", key.as_str())
}

/// Rounded up: Redis counts whole milliseconds and refuses zero.
pub(super) fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[async_trait]
impl CacheStore for RedisCache {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        match self.redis.command("GET", &[&name(key)], &[]).await? {
            Answer::Nil => Ok(None),
            Answer::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(Error::new(ErrorKind::Protocol)),
        }
    }

    async fn set(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<(), Error> {
        if self.put(key, value, ttl, None).await?.is_ok() {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Protocol))
        }
    }

    async fn set_if_absent(&self, key: &Key, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        match self.put(key, value, ttl, Some("NX")).await? {
            Answer::Nil => Ok(false),
            answer if answer.is_ok() => Ok(true),
            _ => Err(Error::new(ErrorKind::Protocol)),
        }
    }

    async fn remove(&self, key: &Key) -> Result<bool, Error> {
        match self.redis.command("DEL", &[&name(key)], &[]).await? {
            Answer::Integer(removed) => Ok(removed > 0),
            _ => Err(Error::new(ErrorKind::Protocol)),
        }
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }
}

impl From<redis::Error> for Error {
    fn from(error: redis::Error) -> Self {
        let kind = match error.kind() {
            redis::ErrorKind::InvalidSettings => ErrorKind::InvalidSettings,
            redis::ErrorKind::InvalidCommand => ErrorKind::InvalidKey,
            redis::ErrorKind::Unavailable | redis::ErrorKind::Lost => ErrorKind::Unavailable,
            redis::ErrorKind::Timeout => ErrorKind::Timeout,
            redis::ErrorKind::Busy => ErrorKind::Busy,
            redis::ErrorKind::Refused => ErrorKind::Refused,
            redis::ErrorKind::Protocol => ErrorKind::Protocol,
        };
        Self::with_source(kind, error)
    }
}
