//! An order and the message about it in one transaction; a receiver that fails; a retry, a dead letter, a requeue.
//!
//! A SQLite file in a temporary folder: no key, no network. `cargo run --example outbox`
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::core::failure::FailureClass;
use aurora::core::page::PageRequest;
use aurora::core::store::outbox::{Delivery, Failed, Handler, Message, Outbox, QueueCount, Schedule, State};
use aurora::core::store::{self, Database, ErrorKind, execute, in_transaction, sqlx};
use aurora::core::time::{Clock as _, SystemClock};

/// Whether somebody has repaired what the second receiver complains about.
static REPAIRED: AtomicBool = AtomicBool::new(false);

/// Stands for a call over the network.
#[derive(Debug)]
struct Receivers;

#[async_trait]
impl Handler for Receivers {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let order = String::from_utf8_lossy(&delivery.payload);
        let outcome = match &*order {
            "order 1" if delivery.attempt == 1 => {
                Err(Failed::again(FailureClass::Transient, "503, come back later"))
            }
            "order 2" if !REPAIRED.load(Ordering::Relaxed) => Err(Failed::rejected("404, no such address")),
            _ => Ok(()),
        };
        let answer = outcome.as_ref().map_or_else(|failed| failed.text(), |()| "200");
        let (attempt, key) = (delivery.attempt, &delivery.idempotency_key);
        println!("  {order}, attempt {attempt}, idempotency key {key}: {answer}");
        outcome
    }
}

/// The order and the message that tells of it: both or neither.
async fn place(database: &Database, outbox: &Outbox, order: i64) -> Result<(), store::Error> {
    in_transaction!(database, |tx| {
        let message = Message::new("webhooks", format!("order {order}"))
            .ordering_key(order)
            .idempotency_key(format_args!("order-{order}-placed"));
        outbox.enqueue_in(&mut (&mut *tx).into(), &message).await?;
        let insert = "insert into orders values ($1)";
        sqlx::query(insert).bind(order).execute(&mut *tx).await?;
        Ok(())
    })
}

/// Works until nothing is left to do. A service would run one worker for as long as it lives.
async fn work(outbox: &Outbox) -> Result<(), store::Error> {
    let schedule = Schedule::listed([Duration::from_millis(200), Duration::from_secs(60)]);
    let worker = outbox.worker("webhooks", Receivers).schedule(schedule).build()?;
    let nothing_left = async {
        let left = |all: Vec<QueueCount>| all.iter().any(|count| count.state < State::Done);
        while outbox.counts().await.is_ok_and(left) {
            SystemClock.sleep(Duration::from_millis(50)).await;
        }
    };
    worker.run(nothing_left).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/orders.db", folder.path().display());
    let database = Database::open(&url.into()).await?;
    let outbox = Outbox::open(database.clone()).await?;
    let orders = "create table orders (id integer primary key check (id < 3)) strict";
    execute!(database, sqlx::query(orders))?;

    println!("Three orders are placed; the third is refused and takes its message along:");
    for order in 1..=3 {
        match place(&database, &outbox, order).await {
            Ok(()) => println!("  order {order} is placed"),
            Err(error) if error.kind() == ErrorKind::Check => println!("  order {order}: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("The worker tells the receivers; one is busy, one refuses:");
    work(&outbox).await?;

    println!("The dead letters:");
    let first = PageRequest::default();
    for dead in outbox.page("webhooks", State::Dead, None, &first).await?.items {
        let failure = dead.failure.unwrap_or_default();
        println!(
            "  {} after {} attempt(s): {failure}",
            dead.idempotency_key, dead.attempts
        );
        outbox.requeue(dead.id).await?;
    }
    println!("The address is repaired, and they are tried again under their old keys:");
    REPAIRED.store(true, Ordering::Relaxed);
    work(&outbox).await?;
    let purged = outbox.purge(State::Done, Duration::ZERO, 1_000).await?;
    println!("{purged} messages are done and purged.");
    Ok(())
}
