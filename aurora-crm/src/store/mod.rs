//! The one way to the database: every transaction says whose rows it works on, and what it changes is recorded.

pub(crate) mod placeholders;
mod roles;
mod scope;
#[cfg(test)]
mod tests;
mod times;
pub(crate) mod words;

use std::future::Future;
use std::sync::Arc;

use aurora_core::store::outbox::Outbox;
use aurora_core::store::{self, Connection, Database};
use aurora_core::time::{Clock, Timestamp};

use crate::context::Context;
use crate::error::Error;
use crate::journal::{self, Record};

pub(crate) use self::roles::{check, current, install};
#[cfg(feature = "access")]
pub(crate) use self::scope::OfUser;
pub(crate) use self::scope::{Directory, Scoped};
pub(crate) use self::times::{END_OF_TIME, START_OF_TIME, TIMES};

/// What every aggregate stands on; a cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
    clock: Arc<dyn Clock>,
    outbox: Outbox,
}

impl Store {
    pub(crate) const fn new(database: Database, clock: Arc<dyn Clock>, outbox: Outbox) -> Self {
        Self {
            database,
            clock,
            outbox,
        }
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs `work` within the context's deadline and a span.
    pub(crate) async fn run<T>(
        &self,
        context: &Context,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        context.run(&*self.clock, operation, work).await
    }

    /// Writes what a transaction has done: audit entries, domain events and what follows from them.
    ///
    /// Called once and last in every transaction that writes: the workspace's audit chain is locked from here to the
    /// commit, and whoever locked it and then waited for a row could deadlock.
    pub(crate) async fn record(
        &self,
        connection: &mut Connection<'_>,
        context: &Context,
        now: Timestamp,
        records: &[Record],
    ) -> Result<(), store::Error> {
        journal::write(self, connection, context, now, records).await
    }
}

/// So that `?` takes a statement's error inside a transaction.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        store::Error::from(error).into()
    }
}

/// One transaction that only reads, of the rows of a [`Scoped`]: `reading!(store, context, |tx| { … })`. In the block
/// `?` takes the errors of sqlx, of the store and of the domain.
macro_rules! reading {
    ($store:expr, $scoped:expr, |$tx:ident| $block:block) => {{
        let scope = $crate::store::Scoped::scope($scoped);
        let outcome: ::core::result::Result<_, $crate::error::Error> =
            // Boxed, or what a transaction keeps between its statements would be part of every caller's future.
            ::std::boxed::Box::pin(async {
                aurora_core::store::read_within!($store.database(), &scope, |$tx| $block)
            })
            .await;
        outcome
    }};
}

/// One transaction that writes, of the rows of a [`Scoped`]: `writing!(store, context, |tx| { … })`. Its last statement
/// is `store.record(…)`.
macro_rules! writing {
    ($store:expr, $scoped:expr, |$tx:ident| $block:block) => {{
        let scope = $crate::store::Scoped::scope($scoped);
        let outcome: ::core::result::Result<_, $crate::error::Error> =
            // Boxed, or what a transaction keeps between its statements would be part of every caller's future.
            ::std::boxed::Box::pin(async {
                aurora_core::store::write_within!($store.database(), &scope, |$tx| $block)
            })
            .await;
        outcome
    }};
}

pub(crate) use {reading, writing};
