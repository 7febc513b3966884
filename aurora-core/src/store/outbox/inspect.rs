//! What is in the outbox, dead letters, and cleaning up.

use std::time::Duration;

use bytes::Bytes;

use crate::page::{InvalidCursor, Page, PageRequest};
use crate::time::Timestamp;

use super::super::connection::{Connection, alone, dialect};
use super::super::{Error, ErrorKind, on_reader};
use super::super::{execute_on, on_connection};
use super::message::{MessageId, Priority};
use super::outcome::DeadReason;
use super::settle::{Held, lock_keys, promote};
use super::{Outbox, sql};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It can be claimed once it is due.
    Ready,
    /// An earlier message with its ordering key comes first.
    Waiting,
    /// Somebody works on it.
    Leased,
    /// It is done.
    Done,
    /// It was given up.
    Dead,
}

impl State {
    const ALL: [Self; 5] = [Self::Ready, Self::Waiting, Self::Leased, Self::Done, Self::Dead];

    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }

    fn from_name(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| Error::corrupt("an unknown state"))
    }
}

/// How many messages of a queue are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueCount {
    /// The queue.
    pub queue: String,
    /// The state.
    pub state: State,
    /// How many there are.
    pub messages: u64,
    /// How long ago the first of them was enqueued.
    pub oldest: Duration,
}

/// A message as it is stored, without its payload and headers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its id.
    pub id: MessageId,
    /// Its queue.
    pub queue: String,
    /// The tenant that it belongs to.
    pub tenant: Option<String>,
    /// The key under which it is ordered.
    pub ordering_key: Option<String>,
    /// What makes another message a duplicate of it.
    pub idempotency_key: String,
    /// How large the payload is, in bytes.
    pub payload_len: u64,
    /// Its priority.
    pub priority: Priority,
    /// Where it stands.
    pub state: State,
    /// Whether later messages of its key wait for it when it is dead.
    pub blocks_when_dead: bool,
    /// When it can be claimed.
    pub due_at: Timestamp,
    /// When it dies if nobody has begun it.
    pub expires_at: Option<Timestamp>,
    /// How often it was claimed.
    pub attempts: u32,
    /// How often it can be.
    pub max_attempts: u32,
    /// When its lease runs out.
    pub lease_until: Option<Timestamp>,
    /// The class of the last failure.
    pub failure_class: Option<String>,
    /// What went wrong last, at most 500 characters.
    pub failure: Option<String>,
    /// Why it is dead.
    pub dead_reason: Option<DeadReason>,
    /// When it was enqueued.
    pub enqueued_at: Timestamp,
    /// When it was done or died.
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    seq: i64,
    id: MessageId,
    queue: String,
    tenant: String,
    ordering_key: Option<String>,
    idempotency_key: String,
    payload_len: i32,
    priority: i32,
    state: String,
    on_dead: String,
    due_at: Timestamp,
    expires_at: Option<Timestamp>,
    attempts: i32,
    max_attempts: i32,
    lease_until: Option<Timestamp>,
    failure_class: Option<String>,
    failure: Option<String>,
    dead_reason: Option<String>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl TryFrom<Row> for StoredMessage {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            queue: row.queue,
            tenant: Some(row.tenant).filter(|tenant| !tenant.is_empty()),
            ordering_key: row.ordering_key,
            idempotency_key: row.idempotency_key,
            payload_len: u64::try_from(row.payload_len).map_err(Error::corrupt)?,
            priority: Priority::from_level(row.priority)?,
            state: State::from_name(&row.state)?,
            blocks_when_dead: row.on_dead == "block",
            due_at: row.due_at,
            expires_at: row.expires_at,
            attempts: u32::try_from(row.attempts).map_err(Error::corrupt)?,
            max_attempts: u32::try_from(row.max_attempts).map_err(Error::corrupt)?,
            lease_until: row.lease_until,
            failure_class: row.failure_class,
            failure: row.failure,
            dead_reason: row.dead_reason.as_deref().and_then(DeadReason::from_name),
            enqueued_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

/// Which dead letters are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct DeadFilter {
    tenant: Option<String>,
    reason: Option<DeadReason>,
}

impl DeadFilter {
    /// All of a queue.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those of one tenant.
    pub fn tenant(mut self, tenant: impl std::fmt::Display) -> Self {
        self.tenant = Some(tenant.to_string());
        self
    }

    /// Only those that died of this.
    pub const fn reason(mut self, reason: DeadReason) -> Self {
        self.reason = Some(reason);
        self
    }
}

impl Outbox {
    /// How many messages are in which state, of all queues. It reads an index over everything that is stored: for a
    /// page for people and a gauge, not for each request.
    ///
    /// # Errors
    /// As any statement.
    pub async fn counts(&self) -> Result<Vec<QueueCount>, Error> {
        let now = self.times.asked(&self.database).await?;
        let rows: Vec<(String, String, i64, Timestamp)> =
            on_reader!(self.database, |pool| sqlx::query_as(sql::COUNTS).fetch_all(pool))?;
        rows.into_iter()
            .map(|(queue, state, messages, oldest)| {
                Ok(QueueCount {
                    queue,
                    state: State::from_name(&state)?,
                    messages: u64::try_from(messages).map_err(Error::corrupt)?,
                    oldest: now.since(oldest),
                })
            })
            .collect()
    }

    /// The messages of a queue in one state, the newest first; of one tenant when it is given.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or of another list; otherwise as any statement.
    pub async fn page(
        &self,
        queue: &str,
        state: State,
        tenant: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page<StoredMessage>, Error> {
        let scope = format!("outbox/{queue}/{}/{}", state.as_str(), tenant.unwrap_or(""));
        let before = match request.cursor() {
            Some(cursor) => cursor.key::<i64>(&scope).map_err(wrong_cursor)?,
            None => i64::MAX,
        };
        let rows: Vec<Row> = on_reader!(self.database, |pool| sqlx::query_as(sql::PAGE)
            .bind(queue)
            .bind(state.as_str())
            .bind(tenant)
            .bind(before)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(pool))?;
        let page = Page::from_rows(rows, request, &scope, |row| row.seq).map_err(wrong_cursor)?;
        let items: Result<Vec<StoredMessage>, Error> =
            page.items.into_iter().map(StoredMessage::try_from).collect();
        Ok(Page {
            items: items?,
            next: page.next,
        })
    }

    /// One message.
    ///
    /// # Errors
    /// `NotFound` when there is none under this id; otherwise as any statement.
    pub async fn get(&self, id: MessageId) -> Result<StoredMessage, Error> {
        let row: Row = on_reader!(self.database, |pool| sqlx::query_as(sql::GET)
            .bind(id)
            .fetch_one(pool))?;
        row.try_into()
    }

    /// The payload of one message, which may hold personal data.
    ///
    /// # Errors
    /// `NotFound` when there is none under this id; otherwise as any statement.
    pub async fn payload(&self, id: MessageId) -> Result<Bytes, Error> {
        let payload: Vec<u8> = on_reader!(self.database, |pool| sqlx::query_scalar(sql::PAYLOAD)
            .bind(id)
            .fetch_one(pool))?;
        Ok(payload.into())
    }

    /// Gives a dead message all its attempts again, or does a done one once more, under its old idempotency key. It
    /// can be claimed at once, or after the message that holds its ordering key.
    ///
    /// # Errors
    /// `NotFound` when there is none under this id that is dead or done; otherwise as any statement.
    pub async fn requeue(&self, id: MessageId) -> Result<(), Error> {
        self.change_finished(id, async |tx, message| {
            let now = self.times.now(tx).await?;
            found(execute_on!(
                tx,
                sqlx::query(sql::REQUEUE).bind(message.seq).bind(now)
            )?)
        })
        .await?;
        self.wake();
        Ok(())
    }

    /// Requeues up to `most` (1 to 1,000) dead messages of a queue, the oldest first, and tells how many there were.
    ///
    /// # Errors
    /// As any statement; those before it are requeued.
    pub async fn requeue_dead(&self, queue: &str, filter: &DeadFilter, most: u32) -> Result<u32, Error> {
        let ids: Vec<MessageId> = on_reader!(self.database, |pool| sqlx::query_scalar(sql::DEAD_IDS)
            .bind(queue)
            .bind(filter.tenant.as_deref())
            .bind(filter.reason.map(DeadReason::as_str))
            .bind(i64::from(most.clamp(1, 1_000)))
            .fetch_all(pool))?;
        let mut requeued = 0;
        for id in ids {
            match self.requeue(id).await {
                Ok(()) => requeued += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {} // somebody else was faster
                Err(error) => return Err(error),
            }
        }
        Ok(requeued)
    }

    /// Deletes a dead message; what waited for it goes on.
    ///
    /// # Errors
    /// `NotFound` when there is no dead message under this id; otherwise as any statement.
    pub async fn discard(&self, id: MessageId) -> Result<(), Error> {
        self.change_finished(id, async |tx, message| {
            found(execute_on!(tx, sqlx::query(sql::DISCARD).bind(message.seq))?)?;
            promote(tx, message.key().into_iter()).await
        })
        .await?;
        self.wake();
        Ok(())
    }

    async fn change_finished(
        &self,
        id: MessageId,
        change: impl AsyncFnOnce(&mut Connection<'_>, &Held) -> Result<(), Error>,
    ) -> Result<(), Error> {
        alone(&self.database, async |tx| {
            let message: Held = on_connection!(tx, |tx| sqlx::query_as(sql::HANDLE).bind(id).fetch_one(tx))?;
            lock_keys(tx, message.key().into_iter()).await?;
            change(tx, &message).await
        })
        .await
    }

    /// Deletes up to `most` (1 to 10,000) messages that were done, or dead, longer than `age` ago, and tells how many:
    /// call it again until it is fewer. A purged message's idempotency key is free again. A dead message that others
    /// wait for stays.
    ///
    /// # Errors
    /// `Invalid` for any other state; otherwise as any statement.
    pub async fn purge(&self, state: State, age: Duration, most: u32) -> Result<u64, Error> {
        if !matches!(state, State::Done | State::Dead) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "only done and dead messages can be purged",
            ));
        }
        let before = self.times.asked(&self.database).await? - age;
        let most = most.clamp(1, 10_000);
        let purged = alone(&self.database, async |tx| {
            let purge = dialect!(tx, sqlite: sql::sqlite::PURGE, postgres: sql::postgres::PURGE);
            execute_on!(
                tx,
                sqlx::query(purge)
                    .bind(state.as_str())
                    .bind(before)
                    .bind(i64::from(most))
            )
        })
        .await?;
        if purged < u64::from(most) {
            self.help_orphans().await?; // once in a row of calls: it reads everything that waits
        }
        Ok(purged)
    }

    async fn help_orphans(&self) -> Result<(), Error> {
        let keys: Vec<(String, String, String)> =
            on_reader!(self.database, |pool| sqlx::query_as(sql::ORPHANED)
                .fetch_all(pool))?;
        if keys.is_empty() {
            return Ok(());
        }
        let keys = || {
            keys.iter()
                .map(|(queue, tenant, key)| (queue.as_str(), tenant.as_str(), key.as_str()))
        };
        alone(&self.database, async |tx| {
            lock_keys(tx, keys()).await?;
            promote(tx, keys()).await
        })
        .await
    }
}

const fn found(rows: u64) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::bare(ErrorKind::NotFound));
    }
    Ok(())
}

fn wrong_cursor(error: InvalidCursor) -> Error {
    Error::new(ErrorKind::Invalid, error.to_string())
}
