//! Numbered schema changes, forward only.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, MigrationType, Migrator};

use super::{Database, Engine, Error, ErrorKind};

/// How long one step may work or wait for another process that migrates, in the words of PostgreSQL.
#[cfg(feature = "postgres")]
const LIMITS: &str = "set statement_timeout = '10min'; set lock_timeout = '10min';
    set idle_in_transaction_session_timeout = '10min'";

/// One numbered step, the same change for both engines.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; steps run in this order. Never changed or used again once released.
    pub version: i64,
    /// A few words that say what it does.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

/// The schema history of one crate, with a bookkeeping table of its own.
///
/// [`Database::migrate`] applies what is missing, and applying it again does nothing. Processes that start at the
/// same time wait for each other (an advisory lock in PostgreSQL, the write lock in SQLite). A database whose schema
/// is newer than the program is refused and left alone, and so is one where an applied step was changed afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    table: &'static str,
    steps: &'static [Migration],
}

impl Migrations {
    /// A history recorded in `table`, such as `_aurora_crm_migrations`: each crate has its own, so that an embedding
    /// application's migrations are not disturbed.
    #[must_use]
    pub const fn new(table: &'static str, steps: &'static [Migration]) -> Self {
        Self { table, steps }
    }

    /// The table that it is recorded in.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The steps.
    #[must_use]
    pub const fn steps(&self) -> &'static [Migration] {
        self.steps
    }

    /// The tables that the steps make in PostgreSQL and the one of the bookkeeping, for whoever grants rights on them.
    ///
    /// A step names a table on a line that begins with `create table` and its name.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> {
        let lines = self.steps.iter().flat_map(|step| step.postgres.lines());
        let made = lines.filter_map(|line| {
            let rest = line.strip_prefix("create table ")?;
            let rest = rest.strip_prefix("if not exists ").unwrap_or(rest);
            rest.split([' ', '(']).next().filter(|name| !name.is_empty())
        });
        std::iter::once(self.table).chain(made)
    }

    /// Whether exactly these steps are applied, unchanged. It needs no right but to read the bookkeeping.
    pub(super) async fn is_current(&self, database: &Database) -> Result<bool, Error> {
        let Some(applied) = self.applied(database).await? else {
            return Ok(false);
        };
        let known = match database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => self.migrator(|step| step.sqlite),
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => self.migrator(|step| step.postgres),
        };
        let known = known.iter().map(|step| (step.version, &*step.checksum));
        Ok(known.eq(applied
            .iter()
            .map(|(version, checksum)| (*version, checksum.as_slice()))))
    }

    /// The steps that are not applied yet.
    pub(super) async fn pending(&self, database: &Database) -> Result<Vec<Migration>, Error> {
        let applied = self.applied(database).await?.unwrap_or_default();
        let is_known = |version: i64| self.steps.iter().any(|step| step.version == version);
        if let Some((version, _)) = applied.iter().find(|(version, _)| !is_known(*version)) {
            return Err(refused(MigrateError::VersionMissing(*version)));
        }
        let is_applied = |step: &&Migration| applied.iter().any(|(version, _)| *version == step.version);
        Ok(self
            .steps
            .iter()
            .filter(|step| !is_applied(step))
            .copied()
            .collect())
    }

    /// What is applied, with its checksums; `None` when there is no bookkeeping.
    async fn applied(&self, database: &Database) -> Result<Option<Vec<(i64, Vec<u8>)>>, Error> {
        use super::on_reader;

        let found = match database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => "select count(*) from sqlite_master where type = 'table' and name = $1",
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => "select count(to_regclass($1))",
        };
        let found: i64 = on_reader!(database, |pool| sqlx::query_scalar(found)
            .bind(self.table)
            .fetch_one(pool))?;
        if found == 0 {
            return Ok(None);
        }
        let applied = format!(
            "select version, checksum from {} where success order by version",
            self.table
        );
        let applied = on_reader!(database, |pool| sqlx::query_as(sqlx::AssertSqlSafe(
            applied.as_str()
        ))
        .fetch_all(pool))?;
        Ok(Some(applied))
    }

    fn migrator(&self, sql: impl Fn(&Migration) -> &'static str) -> Migrator {
        let steps = self.steps.iter().map(|step| {
            sqlx::migrate::Migration::new(
                step.version,
                Cow::Borrowed(step.name),
                MigrationType::Simple,
                sql(step).into_sql_str(),
                false,
            )
        });
        let mut migrator = Migrator::with_migrations(steps.collect());
        migrator.dangerous_set_table_name(self.table);
        migrator
    }

    pub(super) async fn run(&self, database: &Database) -> Result<(), Error> {
        // An account that may not change the schema can still use one that is up to date.
        if self.is_current(database).await? {
            return Ok(());
        }
        match database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(pools) => {
                // One transaction around it all: the write lock is SQLite's advisory lock.
                let mut transaction = pools.writer().begin_with("begin immediate").await?;
                self.migrator(|step| step.sqlite)
                    .run_direct(None, &mut *transaction, false)
                    .await
                    .map_err(refused)?;
                transaction.commit().await?;
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => {
                // A connection of its own: longer limits, and an advisory lock that ends with it, come what may.
                let mut connection = pool.acquire().await?.detach();
                sqlx::Executor::execute(&mut connection, LIMITS).await?;
                let outcome = self
                    .migrator(|step| step.postgres)
                    .run_direct(None, &mut connection, false)
                    .await;
                let closed = sqlx::Connection::close(connection).await;
                outcome.map_err(refused)?;
                closed?;
            }
        }
        Ok(())
    }
}

fn refused(error: MigrateError) -> Error {
    let detail = match error {
        MigrateError::Execute(error) => return error.into(),
        MigrateError::ExecuteMigration(error, version) => {
            let cause = Error::from(error);
            if cause.is_retryable() {
                return cause;
            }
            format!("migration {version} failed: {cause}")
        }
        MigrateError::VersionMissing(version) => format!(
            "the database schema is newer than this program: migration {version} is applied and not known here"
        ),
        MigrateError::VersionMismatch(version) => {
            format!("migration {version} was changed after it had been applied")
        }
        MigrateError::Dirty(version) => format!("migration {version} was applied in part"),
        _ => return Error::bare(ErrorKind::Migration),
    };
    Error::new(ErrorKind::Migration, detail)
}
