use super::*;
use crate::cache::{Scope, contract};
use crate::secret::Secret;
use crate::testing;
use crate::time::{Clock as _, SystemClock};

const LIMIT: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);

fn key(text: &str) -> Key {
    Key::new(&Scope::tenant("t1"), "test", 1, text).unwrap()
}

fn replica(redis: &Redis) -> TieredCache {
    TieredCache::builder(redis).near_ttl(HOUR).build().unwrap()
}

async fn becomes(mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            SystemClock.sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("it never happens");
}

#[tokio::test]
async fn two_tiers_keep_the_contract() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    contract::check(&TieredCache::builder(&redis).build().unwrap()).await;
}

#[tokio::test]
async fn what_one_replica_changes_the_others_stop_serving() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let (ours, theirs) = (replica(&redis), replica(&redis));
    becomes(async || ours.status().listening && theirs.status().listening).await;
    ours.set(&key("a"), "1".into(), HOUR).await.unwrap();
    // Its message must have come before they read, or it drops what they have just read. Messages keep their order, and
    // only one of those about the fence lets them see its second value.
    ours.set(&key("fence"), "1".into(), HOUR).await.unwrap();
    assert_eq!(theirs.get(&key("fence")).await.unwrap().unwrap(), "1");
    ours.set(&key("fence"), "2".into(), HOUR).await.unwrap();
    becomes(async || theirs.get(&key("fence")).await.unwrap().unwrap() == "2").await;
    assert_eq!(theirs.get(&key("a")).await.unwrap().unwrap(), "1");
    // Behind everybody's back: both serve what is near, ours too, although it has heard its own message.
    redis
        .command("SET", &[&name(&key("a"))], &["behind".into()])
        .await
        .unwrap();
    assert_eq!(theirs.get(&key("a")).await.unwrap().unwrap(), "1");
    assert_eq!(ours.get(&key("a")).await.unwrap().unwrap(), "1");

    ours.set(&key("a"), "2".into(), HOUR).await.unwrap();
    becomes(async || theirs.get(&key("a")).await.unwrap().unwrap() == "2").await;
    assert!(theirs.remove(&key("a")).await.unwrap());
    becomes(async || ours.get(&key("a")).await.unwrap().is_none()).await;
    assert!(ours.set_if_absent(&key("a"), "3".into(), HOUR).await.unwrap());
    becomes(async || theirs.get(&key("a")).await.unwrap().is_some()).await;
    assert_eq!(ours.status().far_failures, 0);
}

#[tokio::test]
async fn without_messages_the_near_ttl_bounds_what_is_stale() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let clock = crate::time::ManualClock::default();
    let cache = TieredCache::builder(&redis).clock(clock.clone()).build().unwrap();
    becomes(async || cache.status().listening).await;
    cache.set(&key("a"), "1".into(), HOUR).await.unwrap();
    redis
        .command("SET", &[&name(&key("a"))], &["2".into()])
        .await
        .unwrap();
    clock.advance(Duration::from_millis(999));
    assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "1");
    clock.advance(Duration::from_millis(1));
    assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "2");
}

#[tokio::test]
async fn without_redis_no_error_reaches_the_caller_and_what_is_set_is_kept_near() {
    let redis = Redis::builder(&Secret::new("redis://127.0.0.1:1"))
        .connect_timeout(Duration::from_millis(100))
        .connect()
        .await
        .unwrap();
    let cache = replica(&redis);
    assert_eq!(cache.get(&key("a")).await.unwrap(), None);
    cache.set(&key("a"), "1".into(), HOUR).await.unwrap();
    assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "1");
    assert!(!cache.set_if_absent(&key("a"), "2".into(), HOUR).await.unwrap());
    assert!(cache.set_if_absent(&key("b"), "2".into(), HOUR).await.unwrap());
    assert!(cache.remove(&key("a")).await.unwrap());
    assert!(!cache.remove(&key("a")).await.unwrap());
    let status = cache.status();
    assert!(!status.connected && !status.listening);
    assert_eq!(
        status.far_failures, 6,
        "each question that Redis did not answer is counted"
    );
}

#[tokio::test]
async fn an_unusable_bound_is_refused() {
    let redis = Redis::builder(&Secret::new("redis://127.0.0.1:1"))
        .connect_timeout(Duration::from_millis(10))
        .connect()
        .await
        .unwrap();
    for ttl in [Duration::ZERO, Duration::MAX] {
        let error = TieredCache::builder(&redis).near_ttl(ttl).build().unwrap_err();
        assert_eq!(error.kind(), crate::cache::ErrorKind::InvalidSettings);
    }
}

#[tokio::test]
async fn a_value_is_not_served_from_near_for_longer_than_it_lives() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let clock = crate::time::ManualClock::default();
    let cache = TieredCache::builder(&redis)
        .near_ttl(HOUR)
        .clock(clock.clone())
        .build()
        .unwrap();
    becomes(async || cache.status().listening).await;
    let minute = Duration::from_secs(60);
    let others = RedisCache::new(&redis);
    others.set(&key("a"), "1".into(), minute).await.unwrap();
    assert_eq!(cache.get(&key("a")).await.unwrap().unwrap(), "1");
    others.set(&key("a"), "2".into(), minute).await.unwrap();
    clock.advance(minute);
    assert_eq!(
        cache.get(&key("a")).await.unwrap().unwrap(),
        "2",
        "its minute is over"
    );
}

#[tokio::test]
async fn what_changes_elsewhere_while_it_is_set_here_is_not_kept_near() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let cache = replica(&redis);
    becomes(async || cache.status().listening).await;
    let shared = &cache.shared;
    // A message of another replica that arrives after Redis has taken ours.
    let before = shared.changes.seen(&key("a"));
    shared.changes.one(&key("a"));
    shared.set_near(&key("a"), "ours".into(), HOUR, before).await;
    assert!(shared.near.get(&key("a")).await.unwrap().is_none());
    let before = shared.changes.seen(&key("a"));
    shared.set_near(&key("a"), "ours".into(), HOUR, before).await;
    assert!(shared.near.get(&key("a")).await.unwrap().is_some());
}
