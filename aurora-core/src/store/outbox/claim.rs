//! Leasing messages.

use std::time::Duration;

use sqlx::types::Json;

use crate::time::Timestamp;

use super::super::connection::{alone, dialect};
use super::super::{Error, ErrorKind, execute, on_reader, on_writer};
use super::super::{execute_on, on_connection};
use super::message::{Delivery, MessageId, Priority};
use super::settle::{Held, lock_keys, promote};
use super::{Outbox, sql};

/// The most messages in one claim.
const MOST_AT_ONCE: u32 = 1_000;
/// What a lease can last.
pub(super) const LEASE: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(24 * 3_600);

#[derive(Debug, sqlx::FromRow)]
struct Row {
    seq: i64,
    id: MessageId,
    queue: String,
    tenant: String,
    ordering_key: Option<String>,
    idempotency_key: String,
    payload: Vec<u8>,
    headers: Json<Vec<(String, String)>>,
    priority: i32,
    attempts: i32,
    max_attempts: i32,
    fence: i64,
    due_at: Timestamp,
    created_at: Timestamp,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            seq: row.seq,
            id: row.id,
            queue: row.queue,
            tenant: Some(row.tenant).filter(|tenant| !tenant.is_empty()),
            ordering_key: row.ordering_key,
            idempotency_key: row.idempotency_key,
            payload: row.payload.into(),
            headers: row.headers.0,
            priority: Priority::from_level(row.priority)?,
            attempt: u32::try_from(row.attempts).map_err(Error::corrupt)?,
            max_attempts: u32::try_from(row.max_attempts).map_err(Error::corrupt)?,
            fence: row.fence,
            due_at: row.due_at,
            enqueued_at: row.created_at,
        })
    }
}

impl Outbox {
    /// Leases up to `most` due messages (1 to 1,000) for `lease` (100 ms to 24 h), the most urgent first.
    ///
    /// What others hold is passed over without waiting. Each message must be settled within its lease; afterwards it is
    /// anybody's again. A message whose leases ran out as often as it may be tried is dead.
    ///
    /// # Errors
    /// `Invalid` when a parameter is out of range; otherwise as any statement.
    ///
    /// # Cancel safety
    /// Dropping the future can leave messages leased to nobody, until their leases run out.
    pub async fn claim(&self, queue: &str, most: u32, lease: Duration) -> Result<Vec<Delivery>, Error> {
        if !(1..=MOST_AT_ONCE).contains(&most) || !LEASE.contains(&lease) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a claim takes 1 to 1000 messages for 100 ms to 24 h",
            ));
        }
        let now = self.times.asked(&self.database).await?;
        let (leases, messages): (bool, bool) =
            on_reader!(self.database, |pool| sqlx::query_as(sql::OVERDUE)
                .bind(queue)
                .bind(now)
                .fetch_one(pool))?;
        if leases {
            self.take_back(queue, now).await?;
        }
        if messages {
            self.bury_expired(queue, now).await?;
        }
        let rows: Vec<Row> = self.lease_rows(queue, most, now, now + lease).await?;
        let deliveries: Result<Vec<Delivery>, Error> = rows.into_iter().map(Delivery::try_from).collect();
        let mut deliveries = deliveries?;
        deliveries.sort_by_key(|delivery| {
            (
                std::cmp::Reverse(delivery.priority),
                delivery.due_at,
                delivery.seq,
            )
        });
        Ok(deliveries)
    }

    async fn lease_rows(
        &self,
        queue: &str,
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Row>, Error> {
        on_writer!(self.database, |pool| {
            let statement = claim_of(pool);
            sqlx::query_as(statement)
                .bind(queue)
                .bind(now)
                .bind(i64::from(most))
                .bind(&*self.holder)
                .bind(until)
                .fetch_all(pool)
        })
    }

    /// Makes free what a holder did not settle in time.
    async fn take_back(&self, queue: &str, now: Timestamp) -> Result<(), Error> {
        alone(&self.database, async |tx| {
            let reclaim = dialect!(tx, sqlite: sql::sqlite::RECLAIM, postgres: sql::postgres::RECLAIM);
            execute_on!(tx, sqlx::query(reclaim).bind(queue).bind(now))?;
            Ok(())
        })
        .await?;
        alone(&self.database, async |tx| {
            let held: Vec<Held> = on_connection!(tx, |tx| sqlx::query_as(sql::WORN_OUT)
                .bind(queue)
                .bind(now)
                .fetch_all(tx))?;
            // First the keys, then the messages, as everybody does.
            lock_keys(tx, held.iter().filter_map(Held::key)).await?;
            for message in &held {
                let bury = sql::BURY_WORN_OUT;
                execute_on!(
                    tx,
                    sqlx::query(bury).bind(message.seq).bind(message.fence).bind(now)
                )?;
            }
            promote(tx, held.iter().filter_map(Held::key)).await
        })
        .await
    }

    async fn bury_expired(&self, queue: &str, now: Timestamp) -> Result<(), Error> {
        alone(&self.database, async |tx| {
            let held: Vec<Held> = on_connection!(tx, |tx| sqlx::query_as(sql::EXPIRED)
                .bind(queue)
                .bind(now)
                .fetch_all(tx))?;
            lock_keys(tx, held.iter().filter_map(Held::key)).await?;
            for message in &held {
                execute_on!(tx, sqlx::query(sql::BURY_EXPIRED).bind(message.seq).bind(now))?;
            }
            promote(tx, held.iter().filter_map(Held::key)).await
        })
        .await
    }

    /// Stops claims of a queue, by every process, until it is resumed; what is leased is finished.
    ///
    /// # Errors
    /// As any statement.
    pub async fn pause(&self, queue: &str) -> Result<(), Error> {
        let now = self.times.asked(&self.database).await?;
        execute!(self.database, sqlx::query(sql::PAUSE).bind(queue).bind(now)).map(drop)
    }

    /// Lets a paused queue go on.
    ///
    /// # Errors
    /// As any statement.
    pub async fn resume(&self, queue: &str) -> Result<(), Error> {
        execute!(self.database, sqlx::query(sql::RESUME).bind(queue))?;
        self.wake();
        Ok(())
    }

    /// The queues that are paused.
    ///
    /// # Errors
    /// As any statement.
    pub async fn paused(&self) -> Result<Vec<String>, Error> {
        on_reader!(self.database, |pool| sqlx::query_scalar(sql::PAUSED)
            .fetch_all(pool))
    }
}

/// The claiming statement in the words of a pool's engine.
trait Claims {
    const CLAIM: &'static str;
}

#[cfg(feature = "sqlite")]
impl Claims for sqlx::SqlitePool {
    const CLAIM: &'static str = sql::sqlite::CLAIM;
}

#[cfg(feature = "postgres")]
impl Claims for sqlx::PgPool {
    const CLAIM: &'static str = sql::postgres::CLAIM;
}

const fn claim_of<P: Claims>(_: &P) -> &'static str {
    P::CLAIM
}
