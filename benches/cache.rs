//! What a question to the in-process cache costs.
//!
//! Target: a hit under 1 µs on the 2-core development machine, whatever the size of the value, because a hit hands out
//! a reference and never copies.
//!
//! `cargo bench --bench cache`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::time::Duration;

use aurora_core::cache::{CacheStore, Key, MemoryCache, Scope};
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

criterion_group!(benches, memory);
criterion_main!(benches);
