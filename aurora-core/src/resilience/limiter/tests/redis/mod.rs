//! The limiter in a real Redis.

mod faults;
mod own;
mod processes;

use std::time::Duration;

use futures::future::join_all;

use super::differential::{cost, step};
use super::model::{Model, Spec, policies, said};
use super::one;
use crate::redis::Redis;
use crate::resilience::limiter::{
    Adjustment, Counts, Kind, Limiter, MemoryLimiter, Outage, Policies, Policy, RateLimiter as _,
    RedisLimiter, Subject, contract,
};
use crate::rng::Random;
use crate::testing;
use crate::time::ManualClock;

/// A wall clock of somebody else's, as far from ours as can be.
const ELSEWHERE: u64 = 4_102_444_800_000_000;

#[tokio::test]
async fn the_store_in_redis_keeps_the_contract() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    contract::check(RedisLimiter::new(&redis)).await;
}

async fn run_of(redis: &Redis, seed: u64, operations: u32) -> u32 {
    let random = Random::seeded(seed);
    let specs: Vec<Spec> = (0..=seed % 3).map(|_| Spec::random(&random)).collect();
    let clock = ManualClock::default();
    let memory = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let mut store = RedisLimiter::new(redis);
    let (subject, policies) = (Subject::new("run").principal(&seed.to_string()), policies(&specs));
    let (mut model, mut now, mut refused) = (Model::new(specs), 0, 0);
    for operation in 0..operations {
        let by = step(&random, &model.specs);
        clock.advance(Duration::from_micros(by));
        now += by;
        store.foreign_now = Some(ELSEWHERE + now);
        let cost = cost(&random);
        let expected = model.check(now, cost);
        let stored = store.check(&subject, &policies, cost).await.unwrap();
        let kept = memory.check(&subject, &policies, cost);
        let place = || {
            format!(
                "seed {seed}, operation {operation}, cost {cost}, {:?}",
                model.specs
            )
        };
        assert_eq!(said(&stored), expected, "{}", place());
        assert_eq!(said(&kept), expected, "{}", place());
        refused += u32::from(!stored.is_allowed());
    }
    refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_requests_are_decided_in_redis_as_in_memory_and_by_the_model() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    // At the same time, so that one connection is kept busy; each run has a subject of its own.
    let runs = join_all((0..24).map(|seed| {
        let redis = redis.clone();
        tokio::spawn(async move { run_of(&redis, seed, 4_200).await })
    }));
    let refused: u32 = runs.await.into_iter().map(Result::unwrap).sum();
    assert!(refused > 20_000, "{refused}");
}

/// What is reserved and settled, with the same figures in both.
#[tokio::test]
async fn reservations_are_settled_in_redis_as_in_memory() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let runs = (0..12).map(|seed| {
        let redis = redis.clone();
        async move {
            let random = Random::seeded(seed);
            let clock = ManualClock::default();
            let memory = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
            let mut store = RedisLimiter::new(&redis);
            let subject = Subject::new("settle").principal(&seed.to_string());
            let quotas = |limit: u32| {
                Policies::new([
                    Policy::new("bucket", limit, Duration::from_millis(700))
                        .kind(Kind::Gcra)
                        .burst(9),
                    Policy::new("log", limit, Duration::from_millis(500)).kind(Kind::SlidingLog),
                    Policy::new("calls", 6, Duration::from_millis(300)).counts(Counts::Requests),
                ])
                .unwrap()
            };
            let (mut now, mut open, mut settled) = (ELSEWHERE, Vec::new(), 0);
            for operation in 0..600 {
                let by = random.below(120_000);
                clock.advance(Duration::from_micros(by));
                now += by;
                store.foreign_now = Some(now);
                // Now and then the quota changes under what is open.
                let policies = quotas(if random.below(8) == 0 { 5 } else { 13 });
                let units = u32::try_from(1 + random.below(5)).unwrap();
                let stored = store.check(&subject, &policies, units).await.unwrap();
                let kept = memory.check(&subject, &policies, units);
                assert_eq!(said(&stored), said(&kept), "seed {seed}, operation {operation}");
                if stored.is_allowed() {
                    open.push((stored, kept, units));
                }
                while open.len() > usize::try_from(random.below(4)).unwrap() {
                    let (stored, kept, units) = open.remove(0);
                    let used = (random.below(5) > 0).then(|| u32::try_from(random.below(7)).unwrap());
                    let adjustment = |verdict| Adjustment::new(&subject, verdict, units, used);
                    store.adjust(&adjustment(&stored)).await.unwrap();
                    memory.adjust(&adjustment(&kept));
                    let stored = store.check(&subject, &policies, 0).await.unwrap();
                    let kept = memory.check(&subject, &policies, 0);
                    assert_eq!(
                        said(&stored),
                        said(&kept),
                        "seed {seed}, after settling in {operation}"
                    );
                    settled += 1;
                }
            }
            settled
        }
    });
    let settled: u32 = join_all(runs).await.into_iter().sum();
    assert!(settled > 1_000, "{settled}");
}

#[tokio::test]
async fn a_clock_of_the_server_that_is_set_back_locks_nobody_out_for_longer_than_a_period() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let mut store = RedisLimiter::new(&redis);
    let policies = Policies::new([Policy::per_minute("log", 5), Policy::per_minute("bucket", 500)]).unwrap();
    let subject = Subject::new("back");
    store.foreign_now = Some(ELSEWHERE);
    assert!(store.check(&subject, &policies, 5).await.unwrap().is_allowed());
    let hours_ago = ELSEWHERE - 10_000_000_000;
    store.foreign_now = Some(hours_ago);
    let refused = store.check(&subject, &policies, 1).await.unwrap();
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(60)));
    store.foreign_now = Some(hours_ago + 60_000_000);
    assert!(store.check(&subject, &policies, 5).await.unwrap().is_allowed());
}

#[tokio::test]
async fn our_own_clocks_have_no_part_in_it() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let clock = ManualClock::default();
    let builder = Limiter::builder(RedisLimiter::new(&redis)).clock(clock.clone());
    let limiter = builder.outage(Outage::Deny).build().unwrap();
    let (subject, policies) = (Subject::new("wall"), one(Policy::per_day("d", 3)));
    assert!(limiter.check(&subject, &policies, 3).await.is_allowed());
    for day in [-1, 1, 400] {
        clock.set_wall(crate::time::Timestamp::from_secs(1_767_225_600 + day * 86_400));
        clock.advance(Duration::from_secs(90_000));
        let verdict = limiter.check(&subject, &policies, 1).await;
        assert!(!verdict.is_allowed() && !verdict.is_degraded());
    }
}

/// What is no longer needed goes by itself, and what is needed stays until then.
#[tokio::test]
async fn keys_live_as_long_as_something_is_used() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let store = RedisLimiter::new(&redis);
    let policies = Policies::new([
        Policy::per_minute("log", 5),
        Policy::per_minute("bucket", 500).burst(100),
    ])
    .unwrap();
    assert!(
        store
            .check(&Subject::new("ttl"), &policies, 5)
            .await
            .unwrap()
            .is_allowed()
    );
    let ttl = async |key: &str| {
        redis
            .command("PTTL", &[key], &[])
            .await
            .unwrap()
            .as_integer()
            .unwrap()
    };
    let log = ttl("limit:{ttl}:l:log").await;
    assert!((50_000..=60_000).contains(&log), "{log}");
    let bucket = ttl("limit:{ttl}:g:bucket").await;
    assert!(
        (1..=600).contains(&bucket),
        "5 of 500 a minute come back in 600 ms: {bucket}"
    );
    assert_eq!(ttl("limit:{ttl}:g:log").await, -2);
    // Asking leaves nothing behind.
    store.check(&Subject::new("asked"), &policies, 0).await.unwrap();
    assert_eq!(ttl("limit:{asked}:g:bucket").await, -2);
}

#[tokio::test]
async fn what_somebody_else_keeps_under_our_name_is_an_error_and_not_a_pass() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let limiter = Limiter::builder(RedisLimiter::new(&redis))
        .outage(Outage::Deny)
        .build()
        .unwrap();
    redis
        .command("SADD", &["limit:{odd}:l:p"], &["x".into()])
        .await
        .unwrap();
    let verdict = limiter
        .check(&Subject::new("odd"), &one(Policy::per_minute("p", 5)), 1)
        .await;
    assert!(verdict.is_degraded() && !verdict.is_allowed());
}
