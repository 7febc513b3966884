//! Several replicas in front of one Redis.

use super::*;
use crate::cache::{Leases, RedisCache, TieredCache};
use crate::redis::Redis;
use crate::secret::Secret;
use crate::testing;

const HOLD: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn key() -> Key {
    Key::new(&Scope::Global, "number", 1, "a").unwrap()
}

fn replica(store: impl CacheStore, hold: Duration) -> ReadThrough<usize> {
    ReadThrough::builder(store, "number", 1)
        .jitter(0.0)
        .lease(hold)
        .build()
        .unwrap()
}

async fn lets_go_when_loading(origin: &Origin, loads: usize) {
    becomes_slowly(|| origin.loads() == loads).await;
    SystemClock.sleep(Duration::from_millis(100)).await;
    origin.gate.add_permits(1_000);
}

async fn becomes_slowly(mut condition: impl FnMut() -> bool) {
    tokio::time::timeout(LIMIT, async {
        while !condition() {
            SystemClock.sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("it never happens");
}

#[tokio::test]
async fn of_several_replicas_one_loads() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let tiered = || TieredCache::builder(&redis).build().unwrap();
    let replicas = [
        replica(RedisCache::new(&redis), HOLD),
        replica(RedisCache::new(&redis), HOLD),
        replica(tiered(), HOLD),
        replica(tiered(), HOLD),
    ];
    let origin = Origin::closed();
    let calls = join_all(replicas.iter().map(|replica| get(replica, &origin)));
    let (answers, ()) = tokio::join!(calls, lets_go_when_loading(&origin, 1));
    for answer in answers {
        assert_eq!(answer.unwrap().value(), Some(&1));
    }
    assert_eq!(origin.loads(), 1);
    // The lease was given back with the value.
    assert!(RedisCache::new(&redis).take(&key(), "next", HOLD).await.unwrap());
}

#[tokio::test]
async fn a_load_that_takes_longer_than_its_lease_renews_it_and_one_that_fails_gives_it_back() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let store = RedisCache::new(&redis);
    let (ours, origin) = (replica(store.clone(), SHORT), Origin::closed());
    let looks = async {
        becomes_slowly(|| origin.loads() == 1).await;
        SystemClock.sleep(SHORT * 4).await;
        assert!(
            !store.take(&key(), "other", SHORT).await.unwrap(),
            "it was not renewed"
        );
        origin.gate.add_permits(1);
    };
    let (answer, ()) = tokio::join!(get(&ours, &origin), looks);
    answer.unwrap();
    assert!(store.get(&key()).await.unwrap().is_some());

    store.remove(&key()).await.unwrap();
    let ours = replica(store.clone(), HOLD);
    let failed = ours.get(&Scope::Global, "a", || async {
        Err::<Option<usize>, _>(io::Error::other("no"))
    });
    assert!(failed.await.is_err());
    let taken = async { while !store.take(&key(), "other", HOLD).await.unwrap() {} };
    tokio::time::timeout(HOLD / 2, taken)
        .await
        .expect("it is held for nothing");
}

#[tokio::test]
async fn the_lease_of_a_replica_that_died_is_taken_over() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let store = RedisCache::new(&redis);
    assert!(store.take(&key(), "the dead one", SHORT).await.unwrap());
    let (ours, origin) = (replica(store.clone(), HOLD), Origin::open());
    assert_eq!(get(&ours, &origin).await.unwrap().value(), Some(&1));
    assert!(store.get(&key()).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_paused_holder_writes_too_late_is_refused() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let tiered = TieredCache::builder(&redis).build().unwrap();
    let redis_cache = RedisCache::new(&redis);
    let stores: [(&dyn Leases, &dyn CacheStore); 2] = [(&redis_cache, &redis_cache), (&tiered, &tiered)];
    for (leases, store) in stores {
        store.remove(&key()).await.unwrap();
        assert!(
            leases
                .take(&key(), "paused", Duration::from_millis(1))
                .await
                .unwrap()
        );
        let taken = async { while !leases.take(&key(), "next", HOLD).await.unwrap() {} };
        tokio::time::timeout(LIMIT, taken)
            .await
            .expect("a lease does not end");
        for next_has_written in [false, true] {
            if next_has_written {
                assert!(
                    leases
                        .set_held(&key(), "next", "new".into(), MINUTE)
                        .await
                        .unwrap()
                );
            }
            assert!(!leases.renew(&key(), "paused", HOLD).await.unwrap());
            assert!(
                !leases
                    .set_held(&key(), "paused", "old".into(), MINUTE)
                    .await
                    .unwrap()
            );
            assert!(!leases.release(&key(), "paused").await.unwrap());
            let kept = store.get(&key()).await.unwrap();
            assert_eq!(kept.is_some(), next_has_written);
            assert!(kept.is_none_or(|kept| kept == "new"));
        }
    }
}

#[tokio::test]
async fn something_stale_is_served_while_another_replica_refreshes() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let clock = ManualClock::default();
    let store = RedisCache::new(&redis);
    let ours: ReadThrough<usize> = ReadThrough::builder(store.clone(), "number", 1)
        .stale_for(MINUTE)
        .jitter(0.0)
        .clock(clock.clone())
        .lease(HOLD)
        .build()
        .unwrap();
    let origin = Origin::open();
    get(&ours, &origin).await.unwrap();
    becomes(|| ours.loading() == 0).await;
    clock.advance(Duration::from_secs(300));
    assert!(store.take(&key(), "another", HOLD).await.unwrap());
    assert_eq!(get(&ours, &origin).await.unwrap().freshness(), Freshness::Stale);
    becomes(|| ours.loading() == 0).await;
    assert_eq!(origin.loads(), 1, "two refresh at once");
    // It died: after a moment somebody else does.
    assert!(store.release(&key(), "another").await.unwrap());
    clock.advance(Duration::from_millis(1_500));
    get(&ours, &origin).await.unwrap();
    becomes(|| ours.loading() == 0).await;
    assert_eq!(origin.loads(), 2);
}

#[tokio::test]
async fn whoever_has_waited_as_long_as_a_lease_lasts_loads_without_one() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let store = RedisCache::new(&redis);
    assert!(store.take(&key(), "slow", HOLD).await.unwrap());
    let (ours, origin) = (replica(store.clone(), SHORT), Origin::open());
    assert_eq!(get(&ours, &origin).await.unwrap().value(), Some(&1));
    assert!(store.get(&key()).await.unwrap().is_some());
    assert!(
        store
            .set_held(&key(), "slow", "its own".into(), MINUTE)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn without_redis_values_are_loaded_without_leases() {
    let redis = Redis::builder(&Secret::new("redis://127.0.0.1:1"))
        .connect_timeout(Duration::from_millis(10))
        .connect()
        .await
        .unwrap();
    let (ours, origin) = (
        replica(TieredCache::builder(&redis).build().unwrap(), HOLD),
        Origin::open(),
    );
    assert_eq!(get(&ours, &origin).await.unwrap().freshness(), Freshness::Loaded);
    assert_eq!(get(&ours, &origin).await.unwrap().freshness(), Freshness::Fresh);
    let of_one_process = ReadThrough::<usize>::builder(MemoryCache::new(), "number", 1).lease(HOLD);
    assert_eq!(
        of_one_process.build().unwrap_err().kind(),
        ErrorKind::InvalidSettings
    );
}

#[tokio::test]
async fn keys_with_braces_have_leases_where_their_value_lives() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let store = RedisCache::new(&redis);
    for (text, has_one) in [
        ("{a}b", true),
        ("{}", false),
        ("a}b", false),
        ("a{b", true),
        ("}{a}", true),
    ] {
        let key = Key::new(&Scope::Global, "number", 1, text).unwrap();
        let taken = store.take(&key, "t", HOLD).await;
        assert_eq!(taken.is_ok(), has_one, "{text}");
        if has_one {
            assert!(
                store.set_held(&key, "t", "x".into(), MINUTE).await.unwrap(),
                "{text}"
            );
        }
    }
}
