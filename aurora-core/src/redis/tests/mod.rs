mod fake;
mod faults;
mod outages;
mod processes;
mod server;

use std::time::Duration;

use bytes::Bytes;

use self::fake::FakeRedis;
use super::*;
use crate::secret::Secret;
use crate::time::{Clock as _, SystemClock};

/// Far above what a test needs; a test that reaches it hangs.
const LIMIT: Duration = Duration::from_secs(30);

fn builder(url: &str) -> RedisBuilder {
    Redis::builder(&Secret::new(url))
        .command_timeout(Duration::from_millis(100))
        .connect_timeout(Duration::from_millis(300))
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("it hangs")
}

async fn set(redis: &Redis, key: &str, value: Bytes) -> Result<Answer, Error> {
    redis.command("SET", &[key], &[value.into()]).await
}

async fn error_of_get(redis: &Redis, key: &str) -> Option<ErrorKind> {
    let answer = in_time(redis.command("GET", &[key], &[])).await;
    answer.err().map(|error| error.kind())
}

/// Asks until there is an answer.
async fn recovers(redis: &Redis) {
    in_time(async {
        while redis.command("GET", &["a"], &[]).await.is_err() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
