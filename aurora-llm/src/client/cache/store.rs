//! What the store keeps. Its errors are misses, and it gets no more time than the cache's patience.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::MAX_TTL;
use bytes::Bytes;

use super::Cached;
use super::entry::{self, Kept, Said};
use super::job::Aside;
use super::owner::AnswerKey;
#[cfg(feature = "semantic-cache")]
use super::similar::{self, Memo};
use crate::client::Inner;
use crate::client::told::Told;
use crate::client::trail::Attempt;
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

    /// Whether it is kept.
    async fn write(&self, inner: &Inner, key: &AnswerKey, value: Bytes, ttl: Duration) -> bool {
        let Some(stored) = key.stored() else {
            return false;
        };
        let is_kept = tokio::select! {
            biased;
            outcome = self.settings.store.set(stored, value, ttl) => outcome.is_ok(),
            () = inner.clock.sleep(self.settings.patience) => false,
        };
        if !is_kept {
            telemetry::cache_failed("write");
        }
        is_kept
    }
}

/// Where the answer to one call will be kept.
pub(super) struct Keeper {
    pub(super) inner: Arc<Inner>,
    pub(super) key: AnswerKey,
    pub(super) ttl: Duration,
    /// What is remembered once it is kept.
    #[cfg(feature = "semantic-cache")]
    pub(super) memo: Option<Memo>,
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

    /// Takes what is to be remembered, and gives back what was done.
    pub(super) fn take(&mut self, aside: Aside) -> Vec<Attempt> {
        #[cfg(feature = "semantic-cache")]
        {
            self.memo = aside.memo;
        }
        aside.attempts
    }

    /// Keeps an answer that is worth it.
    pub(super) fn keep(
        &mut self,
        told: &Told,
        cost: Cost,
        said: &Said,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (inner, key, ttl) = (Arc::clone(&self.inner), self.key.clone(), self.ttl.min(MAX_TTL));
        let now = inner.clock.now();
        let value = entry::encode(key.digest(), now, told, cost, said, self.longest());
        #[cfg(feature = "semantic-cache")]
        let memo = self.memo.take().filter(|_| similar::is_plain(said));
        async move {
            let (Some(value), Some(cache)) = (value, &inner.cache) else {
                return;
            };
            if cache.write(&inner, &key, value, ttl).await {
                #[cfg(feature = "semantic-cache")]
                if let Some(memo) = memo {
                    memo.remember(key);
                }
            }
        }
    }
}
