//! What it costs to measure a call, with and without somebody who reads.
//!
//! Target: a median of 1 µs for `record`, and of 2 µs for a timing from start to end and for `record` while another
//! thread reads summaries without a pause, on the 2-core development machine, however busy it is (the same cache lines
//! travel between two cores; nothing waits). A summary of one target takes no more than 20 µs, of 1,000 targets 50 ms. No
//! metrics recorder is installed.
//!
//! `cargo bench --bench monitor`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora::core::monitor::Monitor;
use aurora::core::time::SystemClock;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const TAKEN: Duration = Duration::from_millis(120);

fn recording(criterion: &mut Criterion) {
    let monitor = Monitor::new(SystemClock);
    let mut group = criterion.benchmark_group("monitor/record");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one call", |bencher| {
        bencher.iter(|| monitor.record(black_box("payments"), Ok(()), TAKEN));
    });
    group.bench_function("a timing", |bencher| {
        bencher.iter(|| monitor.start(black_box("payments")).succeeded());
    });
    let exported = Monitor::builder().metrics("bench").build().unwrap();
    group.bench_function("one call, with metrics to nobody", |bencher| {
        bencher.iter(|| exported.record(black_box("payments"), Ok(()), TAKEN));
    });
    for n in 0..1_000 {
        monitor.record(&format!("target {n}"), Ok(()), TAKEN);
    }
    group.bench_function("one call among 1,000 targets", |bencher| {
        bencher.iter(|| monitor.record(black_box("target 500"), Ok(()), TAKEN));
    });
    group.finish();
}

fn recording_while_read(criterion: &mut Criterion) {
    let monitor = Monitor::new(SystemClock);
    monitor.record("payments", Ok(()), TAKEN);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                black_box(monitor.performance());
            }
        });
        criterion.bench_function("monitor/record while another thread reads", |bencher| {
            bencher.iter(|| monitor.record(black_box("payments"), Ok(()), TAKEN));
        });
        over.store(true, Ordering::Release);
    });
}

fn reading(criterion: &mut Criterion) {
    let monitor = Monitor::new(SystemClock);
    for n in 0..1_000 {
        monitor.record(&format!("target {n}"), Ok(()), TAKEN);
    }
    let mut group = criterion.benchmark_group("monitor/read");
    group.bench_function("one summary", |bencher| {
        bencher.iter(|| monitor.summary(black_box("target 1")));
    });
    group.bench_function("1,000 targets", |bencher| bencher.iter(|| monitor.performance()));
    group.finish();
}

criterion_group!(benches, recording, recording_while_read, reading);
criterion_main!(benches);
