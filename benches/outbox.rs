//! What it costs to put a message into the outbox, and how many messages can be claimed and ended in a second.
//!
//! Targets on two cores:
//!
//! - enqueue, in the transaction of a change: on SQLite under 500 µs where only the process may die (`process`); a
//!   flush to the disk (`full`) costs what the disk takes on top. On PostgreSQL under 5 ms.
//! - claim and done, batches of 32 and more: over 2,000 messages a second on either engine, and one by one over 100.
//!
//! `cargo bench --bench outbox`, with `--features postgres` and `AURORA_TEST_POSTGRES_URL` (the address of a throwaway
//! server, in which a database is made and dropped) on PostgreSQL as well.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails has nothing to measure")]

use std::time::Duration;

use aurora::core::store::outbox::{Message, Outbox, Outcome, State};
use aurora::core::store::{Database, Durability, Error, execute, in_transaction, sqlx};
use aurora::core::time::{Clock as _, SystemClock};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const LEASE: Duration = Duration::from_secs(600);

fn message() -> Message {
    Message::new("bench", vec![b'x'; 500])
}

async fn on_sqlite(folder: &tempfile::TempDir, durability: Durability) -> Outbox {
    let url = format!("sqlite://{}/{durability:?}.db", folder.path().display());
    let database = Database::builder(url).durability(durability).open().await;
    open(database.unwrap()).await
}

async fn open(database: Database) -> Outbox {
    execute!(database, sqlx::query("create table changes (note text not null)")).unwrap();
    Outbox::open(database).await.unwrap()
}

fn enqueue(criterion: &mut Criterion, runtime: &Runtime, name: &str, outbox: &Outbox) {
    criterion.bench_function(&format!("outbox/enqueue/{name}"), |bencher| {
        let message = message();
        let message = &message;
        bencher.to_async(runtime).iter(|| async move {
            let outcome: Result<(), Error> = in_transaction!(outbox.database(), |tx| {
                let change = sqlx::query("insert into changes values ('changed')");
                change.execute(&mut *tx).await?;
                outbox.enqueue_in(&mut (&mut *tx).into(), message).await?;
                Ok(())
            });
            outcome.unwrap();
        });
    });
    runtime.block_on(empty(outbox));
}

/// Leaves nothing behind for what is measured next.
async fn empty(outbox: &Outbox) {
    execute!(outbox.database(), sqlx::query("delete from aurora_outbox")).unwrap();
}

fn claim_and_done(criterion: &mut Criterion, runtime: &Runtime, name: &str, outbox: &Outbox) {
    let mut group = criterion.benchmark_group(format!("outbox/claim_done/{name}"));
    for batch in [1_u32, 32, 100] {
        group.throughput(Throughput::Elements(u64::from(batch)));
        group.bench_function(batch.to_string(), |bencher| {
            bencher.to_async(runtime).iter_custom(|rounds| async move {
                let mut left = rounds * u64::from(batch);
                while left > 0 {
                    let many = usize::try_from(left.min(1_000)).unwrap();
                    outbox.enqueue_all(&vec![message(); many]).await.unwrap();
                    left -= many as u64;
                }
                let began = SystemClock.elapsed();
                for _ in 0..rounds {
                    let claimed = outbox.claim("bench", batch, LEASE).await.unwrap();
                    let done: Vec<_> = claimed.into_iter().map(|of| (of, Outcome::Done)).collect();
                    assert_eq!(done.len(), usize::try_from(batch).unwrap());
                    assert!(outbox.settle(&done).await.unwrap().is_empty());
                }
                let took = SystemClock.elapsed() - began;
                while outbox.purge(State::Done, Duration::ZERO, 10_000).await.unwrap() == 10_000 {}
                took
            });
        });
    }
    group.finish();
    runtime.block_on(empty(outbox));
}

fn sqlite(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for (name, durability) in [
        ("sqlite_full", Durability::Full),
        ("sqlite_process", Durability::Process),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outbox = runtime.block_on(on_sqlite(&folder, durability));
        enqueue(criterion, &runtime, name, &outbox);
        claim_and_done(criterion, &runtime, name, &outbox);
        runtime.block_on(outbox.database().close());
    }
}

#[cfg(feature = "postgres")]
#[expect(clippy::disallowed_methods, reason = "where the throwaway server is")]
fn postgres(criterion: &mut Criterion) {
    let Ok(server) = std::env::var("AURORA_TEST_POSTGRES_URL") else {
        println!("AURORA_TEST_POSTGRES_URL names no PostgreSQL: not measured");
        return;
    };
    let runtime = Runtime::new().unwrap();
    let admin = runtime.block_on(Database::open(&server.clone().into())).unwrap();
    let administer = |sql: &'static str| runtime.block_on(async { execute!(admin, sqlx::query(sql)) });
    administer("create database aurora_bench_outbox").unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    let outbox = runtime.block_on(async {
        let database = Database::open(&format!("{address}/aurora_bench_outbox").into()).await;
        open(database.unwrap()).await
    });
    enqueue(criterion, &runtime, "postgres", &outbox);
    claim_and_done(criterion, &runtime, "postgres", &outbox);
    runtime.block_on(outbox.database().close());
    administer("drop database aurora_bench_outbox").unwrap();
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &mut Criterion) {}

criterion_group!(benches, sqlite, postgres);
criterion_main!(benches);
