//! What it costs to judge, to record and to tell.
//!
//! Targets on two cores, and where they come from:
//!
//! - `tick`: 10,000 threshold rules over 100,000 series, every one with a new sample: at most 50 ms a tick. A prototype
//!   took 0.3 ms for 10,000 series, Prometheus 2.42 98 ms of CPU.
//! - `record/handle`: at least 20 M samples a second through resolved handles; the prototype took 25 M. By name it
//!   costs finding the series and making its labels as well: no target, the ratio is what is looked at.
//! - `from record to send/memory`: from the recording of a breach to the call of the notifier, p50 under 1 ms;
//!   Alertmanager 0.25, which keeps nothing on disk either, takes 0.7 ms from a post to its webhook.
//! - `from record to send/sqlite`: the same with every decision flushed to the disk before it is told. No time of its own,
//!   for the disk decides: at most four times one flushed commit (`sqlite/commit`).
//! - `posts`: alerts posted by 100 tasks at once, each accepted only once it is on the disk: at least 5,000 a second;
//!   SQLite itself took 24,500 rows a second in commits of 100 rows, and 362 in commits of one. `posts/told` goes on
//!   until the channel was told of every one of them, in groups of at most 500 alerts a message.
//! - `backtest`: a day of samples at 15 s, of 10 rules with 20 series each, a tenth of which breach for an hour. Thirty
//!   such days are to take well under a minute: less than 1 s a day, or 1.1 M samples a second.
//! - `counter`: an increment through the recorder of the `metrics` facade, at most three times an atomic addition.
//!
//! `cargo bench --bench alerts`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::alerts::backtest::Backtest;
use aurora::alerts::engine::AlertEngineBuilder;
use aurora::alerts::route::Routing;
use aurora::alerts::rule::RuleBuilder;
use aurora::alerts::series::MetricsRecorder;
use aurora::alerts::store::SqlAlertStore;
use aurora::alerts::{
    AlertEngine, Labels, Limits, Notification, Notifier, NotifyError, PostedAlert, Receipt, Route, Rule,
};
use aurora::core::store::{Database, Durability, execute, sqlx};
use aurora::core::time::{Clock as _, SystemClock, Timestamp};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use tokio::runtime::Runtime;

const RULES: u64 = 10_000;
const SERIES: u64 = 10;
const TASKS: u64 = 100;
const POSTS: u64 = 10;

/// Notes when it was last called, and how many alerts it was told of.
#[derive(Debug, Clone, Default)]
struct Notes {
    called_at: Arc<AtomicU64>,
    alerts: Arc<AtomicU64>,
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}

#[async_trait]
impl Notifier for Notes {
    fn name(&self) -> &str {
        "notes"
    }

    fn limits(&self) -> Limits {
        Limits::default().alerts(500)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        self.called_at
            .store(nanos(SystemClock.elapsed()), Ordering::Relaxed);
        let alerts = u64::try_from(notification.alerts.len()).unwrap();
        self.alerts.fetch_add(alerts, Ordering::Relaxed);
        Ok(Receipt::new())
    }
}

fn metric(rule: u64) -> String {
    format!("metric_{rule}")
}

fn tick(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("alerts/tick, 10000 rules, 100000 series");
    group
        .throughput(Throughput::Elements(RULES * SERIES))
        .sample_size(20);
    let judged = |shape: &dyn Fn(RuleBuilder) -> RuleBuilder| {
        let rules = (0..RULES).map(|n| shape(Rule::new(format!("rule {n}")).metric(metric(n)).above(2.0)));
        AlertEngine::builder().rules(rules).build().unwrap()
    };
    let patient = |rule: RuleBuilder| rule.for_(Duration::from_secs(1_000_000));
    for (name, engine, value) in [
        ("quiet", judged(&|rule| rule), 1.0),
        ("pending", judged(&patient), 3.0),
    ] {
        let handles: Vec<_> = (0..RULES)
            .flat_map(|rule| (0..SERIES).map(move |series| (rule, series)))
            .map(|(rule, series)| {
                engine
                    .series(&metric(rule), [("series", series.to_string())])
                    .unwrap()
            })
            .collect();
        let record_all = || {
            let now = SystemClock.now();
            handles.iter().for_each(|handle| handle.record_at(value, now));
        };
        record_all();
        runtime.block_on(engine.tick());
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut took = Duration::ZERO;
                for _ in 0..rounds {
                    record_all();
                    let began = SystemClock.elapsed();
                    runtime.block_on(engine.tick());
                    took += SystemClock.elapsed() - began;
                }
                took
            });
        });
    }
    group.finish();
}

fn record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alerts/record");
    group.throughput(Throughput::Elements(1_000));
    let rule = Rule::new("Error rate high").metric("error_rate").above(20.0);
    let engine = AlertEngine::builder().rule(rule).build().unwrap();
    let labels: Vec<_> = (0..1_000).map(|n| [("provider", format!("p{n}"))]).collect();
    group.bench_function("name", |bencher| {
        bencher.iter(|| {
            for labels in &labels {
                engine.record_with(black_box("error_rate"), labels.clone(), 1.0);
            }
        });
    });
    let handles: Vec<_> = labels
        .iter()
        .map(|labels| engine.series("error_rate", labels.clone()).unwrap())
        .collect();
    let now = SystemClock.now();
    group.bench_function("handle", |bencher| {
        bencher.iter(|| {
            for handle in &handles {
                black_box(handle).record_at(black_box(1.0), now);
            }
        });
    });
    group.finish();
}

async fn on_sqlite(folder: &tempfile::TempDir, name: &str) -> (Database, SqlAlertStore) {
    let url = format!("sqlite://{}/{name}.db", folder.path().display());
    let database = Database::builder(url)
        .durability(Durability::Full)
        .open()
        .await
        .unwrap();
    let store = SqlAlertStore::open(database.clone(), name).await.unwrap();
    (database, store)
}

/// From the recording of a breach to the call of the notifier.
async fn breaches(engine: &AlertEngine, notes: &Notes, rounds: u64) -> Duration {
    let mut took = 0;
    for _ in 0..rounds {
        let began = nanos(SystemClock.elapsed());
        engine.record("error_rate", 31.0);
        engine.tick().await;
        took += notes.called_at.load(Ordering::Relaxed) - began;
        engine.record("error_rate", 4.0);
        engine.tick().await;
    }
    Duration::from_nanos(took)
}

fn telling(notes: &Notes) -> AlertEngineBuilder {
    let rule = Rule::new("Error rate high").metric("error_rate").above(20.0);
    AlertEngine::builder()
        .rule(rule.never_flapping())
        .notify(notes.clone())
}

fn latency(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("alerts/from record to send");
    let notes = Notes::default();
    let engine = telling(&notes).build().unwrap();
    group.bench_function("memory", |bencher| {
        bencher
            .to_async(&runtime)
            .iter_custom(|rounds| breaches(&engine, &notes, rounds));
    });
    let (database, store) = runtime.block_on(on_sqlite(&folder, "latency"));
    let engine = telling(&notes).store(store).build().unwrap();
    group.bench_function("sqlite", |bencher| {
        bencher
            .to_async(&runtime)
            .iter_custom(|rounds| breaches(&engine, &notes, rounds));
    });
    group.finish();
    runtime.block_on(async {
        execute!(database, sqlx::query("create table ballast (note text not null)")).unwrap();
    });
    criterion.bench_function("alerts/sqlite/commit", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            execute!(database, sqlx::query("insert into ballast values ('x')")).unwrap();
        });
    });
}

/// Each of many tasks posts one alert after the other; none is like another.
async fn post_all(engine: &AlertEngine, round: u64, is_over: bool) {
    let tasks = (0..TASKS).map(|task| async move {
        for number in 0..POSTS {
            let id = format!("{round}-{task}-{number}");
            let alert = PostedAlert::new([
                ("alertname".to_owned(), "Backup failed".to_owned()),
                ("id".to_owned(), id),
            ]);
            let alert = if is_over {
                alert.ends_at(SystemClock.now())
            } else {
                alert
            };
            engine.post([alert]).await.unwrap();
        }
    });
    join_all(tasks).await;
}

fn posts(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("alerts/posts");
    group
        .throughput(Throughput::Elements(TASKS * POSTS))
        .sample_size(10);
    let mut round = 0;
    for (name, is_told) in [("accepted", false), ("told", true)] {
        let notes = Notes::default();
        let (_, store) = runtime.block_on(on_sqlite(&folder, name));
        let route = Route::to("notes")
            .group_by(["alertname"])
            .group_wait(Duration::ZERO)
            .group_interval(Duration::ZERO);
        let engine = telling(&notes).store(store).route(route).build().unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut took = Duration::ZERO;
                for _ in 0..rounds {
                    round += 1;
                    let before = notes.alerts.load(Ordering::Relaxed);
                    let began = SystemClock.elapsed();
                    runtime.block_on(post_all(&engine, round, false));
                    while is_told && notes.alerts.load(Ordering::Relaxed) < before + TASKS * POSTS {
                        runtime.block_on(engine.tick());
                    }
                    took += SystemClock.elapsed() - began;
                    runtime.block_on(async {
                        engine.tick().await;
                        post_all(&engine, round, true).await;
                        engine.tick().await;
                    });
                }
                took
            });
        });
    }
    group.finish();
}

fn backtest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alerts/backtest, 10 rules, 200 series");
    group
        .throughput(Throughput::Elements(5_760 * 200))
        .sample_size(10);
    let series: Vec<_> = (0..10)
        .flat_map(|rule| {
            (0..20).map(move |series| (metric(rule), Labels::from([("series", series.to_string())])))
        })
        .collect();
    let begin = Timestamp::from_secs(1_790_000_000);
    group.bench_function("a day", |bencher| {
        bencher.iter(|| {
            let rules = (0..10).map(|n| Rule::new(format!("rule {n}")).metric(metric(n)).above(2.0));
            let samples = (0..5_760_u32).flat_map(|tick| {
                let at = begin + tick * Duration::from_secs(15);
                series.iter().enumerate().map(move |(number, (metric, labels))| {
                    let is_bad = number % 10 == 0 && tick % 5_760 >= 2_000 && tick % 5_760 < 2_240;
                    let value = if is_bad { 3.0 } else { 1.0 };
                    (at, metric.as_str(), labels.clone(), value)
                })
            });
            let backtest = Backtest::new(rules, Routing::default());
            let report = backtest
                .channel("slack", ["#ops"], Limits::default())
                .run(samples)
                .unwrap();
            assert_eq!(report.notifications(), 40);
        });
    });
    group.finish();
}

fn counter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alerts/counter");
    let atomic = AtomicU64::new(0);
    group.bench_function("atomic", |bencher| {
        bencher.iter(|| black_box(&atomic).fetch_add(1, Ordering::Relaxed));
    });
    let recorder = MetricsRecorder::new();
    let counter =
        metrics::with_local_recorder(&recorder, || metrics::counter!("orders_total", "shop" => "north"));
    group.bench_function("recorder", |bencher| {
        bencher.iter(|| black_box(&counter).increment(1));
    });
    group.finish();
}

criterion_group!(benches, tick, record, latency, posts, backtest, counter);
criterion_main!(benches);
