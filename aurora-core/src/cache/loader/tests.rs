mod flights;
#[cfg(feature = "redis")]
mod lease;
mod retry;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::future::join_all;
use tokio::sync::Semaphore;

use super::*;
use crate::cache::{Error, ErrorKind, MemoryCache};
use crate::time::{Clock as _, ManualClock, SystemClock};

const LIMIT: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);

/// What is loaded, counted, and held back until it is let go.
#[derive(Clone)]
struct Origin {
    loads: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Origin {
    fn open() -> Self {
        let origin = Self::closed();
        origin.gate.add_permits(1_000);
        origin
    }

    fn closed() -> Self {
        Self {
            loads: Arc::default(),
            ended: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    /// The number of this load.
    async fn load(self) -> Result<Option<usize>, io::Error> {
        struct Ended(Arc<AtomicUsize>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let number = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
        let _ended = Ended(Arc::clone(&self.ended));
        self.gate.acquire().await.unwrap().forget();
        Ok(Some(number))
    }

    fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

fn numbers(clock: &ManualClock) -> ReadThroughBuilder<usize> {
    ReadThrough::builder(MemoryCache::builder().clock(clock.clone()).build(), "number", 1)
        .fresh_for(MINUTE)
        .jitter(0.0)
        .clock(clock.clone())
}

async fn get(cache: &ReadThrough<usize>, origin: &Origin) -> Result<Served<usize>, LoadError> {
    let origin = origin.clone();
    cache.get(&Scope::Global, "a", move || origin.load()).await
}

async fn becomes(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("it never happens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_misses_at_once_are_one_load() {
    let (origin, cache) = (
        Origin::closed(),
        numbers(&ManualClock::default()).build().unwrap(),
    );
    let callers = (0..1_000).map(|_| get(&cache, &origin));
    let letting_go = async {
        becomes(|| origin.loads() == 1).await;
        SystemClock.sleep(Duration::from_millis(20)).await;
        origin.gate.add_permits(1_000);
    };
    let (answers, ()) = tokio::join!(join_all(callers), letting_go);
    for answer in answers {
        assert_eq!(answer.unwrap().value(), Some(&1));
    }
    assert_eq!(origin.loads(), 1);
    becomes(|| cache.loading() == 0).await;
}

#[tokio::test]
async fn the_load_outlives_the_caller_that_began_it() {
    let (origin, cache) = (
        Origin::closed(),
        numbers(&ManualClock::default()).build().unwrap(),
    );
    let mut leader = Box::pin(get(&cache, &origin));
    tokio::select! {
        _ = &mut leader => panic!("there is nothing yet"),
        () = becomes(|| origin.loads() == 1) => {}
    }
    let mut follower = Box::pin(get(&cache, &origin));
    assert!(futures::poll!(&mut follower).is_pending());
    drop(leader);
    origin.gate.add_permits(1);
    assert_eq!(follower.await.unwrap().value(), Some(&1));
    assert_eq!(origin.loads(), 1);
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_given_up_after_the_grace_and_not_before() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::closed(), numbers(&clock).grace(MINUTE).build().unwrap());
    let mut only = Box::pin(get(&cache, &origin));
    tokio::select! {
        _ = &mut only => panic!("there is nothing yet"),
        () = becomes(|| origin.loads() == 1) => {}
    }
    drop(only);
    becomes(|| clock.sleepers() == 1).await;
    clock.advance(MINUTE - Duration::from_nanos(1));
    tokio::task::yield_now().await;
    // One who comes within the grace finds the load that is under way, and it goes on.
    let mut late = Box::pin(get(&cache, &origin));
    assert!(futures::poll!(&mut late).is_pending());
    clock.advance(Duration::from_nanos(1));
    becomes(|| clock.sleepers() == 0).await;
    assert_eq!((origin.loads(), cache.loading()), (1, 1));
    drop(late);
    becomes(|| clock.sleepers() == 1).await;
    clock.advance(MINUTE);
    becomes(|| origin.ended.load(Ordering::SeqCst) == 1).await;
    assert_eq!(cache.loading(), 0);
    origin.gate.add_permits(1);
    assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&2));
}

#[tokio::test]
async fn a_caller_dropped_at_any_poll_leaves_nothing_behind() {
    for polls in 0..6 {
        let clock = ManualClock::default();
        let (origin, cache) = (
            Origin::closed(),
            numbers(&clock).grace(Duration::ZERO).build().unwrap(),
        );
        let mut caller = Box::pin(get(&cache, &origin));
        for _ in 0..polls {
            assert!(futures::poll!(&mut caller).is_pending());
            tokio::task::yield_now().await;
        }
        drop(caller);
        becomes(|| cache.loading() == 0).await;
        origin.gate.add_permits(1);
        assert!(get(&cache, &origin).await.is_ok());
    }
}

#[tokio::test]
async fn errors_and_panics_reach_all_who_waited_and_are_not_kept() {
    let (origin, cache) = (Origin::open(), numbers(&ManualClock::default()).build().unwrap());
    let failing = || {
        cache.get(&Scope::Global, "a", || async {
            Err::<Option<usize>, _>(io::Error::other("no"))
        })
    };
    for answer in join_all([failing(), failing(), failing()]).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), LoadErrorKind::Failed);
        assert_eq!(error.of_load::<io::Error>().unwrap().to_string(), "no");
    }
    let panicking = || {
        cache.get(&Scope::Global, "a", || async {
            if true {
                panic!("on purpose");
            }
            Ok::<Option<usize>, io::Error>(None)
        })
    };
    for answer in join_all([panicking(), panicking()]).await {
        assert_eq!(answer.unwrap_err().kind(), LoadErrorKind::Panicked);
    }
    assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&1));
}

#[tokio::test]
async fn a_stale_value_is_served_at_once_while_one_refresh_is_under_way() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).stale_for(MINUTE).build().unwrap());
    get(&cache, &origin).await.unwrap();
    clock.advance(MINUTE - Duration::from_micros(1));
    let fresh = get(&cache, &origin).await.unwrap();
    assert_eq!(fresh.freshness(), Freshness::Fresh);
    clock.advance(Duration::from_micros(1));
    let held = Origin {
        gate: Origin::closed().gate,
        ..origin.clone()
    };
    for _ in 0..10 {
        let stale = get(&cache, &held).await.unwrap();
        assert_eq!((stale.value(), stale.freshness()), (Some(&1), Freshness::Stale));
        assert_eq!(stale.age(), MINUTE);
        assert_eq!(stale.cache_status("aurora"), "aurora; hit; ttl=0");
    }
    becomes(|| origin.loads() == 2).await;
    held.gate.add_permits(1);
    becomes(|| cache.loading() == 0).await;
    let renewed = get(&cache, &origin).await.unwrap();
    assert_eq!(
        (renewed.value(), renewed.freshness()),
        (Some(&2), Freshness::Fresh)
    );
    assert_eq!(origin.loads(), 2);
}

#[tokio::test]
async fn when_the_refresh_fails_the_value_is_served_until_its_stale_time_is_over() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).stale_for(MINUTE).build().unwrap());
    get(&cache, &origin).await.unwrap();
    let failing = || {
        cache.get(&Scope::Global, "a", || async {
            Err::<Option<usize>, _>(io::Error::other("no"))
        })
    };
    clock.advance(2 * MINUTE - Duration::from_micros(1));
    for _ in 0..3 {
        let stale = failing().await.unwrap();
        assert_eq!(stale.freshness(), Freshness::Stale);
        assert_eq!(stale.cache_status("aurora"), "aurora; hit; ttl=-60");
        becomes(|| cache.loading() == 0).await;
    }
    clock.advance(Duration::from_micros(1));
    assert_eq!(failing().await.unwrap_err().kind(), LoadErrorKind::Failed);
}

#[tokio::test]
async fn a_refresh_ends_with_the_last_handle() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).stale_for(MINUTE).build().unwrap());
    get(&cache, &origin).await.unwrap();
    clock.advance(MINUTE);
    let held = Origin {
        gate: Origin::closed().gate,
        ..origin.clone()
    };
    get(&cache, &held).await.unwrap();
    becomes(|| origin.loads() == 2).await;
    drop(cache);
    becomes(|| origin.ended.load(Ordering::SeqCst) == 2).await;
}

#[tokio::test]
async fn that_there_is_no_such_thing_is_kept_for_its_own_time_or_not_at_all() {
    let clock = ManualClock::default();
    let loads = Arc::new(AtomicUsize::new(0));
    for (negative_for, expected) in [(Duration::ZERO, 3), (MINUTE, 2)] {
        let cache = numbers(&clock).negative_for(negative_for).build().unwrap();
        loads.store(0, Ordering::SeqCst);
        for step in [
            Duration::ZERO,
            MINUTE - Duration::from_micros(1),
            Duration::from_micros(1),
        ] {
            clock.advance(step);
            let loads = Arc::clone(&loads);
            let answer = cache.get(&Scope::Global, "a", move || async move {
                loads.fetch_add(1, Ordering::SeqCst);
                Ok::<_, io::Error>(None)
            });
            assert!(answer.await.unwrap().is_negative());
        }
        assert_eq!(loads.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn the_same_question_of_two_tenants_is_loaded_twice() {
    let (origin, cache) = (Origin::open(), numbers(&ManualClock::default()).build().unwrap());
    for (tenant, number) in [("a", 1), ("b", 2), ("a", 1)] {
        let origin = origin.clone();
        let served = cache
            .get(&Scope::tenant(tenant), "same", move || origin.load())
            .await
            .unwrap();
        assert_eq!(served.value(), Some(&number));
    }
    assert_eq!(origin.loads(), 2);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_nothing_fresh_for_ever() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).build().unwrap());
    get(&cache, &origin).await.unwrap();
    clock.set_wall(clock.now() - Duration::from_secs(4));
    let early = get(&cache, &origin).await.unwrap();
    assert_eq!(
        (early.value(), early.age()),
        (Some(&1), Duration::ZERO),
        "clocks of replicas differ"
    );
    clock.set_wall(clock.now() - 24 * 60 * MINUTE);
    assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&2));
    clock.set_wall(clock.now() + 48 * 60 * MINUTE);
    assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&3));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss() {
    let clock = ManualClock::default();
    let store = MemoryCache::builder().clock(clock.clone()).build();
    let key = Key::new(&Scope::Global, "number", 1, "a").unwrap();
    let cache: ReadThrough<usize> = ReadThrough::builder(store.clone(), "number", 1).build().unwrap();
    let origin = Origin::open();
    for kept in ["", "{}", "not json", r#"{"value":"text"}"#] {
        store.set(&key, Bytes::from(kept), MINUTE).await.unwrap();
        let served = get(&cache, &origin).await.unwrap();
        assert_eq!(served.freshness(), Freshness::Loaded, "{kept}");
        assert_eq!(get(&cache, &origin).await.unwrap().freshness(), Freshness::Fresh);
    }
}

#[derive(Debug)]
struct Broken;

#[async_trait::async_trait]
impl CacheStore for Broken {
    async fn get(&self, _: &Key) -> Result<Option<Bytes>, Error> {
        Err(Error::new(ErrorKind::Unavailable))
    }
    async fn set(&self, _: &Key, _: Bytes, _: Duration) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unavailable))
    }
    async fn set_if_absent(&self, _: &Key, _: Bytes, _: Duration) -> Result<bool, Error> {
        Err(Error::new(ErrorKind::Unavailable))
    }
    async fn remove(&self, _: &Key) -> Result<bool, Error> {
        Err(Error::new(ErrorKind::Unavailable))
    }
}

#[tokio::test]
async fn without_its_store_it_loads_every_time() {
    let cache: ReadThrough<usize> = ReadThrough::builder(Broken, "number", 1).build().unwrap();
    let origin = Origin::open();
    for number in 1..=3 {
        assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&number));
    }
}

#[tokio::test]
async fn loads_under_way_are_bounded() {
    let (origin, cache) = (
        Origin::closed(),
        numbers(&ManualClock::default()).flights(2).build().unwrap(),
    );
    let one = |text: &'static str| {
        let (cache, origin) = (cache.clone(), origin.clone());
        async move { cache.get(&Scope::Global, text, move || origin.load()).await }
    };
    let (mut a, mut b) = (Box::pin(one("a")), Box::pin(one("b")));
    assert!(futures::poll!(&mut a).is_pending() && futures::poll!(&mut b).is_pending());
    assert_eq!(one("c").await.unwrap_err().kind(), LoadErrorKind::Busy);
    origin.gate.add_permits(2);
    assert!(a.await.is_ok() && b.await.is_ok());
}

#[tokio::test]
async fn an_entry_that_was_slow_to_load_is_refreshed_before_its_end() {
    let clock = ManualClock::default();
    let mut refreshed = [0, 0];
    for (at, left) in [MINUTE / 2, Duration::from_micros(1)].into_iter().enumerate() {
        for seed in 0..200 {
            let random = crate::rng::Random::seeded(seed);
            let lifetimes = Lifetimes {
                fresh_for: MINUTE,
                stale_for: Duration::ZERO,
            };
            let now = clock.now();
            let entry = Envelope::new(Some(1), now, Duration::from_secs(2), lifetimes, 1, "*");
            let standing = entry.standing(now + (MINUTE - left), Some(1.0), &random);
            refreshed[at] += usize::from(standing == Standing::Early);
        }
    }
    assert_eq!(
        refreshed[0], 0,
        "half a minute ahead of a load that takes two seconds"
    );
    assert!(refreshed[1] > 190, "at the very end: {refreshed:?}");
}

#[tokio::test]
async fn unusable_settings_are_refused_all_at_once() {
    let error = ReadThrough::<usize>::builder(MemoryCache::new(), "a:b", 1)
        .fresh_for(Duration::ZERO)
        .stale_for(Duration::MAX)
        .negative_for(Duration::MAX)
        .jitter(f64::NAN)
        .early(-1.0)
        .grace(Duration::MAX)
        .flights(0)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSettings);
    let told = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(told.split("; ").count(), 8, "{told}");
}
