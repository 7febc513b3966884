//! What a question to the caches costs.
//!
//! Targets on the 2-core development machine: a hit in memory under 1 µs, whatever the size of the value, because a hit
//! hands out a reference and never copies; a near hit of two tiers under 2 µs; a hit of a typed value, decoded, under
//! 5 µs; 10,000 callers of one missing value under 50 ms and one load.
//!
//! `cargo bench --bench cache`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aurora_core::cache::{CacheStore, Key, MemoryCache, ReadThrough, Scope, TieredCache};
use aurora_core::redis::Redis;
use aurora_core::secret::Secret;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const HOUR: Duration = Duration::from_secs(60 * 60);

fn key(n: u32) -> Key {
    Key::new(&Scope::tenant("wsp_17"), "bench", 1, &n.to_string()).unwrap()
}

fn memory(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let cache = MemoryCache::new();
    let mut group = criterion.benchmark_group("cache/memory");
    group.throughput(Throughput::Elements(1));

    for size in [64_u32, 64 * 1024] {
        let key = key(size);
        let value = vec![7; usize::try_from(size).unwrap()];
        runtime.block_on(cache.set(&key, value.into(), HOUR)).unwrap();
        group.bench_function(BenchmarkId::new("hit", size), |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(cache.get(black_box(&key)).await.unwrap().unwrap()) });
        });
    }
    let absent = key(0);
    group.bench_function("miss", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(cache.get(black_box(&absent)).await.unwrap()) });
    });
    let written = key(1);
    group.bench_function("set", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            cache
                .set(&written, "0123456789abcdef".into(), HOUR)
                .await
                .unwrap();
        });
    });
    group.finish();
}

/// Without a server: what is near is served without asking for one.
fn tiered(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let cache = runtime.block_on(async {
        let redis = Redis::builder(&Secret::new("redis://127.0.0.1:1"))
            .connect_timeout(Duration::from_millis(10))
            .connect()
            .await
            .unwrap();
        let cache = TieredCache::builder(&redis).near_ttl(HOUR).build().unwrap();
        cache.set(&key(1), vec![7; 1_024].into(), HOUR).await.unwrap();
        cache
    });
    let (near, absent) = (key(1), key(0));
    criterion.bench_function("cache/tiered/near hit", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(cache.get(black_box(&near)).await.unwrap().unwrap()) });
    });
    criterion.bench_function("cache/tiered/miss without redis", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(cache.get(black_box(&absent)).await.unwrap()) });
    });
}

fn typed(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let cache: ReadThrough<String> = ReadThrough::builder(MemoryCache::new(), "bench", 1)
        .build()
        .unwrap();
    let scope = Scope::tenant("wsp_17");
    let load = || async { Ok::<_, io::Error>(Some("PADARIA AURORA LTDA".to_owned())) };
    runtime.block_on(cache.get(&scope, "a", load)).unwrap();
    criterion.bench_function("cache/typed/hit", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(cache.get(&scope, black_box("a"), load).await.unwrap()) });
    });

    let loads = Arc::new(AtomicU32::new(0));
    let mut rounds = 0;
    let mut group = criterion.benchmark_group("cache/typed");
    group.throughput(Throughput::Elements(10_000)).sample_size(10);
    group.bench_function("one load for 10,000 callers", |bencher| {
        bencher.iter(|| {
            rounds += 1;
            let text = rounds.to_string();
            runtime.block_on(async {
                let calls = (0..10_000).map(|_| {
                    let loads = Arc::clone(&loads);
                    cache.get(&scope, &text, move || async move {
                        tokio::task::yield_now().await;
                        loads.fetch_add(1, Ordering::Relaxed);
                        Ok::<_, io::Error>(Some("x".to_owned()))
                    })
                });
                for answer in futures::future::join_all(calls).await {
                    black_box(answer.unwrap());
                }
            });
        });
    });
    group.finish();
    assert_eq!(loads.load(Ordering::Relaxed), rounds, "one load each");
}

criterion_group!(benches, memory, tiered, typed);
criterion_main!(benches);
