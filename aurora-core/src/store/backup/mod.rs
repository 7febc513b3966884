//! Backups of the whole database: taken while it is written to, tested by a restore, kept and thinned out.
//!
//! SQLite is copied with `VACUUM INTO`, PostgreSQL with its own `pg_dump`. After each backup it is restored as a test
//! and compared with what was in the database; one that fails is set aside as `.bad` and never counts. Beside each
//! backup stands a [`Manifest`], written last: without it a file is no backup, so that a process that is killed leaves
//! no half one that looks whole.
//!
//! [`Backups`] belongs to a folder of one database. [`Backups::run`] makes a backup in each period, on one of several
//! replicas that share the folder; [`BackupCheck`] makes readiness tell when the last verified one is too old.
//!
//! # Examples
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use aurora_core::store::Database;
//! use aurora_core::store::backup::{Backups, Target};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! # let at = |name: &str| folder.path().join(name);
//! let database = Database::open(&format!("sqlite:{}", at("app.db").display()).into()).await.unwrap();
//! let backups = Backups::builder(at("backups")).build()?;
//! let backup = backups.create(&database).await?;
//! assert!(backup.is_verified());
//! backups.restore(&backup.name, &Target::NewFile(at("restored.db"))).await?;
//! # Ok::<(), aurora_core::store::backup::Error>(())
//! # }).unwrap();
//! ```

mod check;
mod create;
mod error;
mod folder;
mod keep;
mod manifest;
#[cfg(feature = "postgres")]
mod postgres;
mod restore;
mod schedule;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod telemetry;
#[cfg(test)]
mod tests;
#[cfg(feature = "postgres")]
mod tools;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::secret::Secret;
use crate::time::{Clock, SystemClock};

use super::{Migrations, leases, outbox};

use self::folder::{Folder, blocking};

pub use self::check::BackupCheck;
pub use self::error::{Error, ErrorKind};
pub use self::folder::Listing;
pub use self::keep::Keep;
pub use self::manifest::{Kind, Manifest, Verification};
pub use self::restore::Target;
pub use self::schedule::Schedule;

/// How long a backup or a restore may take.
const LIMITS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3_600);

/// How far a backup, a test or a restore has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// How much is written by now, in bytes.
    pub bytes: u64,
    /// How many tables are in it; zero until that is known.
    pub tables: usize,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The database is copied.
    Copying,
    /// The backup is restored as a test.
    Testing,
    /// The backup is complete.
    Done,
}

type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// The backups of one database in a folder; a cheap handle.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Settings>,
}

struct Settings {
    folder: Folder,
    postgres_url: Option<Secret>,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "for PostgreSQL alone"))]
    scratch_url: Option<Secret>,
    #[cfg(feature = "postgres")]
    tools: tools::Tools,
    migrations: Vec<Migrations>,
    clock: Arc<dyn Clock>,
    /// Whether the clock was given, and so is that of the leases too.
    has_clock: bool,
    time_limit: Duration,
    watcher: Option<Watcher>,
}

/// Settings of [`Backups`].
#[must_use = "call `build` to get the backups"]
pub struct BackupsBuilder {
    folder: PathBuf,
    postgres_url: Option<Secret>,
    scratch_url: Option<Secret>,
    tools: Option<PathBuf>,
    migrations: Vec<Migrations>,
    clock: Option<Arc<dyn Clock>>,
    time_limit: Duration,
    watcher: Option<Watcher>,
}

impl BackupsBuilder {
    /// Where and as whom `pg_dump` connects; PostgreSQL needs it. The role reads every row: a superuser, or one with
    /// `bypassrls` and `pg_read_all_data`. With `createdb` it also makes the database for the restore test.
    pub fn postgres_url(mut self, url: impl Into<Secret>) -> Self {
        self.postgres_url = Some(url.into());
        self
    }

    /// Where the database for the restore test is made, such as another server; that of the backup unless told.
    pub fn scratch_url(mut self, url: impl Into<Secret>) -> Self {
        self.scratch_url = Some(url.into());
        self
    }

    /// The folder that `pg_dump` and `pg_restore` are in; they are looked for in `PATH` unless told.
    pub fn tools(mut self, folder: impl Into<PathBuf>) -> Self {
        self.tools = Some(folder.into());
        self
    }

    /// Histories that this program knows, beside those of the outbox and the leases: a backup with a newer schema is
    /// not restored.
    pub fn migrations(mut self, migrations: impl IntoIterator<Item = Migrations>) -> Self {
        self.migrations.extend(migrations);
        self
    }

    /// Takes time from `clock`; from the machine unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// How long a backup with its test, or a restore, may take, 1 second to 24 hours; 6 hours unless told.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Tells how far backups and tests have come, each second and at each stage. It must not block.
    pub fn on_progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// Gives the backups; nothing is read or made yet.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense.
    pub fn build(self) -> Result<Backups, Error> {
        if !LIMITS.contains(&self.time_limit) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "time_limit must be within 1 second to 24 hours",
            ));
        }
        let folder = std::path::absolute(&self.folder)
            .map_err(|_| Error::new(ErrorKind::Invalid, "the folder of the backups has no name"))?;
        #[cfg(not(feature = "postgres"))]
        drop(self.tools);
        Ok(Backups {
            inner: Arc::new(Settings {
                folder: Folder::new(folder),
                postgres_url: self.postgres_url,
                scratch_url: self.scratch_url,
                #[cfg(feature = "postgres")]
                tools: tools::Tools::in_folder(self.tools),
                migrations: self.migrations,
                has_clock: self.clock.is_some(),
                clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
                time_limit: self.time_limit,
                watcher: self.watcher,
            }),
        })
    }
}

impl fmt::Debug for BackupsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupsBuilder").finish_non_exhaustive()
    }
}

impl fmt::Debug for Backups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backups")
            .field("folder", &self.inner.folder.path())
            .finish_non_exhaustive()
    }
}

impl Backups {
    /// Settings for the backups in `folder`, which is made when missing. A folder belongs to one database.
    pub fn builder(folder: impl Into<PathBuf>) -> BackupsBuilder {
        BackupsBuilder {
            folder: folder.into(),
            postgres_url: None,
            scratch_url: None,
            tools: None,
            migrations: vec![leases::MIGRATIONS, outbox::MIGRATIONS],
            clock: None,
            time_limit: Duration::from_secs(6 * 3_600),
            watcher: None,
        }
    }

    /// What is in the folder. Sizes are compared with the manifests; whether the bytes are right tells
    /// [`Backups::verify`].
    ///
    /// # Errors
    /// `Io` or `Denied` when the folder cannot be read; a folder that is not there is empty.
    pub async fn list(&self) -> Result<Listing, Error> {
        let folder = self.inner.folder.clone();
        blocking(move || folder.list()).await
    }

    /// Removes what `keep` does not want, and all but the newest of what was set aside; gives the names of the removed
    /// backups.
    ///
    /// # Errors
    /// `Busy` when another process works in the folder; `Io` or `Denied` from the file system.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop what has begun.
    pub async fn prune(&self, keep: Keep) -> Result<Vec<String>, Error> {
        let folder = self.inner.folder.clone();
        blocking(move || {
            let lock = folder.lock()?;
            let backups = folder.list()?.backups;
            let surplus = keep.surplus(&backups);
            for backup in backups.iter().filter(|backup| surplus.contains(&backup.name)) {
                folder.delete(backup, &lock)?;
            }
            folder.delete_bad(keep.bad(), &lock)?;
            Ok(surplus)
        })
        .await
    }

    /// Gives `work` up after the time limit.
    async fn limited<T>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.inner.clock.sleep(self.inner.time_limit) => {
                Err(Error::new(ErrorKind::Timeout, "the time limit for backups has passed"))
            }
        }
    }

    fn tell(&self, stage: Stage, bytes: u64, tables: usize) {
        if let Some(watcher) = &self.inner.watcher {
            watcher(Progress { stage, bytes, tables });
        }
    }

    /// Where to dump from.
    #[cfg(feature = "postgres")]
    fn source(&self) -> Result<postgres::Place<'_>, Error> {
        self.place(self.inner.postgres_url.as_ref())
    }

    /// Where to restore as a test.
    #[cfg(feature = "postgres")]
    fn scratch(&self) -> Result<postgres::Place<'_>, Error> {
        self.place(
            self.inner
                .scratch_url
                .as_ref()
                .or(self.inner.postgres_url.as_ref()),
        )
    }

    #[cfg(feature = "postgres")]
    fn place<'a>(&'a self, url: Option<&'a Secret>) -> Result<postgres::Place<'a>, Error> {
        let missing = || {
            Error::new(
                ErrorKind::Invalid,
                "PostgreSQL needs postgres_url: the URL of the role that makes backups",
            )
        };
        Ok(postgres::Place {
            tools: &self.inner.tools,
            url: url.ok_or_else(missing)?,
            limit: self.inner.time_limit,
        })
    }
}
