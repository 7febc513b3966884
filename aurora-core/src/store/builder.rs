//! Opening a database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions as _;

use crate::secret::Secret;

use super::{Database, Engine, Error, ErrorKind};

/// What a committed write survives in SQLite. PostgreSQL has `synchronous_commit` on its own side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The death of the process and of the machine: every commit is flushed to the disk (`synchronous = FULL`).
    #[default]
    Full,
    /// The death of the process; when the machine loses power the last commits may be gone, and the file is
    /// consistent (`synchronous = NORMAL`). Several times faster for many small writes.
    Process,
}

/// The longest that anything here waits; far longer waits overflow in the drivers.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Settings for opening a [`Database`].
#[derive(Debug, Clone)]
#[must_use = "call `open` to get a database"]
pub struct DatabaseBuilder {
    url: Secret,
    max_connections: u32,
    acquire_timeout: Duration,
    statement_timeout: Duration,
    busy_timeout: Duration,
    durability: Durability,
    application_name: String,
}

impl DatabaseBuilder {
    pub(super) fn new(url: Secret) -> Self {
        Self {
            url,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            busy_timeout: Duration::from_secs(5),
            durability: Durability::default(),
            application_name: "aurora".to_owned(),
        }
    }

    /// The most connections to hold, 1 to 1,000; 10 unless told. SQLite files have one more, for writing.
    pub const fn max_connections(mut self, count: u32) -> Self {
        self.max_connections = count;
        self
    }

    /// How long a statement waits for a free connection, above zero and up to 1 hour; 5 seconds unless told.
    pub const fn acquire_timeout(mut self, limit: Duration) -> Self {
        self.acquire_timeout = limit;
        self
    }

    /// How long PostgreSQL works on one statement, waits for one lock, or keeps an idle transaction open; 1
    /// millisecond to 1 hour; 30 seconds unless told. SQLite knows no such limit.
    pub const fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = limit;
        self
    }

    /// How long SQLite waits while another process writes to the file, up to 1 hour; 5 seconds unless told.
    pub const fn busy_timeout(mut self, limit: Duration) -> Self {
        self.busy_timeout = limit;
        self
    }

    /// What a committed write survives in SQLite; [`Durability::Full`] unless told.
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The name under which PostgreSQL lists the connections, 1 to 63 printable ASCII characters; `aurora` unless told.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// Opens the database and makes a first connection.
    ///
    /// # Errors
    /// `InvalidUrl` when the URL or a setting makes no sense or names an engine that this build does not include;
    /// `Unavailable`, `Denied`, `Busy` or `Corrupt` when no connection can be made.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened; a SQLite file may stay behind, empty.
    pub async fn open(self) -> Result<Database, Error> {
        self.check()?;
        let scheme = self.url.expose().split(':').next().unwrap_or_default();
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => self.open_sqlite().await,
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => self.open_postgres().await,
            #[cfg(not(feature = "sqlite"))]
            "sqlite" => Err(Error::new(
                ErrorKind::InvalidUrl,
                "this build does not include the feature sqlite",
            )),
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => Err(Error::new(
                ErrorKind::InvalidUrl,
                "this build does not include the feature postgres",
            )),
            _ => Err(Error::new(
                ErrorKind::InvalidUrl,
                "the database URL must begin with sqlite: or postgres:",
            )),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |detail| Err(Error::new(ErrorKind::InvalidUrl, detail));
        if !(1..=1_000).contains(&self.max_connections) {
            return wrong("max_connections must be within 1 to 1000");
        }
        if self.acquire_timeout.is_zero() || self.acquire_timeout > LONGEST {
            return wrong("acquire_timeout must be above zero and at most 1 hour");
        }
        if !(Duration::from_millis(1)..=LONGEST).contains(&self.statement_timeout) {
            return wrong("statement_timeout must be within 1 millisecond to 1 hour");
        }
        if self.busy_timeout > LONGEST {
            return wrong("busy_timeout must be at most 1 hour");
        }
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if !(1..=63).contains(&self.application_name.len()) || !self.application_name.bytes().all(printable) {
            return wrong("application_name must be 1 to 63 printable ASCII characters");
        }
        Ok(())
    }

    #[cfg(feature = "sqlite")]
    async fn open_sqlite(self) -> Result<Database, Error> {
        use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

        use super::SqlitePools;
        use crate::time::{Clock as _, SystemClock};

        let url = self.url.expose();
        let (name, parameters) = url.split_once('?').unwrap_or((url, ""));
        let name = name.trim_start_matches("sqlite:").trim_start_matches("//");
        let in_memory =
            name == ":memory:" || parameters.split('&').any(|parameter| parameter == "mode=memory");
        if name.is_empty() && !in_memory {
            return Err(Error::new(
                ErrorKind::InvalidUrl,
                "the database URL names no file; sqlite::memory: is a database in memory",
            ));
        }
        let base = SqliteConnectOptions::from_str(url)?
            .foreign_keys(true)
            // What was deleted or overwritten is zeroed and does not stay readable in the file.
            .pragma("secure_delete", "on")
            .busy_timeout(self.busy_timeout)
            // What is deleted or overwritten leaves no bytes behind in the file: erasure of a person's data relies on it.
            .pragma("secure_delete", "on")
            .disable_statement_logging();
        // A connection is a thread in this process: it does not go stale, and in memory it *is* the database.
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(self.acquire_timeout)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        if in_memory {
            let writer = pool().max_connections(1).connect_with(base).await?;
            return Ok(Database::new(Engine::Sqlite(SqlitePools {
                reader: writer.clone(),
                writer,
            })));
        }
        let writing = base
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match self.durability {
                Durability::Full => SqliteSynchronous::Full,
                Durability::Process => SqliteSynchronous::Normal,
            });
        let clock = SystemClock;
        let give_up = clock.elapsed() + self.busy_timeout;
        let writer = loop {
            let attempt = pool().max_connections(1).connect_with(writing.clone()).await;
            match attempt.map_err(Error::from) {
                // Turning a new file to WAL waits for nobody, whatever the busy timeout says.
                Err(error) if error.kind() == ErrorKind::Busy && clock.elapsed() < give_up => {
                    clock.sleep(Duration::from_millis(10)).await;
                }
                outcome => break outcome?,
            }
        };
        let reader = pool()
            .max_connections(self.max_connections)
            .connect_with(base.pragma("query_only", "on"))
            .await?;
        Ok(Database::new(Engine::Sqlite(SqlitePools { reader, writer })))
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres(self) -> Result<Database, Error> {
        use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

        let limit = self.statement_timeout.as_millis().to_string();
        let options = PgConnectOptions::from_str(self.url.expose())?
            .application_name(&self.application_name)
            .options([
                ("statement_timeout", limit.as_str()),
                ("lock_timeout", limit.as_str()),
                ("idle_in_transaction_session_timeout", limit.as_str()),
            ])
            .disable_statement_logging();
        // The pool tries until its time is up and then says only that; a plain connection says why at once.
        let first = tokio::time::timeout(self.acquire_timeout, options.connect());
        let first = first.await.map_err(|_| Error::bare(ErrorKind::Timeout))??;
        sqlx::Connection::close(first).await?;
        let pool = PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(self.acquire_timeout)
            .connect_lazy_with(options);
        Ok(Database::new(Engine::Postgres(pool)))
    }
}
