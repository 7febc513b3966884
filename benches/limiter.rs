//! What a check of the in-process rate limiter costs, beside governor's.
//!
//! Target: under 1 µs a check on the 2-core development machine, against one policy and against three, and no allocation
//! for a known key (`aurora-core/tests/allocations.rs` counts them). governor, which checks one quota without saying
//! where the key stands, runs beside it for the ratio.
//!
//! What passes writes, what is refused only reads: where nothing says otherwise, everything passes. Logs are small, so
//! that they run on a clock that is 250 µs later each time, after the system's has been read all the same.
//!
//! `cargo bench --bench limiter`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::core::resilience::limiter::{Kind, Limiter, MemoryLimiter, Policies, Policy, Subject};
use aurora::core::time::{Clock, SystemClock, Timestamp};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use governor::{Quota, RateLimiter};

const KEYS: usize = 10_000;

/// So many that nothing is refused for want of units.
const MANY: u32 = 4_000_000_000;

fn bucket(name: &str) -> Policy {
    Policy::per_hour(name, 3_500_000_000).kind(Kind::Gcra).burst(MANY)
}

fn log(name: &str, limit: u32, millis: u64) -> Policy {
    Policy::new(name, limit, Duration::from_millis(millis))
}

/// Each look is 250 µs after the one before.
#[derive(Debug, Default)]
struct Ticks(AtomicU64);

#[async_trait]
impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn elapsed(&self) -> Duration {
        black_box(SystemClock.elapsed());
        Duration::from_micros(self.0.fetch_add(250, Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {}
}

fn memory() -> MemoryLimiter {
    MemoryLimiter::builder().clock(Ticks::default()).build().unwrap()
}

/// A log of four, one of a hundred entries, and a bucket.
fn three() -> Vec<Policy> {
    vec![log("a", 5, 1), log("b", 128, 25), bucket("c")]
}

fn subjects() -> Vec<Subject> {
    let subject = |n: usize| {
        Subject::new("api")
            .principal(&format!("usr_{n}"))
            .ip([10, 0, 0, 1].into())
    };
    (0..KEYS).map(subject).collect()
}

fn checks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limiter/memory");
    group.throughput(Throughput::Elements(1));
    let sets = [
        ("one bucket", vec![bucket("a")]),
        ("one log", vec![log("b", 128, 25)]),
        ("three policies", three()),
        (
            "refused by one of three",
            vec![Policy::per_day("a", 5), log("b", 128, 25), bucket("c")],
        ),
    ];
    for (name, policies) in sets {
        let policies = Policies::new(policies).unwrap();
        let (limiter, subject) = (memory(), Subject::new("api").principal("usr_17"));
        let passed = (0..1_000).filter(|_| limiter.check(&subject, &policies, 1).is_allowed());
        assert_eq!(
            passed.count(),
            if name.starts_with("refused") { 5 } else { 1_000 }
        );
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(limiter.check(black_box(&subject), &policies, 1).is_allowed()));
        });
    }
    let policies = Policies::new([bucket("a")]).unwrap();
    let (limiter, subjects) = (MemoryLimiter::new(), subjects());
    let mut turn = subjects.iter().cycle();
    group.bench_function("one bucket, 10,000 keys in turn", |bencher| {
        bencher.iter(|| black_box(limiter.check(turn.next().unwrap(), &policies, 1).is_allowed()));
    });
    let one = subjects.first().unwrap();
    let three = Policies::new(three()).unwrap();
    let (limiter, runtime) = (
        Limiter::builder(memory()).build().unwrap(),
        tokio::runtime::Builder::new_current_thread().build().unwrap(),
    );
    group.bench_function("three policies through the handle", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(limiter.check(one, &three, 1).await.is_allowed()) });
    });
    group.bench_function("the subject of a request", |bencher| {
        let address = [10, 0, 0, 1].into();
        bencher.iter(|| Subject::new("api").principal(black_box("usr_17")).ip(address));
    });
    group.finish();
}

fn governor(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limiter/governor");
    group.throughput(Throughput::Elements(1));
    let most = NonZeroU32::new(1_000_000_000).unwrap();
    let limiter = RateLimiter::keyed(Quota::per_second(most));
    let subjects = subjects();
    let one = subjects.first().unwrap();
    group.bench_function("one quota", |bencher| {
        bencher.iter(|| black_box(limiter.check_key(black_box(one)).is_ok()));
    });
    let mut turn = subjects.iter().cycle();
    group.bench_function("one quota, 10,000 keys in turn", |bencher| {
        bencher.iter(|| black_box(limiter.check_key(turn.next().unwrap()).is_ok()));
    });
    group.finish();
}

criterion_group!(benches, checks, governor);
criterion_main!(benches);
