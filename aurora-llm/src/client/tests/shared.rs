//! Limits that several processes share.

use aurora_core::resilience::limiter::{Limiter, RedisLimiter};
use aurora_core::time::SystemClock;

use super::*;
use crate::client::limits::Limits;

#[tokio::test]
async fn requests_a_minute_hold_over_all_who_share_a_redis() {
    let Some(redis) = aurora_core::testing::redis().await else {
        return;
    };
    let puppets = [Puppet::new("a"), Puppet::new("a")];
    // Each its own connection of the limiter, as two processes would have.
    let replicas = puppets.each_ref().map(|puppet| {
        let limiter = Limiter::builder(RedisLimiter::new(&redis)).build().unwrap();
        let limits = Limits::default().requests_per_minute(10);
        LlmClient::builder()
            .clock(SystemClock)
            .target(LlmTarget::new(puppet.clone(), "m").limits(limits))
            .limiter(limiter)
            .total_timeout(Duration::from_secs(5))
            .build()
            .unwrap()
    });
    let calls = (0..40).map(|number| replicas[number % 2].ask("?"));
    let answers = futures::future::join_all(calls).await;
    let sent: usize = puppets.iter().map(|puppet| puppet.asked().len()).sum();
    assert_eq!(sent, 10);
    let refused = answers.into_iter().filter_map(Result::err);
    let refused: Vec<_> = refused
        .map(|error| (error.kind(), error.retry_after().is_some()))
        .collect();
    assert_eq!(refused, [(ErrorKind::LocalRateLimited, true); 30]);
}
