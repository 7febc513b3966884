//! What the mechanisms of resilience cost a call that has nothing to do with them.
//!
//! Target: under 1 µs each on the 2-core development machine, and no allocation: a closed breaker asked and told, an open
//! one that refuses, a retry drawn from a budget and put back, a slot of a bulkhead, a client-side throttle. That nothing
//! is allocated is a test: `aurora-core/tests/allocations_resilience.rs`.
//!
//! `cargo bench --bench resilience`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aurora::core::failure::FailureClass;
use aurora::core::resilience::{
    Breaker, BreakerState, Bulkhead, CallBudget, ClientThrottle, Outcome, RetryBudget,
};
use aurora::core::time::SystemClock;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn resilience(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resilience");
    group.throughput(Throughput::Elements(1));

    let calls = Breaker::builder().build();
    let seconds = Breaker::builder().window_seconds(30).build();
    for (name, breaker) in [
        ("breaker, closed", &calls),
        ("breaker, closed, of seconds", &seconds),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                breaker
                    .try_acquire()
                    .unwrap()
                    .record(Outcome::Success, Duration::ZERO);
            });
        });
    }
    let open = Breaker::builder().name("bench").build();
    open.set(BreakerState::ForcedOpen).unwrap();
    group.bench_function("breaker, open", |bencher| {
        bencher.iter(|| black_box(open.try_acquire()).is_err());
    });

    let budget = RetryBudget::default();
    group.bench_function("retry budget", |bencher| {
        bencher.iter(|| drop(black_box(budget.withdraw(FailureClass::Transient))));
    });
    let share = RetryBudget::share_of_requests(20, 10, SystemClock);
    group.bench_function("retry budget, a share", |bencher| {
        bencher.iter(|| drop(black_box(share.withdraw(FailureClass::Transient))));
    });
    let call = CallBudget::default();
    group.bench_function("call budget", |bencher| {
        bencher.iter(|| drop(black_box(call.take_attempt(&SystemClock))));
    });
    let (bulkhead, tenant) = (Bulkhead::new(4), Arc::from("tenant"));
    group.bench_function("bulkhead", |bencher| {
        bencher.iter(|| drop(black_box(bulkhead.try_acquire(&tenant).unwrap())));
    });
    let throttle = ClientThrottle::default();
    group.bench_function("client throttle", |bencher| {
        bencher.iter(|| throttle.try_acquire().unwrap().record(Outcome::Success));
    });
    group.finish();
}

criterion_group!(benches, resilience);
criterion_main!(benches);
