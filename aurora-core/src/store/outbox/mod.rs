//! Work that survives: enqueued in the transaction of the change that causes it, done at least once.
//!
//! | call | for |
//! | --- | --- |
//! | [`Outbox::enqueue_in`] | a message in the caller's transaction; [`Outbox::enqueue`] in one of its own |
//! | [`Outbox::worker`] | claims, calls a [`Handler`], retries by a [`Schedule`], buries what cannot be done |
//! | [`Outbox::claim`], [`Outbox::settle`] | the same by hand |
//! | [`Outbox::done_in`] | ends a message in the transaction of its effect: exactly once in this database |
//! | [`Outbox::counts`], [`Outbox::page`], [`Outbox::get`] | what is there |
//! | [`Outbox::requeue`], [`Outbox::requeue_dead`], [`Outbox::discard`] | dead letters |
//! | [`Outbox::pause`], [`Outbox::resume`], [`Outbox::purge`] | operation |
//!
//! A claimed message is leased: whoever dies with it loses it when the lease runs out, and whoever comes back late is
//! refused by the fencing token ([`ErrorKind::LeaseLost`]). An effect outside of the
//! database can therefore happen more than once, each time with the same idempotency key.
//!
//! Messages with one ordering key are worked on one at a time, in the order of their transactions.

mod claim;
mod enqueue;
mod inspect;
mod message;
mod outcome;
mod schedule;
mod settle;
pub(crate) mod sql;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::time::Clock;

use super::connection::Times;
use super::{Database, Error, ErrorKind, Migration, Migrations};

pub use self::inspect::{DeadFilter, QueueCount, State, StoredMessage};
pub use self::message::{Delivery, Enqueued, Message, MessageId, MessageKind, OnDead, Priority};
pub use self::outcome::{DeadReason, Failed, Outcome};
pub use self::schedule::Schedule;
pub use self::worker::{Handler, Worker, WorkerBuilder};

/// The history of the outbox's tables. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_outbox_migrations",
    &[Migration {
        version: 1,
        name: "outbox",
        sqlite: include_str!("migrations/0001_outbox.sqlite.sql"),
        postgres: include_str!("migrations/0001_outbox.postgres.sql"),
    }],
);

/// A durable queue of work in a database; a cheap handle.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use std::time::Duration;
/// use aurora_core::store::{Database, in_transaction};
/// use aurora_core::store::outbox::{Message, Outbox};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let database = Database::open(&"sqlite::memory:".into()).await?;
/// let outbox = Outbox::open(database.clone()).await?;
/// let welcome = Message::new("mail", "welcome, Ada");
/// in_transaction!(database, |tx| {
///     // … the change that causes it …
///     outbox.enqueue_in(&mut (&mut *tx).into(), &welcome).await
/// })?;
/// for delivery in outbox.claim("mail", 10, Duration::from_secs(30)).await? {
///     assert_eq!(delivery.payload, "welcome, Ada");
///     outbox.done(&delivery).await?;
/// }
/// # Ok::<(), aurora_core::store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Outbox {
    database: Database,
    times: Times,
    holder: Arc<str>,
    max_payload: usize,
    /// Rings when this process has enqueued something.
    bell: Arc<Notify>,
}

impl Outbox {
    /// The outbox of `database` with the default settings; its tables are made when missing.
    ///
    /// # Errors
    /// Whatever keeps the schema from being brought up to date.
    pub async fn open(database: Database) -> Result<Self, Error> {
        Self::builder(database).open().await
    }

    /// Settings for the outbox of `database`.
    pub fn builder(database: Database) -> OutboxBuilder {
        OutboxBuilder {
            database,
            times: Times::default(),
            holder: format!("process-{}", uuid::Uuid::now_v7().simple()),
            max_payload: 256 * 1_024,
        }
    }

    /// The database that it is in.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Tells the workers of this process that something has been committed, so that they look at once. Not needed
    /// after [`Outbox::enqueue`]; after [`Outbox::enqueue_in`] they look within their shortest pause anyway.
    pub fn wake(&self) {
        self.bell.notify_waiters();
    }
}

/// Settings of an [`Outbox`].
#[derive(Debug, Clone)]
#[must_use = "call `open` to get an outbox"]
pub struct OutboxBuilder {
    database: Database,
    times: Times,
    holder: String,
    max_payload: usize,
}

impl OutboxBuilder {
    /// Takes time from `clock`. Unless told, leases are judged by the server's time on PostgreSQL, so that the clocks of
    /// replicas need not agree, and by the machine's time on SQLite.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.times = Times::given(Arc::new(clock));
        self
    }

    /// The name that leases are recorded under, 1 to 128 printable ASCII characters; random unless told. For people:
    /// what protects a lease is its fencing token.
    pub fn holder(mut self, name: impl Into<String>) -> Self {
        self.holder = name.into();
        self
    }

    /// The largest payload, 1 byte to 16 MiB; 256 KiB unless told.
    pub const fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Brings the tables up to date and gives the outbox.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense; otherwise whatever keeps the schema from being brought up to date.
    pub async fn open(self) -> Result<Outbox, Error> {
        let mut wrong = Vec::new();
        if !(1..=128).contains(&self.holder.len())
            || !self.holder.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        {
            wrong.push("holder must be 1 to 128 printable ASCII characters");
        }
        if !(1..=16 * 1_024 * 1_024).contains(&self.max_payload) {
            wrong.push("max_payload must be within 1 byte to 16 MiB");
        }
        if !wrong.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, wrong.join("; ")));
        }
        self.database.migrate(&MIGRATIONS).await?;
        Ok(Outbox {
            database: self.database,
            times: self.times,
            holder: self.holder.into(),
            max_payload: self.max_payload,
            bell: Arc::new(Notify::new()),
        })
    }
}
