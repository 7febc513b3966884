//! Dumping a PostgreSQL database while it is written to, and restoring dumps.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgPool};

use super::manifest::Inventory;
use super::tools::{Address, NEEDS_BYPASS, Program, Tools};
use super::{Error, ErrorKind, Manifest};
use crate::secret::Secret;
use crate::time::{Clock, SystemClock};

/// Every table of ours by its quoted name, and whether it is a history of migrations.
const TABLES: &str = r"select format('%I.%I', n.nspname, c.relname), c.relname like '\_%\_migrations' and
        (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('version', 'success')
            and not a.attisdropped) = 2
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
            and d.deptype = 'e')
    order by 1";
const HAS_ROW_SECURITY: &str =
    "select exists (select from pg_class where relkind in ('r', 'p') and relrowsecurity)";
/// Whether rows of some table are hidden from the role.
const IS_BLIND: &str = "select exists (select from pg_class where relkind in ('r', 'p') and relrowsecurity
    and row_security_active(oid))";
const MAY_CREATE: &str = "select rolsuper or rolcreatedb from pg_roles where rolname = current_user";
const MAY_BYPASS: &str = "select rolsuper or rolbypassrls from pg_roles where rolname = current_user";
const IDENTITY: &str =
    "select oid::bigint, datname::text, pg_encoding_to_char(encoding)::text, datcollate::text,
    datctype::text from pg_database where datname = current_database()";
const IS_EMPTY: &str =
    "select not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))";
/// Holds a name for as long as the session lasts, so that others see that somebody is at work with it.
const HOLD: &str = "select pg_try_advisory_lock(hashtextextended($1, 0))";
const RELEASE: &str = "select pg_advisory_unlock(hashtextextended($1, 0))";
const SCRATCHES: &str = "select datname::text from pg_database where starts_with(datname::text, $1)";
/// How long `pg_dump` waits for a table that somebody has locked.
const LOCK_WAIT: &str = "--lock-wait-timeout=60000";
const CONNECT: Duration = Duration::from_secs(30);

/// Which database of a server a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Identity {
    oid: i64,
    datname: String,
    #[sqlx(rename = "pg_encoding_to_char")]
    encoding: String,
    datcollate: String,
    datctype: String,
}

/// A connection for a backup and what the server is.
pub(super) struct Session {
    connection: PgConnection,
    pub(super) version: String,
    major: u32,
    identity: Identity,
}

impl Session {
    /// Connects to `url`, or to another `database` of the same server. No statement takes longer than `limit`.
    pub(super) async fn open(url: &Secret, database: Option<&str>, limit: Duration) -> Result<Self, Error> {
        let wrong = |_| Error::new(ErrorKind::Invalid, "the database URL cannot be understood");
        let milliseconds = limit.as_millis().to_string();
        let mut options = PgConnectOptions::from_str(url.expose())
            .map_err(wrong)?
            .application_name("aurora-backup")
            .options([
                ("statement_timeout", milliseconds.as_str()),
                ("lock_timeout", "60000"),
                ("idle_in_transaction_session_timeout", "0"),
                // Rows that are hidden must be an error and not a smaller count.
                ("row_security", "off"),
            ])
            .disable_statement_logging();
        if let Some(database) = database {
            options = options.database(database);
        }
        let connecting = tokio::select! {
            connected = options.connect() => connected?,
            () = SystemClock.sleep(CONNECT) => {
                return Err(Error::new(ErrorKind::Timeout, "the database did not answer in time"));
            }
        };
        let mut connection = connecting;
        let number: String = sqlx::query_scalar("show server_version_num")
            .fetch_one(&mut connection)
            .await?;
        let version: String = sqlx::query_scalar("show server_version")
            .fetch_one(&mut connection)
            .await?;
        let identity = sqlx::query_as(IDENTITY).fetch_one(&mut connection).await?;
        let number: u32 = number.parse().unwrap_or(0);
        Ok(Self {
            connection,
            version: version.split(' ').next().unwrap_or_default().to_owned(),
            major: number / 10_000,
            identity,
        })
    }

    pub(super) async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }

    async fn asks(&mut self, question: &'static str) -> Result<bool, Error> {
        Ok(sqlx::query_scalar(question)
            .fetch_one(&mut self.connection)
            .await?)
    }

    /// Makes sure that this is the database behind `pool`.
    async fn check_same(&self, pool: &PgPool) -> Result<(), Error> {
        let other: Identity = sqlx::query_as(IDENTITY).fetch_one(pool).await?;
        if other == self.identity {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Invalid,
            "the backup URL leads to another database than the one that is to be backed up",
        ))
    }

    /// What is in the database; in a transaction, what its snapshot shows.
    pub(super) async fn inventory(&mut self) -> Result<Inventory, Error> {
        let mut inventory = Inventory {
            row_security: self.asks(HAS_ROW_SECURITY).await?,
            ..Inventory::default()
        };
        let tables: Vec<(String, bool)> = sqlx::query_as(TABLES).fetch_all(&mut self.connection).await?;
        for (quoted, is_history) in tables {
            let name = quoted.strip_prefix("public.").unwrap_or(&quoted).to_owned();
            if is_history {
                let newest = format!("select max(version)::bigint from {quoted} where success");
                let version: Option<i64> = sqlx::query_scalar(AssertSqlSafe(newest))
                    .fetch_one(&mut self.connection)
                    .await?;
                inventory.schema.insert(name.clone(), version.unwrap_or(0));
            }
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from only {quoted}")))
                .fetch_one(&mut self.connection)
                .await?;
            inventory.tables.insert(name, u64::try_from(rows).unwrap_or(0));
        }
        Ok(inventory)
    }
}

/// Where and with what to dump and restore.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) tools: &'a Tools,
    pub(super) url: &'a Secret,
    pub(super) limit: Duration,
}

impl Place<'_> {
    /// Dumps the database behind `pool` to `target`, and tells the server's version and what is in the dump: the rows
    /// are counted in the very snapshot that `pg_dump` reads.
    pub(super) async fn dump(&self, pool: &PgPool, target: &Path) -> Result<(String, Inventory), Error> {
        let address = Address::parse(self.url)?;
        let mut session = Session::open(self.url, None, self.limit).await?;
        session.check_same(pool).await?;
        self.tools.check(Program::Dump, session.major).await?;
        if session.asks(IS_BLIND).await? {
            return Err(Error::new(ErrorKind::Denied, NEEDS_BYPASS));
        }
        session
            .connection
            .execute("begin isolation level repeatable read read only")
            .await?;
        let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()")
            .fetch_one(&mut session.connection)
            .await?;
        let mut file = OsString::from("--file=");
        file.push(target);
        let arguments = [
            OsString::from("--format=custom"),
            OsString::from(LOCK_WAIT),
            OsString::from(format!("--snapshot={snapshot}")),
            file,
        ];
        let dumping = self.tools.run(Program::Dump, &address, &arguments);
        let ((), inventory) = tokio::try_join!(dumping, session.inventory())?;
        session.connection.execute("rollback").await?;
        let version = session.version.clone();
        session.close().await?;
        Ok((version, inventory))
    }

    /// Restores a dump into a database made for it, compares, and drops it. Gives what was done.
    pub(super) async fn test(&self, dump: &Path, manifest: &Manifest) -> Result<String, Error> {
        let mut admin = Session::open(self.url, None, self.limit).await?;
        check_version(&admin, manifest)?;
        self.tools.check(Program::Restore, admin.major).await?;
        if !admin.asks(MAY_CREATE).await? {
            return Err(Error::new(
                ErrorKind::Denied,
                "the role may not create the database for the restore test: alter role … createdb, or give the URL of \
                 a role that may",
            ));
        }
        self.sweep(&mut admin).await?;
        let Identity {
            oid,
            encoding,
            datcollate,
            datctype,
            ..
        } = admin.identity.clone();
        let name = format!("{}{}", prefix(oid), uuid::Uuid::now_v7().simple());
        let held: bool = sqlx::query_scalar(HOLD)
            .bind(&name)
            .fetch_one(&mut admin.connection)
            .await?;
        if !held {
            return Err(Error::new(
                ErrorKind::Busy,
                "the name of the restore test is taken",
            ));
        }
        let [encoding, collate, ctype] =
            [encoding, datcollate, datctype].map(|text| text.replace('\'', "''"));
        let create = format!(
            "create database {name} template template0 encoding '{encoding}' lc_collate '{collate}' lc_ctype '{ctype}'"
        );
        sqlx::query(AssertSqlSafe(create))
            .execute(&mut admin.connection)
            .await?;
        let outcome = self.fill(&name, dump, manifest).await;
        let dropped = drop_database(&mut admin, &name).await;
        if let Err(error) = &dropped {
            tracing::warn!(%error, "the database of the restore test was not dropped; the next test will");
        }
        outcome?;
        let how = format!(
            "pg_restore into a database of its own on server {}, schema versions and rows of {} tables compared",
            admin.version,
            manifest.tables.len()
        );
        admin.close().await?;
        Ok(how)
    }

    async fn fill(&self, name: &str, dump: &Path, manifest: &Manifest) -> Result<(), Error> {
        self.load(Some(name), dump, None).await?;
        let mut session = Session::open(self.url, Some(name), self.limit).await?;
        let restored = session.inventory().await;
        session.close().await?;
        restored?.compare(manifest)
    }

    /// Runs `pg_restore` as a whole or not at all.
    async fn load(&self, database: Option<&str>, dump: &Path, owner: Option<&str>) -> Result<(), Error> {
        let address = Address::parse(self.url)?;
        let mut arguments: Vec<OsString> = [
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
        ]
        .map(OsString::from)
        .to_vec();
        let database = match database {
            Some(name) => name.to_owned(),
            None => {
                let session = Session::open(self.url, None, self.limit).await?;
                let name = session.identity.datname.clone();
                session.close().await?;
                name
            }
        };
        // As a connection string, so that no name is taken for one.
        let quoted = database.replace('\\', "\\\\").replace('\'', "\\'");
        arguments.push(format!("--dbname=dbname='{quoted}'").into());
        if let Some(owner) = owner {
            arguments.push(format!("--role={owner}").into());
        }
        arguments.push(dump.into());
        self.tools.run(Program::Restore, &address, &arguments).await
    }

    /// Drops what tests left that died.
    async fn sweep(&self, admin: &mut Session) -> Result<(), Error> {
        let left: Vec<String> = sqlx::query_scalar(SCRATCHES)
            .bind(prefix(admin.identity.oid))
            .fetch_all(&mut admin.connection)
            .await?;
        for name in left {
            let ours = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let free: bool = sqlx::query_scalar(HOLD)
                .bind(&name)
                .fetch_one(&mut admin.connection)
                .await?;
            if !free {
                continue;
            }
            if ours && let Err(error) = drop_database(admin, &name).await {
                tracing::warn!(%error, "the database of an earlier restore test was not dropped");
            }
            sqlx::query(RELEASE)
                .bind(&name)
                .execute(&mut admin.connection)
                .await?;
        }
        Ok(())
    }

    /// Makes sure that the database is there, empty, and can take the backup.
    pub(super) async fn check_target(&self, manifest: &Manifest) -> Result<(), Error> {
        let mut session = Session::open(self.url, None, self.limit).await?;
        check_version(&session, manifest)?;
        self.tools.check(Program::Restore, session.major).await?;
        if !session.asks(IS_EMPTY).await? {
            return Err(Error::new(
                ErrorKind::Exists,
                "the database to restore to is not empty: make a new one",
            ));
        }
        if manifest.row_security && !session.asks(MAY_BYPASS).await? {
            return Err(Error::new(ErrorKind::Denied, NEEDS_BYPASS));
        }
        session.close().await
    }

    /// Fills the empty database and compares what came out.
    pub(super) async fn restore(
        &self,
        dump: &Path,
        manifest: &Manifest,
        owner: Option<&str>,
    ) -> Result<(), Error> {
        self.load(None, dump, owner).await?;
        let mut session = Session::open(self.url, None, self.limit).await?;
        let restored = session.inventory().await?;
        session.close().await?;
        restored.compare(manifest)
    }
}

fn check_version(session: &Session, manifest: &Manifest) -> Result<(), Error> {
    let made_from = manifest.engine_version.split('.').next().unwrap_or_default();
    match made_from.parse::<u32>() {
        Ok(made_from) if made_from > session.major => Err(Error::new(
            ErrorKind::Newer,
            format!(
                "the backup is of a server of version {made_from}, and the one to restore to is of version {}",
                session.major
            ),
        )),
        _ => Ok(()),
    }
}

fn prefix(oid: i64) -> String {
    format!("aurora_restore_test_{oid}_")
}

async fn drop_database(admin: &mut Session, name: &str) -> Result<(), Error> {
    let drop = format!("drop database if exists {name} with (force)");
    sqlx::query(AssertSqlSafe(drop))
        .execute(&mut admin.connection)
        .await?;
    Ok(())
}
