//! The store in SQLite or PostgreSQL.

mod rows;
pub(crate) mod statements;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{
    self, Database, Migration, Migrations, execute, in_transaction, on_reader, on_writer,
};
use aurora_core::time::{Clock, SystemClock, Timestamp};
use sqlx::types::Json;

use self::rows::{Rowed, Rows, StoredState, StoredWaiting, indexed};
use self::statements as sql;
use super::{
    AlertStore, Batch, INBOX_LIMIT, InboxMessage, Lead, Snapshot, StoreError, StoreErrorKind, fenced, full,
    pages,
};
use crate::history::{HistoryQuery, Record};

/// The history of the store's tables. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_alerts_migrations",
    &[Migration {
        version: 1,
        name: "alerts",
        sqlite: include_str!("migrations/0001_alerts.sqlite.sql"),
        postgres: include_str!("migrations/0001_alerts.postgres.sql"),
    }],
);

/// The most rows in one statement.
const ROWS: usize = 1_000;
/// The longest that a lead can be taken for; longer ones are for so long.
const LONGEST_LEAD: Duration = Duration::from_secs(24 * 3_600);
/// The longest name of an engine, in bytes.
const LONGEST_NAME: usize = 128;

/// A store in SQLite or PostgreSQL, shared by every engine of one name on the database; a cheap handle.
///
/// A commit is one transaction of a handful of statements, however many rows it has. It locks the row of its engine, so
/// that a leader that was replaced writes nothing, and one that takes the lead waits for a commit that is under way.
/// On PostgreSQL leads go by the server's time, so that the clocks of replicas need not agree.
///
/// A SQLite file has one writer: commits queue for it, and those that wait longer than the database's `acquire_timeout`
/// and `busy_timeout` are told that the store does not answer. Times outside of the years 1 to 9999 are kept as their
/// first or last day.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_alerts::store::SqlAlertStore;
/// use aurora_core::store::Database;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let database = Database::open(&"sqlite::memory:".into()).await?;
/// let store = SqlAlertStore::open(database, "shop").await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqlAlertStore {
    database: Database,
    engine: Arc<str>,
    /// Given by a test; otherwise the server's or the machine's time counts.
    clock: Option<Arc<dyn Clock>>,
    inbox_limit: usize,
}

/// Runs a statement over rows, as many at a time as it takes; gives how many it touched.
macro_rules! write_rows {
    ($tx:ident, $statement:expr, $engine:expr, $rows:expr) => {{
        let mut touched = 0;
        for rows in $rows.chunks(ROWS) {
            touched += sqlx::query($statement)
                .bind($engine)
                .bind(Json(Rows(rows)))
                .execute(&mut *$tx)
                .await
                .map_err(store::Error::from)?
                .rows_affected();
        }
        touched
    }};
}

impl SqlAlertStore {
    /// The store of the engine of this name (1 to 128 bytes without control characters) in `database`; its tables are
    /// made when missing.
    ///
    /// # Errors
    /// [`StoreErrorKind::Invalid`] when the name is out of range; otherwise whatever keeps the schema from being brought
    /// up to date.
    pub async fn open(database: Database, engine: impl Into<Arc<str>> + Send) -> Result<Self, StoreError> {
        let engine = engine.into();
        if engine.is_empty() || engine.len() > LONGEST_NAME || engine.chars().any(char::is_control) {
            return Err(StoreError::new(
                StoreErrorKind::Invalid,
                "the name of an engine is 1 to 128 bytes without control characters",
            ));
        }
        database.migrate(&MIGRATIONS).await?;
        for statement in [sql::ENGINE, sql::INBOX_OF] {
            execute!(database, sqlx::query(statement).bind(&*engine))?;
        }
        Ok(Self {
            database,
            engine,
            clock: None,
            inbox_limit: INBOX_LIMIT,
        })
    }

    /// Takes time from `clock`; unless told, from the server on PostgreSQL and from the machine on SQLite.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The most messages in the inbox, at least 1; 10,000 unless told. Each handle goes by its own.
    #[must_use]
    pub fn inbox_limit(mut self, messages: usize) -> Self {
        self.inbox_limit = messages.max(1);
        self
    }

    #[cfg(test)]
    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    /// Which engines there are depends on who else uses aurora-core, not on the features of this crate.
    fn is_sqlite(&self) -> bool {
        self.database.engine_name() == "sqlite"
    }

    /// Picks the words of the database.
    fn dialect(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.is_sqlite() { sqlite } else { postgres }
    }

    async fn now(&self) -> Result<Timestamp, store::Error> {
        match &self.clock {
            Some(clock) => Ok(clock.now()),
            None if self.is_sqlite() => Ok(SystemClock.now()),
            None => on_reader!(self.database, |pool| sqlx::query_scalar(sql::postgres::NOW)
                .fetch_one(pool)),
        }
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl AlertStore for SqlAlertStore {
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Option<Lead>, StoreError> {
        // Asked before the row is waited for, so that a lead is at most shorter than it was asked for.
        let now = self.now().await?;
        let fences: Vec<i64> = on_writer!(self.database, |pool| sqlx::query_scalar(sql::LEAD)
            .bind(&*self.engine)
            .bind(&*indexed(holder))
            .bind(now)
            .bind(now + ttl.min(LONGEST_LEAD))
            .fetch_all(pool))?;
        Ok(fences.first().map(|fence| Lead { fence: *fence }))
    }

    async fn resign(&self, lead: Lead) -> Result<(), StoreError> {
        execute!(
            self.database,
            sqlx::query(sql::RESIGN).bind(&*self.engine).bind(lead.fence)
        )?;
        Ok(())
    }

    async fn load(&self) -> Result<Snapshot, StoreError> {
        // All as it was at one moment, whoever commits meanwhile.
        let begin = self.dialect("begin", "begin isolation level repeatable read read only");
        let engine = &*self.engine;
        let (version, state, outbox) = on_reader!(self.database, |pool| async {
            let mut tx = pool.begin_with(begin).await?;
            let version: Option<i64> = sqlx::query_scalar(sql::VERSION)
                .bind(engine)
                .fetch_optional(&mut *tx)
                .await?;
            let state: Vec<StoredState> = sqlx::query_as(sql::STATE)
                .bind(engine)
                .fetch_all(&mut *tx)
                .await?;
            let outbox: Vec<StoredWaiting> = sqlx::query_as(sql::OUTBOX)
                .bind(engine)
                .fetch_all(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>((version, state, outbox))
        })?;
        Ok(Snapshot {
            state: rows::state(state)?,
            outbox: rows::outbox(outbox)?,
            version: version.unwrap_or_default(),
        })
    }

    async fn version(&self) -> Result<i64, StoreError> {
        let version: Option<i64> = on_reader!(self.database, |pool| sqlx::query_scalar(sql::VERSION)
            .bind(&*self.engine)
            .fetch_optional(pool))?;
        Ok(version.unwrap_or_default())
    }

    async fn commit(&self, lead: Lead, batch: &Batch) -> Result<(), StoreError> {
        let engine = &*self.engine;
        let rowed = Rowed::of(batch)?;
        let delete = self.dialect(sql::sqlite::DELETE, sql::postgres::DELETE);
        let consume = self.dialect(sql::sqlite::CONSUME, sql::postgres::CONSUME);
        let dequeue = self.dialect(sql::sqlite::DEQUEUE, sql::postgres::DEQUEUE);
        let enqueue = self.dialect(sql::sqlite::ENQUEUE, sql::postgres::ENQUEUE);
        let record = self.dialect(sql::sqlite::RECORD, sql::postgres::RECORD);
        in_transaction!(self.database, |tx| {
            let counted = sqlx::query(sql::COUNT).bind(engine).bind(lead.fence);
            let counted = counted.execute(&mut *tx).await.map_err(store::Error::from)?;
            if counted.rows_affected() == 0 {
                return Err(fenced());
            }
            write_rows!(tx, delete, engine, rowed.deletes);
            write_rows!(tx, sql::PUT, engine, rowed.puts);
            write_rows!(tx, dequeue, engine, rowed.dequeue);
            write_rows!(tx, enqueue, engine, rowed.enqueue);
            write_rows!(tx, record, engine, rowed.history);
            let consumed = write_rows!(tx, consume, engine, rowed.consumed);
            if consumed > 0 {
                let query = sqlx::query(sql::CONSUMED).bind(engine);
                let query = query.bind(i64::try_from(consumed).unwrap_or(i64::MAX));
                query.execute(&mut *tx).await.map_err(store::Error::from)?;
            }
            Ok(())
        })
    }

    async fn submit(&self, bodies: &[String]) -> Result<(), StoreError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let engine = &*self.engine;
        in_transaction!(self.database, |tx| {
            let last: Vec<i64> = sqlx::query_scalar(sql::ROOM)
                .bind(engine)
                .bind(count(bodies.len()))
                .bind(count(self.inbox_limit))
                .fetch_all(&mut *tx)
                .await
                .map_err(store::Error::from)?;
            let Some(last) = last.first() else {
                return Err(full());
            };
            let messages = rows::messages(bodies, *last);
            write_rows!(tx, sql::SUBMIT, engine, messages);
            Ok(())
        })
    }

    async fn inbox(&self, after: i64, limit: usize) -> Result<Vec<InboxMessage>, StoreError> {
        let rows: Vec<(i64, String)> = on_reader!(self.database, |pool| sqlx::query_as(sql::INBOX)
            .bind(&*self.engine)
            .bind(after)
            .bind(count(limit))
            .fetch_all(pool))?;
        Ok(rows::inbox(rows))
    }

    async fn history(&self, query: &HistoryQuery, page: &PageRequest) -> Result<Page<Record>, StoreError> {
        let start = pages::start(&self.engine, query, page)?;
        // No record has the lowest of numbers, so that the end of the range is not in it.
        let end = query.to.map(|to| (to, i64::MIN));
        let ever = (Timestamp::from_micros(i64::MAX), i64::MAX);
        let (at, seq) = start.or(end).unwrap_or(ever);
        let from = query.from.unwrap_or(Timestamp::from_micros(i64::MIN));
        let fingerprint = query.fingerprint.map(|fingerprint| fingerprint.to_string());
        let statement = if fingerprint.is_some() {
            self.dialect(sql::sqlite::HISTORY_OF_ALERT, sql::postgres::HISTORY_OF_ALERT)
        } else if query.rule.is_some() {
            self.dialect(sql::sqlite::HISTORY_OF_RULE, sql::postgres::HISTORY_OF_RULE)
        } else if query.channel.is_some() {
            self.dialect(sql::sqlite::HISTORY_OF_CHANNEL, sql::postgres::HISTORY_OF_CHANNEL)
        } else {
            self.dialect(sql::sqlite::HISTORY, sql::postgres::HISTORY)
        };
        let bodies: Vec<String> = on_reader!(self.database, |pool| sqlx::query_scalar(statement)
            .bind(&*self.engine)
            .bind(pages::storable(at))
            .bind(seq)
            .bind(pages::storable(from))
            .bind(fingerprint.as_deref())
            .bind(query.rule.as_deref().map(indexed).as_deref())
            .bind(query.channel.as_deref().map(indexed).as_deref())
            .bind(query.kind)
            .bind(i64::from(page.limit()) + 1)
            .bind(query.outcome)
            .fetch_all(pool))?;
        let records = bodies
            .iter()
            .map(|body| rows::record(body))
            .collect::<Result<_, _>>()?;
        pages::page(&self.engine, query, page, records)
    }

    async fn sweep(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        let gone = execute!(
            self.database,
            sqlx::query(sql::SWEEP)
                .bind(&*self.engine)
                .bind(pages::storable(before))
                .bind(count(limit))
        )?;
        Ok(gone)
    }
}

impl fmt::Debug for SqlAlertStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SqlAlertStore({}, {:?})",
            self.database.engine_name(),
            self.engine
        )
    }
}
