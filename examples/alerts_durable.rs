//! A process dies between accepting alerts and telling people; the next one tells them, each once.
//!
//! The store is a SQLite file in a temporary folder; no key, no network. `cargo run --example alerts_durable` prints
//! ```text
//! The first process is told of two alerts; its channel works, then hangs, and the process dies.
//!   told: [WARNING] Backup failed {alertname="Backup failed", host="db1"}
//! The second process finds what was accepted and not told:
//!   told: [WARNING] Backup failed {alertname="Backup failed", host="db2"}
//! db1 is repaired; whoever was told that it failed is told of the end, by a process that never saw it fail:
//!   told: [RESOLVED] Backup failed {alertname="Backup failed", host="db1"}
//! In the history: 3 changes of alerts, 3 deliveries.
//! ```
use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::alerts::history::HistoryQuery;
use aurora::alerts::store::SqlAlertStore;
use aurora::alerts::{AlertEngine, Notification, Notifier, NotifyError, PostedAlert, Receipt};
use aurora::core::page::PageRequest;
use aurora::core::store::{Database, Durability};
use aurora::core::time::{Clock as _, ManualClock};
use tokio::sync::Notify;

/// A channel; one that hangs takes a single message, and says when the next one makes it hang.
#[derive(Debug)]
struct Channel {
    hangs: Option<Arc<Notify>>,
    has_taken: AtomicBool,
}

#[async_trait]
impl Notifier for Channel {
    fn name(&self) -> &str {
        "ops"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let has_taken = self.has_taken.swap(true, Ordering::Relaxed);
        if let Some(hangs) = self.hangs.as_ref().filter(|_| has_taken) {
            hangs.notify_one();
            pending::<()>().await;
        }
        println!("  told: {notification}");
        Ok(Receipt::new())
    }
}

fn failed(host: &str) -> PostedAlert {
    PostedAlert::new([("alertname", "Backup failed"), ("host", host)])
}

/// What every start of the process does.
async fn start(
    url: &str,
    clock: &ManualClock,
    hangs: Option<Arc<Notify>>,
) -> Result<AlertEngine, Box<dyn Error>> {
    // Full: what was accepted survives the loss of power too.
    let database = Database::builder(url).durability(Durability::Full).open().await?;
    let has_taken = AtomicBool::new(false);
    let engine = AlertEngine::builder()
        .store(
            SqlAlertStore::open(database, "backups")
                .await?
                .clock(clock.clone()),
        )
        .resolve_timeout(Duration::from_secs(3_600))
        .notify(Channel { hangs, has_taken })
        .clock(clock.clone());
    Ok(engine.open().await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::default();
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/alerts.db", folder.path().display());

    println!("The first process is told of two alerts; its channel works, then hangs, and the process dies.");
    let hangs = Arc::new(Notify::new());
    let first = start(&url, &clock, Some(Arc::clone(&hangs))).await?;
    // When `post` gives Ok, the alert is on the disk.
    first.post([failed("db1")]).await?;
    first.tick().await;
    first.post([failed("db2")]).await?;
    tokio::select! {
        () = first.tick() => {}
        () = hangs.notified() => {} // no shutdown, no goodbye
    }
    drop(first);

    println!("The second process finds what was accepted and not told:");
    clock.advance(Duration::from_secs(30)); // the lead of a process that died ends by itself
    let second = start(&url, &clock, None).await?;
    second.tick().await;

    println!(
        "db1 is repaired; whoever was told that it failed is told of the end, by a process that never saw it fail:"
    );
    second.post([failed("db1").ends_at(clock.now())]).await?;
    second.tick().await;

    let records = second
        .records(&HistoryQuery::default(), &PageRequest::default())
        .await?;
    let of = |kind: &str| {
        records
            .items
            .iter()
            .filter(|record| record.entry.kind() == kind)
            .count()
    };
    println!(
        "In the history: {} changes of alerts, {} deliveries.",
        of("alert"),
        of("delivery")
    );
    second.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
