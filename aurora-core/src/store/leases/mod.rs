//! Named leases: one holder at a time across processes, for a leader or for one evaluator per group of rules.
//!
//! A lease is held for its time to live and as long as it is renewed. Each time it is taken it has a higher *fencing
//! token*, also after release, expiry and purge. No lease can keep a paused process from going on when it wakes up:
//! what must not happen twice is written with [`Lease::check_in`], or carries the token to a receiver that refuses
//! lower ones.
//!
//! On PostgreSQL time is the server's, so that the clocks of replicas need not agree.

mod lease;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use sqlx::types::Json;

use crate::time::{Clock, Timestamp};

use super::connection::{Times, alone, dialect};
use super::{Database, Error, ErrorKind, Migration, Migrations, on_reader};
use super::{execute_on, on_connection};

pub use self::lease::Lease;

/// The history of the leases' table. Forward only: a released file is never changed.
pub const MIGRATIONS: Migrations = Migrations::new(
    "_aurora_leases_migrations",
    &[Migration {
        version: 1,
        name: "leases",
        sqlite: include_str!("migrations/0001_leases.sqlite.sql"),
        postgres: include_str!("migrations/0001_leases.postgres.sql"),
    }],
);

/// What a lease can last.
const TTL: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);
/// The most leases in one call.
const MOST_AT_ONCE: usize = 1_000;
/// The youngest expiry that can be purged: far longer than a statement can take.
const YOUNGEST_PURGED: Duration = Duration::from_secs(24 * 3_600);

/// Named leases in a database; a cheap handle.
///
/// # Examples
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use std::time::Duration;
/// use aurora_core::store::Database;
/// use aurora_core::store::leases::Leases;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let leases = Leases::open(Database::open(&"sqlite::memory:".into()).await?).await?;
/// let ttl = Duration::from_secs(10);
/// let lease = leases.acquire("reports", ttl).await?.expect("nobody has it");
/// assert!(leases.acquire("reports", ttl).await?.is_none());
/// let (first, name) = (lease.fence(), "reports");
/// lease.release().await?;
/// assert!(leases.acquire(name, ttl).await?.expect("it is free").fence() > first);
/// # Ok::<(), aurora_core::store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Leases {
    database: Database,
    times: Times,
    holder: Arc<str>,
}

/// Settings of [`Leases`].
#[derive(Debug, Clone)]
#[must_use = "call `open` to get the leases"]
pub struct LeasesBuilder {
    database: Database,
    times: Times,
    holder: String,
}

impl LeasesBuilder {
    /// Takes time from `clock`; unless told, from the server on PostgreSQL and from the machine on SQLite.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.times = Times::given(Arc::new(clock));
        self
    }

    /// The name that leases are recorded under, 1 to 128 printable ASCII characters; random unless told. For people:
    /// what tells two holders apart is the fencing token.
    pub fn holder(mut self, name: impl Into<String>) -> Self {
        self.holder = name.into();
        self
    }

    /// Brings the table up to date and gives the leases.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense; otherwise whatever keeps the schema from being brought up to date.
    pub async fn open(self) -> Result<Leases, Error> {
        if !(1..=128).contains(&self.holder.len())
            || !self.holder.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        {
            return Err(Error::new(
                ErrorKind::Invalid,
                "holder must be 1 to 128 printable ASCII characters",
            ));
        }
        self.database.migrate(&MIGRATIONS).await?;
        Ok(Leases {
            database: self.database,
            times: self.times,
            holder: self.holder.into(),
        })
    }
}

/// Who holds or held a lease, for people.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
#[non_exhaustive]
pub struct LeaseRecord {
    /// Its name.
    pub name: String,
    /// Who holds it, or held it last.
    pub holder: String,
    /// Its fencing token.
    pub fence: i64,
    /// Since when.
    pub acquired_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Leases {
    /// The leases of `database` with the default settings; their table is made when missing.
    ///
    /// # Errors
    /// Whatever keeps the schema from being brought up to date.
    pub async fn open(database: Database) -> Result<Self, Error> {
        Self::builder(database).open().await
    }

    /// Settings for the leases of `database`.
    pub fn builder(database: Database) -> LeasesBuilder {
        LeasesBuilder {
            database,
            times: Times::default(),
            holder: format!("process-{}", uuid::Uuid::now_v7().simple()),
        }
    }

    /// Takes a lease for `ttl` (100 ms to 1 hour); `None` when somebody holds it, be it this process.
    ///
    /// # Errors
    /// `Invalid` when name (1 to 128 bytes without control characters) or `ttl` are out of range; otherwise as any
    /// statement.
    ///
    /// # Cancel safety
    /// Dropping the future can leave the lease to nobody until its time is up.
    pub async fn acquire(&self, name: &str, ttl: Duration) -> Result<Option<Lease>, Error> {
        Ok(self.acquire_all(&[name], ttl).await?.pop())
    }

    /// Takes those of up to 1,000 leases that nobody holds, in one statement.
    ///
    /// # Errors
    /// As [`Leases::acquire`].
    pub async fn acquire_all(&self, names: &[&str], ttl: Duration) -> Result<Vec<Lease>, Error> {
        check(names, ttl)?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: BTreeMap<&str, i64> = names.iter().map(|name| (*name, 0)).collect();
        let asked = self.times.clock().elapsed();
        let taken: Vec<(String, i64)> = alone(&self.database, async |tx| {
            let now = self.times.now(tx).await?;
            on_connection!(tx, |tx| sqlx::query_as(sql::ACQUIRE)
                .bind(Json(&wanted))
                .bind(&*self.holder)
                .bind(now)
                .bind(now + ttl)
                .fetch_all(tx))
        })
        .await?;
        let leases = taken.into_iter();
        Ok(leases
            .map(|(name, fence)| Lease::new(self.clone(), name, fence, ttl, asked + ttl))
            .collect())
    }

    /// Renews up to 1,000 leases in one statement, each for the time it was taken for. Those that are lost know it
    /// afterwards: see [`Lease::is_valid`].
    ///
    /// # Errors
    /// As any statement; the leases last until their time is up.
    pub async fn renew_all(&self, leases: &[&Lease]) -> Result<(), Error> {
        if leases.len() > MOST_AT_ONCE {
            return Err(Error::new(
                ErrorKind::Invalid,
                "at most 1000 leases can be renewed at once",
            ));
        }
        // One statement for each time to live; nearly always there is one.
        let mut by_ttl: BTreeMap<Duration, Vec<&Lease>> = BTreeMap::new();
        for lease in leases {
            by_ttl.entry(lease.ttl()).or_default().push(lease);
        }
        for (ttl, leases) in by_ttl {
            let fences: BTreeMap<&str, i64> =
                leases.iter().map(|lease| (lease.name(), lease.fence())).collect();
            let asked = self.times.clock().elapsed();
            let kept: Vec<String> = alone(&self.database, async |tx| {
                let now = self.times.now(tx).await?;
                let renew = dialect!(tx, sqlite: sql::sqlite::RENEW, postgres: sql::postgres::RENEW);
                on_connection!(tx, |tx| sqlx::query_scalar(renew)
                    .bind(Json(&fences))
                    .bind(now)
                    .bind(now + ttl)
                    .fetch_all(tx))
            })
            .await?;
            for lease in leases {
                if kept.iter().any(|name| name == lease.name()) {
                    lease.lasts_until(asked + ttl);
                } else {
                    lease.lose();
                }
            }
        }
        Ok(())
    }

    async fn release(&self, name: &str, fence: i64) -> Result<(), Error> {
        let fences = BTreeMap::from([(name, fence)]);
        alone(&self.database, async |tx| {
            let now = self.times.now(tx).await?;
            let _released: Vec<String> = on_connection!(tx, |tx| sqlx::query_scalar(sql::RELEASE)
                .bind(Json(&fences))
                .bind(now)
                .fetch_all(tx))?;
            Ok(())
        })
        .await
    }

    /// Who holds a lease or held it last.
    ///
    /// # Errors
    /// As any statement.
    pub async fn get(&self, name: &str) -> Result<Option<LeaseRecord>, Error> {
        on_reader!(self.database, |pool| sqlx::query_as(sql::GET)
            .bind(name)
            .fetch_optional(pool))
    }

    /// Forgets leases that expired longer than `age` ago, at least a day, and tells how many. Later fencing tokens are
    /// higher all the same.
    ///
    /// # Errors
    /// As any statement.
    pub async fn purge(&self, age: Duration) -> Result<u64, Error> {
        alone(&self.database, async |tx| {
            let before = self.times.now(tx).await? - age.max(YOUNGEST_PURGED);
            execute_on!(tx, sqlx::query(sql::PURGE).bind(before))
        })
        .await
    }

    /// Runs `work` whenever this process holds the lease `name`, until `stop` resolves: at most one process at a time,
    /// and another takes over within `ttl` and the third of it when this one dies.
    ///
    /// `work` gets the lease and is dropped when the lease is lost; it begins anew when the lease is taken again, and
    /// also a third of `ttl` after it has ended. At the end the lease is released, so that the next holder need not wait;
    /// a database that does not answer is given a third of `ttl` for it.
    ///
    /// # Errors
    /// `Invalid` when name or `ttl` are out of range. Other failures of the database are waited out.
    ///
    /// # Cancel safety
    /// Dropping the future drops `work`; the lease lasts until its time is up.
    pub async fn run_while_leader<W>(
        &self,
        name: &str,
        ttl: Duration,
        stop: impl Future<Output = ()> + Send,
        mut work: impl FnMut(Lease) -> W + Send,
    ) -> Result<(), Error>
    where
        W: Future<Output = ()> + Send,
    {
        check(&[name], ttl)?;
        let stop = stop.shared();
        let clock = self.times.clock();
        loop {
            // A database that hangs must not keep us from stopping.
            let time_is_up = async {
                stop.clone().await;
                clock.sleep(ttl / 3).await;
            };
            let acquired = tokio::select! {
                biased;
                acquired = self.acquire(name, ttl) => acquired,
                () = time_is_up => return Ok(()),
            };
            match acquired {
                Ok(Some(lease)) => {
                    tracing::info!(lease = name, fence = lease.fence(), "took the lease");
                    let leading = work(lease.clone());
                    let stopped = tokio::select! {
                        biased;
                        () = stop.clone() => true,
                        kept = lease.keep(leading) => {
                            if kept.is_err() {
                                tracing::warn!(lease = name, "lost the lease");
                            }
                            false
                        }
                    };
                    let released = tokio::select! {
                        biased;
                        released = lease.release() => released,
                        () = clock.sleep(ttl / 3) => Err(Error::bare(ErrorKind::Timeout)),
                    };
                    if let Err(error) = released {
                        tracing::warn!(lease = name, %error, "the lease was not released and will run out");
                    }
                    if stopped {
                        return Ok(());
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(lease = name, %error, "the lease could not be asked for"),
            }
            tokio::select! {
                biased;
                () = stop.clone() => return Ok(()),
                () = clock.sleep(ttl / 3) => {}
            }
        }
    }
}

fn check(names: &[&str], ttl: Duration) -> Result<(), Error> {
    let mut wrong = Vec::new();
    if names.len() > MOST_AT_ONCE {
        wrong.push("at most 1000 leases can be taken at once");
    }
    let fits = |name: &&str| (1..=128).contains(&name.len()) && !name.chars().any(char::is_control);
    if !names.iter().all(fits) {
        wrong.push("the name of a lease must be 1 to 128 bytes without control characters");
    }
    if !TTL.contains(&ttl) {
        wrong.push("a lease lasts 100 ms to 1 h");
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Invalid, wrong.join("; ")))
    }
}
