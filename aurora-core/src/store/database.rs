//! The handle to a database.

use std::fmt;
use std::sync::Arc;

use crate::secret::Secret;

use super::{DatabaseBuilder, Error, Migration, Migrations, on_reader};

/// A SQLite or PostgreSQL database; a cheap handle, clones share the connections.
///
/// | URL | database |
/// | --- | --- |
/// | `sqlite::memory:` | in memory, gone with the last handle; one connection, so one statement at a time |
/// | `sqlite:aurora.db`, `sqlite:///var/lib/aurora.db` | a file, made when missing (its folder is not) |
/// | `postgres://user:password@host:5432/name?sslmode=verify-full` | PostgreSQL 14 or later |
///
/// What a PostgreSQL URL leaves out is taken from the usual `PG…` variables and `~/.pgpass`.
///
/// A SQLite file runs in WAL mode with foreign keys enforced, one writing connection and several that only read.
#[derive(Clone)]
pub struct Database {
    engine: Arc<Engine>,
}

/// The connections behind a [`Database`], for [`on_reader!`](super::on_reader) and its siblings.
#[derive(Debug)]
pub enum Engine {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePools),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// SQLite allows one writer at a time: it has a connection of its own, so that writers queue here and not in the file.
#[cfg(feature = "sqlite")]
#[derive(Debug)]
pub struct SqlitePools {
    pub(super) reader: sqlx::SqlitePool,
    pub(super) writer: sqlx::SqlitePool,
}

#[cfg(feature = "sqlite")]
impl SqlitePools {
    /// Connections that refuse to write; in memory, the one connection there is.
    #[must_use]
    pub const fn reader(&self) -> &sqlx::SqlitePool {
        &self.reader
    }

    /// The one connection that writes.
    #[must_use]
    pub const fn writer(&self) -> &sqlx::SqlitePool {
        &self.writer
    }
}

impl Database {
    /// Opens a database with the default settings; [`Database::builder`] has them all.
    ///
    /// # Errors
    /// `InvalidUrl` when the URL cannot be understood or names an engine that this build does not include;
    /// `Unavailable`, `Denied`, `Busy` or `Corrupt` when no connection can be made.
    pub async fn open(url: &Secret) -> Result<Self, Error> {
        Self::builder(url.clone()).open().await
    }

    /// Settings for opening a database.
    pub fn builder(url: impl Into<Secret>) -> DatabaseBuilder {
        DatabaseBuilder::new(url.into())
    }

    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine: Arc::new(engine),
        }
    }

    /// The connections, for the macros that run statements.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match *self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Brings one crate's schema up to date; see [`Migrations`].
    ///
    /// # Errors
    /// `Migration` when a step fails, was changed after it had been applied, or the schema is newer than this
    /// program; otherwise as any statement.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<(), Error> {
        migrations.run(self).await
    }

    /// Whether one crate's schema is exactly what this program knows; nothing is changed.
    ///
    /// # Errors
    /// As any statement.
    pub async fn is_current(&self, migrations: &Migrations) -> Result<bool, Error> {
        migrations.is_current(self).await
    }

    /// The steps of one crate's schema that are not applied yet, in their order; nothing is changed.
    ///
    /// # Errors
    /// `Migration` when the schema is newer than this program; otherwise as any statement.
    pub async fn pending(&self, migrations: &Migrations) -> Result<Vec<Migration>, Error> {
        migrations.pending(self).await
    }

    /// Asks the database for an answer, for a readiness check.
    ///
    /// # Errors
    /// Whatever keeps the database from answering.
    pub async fn ping(&self) -> Result<(), Error> {
        let _one: i32 = on_reader!(self, |pool| sqlx::query_scalar("select 1").fetch_one(pool))?;
        Ok(())
    }

    /// Closes every connection once its statement has ended; later statements fail with `Unavailable`.
    ///
    /// Without it SQLite leaves its WAL file behind, which is harmless: the next open reads it.
    pub async fn close(&self) {
        match &*self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(pools) => {
                pools.reader.close().await;
                pools.writer.close().await;
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.engine_name())
    }
}
