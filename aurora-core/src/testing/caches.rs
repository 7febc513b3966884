//! A test "on every cache", each under keys of its own.

use std::future::Future;

use crate::cache::CacheStore;

/// Runs `test` on every cache: always in memory, and in Redis when `AURORA_TEST_REDIS_URL` names a throwaway server.
///
/// Each run has a key prefix of its own. Without the variable a note says that Redis was skipped; when
/// `AURORA_TEST_REQUIRE` contains `redis` that is a failure. Caches whose feature is off are left out.
///
/// # Panics
/// When the test does, or when Redis was asked for and is not there.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::time::Duration;
/// use aurora_core::cache::{Key, Scope};
///
/// aurora_core::testing::each_cache(|cache| async move {
///     let key = Key::new(&Scope::Global, "greeting", 1, "pt").unwrap();
///     cache.set(&key, "olá".into(), Duration::from_secs(60)).await.unwrap();
///     assert_eq!(cache.get(&key).await.unwrap().unwrap(), "olá");
/// })
/// .await;
/// # });
/// ```
pub async fn each_cache<T, F>(test: T)
where
    T: Fn(Box<dyn CacheStore>) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    #[cfg(feature = "memory")]
    {
        eprintln!("on the memory cache");
        test(Box::new(crate::cache::MemoryCache::new())).await;
    }
    #[cfg(feature = "redis")]
    if let Some(cache) = redis().await {
        eprintln!("on the Redis cache");
        test(Box::new(cache)).await;
    }
}

#[cfg(feature = "redis")]
async fn redis() -> Option<crate::cache::RedisCache> {
    let redis = super::redis().await?;
    Some(crate::cache::RedisCache::new(&redis))
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn every_cache_keeps_the_contract() {
        super::each_cache(|cache| async move {
            crate::cache::contract::check(&*cache).await;
        })
        .await;
    }
}
