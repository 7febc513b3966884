//! The ledger in SQLite or PostgreSQL.

pub(super) mod allowances;
mod books;
mod rows;
pub(crate) mod statements;
mod transactions;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Database, Migration, Migrations, execute, on_reader};
use aurora_core::time::{Clock, SystemClock, Timestamp};
use sqlx::types::{Json, Uuid};

use self::books::{Books, Row};
use self::rows::{EntryRow, UsageTuple, wrong_cursor};
use self::statements as sql;
use self::transactions::Undo;
use super::{
    Account, Decision, Entry, EntryId, EntryQuery, Error, GroupBy, Ledger, Reservation, Standing, Swept,
    UsageQuery, UsageRow, YOUNGEST_SWEPT, check, period,
};

/// The history of the ledger's tables. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_llm_migrations",
    &[
        Migration {
            version: 1,
            name: "ledger",
            sqlite: include_str!("migrations/0001_ledger.sqlite.sql"),
            postgres: include_str!("migrations/0001_ledger.postgres.sql"),
        },
        Migration {
            version: 2,
            name: "allowances",
            sqlite: include_str!("migrations/0002_allowances.sqlite.sql"),
            postgres: include_str!("migrations/0002_allowances.postgres.sql"),
        },
    ],
);

/// How often something is tried that another transaction is in the way of.
const TRIES: u32 = 3;
/// The most batches of one sweep; what is left is for the next.
const BATCHES: u32 = 1_000;
/// Rows that a batch of a sweep deletes at most; the statements say it too.
const BATCH: u64 = 1_000;

/// A ledger in SQLite or PostgreSQL, shared by every process on the database; a cheap handle.
///
/// A reservation and its settlement are one transaction each, in which the accounts concerned are locked in the same order
/// by all. On PostgreSQL leases go by the server's time, so that the clocks of replicas need not agree.
///
/// A SQLite file has one writer: calls queue for it, and those that wait longer than the database's `acquire_timeout`
/// and `busy_timeout` are told that the ledger does not answer. Set both as long as a call may wait.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use aurora_core::store::Database;
/// use aurora_llm::ledger::SqlLedger;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let ledger = SqlLedger::open(Database::open(&"sqlite::memory:".into()).await?).await?;
/// # Ok::<(), aurora_core::store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqlLedger {
    database: Database,
    /// Given by a test; otherwise the server's or the machine's time counts.
    clock: Option<Arc<dyn Clock>>,
}

impl SqlLedger {
    /// The ledger of `database`; its tables are made when missing.
    ///
    /// # Errors
    /// Whatever keeps the schema from being brought up to date.
    pub async fn open(database: Database) -> Result<Self, store::Error> {
        database.migrate(&MIGRATIONS).await?;
        Ok(Self {
            database,
            clock: None,
        })
    }

    /// Takes time from `clock`; unless told, from the server on PostgreSQL and from the machine on SQLite.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
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

    fn open_statement(&self) -> &'static str {
        if self.is_sqlite() {
            sql::OPEN_SQLITE
        } else {
            sql::postgres::OPEN
        }
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

/// Runs `work` anew while another transaction is in its way.
macro_rules! again {
    ($work:expr) => {{
        let mut tries = 1;
        loop {
            match $work.await {
                Err(error) if tries < TRIES && error.kind() == store::ErrorKind::Busy => tries += 1,
                outcome => break outcome.map_err(Error::from),
            }
        }
    }};
}

#[async_trait]
impl Ledger for SqlLedger {
    async fn reserve(&self, reservation: &Reservation) -> Result<Decision, Error> {
        check(reservation)?;
        if reservation.limits.is_empty() {
            return Ok(Decision::Reserved);
        }
        let mut tries = 1;
        loop {
            match self.try_reserve(reservation).await {
                Ok(()) => return Ok(Decision::Reserved),
                Err(Undo::Refused(refusal)) => return Ok(Decision::Refused(refusal)),
                Err(Undo::Store(error)) if tries < TRIES && error.kind() == store::ErrorKind::Busy => {
                    tries += 1;
                }
                Err(Undo::Store(error)) => return Err(error.into()),
            }
        }
    }

    async fn settle(&self, entry: &Entry, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        again!(self.try_settle(entry, accounts))
    }

    async fn release(&self, reservation: &Reservation) -> Result<(), Error> {
        if reservation.limits.is_empty() {
            return Ok(());
        }
        again!(self.try_release(reservation))
    }

    async fn renew(&self, reservation: &Reservation) -> Result<(), Error> {
        check(reservation)?;
        if reservation.limits.is_empty() {
            return Ok(());
        }
        again!(self.try_renew(reservation))
    }

    async fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        let now = self.now().await?;
        let names = books::to_json(accounts);
        let rows: Vec<Row> = on_reader!(self.database, |pool| sqlx::query_as(sql::STANDINGS)
            .bind(Json(&names))
            .bind(now)
            .fetch_all(pool))?;
        let books = Books::opened(rows);
        let standing = |account: &Account| {
            let balance = books.balance(&books::name(account));
            Standing::new(account.clone(), balance.spent, balance.reserved)
        };
        Ok(accounts.iter().map(standing).collect())
    }

    async fn usage(&self, query: &UsageQuery, page: &PageRequest) -> Result<Page<UsageRow>, Error> {
        let (first, last) = query.days()?;
        let scope = query.scope();
        let after: Option<String> = match page.cursor() {
            Some(cursor) => Some(cursor.key(&scope).map_err(wrong_cursor)?),
            None => None,
        };
        let statement = match query.group {
            GroupBy::Tenant => sql::BY_TENANT,
            GroupBy::User => sql::BY_USER,
            GroupBy::Key => sql::BY_KEY,
            GroupBy::Model => sql::BY_MODEL,
            GroupBy::Provider => sql::BY_PROVIDER,
            GroupBy::Day => sql::BY_DAY,
        };
        let rows: Vec<UsageTuple> = on_reader!(self.database, |pool| sqlx::query_as(statement)
            .bind(query.tenant.as_deref())
            .bind(period::name_of(first))
            .bind(period::name_of(last))
            .bind(after.as_deref())
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(pool))?;
        let rows = rows.into_iter().map(rows::usage).collect();
        Page::from_rows(rows, page, &scope, |row: &UsageRow| row.group.clone()).map_err(wrong_cursor)
    }

    async fn entries(&self, query: &EntryQuery, page: &PageRequest) -> Result<Page<Entry>, Error> {
        let scope = query.scope();
        let (at, id) = match page.cursor() {
            Some(cursor) => {
                let (micros, id) = cursor.key::<(i64, EntryId)>(&scope).map_err(wrong_cursor)?;
                (Timestamp::from_micros(micros), id)
            }
            // No entry has the smallest of ids, so that the end of the range is not in it.
            None => (query.range.end, EntryId::from_uuid(Uuid::nil())),
        };
        let rows: Vec<EntryRow> = on_reader!(self.database, |pool| sqlx::query_as(sql::ENTRIES)
            .bind(&*query.tenant)
            .bind(rows::storable(query.range.start))
            .bind(rows::storable(at))
            .bind(id)
            .bind(query.user.as_deref())
            .bind(query.key.as_deref())
            .bind(query.model.as_deref())
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(pool))?;
        let entries = rows.into_iter().map(EntryRow::into_entry).collect();
        Page::from_rows(entries, page, &scope, |entry: &Entry| {
            (entry.at.as_micros(), entry.id)
        })
        .map_err(wrong_cursor)
    }

    async fn sweep(&self, keep: Duration) -> Result<Swept, Error> {
        let now = self.now().await?;
        let mut swept = Swept::NONE;
        for _ in 0..BATCHES {
            match again!(self.reclaim_some(now))? {
                Some(count) => swept.reservations += count,
                None => break,
            }
        }
        let oldest = now - keep.max(YOUNGEST_SWEPT);
        for _ in 0..BATCHES {
            let gone = execute!(self.database, sqlx::query(sql::FORGET_ENTRIES).bind(oldest))?;
            swept.entries += gone;
            if gone < BATCH {
                break;
            }
        }
        let ended = now - YOUNGEST_SWEPT;
        for _ in 0..BATCHES {
            let gone = execute!(self.database, sqlx::query(sql::FORGET_ACCOUNTS).bind(ended))?;
            swept.accounts += gone;
            if gone < BATCH {
                break;
            }
        }
        Ok(swept)
    }
}

impl fmt::Debug for SqlLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlLedger({})", self.database.engine_name())
    }
}
