//! Putting messages in.

use sqlx::types::Json;

use super::super::connection::{Connection, alone};
use super::super::on_connection;
use super::super::{Error, ErrorKind};
use super::message::{Enqueued, Message, MessageId};
use super::settle::lock_keys;
use super::{Outbox, sql, telemetry};

/// The most messages in one call; each ordering key among them is a lock in PostgreSQL until the transaction ends.
const MOST_AT_ONCE: usize = 1_000;

/// What is put in when the message it duplicated is purged before it can be named.
const ATTEMPTS: u32 = 3;

impl Outbox {
    /// Puts a message into the outbox, in a transaction of its own, and wakes the workers of this process.
    ///
    /// # Errors
    /// `Invalid` when the message breaks a limit; otherwise as any statement.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the message is stored; enqueue it again under the same idempotency key.
    pub async fn enqueue(&self, message: &Message) -> Result<Enqueued, Error> {
        let mut enqueued = self.enqueue_all(std::slice::from_ref(message)).await?;
        enqueued.pop().ok_or_else(nothing)
    }

    /// Puts up to 1,000 messages into the outbox, all or none; otherwise like [`Outbox::enqueue`].
    ///
    /// # Errors
    /// As [`Outbox::enqueue`].
    pub async fn enqueue_all(&self, messages: &[Message]) -> Result<Vec<Enqueued>, Error> {
        let enqueued = alone(&self.database, async |tx| self.put(tx, messages).await).await?;
        self.wake();
        Ok(enqueued)
    }

    /// Puts a message into the outbox in the caller's transaction: it is there if and only if the change is.
    ///
    /// Whoever enqueues under one ordering key waits for whoever did so before until that transaction ends, so that
    /// order is the order of commits. Transactions that take several keys in different orders can deadlock, which
    /// PostgreSQL ends with `Busy`; [`Outbox::enqueue_all_in`] takes its keys in one order.
    ///
    /// The transaction must run at `read committed`, as [`in_transaction!`](super::super::in_transaction) does.
    ///
    /// # Errors
    /// `Invalid` when the message breaks a limit; otherwise as any statement. The transaction must then be given up.
    pub async fn enqueue_in(
        &self,
        transaction: &mut Connection<'_>,
        message: &Message,
    ) -> Result<Enqueued, Error> {
        let mut enqueued = self
            .enqueue_all_in(transaction, std::slice::from_ref(message))
            .await?;
        enqueued.pop().ok_or_else(nothing)
    }

    /// Puts up to 1,000 messages into the outbox in the caller's transaction; otherwise like [`Outbox::enqueue_in`].
    ///
    /// # Errors
    /// As [`Outbox::enqueue_in`].
    pub async fn enqueue_all_in(
        &self,
        transaction: &mut Connection<'_>,
        messages: &[Message],
    ) -> Result<Vec<Enqueued>, Error> {
        let enqueued = self.put(transaction, messages).await?;
        // Too early to see them: it makes the workers look again soon.
        self.wake();
        Ok(enqueued)
    }

    async fn put(&self, tx: &mut Connection<'_>, messages: &[Message]) -> Result<Vec<Enqueued>, Error> {
        if messages.len() > MOST_AT_ONCE {
            return Err(Error::new(
                ErrorKind::Invalid,
                "at most 1000 messages can be enqueued at once",
            ));
        }
        for message in messages {
            message.check(self.max_payload)?;
        }
        let keys = messages.iter().filter_map(|message| {
            let key = message.ordering_key.as_deref()?;
            Some((
                message.queue.as_str(),
                message.tenant.as_deref().unwrap_or(""),
                key,
            ))
        });
        lock_keys(tx, keys).await?;
        let now = self.times.now(tx).await?;
        let mut enqueued = Vec::with_capacity(messages.len());
        for message in messages {
            let id = MessageId::new(now);
            let tenant = message.tenant.as_deref().unwrap_or("");
            let own = id.to_string();
            let idempotency_key = message.idempotency_key.as_deref().unwrap_or(&own);
            let mut attempt = 1;
            let result = loop {
                let new: Option<MessageId> = on_connection!(tx, |tx| {
                    sqlx::query_scalar(sql::ENQUEUE)
                        .bind(id)
                        .bind(&message.queue)
                        .bind(tenant)
                        .bind(message.ordering_key.as_deref())
                        .bind(idempotency_key)
                        .bind(&*message.payload)
                        .bind(Json(&message.headers))
                        .bind(message.priority.level())
                        .bind(message.on_dead.as_str())
                        .bind(now + message.delay)
                        .bind(message.lifetime.map(|lifetime| now + lifetime))
                        .bind(i32::try_from(message.max_attempts).unwrap_or(i32::MAX))
                        .bind(now)
                        .fetch_optional(tx)
                })?;
                if let Some(id) = new {
                    break Enqueued::New(id);
                }
                let existing: Option<MessageId> = on_connection!(tx, |tx| {
                    sqlx::query_scalar(sql::EXISTING)
                        .bind(&message.queue)
                        .bind(tenant)
                        .bind(idempotency_key)
                        .fetch_optional(tx)
                })?;
                match existing {
                    Some(id) => break Enqueued::Duplicate(id),
                    None if attempt == ATTEMPTS => return Err(Error::bare(ErrorKind::Busy)),
                    None => attempt += 1,
                }
            };
            telemetry::enqueued(&message.queue, result.is_new());
            enqueued.push(result);
        }
        Ok(enqueued)
    }
}

fn nothing() -> Error {
    Error::new(ErrorKind::Other, "one message went in and none came out")
}
