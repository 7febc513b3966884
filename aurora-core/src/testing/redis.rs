//! A throwaway server's part for one test.

use std::time::Duration;

use crate::redis::Redis;
use crate::secret::Secret;

/// A handle to the throwaway Redis that `AURORA_TEST_REDIS_URL` names, under a prefix of its own.
///
/// Without the variable it is `None` and a note says so; when `AURORA_TEST_REQUIRE` contains `redis` that is a failure.
/// Its time limits are long: a machine that runs all tests at once is slow at times, and a test is not about that.
///
/// # Panics
/// When a server was asked for and is not there.
#[expect(clippy::panic, reason = "a test without its server has failed")]
pub async fn redis() -> Option<Redis> {
    let url = super::provided("redis", "AURORA_TEST_REDIS_URL")?;
    let connected = Redis::builder(&Secret::new(url))
        .prefix(format!("test-{}", uuid::Uuid::now_v7().simple()))
        .command_timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(10))
        .connect()
        .await;
    match connected {
        Ok(redis) if redis.is_connected() => Some(redis),
        Ok(_) => panic!("no Redis answers at AURORA_TEST_REDIS_URL"),
        Err(error) => panic!("AURORA_TEST_REDIS_URL: {error}"),
    }
}
