//! One connection of either engine, so that a transaction can be handed on.

use std::sync::Arc;

use crate::time::{Clock, SystemClock, Timestamp};

use super::{Database, Engine, Error, in_transaction};

/// The server's time, and not that of the transaction's beginning.
#[cfg(feature = "postgres")]
const NOW: &str = "select clock_timestamp()";

/// The connection of a transaction that is under way, of whichever engine.
///
/// Inside [`in_transaction!`](super::in_transaction) it is `(&mut *tx).into()`, so that what belongs to the same
/// change, such as a message in the outbox, is written in the same transaction.
#[derive(Debug)]
pub enum Connection<'c> {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut sqlx::SqliteConnection),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(&'c mut sqlx::PgConnection),
}

#[cfg(feature = "sqlite")]
impl<'c> From<&'c mut sqlx::SqliteConnection> for Connection<'c> {
    fn from(connection: &'c mut sqlx::SqliteConnection) -> Self {
        Self::Sqlite(connection)
    }
}

#[cfg(feature = "postgres")]
impl<'c> From<&'c mut sqlx::PgConnection> for Connection<'c> {
    fn from(connection: &'c mut sqlx::PgConnection) -> Self {
        Self::Postgres(connection)
    }
}

/// Picks the words of one engine: `dialect!(connection, sqlite: A, postgres: B)`.
macro_rules! dialect {
    ($connection:expr, sqlite: $sqlite:expr, postgres: $postgres:expr) => {
        match $connection {
            #[cfg(feature = "sqlite")]
            $crate::store::Connection::Sqlite(_) => $sqlite,
            #[cfg(feature = "postgres")]
            $crate::store::Connection::Postgres(_) => $postgres,
        }
    };
}

pub(super) use dialect;

/// What time it is for leases.
///
/// On PostgreSQL the server's own time, so that the clocks of replicas need not agree. SQLite has none of its own, and
/// whoever opens its file runs on one machine. A clock that was given takes precedence, so that tests can move time.
#[derive(Debug, Clone)]
pub(super) struct Times {
    clock: Arc<dyn Clock>,
    asks_database: bool,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            asks_database: true,
        }
    }
}

impl Times {
    pub(super) fn given(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            asks_database: false,
        }
    }

    /// The clock of this process, for waits and time limits.
    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What time it is, asked outside of a transaction.
    pub(super) async fn asked(&self, database: &Database) -> Result<Timestamp, Error> {
        match database.engine() {
            _ if !self.asks_database => Ok(self.here().await),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => Ok(self.here().await),
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => Ok(sqlx::query_scalar(NOW).fetch_one(pool).await?),
        }
    }

    /// What time it is, asked within a transaction.
    pub(super) async fn now(&self, connection: &mut Connection<'_>) -> Result<Timestamp, Error> {
        match connection {
            _ if !self.asks_database => Ok(self.here().await),
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => Ok(self.here().await),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                Ok(sqlx::query_scalar(NOW).fetch_one(&mut **connection).await?)
            }
        }
    }

    /// A future, because with SQLite alone there is nothing else to wait for.
    fn here(&self) -> std::future::Ready<Timestamp> {
        std::future::ready(self.clock.now())
    }
}

/// Runs `work` in a transaction of its own.
pub(super) async fn alone<T>(
    database: &Database,
    work: impl AsyncFnOnce(&mut Connection<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    in_transaction!(database, |tx| { work(&mut Connection::from(&mut *tx)).await })
}
