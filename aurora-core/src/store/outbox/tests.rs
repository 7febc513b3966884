//! Every test runs on SQLite and, where one is provided, on PostgreSQL.

mod basics;
mod dead_letters;
mod kill;
mod model;
mod ordering;
mod plans;
mod polls;
mod races;
mod replicas;
mod workers;

use std::time::Duration;

use super::{Delivery, Message, Outbox};
use crate::store::Database;
use crate::testing::TestDatabase;
use crate::time::ManualClock;

pub(super) const LEASE: Duration = Duration::from_secs(60);
pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn open(db: &TestDatabase) -> (Outbox, ManualClock) {
    let clock = ManualClock::default();
    (with_clock(&db.database, &clock).await, clock)
}

pub(super) async fn with_clock(database: &Database, clock: &ManualClock) -> Outbox {
    Outbox::builder(database.clone())
        .clock(clock.clone())
        .open()
        .await
        .unwrap()
}

pub(super) fn message(text: &str) -> Message {
    Message::new("q", text.to_owned())
}

pub(super) fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(text).collect()
}

pub(super) fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.payload.to_vec()).unwrap()
}
