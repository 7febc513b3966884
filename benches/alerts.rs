//! What it costs to evaluate 1,000 rules.
//!
//! Targets, from what a prototype and Prometheus 2.42 were measured at (0.5 µs and 175 µs of CPU per threshold rule of
//! 10 series), with a margin of two for this being the whole engine:
//!
//! - `tick`: 1,000 rules over 10 series each, every one of the 10,000 alerts pending or firing: under 1 ms.
//! - `record`: 1,000 samples without labels, each judged by a rule of its own: under 1 ms, or 1 µs a sample.
//! - `record_with`: 1,000 samples of labelled series: under 2 ms; naming the labels anew for every sample is most of it.
//!
//! `cargo bench --bench alerts`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::time::Duration;

use aurora::alerts::rule::RuleBuilder;
use aurora::alerts::{AlertEngine, Rule};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const RULES: u64 = 1_000;
const SERIES: u64 = 10;

fn metric(n: u64) -> String {
    format!("metric_{n}")
}

fn engine(shape: impl Fn(RuleBuilder) -> RuleBuilder) -> AlertEngine {
    let rules = (0..RULES).map(|n| shape(Rule::new(format!("rule {n}")).metric(metric(n)).above(2.0)));
    AlertEngine::builder().rules(rules).build().unwrap()
}

fn record_all(engine: &AlertEngine, value: f64) {
    for rule in 0..RULES {
        for series in 0..SERIES {
            engine.record_with(&metric(rule), [("series", series.to_string())], value);
        }
    }
}

fn evaluation(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("alerts/1000 rules");

    group.throughput(Throughput::Elements(RULES * SERIES));
    let pending = engine(|rule| rule.for_(Duration::from_secs(1_000_000)));
    let firing = engine(|rule| rule);
    for (name, engine) in [("tick, pending", pending), ("tick, firing", firing)] {
        record_all(&engine, 3.0);
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(engine.tick())));
    }

    group.throughput(Throughput::Elements(RULES));
    let quiet = engine(|rule| rule);
    let metrics: Vec<_> = (0..RULES).map(metric).collect();
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            for metric in &metrics {
                quiet.record(black_box(metric), 1.0);
            }
        });
    });
    let labels = [("provider", "openai"), ("region", "sa-east-1")];
    group.bench_function("record_with", |bencher| {
        bencher.iter(|| {
            for metric in &metrics {
                quiet.record_with(black_box(metric), labels, 1.0);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, evaluation);
criterion_main!(benches);
