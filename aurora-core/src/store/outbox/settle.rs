//! Ending leases, and who comes next under an ordering key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::types::Json;

use crate::time::Timestamp;

use super::super::connection::{Connection, alone};
use super::super::{Error, ErrorKind};
use super::super::{execute_on, on_connection};
use super::claim::LEASE;
use super::message::{Delivery, MessageId};
use super::outcome::{DeadReason, Failed, Outcome};
use super::{Outbox, sql, telemetry};

/// Queue, tenant and ordering key.
pub(super) type Key<'a> = (&'a str, &'a str, &'a str);

/// What is needed of a stored message to change it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Held {
    pub(super) seq: i64,
    pub(super) fence: i64,
    queue: String,
    tenant: String,
    ordering_key: Option<String>,
}

impl Held {
    pub(super) fn key(&self) -> Option<Key<'_>> {
        Some((&self.queue, &self.tenant, self.ordering_key.as_deref()?))
    }
}

fn key(delivery: &Delivery) -> Option<Key<'_>> {
    let tenant = delivery.tenant.as_deref().unwrap_or("");
    Some((&delivery.queue, tenant, delivery.ordering_key.as_deref()?))
}

/// Holds back whoever else enqueues to these keys or frees them, until the transaction ends. Whoever changes which
/// message holds a key does this first. In SQLite a writing transaction is alone anyway.
pub(super) async fn lock_keys<'k>(
    tx: &mut Connection<'_>,
    keys: impl Iterator<Item = Key<'k>>,
) -> Result<(), Error> {
    match tx {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(_) => {
            drop(keys);
            std::future::ready(Ok(())).await
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(tx) => {
            let names: Vec<String> = keys
                .map(|(queue, tenant, key)| format!("aurora_outbox\n{queue}\n{tenant}\n{key}"))
                .collect();
            if !names.is_empty() {
                let _locked: i64 = sqlx::query_scalar(sql::postgres::LOCK_KEYS)
                    .bind(names)
                    .fetch_one(&mut **tx)
                    .await?;
            }
            Ok(())
        }
    }
}

/// Lets the next message of each key be claimed if nobody holds the key.
pub(super) async fn promote<'k>(
    tx: &mut Connection<'_>,
    keys: impl Iterator<Item = Key<'k>>,
) -> Result<(), Error> {
    let keys: BTreeSet<Key<'k>> = keys.collect();
    if keys.is_empty() {
        return Ok(());
    }
    match tx {
        #[cfg(feature = "sqlite")]
        Connection::Sqlite(tx) => {
            for (queue, tenant, key) in keys {
                let promote = sqlx::query(sql::sqlite::PROMOTE);
                promote
                    .bind(queue)
                    .bind(tenant)
                    .bind(key)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(tx) => {
            let (mut queues, mut tenants, mut names) = (Vec::new(), Vec::new(), Vec::new());
            for (queue, tenant, key) in keys {
                queues.push(queue);
                tenants.push(tenant);
                names.push(key);
            }
            let promote = sqlx::query(sql::postgres::PROMOTE);
            promote
                .bind(queues)
                .bind(tenants)
                .bind(names)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// `seq` to fencing token.
type Fences = BTreeMap<i64, i64>;

fn fences<'d>(deliveries: impl Iterator<Item = &'d Delivery>) -> Fences {
    deliveries
        .map(|delivery| (delivery.seq, delivery.fence))
        .collect()
}

impl Outbox {
    /// Says what has become of leased messages, of up to 1,000 in one transaction, and gives those that were not the
    /// caller's any more: their lease had run out, and nothing was written about them.
    ///
    /// Saying again that a message is done is no error.
    ///
    /// # Errors
    /// As any statement; nothing is written then.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether anything was written; settle again.
    pub async fn settle(&self, outcomes: &[(Delivery, Outcome)]) -> Result<Vec<MessageId>, Error> {
        if outcomes.is_empty() {
            return Ok(Vec::new());
        }
        let held = alone(&self.database, async |tx| self.settle_on(tx, outcomes).await).await?;
        let mut lost = Vec::new();
        let mut freed = false;
        for (delivery, outcome) in outcomes {
            let is_held = held.contains(&delivery.seq);
            telemetry::settled(&delivery.queue, if is_held { outcome.as_str() } else { "lost" });
            if !is_held {
                lost.push(delivery.id);
            }
            freed |= delivery.ordering_key.is_some();
        }
        if freed {
            self.wake();
        }
        Ok(lost)
    }

    /// Gives the `seq` of those that were the caller's.
    async fn settle_on(
        &self,
        tx: &mut Connection<'_>,
        outcomes: &[(Delivery, Outcome)],
    ) -> Result<BTreeSet<i64>, Error> {
        if outcomes.len() > 1_000 {
            return Err(Error::new(
                ErrorKind::Invalid,
                "at most 1000 messages can be settled at once",
            ));
        }
        let freeing = || {
            let frees = |outcome: &Outcome| matches!(outcome, Outcome::Done | Outcome::Dead(..));
            let freed = outcomes.iter().filter(move |(_, outcome)| frees(outcome));
            freed.filter_map(|(delivery, _)| key(delivery))
        };
        lock_keys(tx, freeing()).await?;
        let now = self.times.now(tx).await?;
        let mut held = BTreeSet::new();
        for (statement, wanted) in [(sql::DONE, Outcome::Done), (sql::RELEASE, Outcome::Release)] {
            let chosen = outcomes.iter().filter(|(_, outcome)| *outcome == wanted);
            let fences = fences(chosen.map(|(delivery, _)| delivery));
            held.extend(of_holder(tx, statement, &fences, now, None).await?);
        }
        for (delivery, outcome) in outcomes {
            let touched = match outcome {
                Outcome::Retry(wait, failed) => {
                    Self::put_off(
                        tx,
                        delivery,
                        now,
                        now + (*wait).min(super::message::LONGEST),
                        failed,
                    )
                    .await?
                }
                Outcome::Dead(reason, failed) => Self::bury(tx, delivery, now, *reason, failed).await?,
                Outcome::Done | Outcome::Release => 0,
            };
            if touched > 0 {
                held.insert(delivery.seq);
            }
        }
        promote(tx, freeing()).await?;
        Ok(held)
    }

    async fn put_off(
        tx: &mut Connection<'_>,
        delivery: &Delivery,
        now: Timestamp,
        due: Timestamp,
        failed: &Failed,
    ) -> Result<u64, Error> {
        execute_on!(
            tx,
            sqlx::query(sql::RETRY)
                .bind(delivery.seq)
                .bind(delivery.fence)
                .bind(now)
                .bind(due)
                .bind(failed.class().as_str())
                .bind(failed.text())
        )
    }

    async fn bury(
        tx: &mut Connection<'_>,
        delivery: &Delivery,
        now: Timestamp,
        reason: DeadReason,
        failed: &Failed,
    ) -> Result<u64, Error> {
        execute_on!(
            tx,
            sqlx::query(sql::BURY)
                .bind(delivery.seq)
                .bind(delivery.fence)
                .bind(now)
                .bind(reason.as_str())
                .bind(failed.class().as_str())
                .bind(failed.text())
        )
    }

    /// Says that a message is done.
    ///
    /// # Errors
    /// `LeaseLost` when it is not the caller's any more; otherwise as [`Outbox::settle`].
    pub async fn done(&self, delivery: &Delivery) -> Result<(), Error> {
        self.settle_one(delivery, Outcome::Done).await
    }

    /// Gives a message back for another attempt, `wait` from now and at most 366 days; whether an attempt is left is
    /// for the caller to judge, as [`Schedule::decide`](super::Schedule::decide) does.
    ///
    /// # Errors
    /// As [`Outbox::done`].
    pub async fn retry(&self, delivery: &Delivery, wait: Duration, failed: Failed) -> Result<(), Error> {
        self.settle_one(delivery, Outcome::Retry(wait, failed)).await
    }

    /// Says that a message is dead.
    ///
    /// # Errors
    /// As [`Outbox::done`].
    pub async fn dead(&self, delivery: &Delivery, reason: DeadReason, failed: Failed) -> Result<(), Error> {
        self.settle_one(delivery, Outcome::Dead(reason, failed)).await
    }

    async fn settle_one(&self, delivery: &Delivery, outcome: Outcome) -> Result<(), Error> {
        let lost = self.settle(&[(delivery.clone(), outcome)]).await?;
        if lost.is_empty() {
            Ok(())
        } else {
            Err(lease_lost())
        }
    }

    /// Says that a message is done in the transaction of its effect: in this database it happens exactly once, because
    /// a holder that comes late is refused and the effect with it.
    ///
    /// # Errors
    /// `LeaseLost` when it is not the caller's any more: give up the transaction. Otherwise as any statement.
    pub async fn done_in(&self, transaction: &mut Connection<'_>, delivery: &Delivery) -> Result<(), Error> {
        let outcome = [(delivery.clone(), Outcome::Done)];
        if self.settle_on(transaction, &outcome).await?.is_empty() {
            return Err(lease_lost());
        }
        telemetry::settled(&delivery.queue, Outcome::Done.as_str());
        Ok(())
    }

    /// Lengthens leases to `lease` from now and gives those that were not the caller's any more.
    ///
    /// # Errors
    /// `Invalid` when the lease is out of range; otherwise as any statement.
    pub async fn extend(&self, deliveries: &[Delivery], lease: Duration) -> Result<Vec<MessageId>, Error> {
        if !LEASE.contains(&lease) {
            return Err(Error::new(ErrorKind::Invalid, "a lease lasts 100 ms to 24 h"));
        }
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let held = alone(&self.database, async |tx| {
            let now = self.times.now(tx).await?;
            let fences = fences(deliveries.iter());
            of_holder(tx, sql::EXTEND, &fences, now, Some(now + lease)).await
        })
        .await?;
        let lost = deliveries.iter().filter(|delivery| !held.contains(&delivery.seq));
        Ok(lost.map(|delivery| delivery.id).collect())
    }
}

/// Runs a statement over a set of leases and gives the `seq` of those that are still held.
async fn of_holder(
    tx: &mut Connection<'_>,
    statement: &'static str,
    fences: &Fences,
    now: Timestamp,
    until: Option<Timestamp>,
) -> Result<Vec<i64>, Error> {
    if fences.is_empty() {
        return Ok(Vec::new());
    }
    on_connection!(tx, |tx| {
        let mut query = sqlx::query_scalar(statement).bind(Json(fences)).bind(now);
        if let Some(until) = until {
            query = query.bind(until);
        }
        query.fetch_all(tx)
    })
}

pub(super) fn lease_lost() -> Error {
    Error::bare(ErrorKind::LeaseLost)
}
