//! Backups made by themselves, one in each period.

use std::future::ready;
use std::time::Duration;

use super::{Backups, Error, ErrorKind, Keep, Manifest, telemetry};
use crate::rng::Random;
use crate::store::Database;
use crate::store::leases::Leases;
use crate::time::Timestamp;

/// The name of the lease that the replica holds which makes the backups.
const LEASE: &str = "aurora-backup";
/// How long another replica waits when that one has died.
const TTL: Duration = Duration::from_secs(60);
/// How long after a failure the next attempt is made; twice that after each further one, up to the period.
const FIRST_RETRY: Duration = Duration::from_secs(60);
const PERIODS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(366 * 24 * 3_600);

/// When backups are made and which are kept.
#[derive(Debug, Clone)]
pub struct Schedule {
    every: Duration,
    jitter: Duration,
    keep: Keep,
}

impl Schedule {
    /// A backup in each period of 1 minute to 366 days.
    #[must_use]
    pub const fn every(period: Duration) -> Self {
        Self {
            every: period,
            jitter: Duration::ZERO,
            keep: Keep::last(3).daily(7).weekly(5).monthly(12),
        }
    }

    /// Up to how much later than due a backup begins, by chance, so that many installations do not begin at once; up to
    /// the period; none unless told.
    #[must_use]
    pub const fn jitter(mut self, most: Duration) -> Self {
        self.jitter = most;
        self
    }

    /// Which are kept: the last 3, 7 daily, 5 weekly and 12 monthly ones unless told.
    #[must_use]
    pub const fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }
}

impl Backups {
    /// Makes a backup in each period and removes what is not kept any more, until `stop` resolves.
    ///
    /// A lease in the database sees to it that of several replicas one does. What counts is when the newest verified
    /// backup in the folder was begun, so a restart makes none before its time; replicas must share the folder. After a
    /// failure, and after a backup that could not be verified, it is tried again a minute later, then after twice that, up
    /// to the period. What happens is told in the log and the metrics; see also [`BackupCheck`](super::BackupCheck).
    ///
    /// # Errors
    /// `Invalid` when the schedule makes no sense; `Database` when the table of the leases cannot be made.
    ///
    /// # Cancel safety
    /// As [`Backups::create`].
    pub async fn run(
        &self,
        database: &Database,
        schedule: &Schedule,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), Error> {
        self.run_telling(database, schedule, stop, |_| ready(())).await
    }

    /// As [`Backups::run`], and hands each backup that was made to `tell`, such as to write it down, verified or not; the next
    /// is not begun before its future is over.
    ///
    /// # Errors
    /// As [`Backups::run`].
    ///
    /// # Cancel safety
    /// As [`Backups::create`]; a backup that was just made may not have been told.
    pub async fn run_telling<F, T>(
        &self,
        database: &Database,
        schedule: &Schedule,
        stop: impl Future<Output = ()> + Send,
        tell: F,
    ) -> Result<(), Error>
    where
        F: Fn(Manifest) -> T + Send + Sync,
        T: Future<Output = ()> + Send,
    {
        if !PERIODS.contains(&schedule.every) || schedule.jitter > schedule.every {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a backup is made every 1 minute to 366 days, and at most one period late",
            ));
        }
        let mut leases = Leases::builder(database.clone());
        if self.inner.has_clock {
            leases = leases.clock(self.inner.clock.clone());
        }
        let leases = leases.open().await?;
        if let Some(newest) = self
            .list()
            .await?
            .backups
            .iter()
            .find(|backup| backup.is_verified())
        {
            telemetry::verified(newest);
        }
        let work = |_lease| self.make_in_time(database, schedule, &tell);
        Ok(leases.run_while_leader(LEASE, TTL, stop, work).await?)
    }

    async fn make_in_time<F, T>(&self, database: &Database, schedule: &Schedule, tell: &F)
    where
        F: Fn(Manifest) -> T + Send + Sync,
        T: Future<Output = ()> + Send,
    {
        let clock = &self.inner.clock;
        let random = Random::system();
        let mut failures = 0_u32;
        loop {
            let late = schedule.jitter.mul_f64(random.unit());
            let wait = match self.list().await {
                // Another one's, made before this process took the lease, counts too; one from the future does not
                // hold us up for longer than a period.
                Ok(found) => until_due(&found.backups, schedule.every + late, clock.now()),
                Err(error) => {
                    tracing::error!(%error, "the folder of the backups cannot be read");
                    FIRST_RETRY
                }
            };
            let wait = wait.max(backoff(failures).min(schedule.every));
            if !wait.is_zero() {
                clock.sleep(wait).await;
            }
            match self.create(database).await {
                Ok(made) => {
                    failures = 0;
                    tell(made).await;
                }
                // Told in the log by `create` already. One that could not be tested is kept, and the newest.
                Err(error) => {
                    failures = failures.saturating_add(1);
                    if error.kind() == ErrorKind::Unverified
                        && let Ok(found) = self.list().await
                        && let Some(made) = found.backups.into_iter().next()
                    {
                        tell(made).await;
                    }
                }
            }
            match self.prune(schedule.keep).await {
                Ok(removed) if !removed.is_empty() => {
                    tracing::info!(
                        count = removed.len(),
                        "removed backups that are not kept any more"
                    );
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "old backups were not removed"),
            }
        }
    }
}

/// How long it is until the next backup of these, the newest first, which is made `every` so often.
pub(super) fn until_due(backups: &[Manifest], every: Duration, now: Timestamp) -> Duration {
    let left = |backup: &Manifest, time: Duration| time.saturating_sub(now.since(backup.started_at));
    let verified = backups.iter().find(|backup| backup.is_verified());
    // One that could not be verified stands for no period, but whoever restarts again and again makes none each time.
    let tried = backups.first().filter(|backup| !backup.is_verified());
    let due = verified.map_or(Duration::ZERO, |backup| left(backup, every));
    due.max(tried.map_or(Duration::ZERO, |backup| left(backup, FIRST_RETRY)))
}

fn backoff(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_RETRY.saturating_mul(2_u32.saturating_pow(doublings.min(20))),
    }
}
