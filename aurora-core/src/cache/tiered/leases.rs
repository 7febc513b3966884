//! Leases of two tiers: those of the tier in Redis.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::TieredCache;
use crate::cache::lease::lease_name;
use crate::cache::{CacheStore as _, Error, Key, Leases, check_entry};

#[async_trait]
impl Leases for TieredCache {
    async fn take(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error> {
        self.shared.far.take(key, token, hold).await
    }

    async fn renew(&self, key: &Key, token: &str, hold: Duration) -> Result<bool, Error> {
        self.shared.far.renew(key, token, hold).await
    }

    async fn release(&self, key: &Key, token: &str) -> Result<bool, Error> {
        self.shared.far.release(key, token).await
    }

    /// Without an answer of Redis the value is kept near, as with `set`.
    async fn set_held(&self, key: &Key, token: &str, value: Bytes, ttl: Duration) -> Result<bool, Error> {
        check_entry(&value, ttl)?;
        let shared = &self.shared;
        let lease = lease_name(shared.far.redis(), key)?;
        let before = shared.changes.seen(key);
        shared.forget_near(key).await;
        let answer = self.put(key, &value, ttl, "", Some((&lease, token))).await;
        if answer.is_some_and(|answer| answer.is_nil()) {
            return Ok(false);
        }
        shared.set_near(key, value, ttl, before).await;
        Ok(true)
    }

    async fn get_shared(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.shared.forget_near(key).await;
        self.get(key).await
    }
}
