//! What comes after a refresh that failed, or that somebody else has made.

use super::*;

async fn failing(cache: &ReadThrough<usize>, origin: &Origin) -> Result<Served<usize>, LoadError> {
    let origin = origin.clone();
    let load = move || async move {
        origin.load().await?;
        Err::<Option<usize>, _>(io::Error::other("no"))
    };
    cache.get(&Scope::Global, "a", load).await
}

#[tokio::test]
async fn a_refresh_that_failed_rests_before_the_next_reader_tries_again() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).stale_for(MINUTE).build().unwrap());
    get(&cache, &origin).await.unwrap();
    clock.advance(MINUTE);
    for _ in 0..20 {
        assert_eq!(
            failing(&cache, &origin).await.unwrap().freshness(),
            Freshness::Stale
        );
        becomes(|| cache.loading() == 0).await;
    }
    assert_eq!(origin.loads(), 2, "the source is hammered while it is down");
    clock.advance(Duration::from_millis(499));
    failing(&cache, &origin).await.unwrap();
    assert_eq!((origin.loads(), cache.loading()), (2, 0));
    clock.advance(Duration::from_millis(1_001));
    get(&cache, &origin).await.unwrap();
    becomes(|| cache.loading() == 0).await;
    assert_eq!(get(&cache, &origin).await.unwrap().value(), Some(&3));
}

#[tokio::test]
async fn whoever_misses_does_not_wait_for_the_pause() {
    let clock = ManualClock::default();
    let (origin, cache) = (Origin::open(), numbers(&clock).stale_for(MINUTE).build().unwrap());
    get(&cache, &origin).await.unwrap();
    clock.advance(2 * MINUTE - Duration::from_millis(1));
    failing(&cache, &origin).await.unwrap();
    becomes(|| cache.loading() == 0).await;
    clock.advance(Duration::from_millis(1));
    assert_eq!(get(&cache, &origin).await.unwrap().freshness(), Freshness::Loaded);
}

#[tokio::test]
async fn a_reader_that_saw_the_old_value_does_not_renew_the_new_one() {
    let clock = ManualClock::default();
    let store = MemoryCache::builder().clock(clock.clone()).build();
    let cache: ReadThrough<usize> = ReadThrough::builder(store.clone(), "number", 1)
        .fresh_for(MINUTE)
        .stale_for(MINUTE)
        .clock(clock.clone())
        .build()
        .unwrap();
    let origin = Origin::open();
    get(&cache, &origin).await.unwrap();
    let key = Key::new(&Scope::Global, "number", 1, "a").unwrap();
    let old = cache.core.read(&key, None).await.unwrap();
    clock.advance(MINUTE);
    get(&cache, &origin).await.unwrap();
    becomes(|| cache.loading() == 0).await;
    assert_eq!(origin.loads(), 2);
    let late = origin.clone();
    cache.refresh(&key, old.created, move || late.load());
    becomes(|| cache.loading() == 0).await;
    assert_eq!(origin.loads(), 2, "it was renewed already");
}
