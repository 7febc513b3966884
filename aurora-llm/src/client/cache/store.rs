//! What the store keeps. Its errors are misses, and it gets no more time than the cache's patience.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::MAX_TTL;
use bytes::Bytes;

use super::Cached;
use super::entry::{self, Kept, Said};
use super::owner::AnswerKey;
use crate::client::Inner;
use crate::client::told::Told;
use crate::pricing::Cost;
use crate::telemetry;

impl Cached {
    /// What is kept under `key`, if it can be had.
    pub(super) async fn read(&self, inner: &Inner, key: &AnswerKey) -> Option<Kept> {
        let stored = key.stored()?;
        let outcome = tokio::select! {
            biased;
            outcome = self.settings.store.get(stored) => outcome.ok(),
            () = inner.clock.sleep(self.settings.patience) => None,
        };
        let Some(found) = outcome else {
            telemetry::cache_failed("read");
            return None;
        };
        let kept = Kept::decode(&found?, key.digest(), inner.clock.now(), &inner.routes);
        if kept.is_none() {
            telemetry::cache_failed("decode");
        }
        kept
    }

    async fn write(&self, inner: &Inner, key: &AnswerKey, value: Bytes, ttl: Duration) {
        let Some(stored) = key.stored() else { return };
        let is_kept = tokio::select! {
            biased;
            outcome = self.settings.store.set(stored, value, ttl) => outcome.is_ok(),
            () = inner.clock.sleep(self.settings.patience) => false,
        };
        if !is_kept {
            telemetry::cache_failed("write");
        }
    }
}

/// Where the answer to one call will be kept.
pub(super) struct Keeper {
    pub(super) inner: Arc<Inner>,
    pub(super) key: AnswerKey,
    pub(super) ttl: Duration,
}

impl Keeper {
    /// The most bytes that are kept; none when nothing is.
    pub(super) fn longest(&self) -> usize {
        let longest = self
            .inner
            .cache
            .as_ref()
            .map_or(0, |cache| cache.settings.max_entry_bytes);
        if self.ttl.is_zero() { 0 } else { longest }
    }

    /// Keeps an answer that is worth it.
    pub(super) fn keep(
        &self,
        told: &Told,
        cost: Cost,
        said: &Said,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (inner, key, ttl) = (Arc::clone(&self.inner), self.key.clone(), self.ttl.min(MAX_TTL));
        let now = inner.clock.now();
        let value = entry::encode(key.digest(), now, told, cost, said, self.longest());
        async move {
            if let (Some(value), Some(cache)) = (value, &inner.cache) {
                cache.write(&inner, &key, value, ttl).await;
            }
        }
    }
}
