//! Settings of a response cache.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::{CacheStore, MAX_TTL, MAX_VALUE};

#[cfg(feature = "semantic-cache")]
use super::similar::SemanticCache;

/// What a client keeps of its answers, and for whom; given to
/// [`ClientBuilder::cache`](crate::client::ClientBuilder::cache).
///
/// Only complete answers are kept: those that ended by themselves or with tool calls, not those that were cut off,
/// withheld, refused or empty. Errors are never kept.
#[derive(Debug, Clone)]
#[must_use]
pub struct ResponseCache {
    settings: Settings,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) store: Arc<dyn CacheStore>,
    pub(super) ttl: Duration,
    pub(super) max_entry_bytes: usize,
    pub(super) patience: Duration,
    pub(super) without_tenant: bool,
    pub(super) per_user: bool,
    pub(super) repeatable_only: bool,
    pub(super) single_flight: bool,
    pub(super) flights: usize,
    #[cfg(feature = "semantic-cache")]
    pub(super) similar: Option<SemanticCache>,
}

impl ResponseCache {
    /// A cache that keeps answers in `store`, such as `MemoryCache`, `RedisCache` or `TieredCache`.
    pub fn new(store: impl CacheStore) -> Self {
        Self {
            settings: Settings {
                store: Arc::new(store),
                ttl: Duration::from_secs(60 * 60),
                max_entry_bytes: 1 << 20,
                patience: Duration::from_millis(250),
                without_tenant: false,
                per_user: false,
                repeatable_only: false,
                single_flight: true,
                flights: 1_024,
                #[cfg(feature = "semantic-cache")]
                similar: None,
            },
        }
    }

    /// How long an answer is kept: 1 s to 400 days. One hour unless told otherwise.
    pub const fn ttl(mut self, time: Duration) -> Self {
        self.settings.ttl = time;
        self
    }

    /// Answers that take more bytes than this are not kept: 1 byte to 8 MiB. 1 MiB unless told otherwise.
    pub const fn max_entry_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_entry_bytes = bytes;
        self
    }

    /// How long the store may take to answer before a read is a miss and a write is given up: 1 ms to 10 s. 250 ms
    /// unless told otherwise.
    pub const fn patience(mut self, time: Duration) -> Self {
        self.settings.patience = time;
        self
    }

    /// Lets calls without a tenant share answers with each other. Otherwise the cache has no part in them, so that an
    /// application which forgets to name a tenant leaks nothing.
    pub const fn without_tenant(mut self) -> Self {
        self.settings.without_tenant = true;
        self
    }

    /// Keeps the answers of each user of a tenant apart. The cache then has no part in calls that name no user.
    pub const fn per_user(mut self) -> Self {
        self.settings.per_user = true;
        self
    }

    /// Leaves out calls whose temperature is not 0, except those that name a [`CacheMode`](super::CacheMode). Otherwise
    /// every call is kept: whoever asks the same twice gets the same answer.
    pub const fn repeatable_only(mut self) -> Self {
        self.settings.repeatable_only = true;
        self
    }

    /// Whether identical calls that come at the same time share one; they do unless told otherwise.
    pub const fn single_flight(mut self, shares: bool) -> Self {
        self.settings.single_flight = shares;
        self
    }

    /// How many calls may be under way at once that others can join: 1 to 100,000. 1,024 unless told otherwise; calls
    /// above that are answered all the same, each by itself.
    pub const fn flights(mut self, number: usize) -> Self {
        self.settings.flights = number;
        self
    }

    /// Answers also with what is kept for a question that means the same. Off unless told otherwise.
    #[cfg(feature = "semantic-cache")]
    pub fn similar(mut self, similar: SemanticCache) -> Self {
        self.settings.similar = Some(similar);
        self
    }

    /// What is wrong, in words.
    pub(in crate::client) fn problems(&self) -> Vec<String> {
        let settings = &self.settings;
        let checks = [
            (
                (Duration::from_secs(1)..=MAX_TTL).contains(&settings.ttl),
                "the cache's ttl must be 1 s to 400 days",
            ),
            (
                (1..=MAX_VALUE).contains(&settings.max_entry_bytes),
                "the cache's max_entry_bytes must be 1 to 8388608",
            ),
            (
                (Duration::from_millis(1)..=Duration::from_secs(10)).contains(&settings.patience),
                "the cache's patience must be 1 ms to 10 s",
            ),
            (
                (1..=100_000).contains(&settings.flights),
                "the cache's flights must be 1 to 100000",
            ),
        ];
        let broken = checks.into_iter().filter(|(holds, _)| !holds);
        let broken = broken.map(|(_, problem)| problem);
        #[cfg(feature = "semantic-cache")]
        let broken = broken.chain(settings.similar.iter().flat_map(SemanticCache::problems));
        broken.map(str::to_owned).collect()
    }

    pub(super) fn into_settings(self) -> Settings {
        self.settings
    }
}
