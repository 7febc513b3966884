//! One attempt to send a message: what is written before and after it.

use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::{Delivery, Failed, Message as Letter, Priority};
use aurora_core::store::{Connection, execute_on};
use aurora_core::time::Timestamp;
use serde_json::json;

use super::delivery::{Told, apply, reason, settled};
use super::{allowed, contacts, feed, list, messages, outgoing, settings};
use crate::channels::{ChannelId, ChannelKind, DeliveryState, Outgoing, Receipt, SendError, SendErrorKind};
use crate::context::Context;
use crate::conversations::sender::{Job, What};
use crate::conversations::{Author, Content, Conversation, ConversationStatus, MESSAGES, Message, MessageId};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

/// A message that could not be sent for so long is not sent any more: the conversation has gone on.
const LIFETIME: Duration = Duration::from_hours(24);
/// How long is waited before it is looked again whether an end of a channel works.
pub(in super::super) const HELD: Duration = Duration::from_secs(120);
/// How long is waited at least when there were too many calls.
const THROTTLED: Duration = Duration::from_secs(5);

aurora_core::store::statements! {
    BEGIN = "update messages set attempt_at = $3 where workspace_id = $1 and id = $2";
    CLEAR = "update messages set attempt_at = null where workspace_id = $1 and id = $2";
    RESENT = "update messages set attempt_at = null, resent = 1, changed_seq = $3 where workspace_id = $1 and id = $2";
}

/// What is to be done about a letter.
#[derive(Debug)]
pub(in super::super) enum Begun {
    /// Nothing, or it was done.
    Over,
    /// It has to wait, for this reason.
    Held(&'static str),
    /// This is to be sent; that it was tried is written down.
    Go(Box<Outgoing>, ChannelKind),
}

pub(in super::super) async fn begin(
    store: &Store,
    context: &Context,
    letter: &Delivery,
    (job, id): (Job, MessageId),
    unknown_wait: Duration,
    can_send: impl Fn(ChannelKind) -> bool + Send + Sync,
) -> Result<Begun, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let Some(row) = messages::row_in(tx, context, id).await? else {
            return over(store, tx, letter).await;
        };
        let (channel, despite_closed) = (row.channel_id, row.despite_closed != 0);
        let (was_tried, was_resent) = (row.attempt_at.is_some(), row.resent != 0);
        let message = Message::try_from(row)?;
        let is_first = matches!(job.what, What::Send(_));
        let awaited = if is_first {
            DeliveryState::Queued
        } else {
            DeliveryState::Unknown
        };
        if message.delivery != Some(awaited) || was_resent {
            // The channel has told of it, or it was sent once more already.
            return over(store, tx, letter).await;
        }
        if was_tried {
            // Whoever tried has died: nobody knows whether it was sent.
            let records =
                lose_sight(store, tx, context, (&message, channel), (seq, now), unknown_wait).await?;
            store.outbox().done_in(tx, letter).await?;
            store.record(tx, context, now, &records).await?;
            return Ok(Begun::Over);
        }
        let conversation = list::live_in(tx, context, message.conversation_id).await?;
        let is_blocked = allowed::is_client_blocked(tx, context, &conversation.contact).await?;
        if let Some(why) = refusal(&message, &conversation, (is_blocked, despite_closed), now) {
            let records = fail(store, tx, context, (&message, channel), why, now).await?;
            store.outbox().done_in(tx, letter).await?;
            store.record(tx, context, now, &records).await?;
            return Ok(Begun::Over);
        }
        if !can_send(conversation.channel_kind) {
            return Ok(Begun::Held("nothing here sends on this kind of channel"));
        }
        if settings::is_paused(tx, context, channel).await? {
            return Ok(Begun::Held("the end of the channel is paused"));
        }
        execute_on!(tx, sqlx::query(BEGIN).bind(context.workspace).bind(id).bind(now))?;
        let outgoing = Outgoing {
            message: id,
            channel,
            to: conversation.contact.addresses,
            content: message.content,
            reply_to: message.reply_to,
            attempt: letter.attempt,
        };
        Ok(Begun::Go(Box::new(outgoing), conversation.channel_kind))
    })
}

async fn over(store: &Store, tx: &mut Connection<'_>, letter: &Delivery) -> Result<Begun, Error> {
    store.outbox().done_in(tx, letter).await?;
    Ok(Begun::Over)
}

/// Why a message is not sent any more.
fn refusal(
    message: &Message,
    conversation: &Conversation,
    (is_blocked, despite_closed): (bool, bool),
    now: Timestamp,
) -> Option<SendError> {
    let rejected = |code, detail| Some(SendError::new(SendErrorKind::Rejected, code, detail));
    if now.since(message.created_at) >= LIFETIME {
        return rejected("expired", "it could not be sent for 24 hours");
    }
    if conversation.contact.blocked_at.is_some() {
        return rejected("contact_blocked", "nothing is sent to this contact");
    }
    if is_blocked {
        return rejected("client_blocked", "the data of this client may not be used");
    }
    if conversation.status == ConversationStatus::Closed && !despite_closed {
        return rejected("conversation_closed", "the conversation was closed before");
    }
    let is_template = matches!(message.content, Content::Template { .. });
    let is_late = conversation.channel_kind.window().is_some()
        && conversation.window_expires_at.is_none_or(|end| end <= now);
    (is_late && !is_template).then(|| {
        let detail = "the contact wrote more than 24 hours ago";
        SendError::new(SendErrorKind::WindowClosed, "window_closed", detail)
    })
}

/// Ends a message that will not be delivered, and sends the template of the workspace instead of one that came too late.
async fn fail(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    (message, channel): (&Message, ChannelId),
    why: SendError,
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    let told = Told {
        state: DeliveryState::Failed,
        at: now,
        failure: Some(reason(&why.to_string())),
    };
    let seq = feed::next(tx, context).await?;
    let Some(failed) = apply(tx, context, message, None, (channel, seq), &[told]).await? else {
        return Ok(Vec::new());
    };
    let mut records = vec![settled(&failed, now)];
    if why.kind == SendErrorKind::WindowClosed {
        records.extend(outgoing::fall_back(store, tx, context, &failed, now).await?);
    }
    Ok(records)
}

/// Nobody knows whether a message was sent: the history says so, and after a while it is looked whether the channel has told.
async fn lose_sight(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    (message, channel): (&Message, ChannelId),
    (seq, now): (i64, Timestamp),
    unknown_wait: Duration,
) -> Result<Vec<Record>, Error> {
    let was_unknown = message.delivery == Some(DeliveryState::Unknown);
    let told = Told {
        state: DeliveryState::Unknown,
        at: now,
        failure: None,
    };
    let changed = if was_unknown {
        execute_on!(
            tx,
            sqlx::query(RESENT)
                .bind(context.workspace)
                .bind(message.id)
                .bind(seq)
        )?;
        Some(message.clone())
    } else {
        apply(tx, context, message, None, (channel, seq), &[told]).await?
    };
    let Some(changed) = changed else {
        clear(tx, context, message.id).await?;
        return Ok(Vec::new());
    };
    if !was_unknown {
        let job = Job {
            workspace: context.workspace,
            what: What::Wait(message.id),
        };
        let letter = Letter::json(MESSAGES, &job)?
            .tenant(context.workspace)
            .idempotency_key(format!("{}/wait", message.id))
            .max_attempts(outgoing::ATTEMPTS.into())
            .delay(unknown_wait);
        store.outbox().enqueue_in(tx, &letter).await?;
    }
    let content = Content::Notice {
        kind: "delivery_unknown".to_owned(),
        raw: json!({"message": message.id, "sent_again": was_unknown}),
    };
    let place = (message.conversation_id, channel);
    outgoing::add_note(tx, context, place, Author::System, &content, now).await?;
    Ok(vec![settled(&changed, now)])
}

async fn clear(tx: &mut Connection<'_>, context: &Context, id: MessageId) -> Result<(), Error> {
    execute_on!(tx, sqlx::query(CLEAR).bind(context.workspace).bind(id))?;
    Ok(())
}

/// Writes down how an attempt has ended. Gives what the outbox is told when there is to be another.
///
/// The letter is not ended with it: who was so slow that another has taken it over must still be able to say that the message was
/// taken, and whoever finds the letter again finds a message that is no longer waiting.
pub(in super::super) async fn settle(
    store: &Store,
    context: &Context,
    id: MessageId,
    outcome: Result<Receipt, SendError>,
    unknown_wait: Duration,
) -> Result<Option<Failed>, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let Some(row) = messages::row_in(tx, context, id).await? else {
            return Ok(None);
        };
        let channel = row.channel_id;
        let message = Message::try_from(row)?;
        let is_unsent = matches!(
            message.delivery,
            Some(DeliveryState::Queued | DeliveryState::Unknown)
        );
        let mut again = None;
        let records = match outcome {
            Ok(receipt) => accept(tx, context, (&message, channel), &receipt, (seq, now)).await?,
            // The channel has told of it meanwhile: whatever we heard, it was sent.
            Err(_) if !is_unsent => Vec::new(),
            Err(error) => match error.kind {
                SendErrorKind::Retry(after) => {
                    clear(tx, context, id).await?;
                    let failed = Failed::again(FailureClass::Transient, error.to_string());
                    again = Some(failed.after(after.unwrap_or_default()));
                    Vec::new()
                }
                SendErrorKind::Throttled(after) => {
                    clear(tx, context, id).await?;
                    let failed = Failed::again(FailureClass::Throttled, error.to_string());
                    again = Some(failed.after(after.unwrap_or_default().max(THROTTLED)));
                    Vec::new()
                }
                SendErrorKind::Unknown => {
                    lose_sight(store, tx, context, (&message, channel), (seq, now), unknown_wait).await?
                }
                SendErrorKind::Account => {
                    clear(tx, context, id).await?;
                    again = Some(Failed::again(FailureClass::Credential, error.to_string()).after(HELD));
                    let paused = settings::pause(tx, context, channel, &error, now).await?;
                    paused.into_iter().collect()
                }
                SendErrorKind::WindowClosed | SendErrorKind::Rejected => {
                    fail(store, tx, context, (&message, channel), error, now).await?
                }
            },
        };
        store.record(tx, context, now, &records).await?;
        Ok(again)
    })
}

/// The provider took it.
async fn accept(
    tx: &mut Connection<'_>,
    context: &Context,
    (message, channel): (&Message, ChannelId),
    receipt: &Receipt,
    (seq, now): (i64, Timestamp),
) -> Result<Vec<Record>, Error> {
    let holder = messages::by_provider(tx, context, channel, &receipt.provider_id).await?;
    let holder = holder.map(Message::try_from).transpose()?;
    let is_ours = holder.is_none_or(|holder| holder.id == message.id);
    let told = Told {
        state: DeliveryState::Accepted,
        at: now,
        failure: None,
    };
    let name = is_ours.then_some(receipt.provider_id.as_str());
    let changed = apply(tx, context, message, name, (channel, seq), &[told]).await?;
    if let Some(address) = &receipt.address {
        let conversation = list::live_in(tx, context, message.conversation_id).await?;
        contacts::learn(tx, context, &conversation.contact, address).await?;
    }
    match changed {
        Some(changed) => Ok(vec![settled(&changed, now)]),
        None => {
            clear(tx, context, message.id).await?;
            Ok(Vec::new())
        }
    }
}

/// The time that a message waits for the channel to tell of it is over: if it has not, the message is sent once more, when it is its turn in
/// the conversation.
pub(in super::super) async fn waited(
    store: &Store,
    context: &Context,
    letter: &Delivery,
    id: MessageId,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        feed::next(tx, context).await?;
        let row = messages::row_in(tx, context, id).await?;
        let message = row.map(Message::try_from).transpose()?;
        if let Some(message) = message
            && message.delivery == Some(DeliveryState::Unknown)
        {
            let job = Job {
                workspace: context.workspace,
                what: What::Again(id),
            };
            let again = job
                .letter(message.conversation_id)?
                .idempotency_key(format!("{id}/again"));
            store.outbox().enqueue_in(tx, &again).await?;
        }
        store.outbox().done_in(tx, letter).await?;
        Ok(())
    })
}

/// What is told to be read: on which channel, and what the provider calls it.
pub(in super::super) async fn read_mark(
    store: &Store,
    context: &Context,
    id: MessageId,
) -> Result<Option<(ChannelKind, ChannelId, String)>, Error> {
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let Some(row) = messages::row_in(tx, context, id).await? else {
            return Ok(None);
        };
        let channel = row.channel_id;
        let message = Message::try_from(row)?;
        let conversation = list::live_in(tx, context, message.conversation_id).await?;
        let mark = |provider_id| (conversation.channel_kind, channel, provider_id);
        Ok(message.provider_id.map(mark))
    })
}

impl Job {
    /// A letter that tells the contact that a message was read; nobody depends on it.
    pub(super) fn mark(self, message: MessageId) -> Result<Letter, Error> {
        Ok(Letter::json(MESSAGES, &self)?
            .tenant(self.workspace)
            .idempotency_key(format!("{message}/read"))
            .priority(Priority::Low)
            .lifetime(Duration::from_hours(1))
            .max_attempts(3))
    }
}
