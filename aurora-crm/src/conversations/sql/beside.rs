//! What happens beside this program.

use aurora_core::store::Connection;
use aurora_core::time::Timestamp;
use serde_json::json;
use sqlx::types::Uuid;

use super::delivery::{Told, apply};
use super::ingest::{check, find_or_open, named, opened, repeated, save, storable};
use super::insert::{Draft, insert};
use super::{contacts, feed, messages, outgoing, settings};
use crate::channels::{Address, ChannelId, ChannelKind, DeliveryState, Inbound, SendError};
use crate::clients::OwnerId;
use crate::context::Context;
use crate::conversations::{
    Author, Content, Conversation, ConversationStatus, Direction, Ingested, Message, MessageId,
};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

pub(in super::super) async fn echo(
    store: &Store,
    context: &Context,
    echo: &Inbound,
) -> Result<Ingested, Error> {
    let addresses = named(echo);
    let kind = check(echo, &addresses)?;
    let known = reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        messages::by_provider(tx, context, echo.channel, &echo.provider_id).await
    })?;
    if let Some(known) = known {
        return Ok(repeated(known.try_into()?));
    }
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        echo_in(store, tx, context, echo, kind, &addresses).await
    })
}

async fn echo_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    echo: &Inbound,
    kind: ChannelKind,
    addresses: &[Address],
) -> Result<Ingested, Error> {
    let now = store.now();
    let seq = feed::next(tx, context).await?;
    // Another one may have brought it while we waited for our turn.
    let known = messages::by_provider(tx, context, echo.channel, &echo.provider_id).await?;
    if let Some(known) = known {
        return Ok(repeated(known.try_into()?));
    }
    let contact = contacts::of_sender(tx, context, addresses, echo.from.name.as_deref(), now).await?;
    let place = (echo.channel, kind);
    // As one that the workspace begins: it waits for the contact.
    let status = ConversationStatus::Pending;
    let (conversation, is_new) = find_or_open(tx, context, &contact, place, status, now).await?;
    let message = match &echo.content {
        Content::Notice { .. } => insert(tx, context, &told(echo, &conversation, (seq, now))).await?,
        _ => said(tx, context, echo, &conversation, (seq, now)).await?,
    };
    let mut records = Vec::with_capacity(2);
    if is_new {
        records.push(opened(&conversation, now));
    }
    records.push(
        Record::new("message.echoed", "message", message.id, now)
            .with("conversation", conversation.id.to_string())
            .with("kind", echo.content.kind()),
    );
    store.record(tx, context, now, &records).await?;
    Ok(Ingested {
        conversation: conversation.id,
        message,
        fresh: true,
    })
}

/// A notice, such as of a deleted message: nobody has said anything.
fn told<'a>(echo: &'a Inbound, conversation: &Conversation, (seq, now): (i64, Timestamp)) -> Draft<'a> {
    Draft {
        id: MessageId::new(now),
        conversation: conversation.id,
        channel: echo.channel,
        seq,
        direction: Direction::In,
        author: Author::System,
        content: &echo.content,
        extra: echo.extra.as_ref(),
        provider_id: Some(&echo.provider_id),
        reply_to: echo.reply_to.as_deref(),
        key: None,
        despite_closed: false,
        sent_at: storable(echo.sent_at),
        now,
    }
}

/// A message of a person of the house, which its provider has taken.
async fn said(
    tx: &mut Connection<'_>,
    context: &Context,
    echo: &Inbound,
    conversation: &Conversation,
    (seq, now): (i64, Timestamp),
) -> Result<Message, Error> {
    let draft = Draft {
        direction: Direction::Out,
        author: Author::Person(OwnerId::from_uuid(Uuid::nil())),
        // It gets its name with its state, and with that what was told under the name before.
        provider_id: None,
        ..told(echo, conversation, (seq, now))
    };
    let mut message = insert(tx, context, &draft).await?;
    let state = Told {
        state: DeliveryState::Accepted,
        at: storable(echo.sent_at),
        failure: None,
    };
    let (seq, name) = (feed::next(tx, context).await?, Some(echo.provider_id.as_str()));
    if let Some(taken) = apply(tx, context, &message, name, (echo.channel, seq), &[state]).await? {
        message = taken;
    }
    let mut after = conversation.clone();
    let is_closed = after.status == ConversationStatus::Closed;
    if is_closed && !matches!(echo.content, Content::Reaction { .. }) {
        after.status = ConversationStatus::Open;
        after.version = after.version.saturating_add(1);
    }
    after.last_message_at = after.last_message_at.max(now);
    save(tx, context, &after).await?;
    Ok(message)
}

pub(in super::super) async fn pause(
    store: &Store,
    context: &Context,
    channel: ChannelId,
    why: &SendError,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let paused = settings::pause(tx, context, channel, why, now).await?;
        let is_new = paused.is_some();
        let records: Vec<Record> = paused.into_iter().collect();
        store.record(tx, context, now, &records).await?;
        Ok(is_new)
    })
}

pub(in super::super) async fn media_lost(
    store: &Store,
    context: &Context,
    id: MessageId,
    why: &str,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        feed::next(tx, context).await?;
        let row = messages::row_in(tx, context, id).await?;
        let row = row.ok_or(Error::not_found("message"))?;
        let channel = row.channel_id;
        let message = Message::try_from(row)?;
        let content = Content::Notice {
            kind: "media_lost".to_owned(),
            raw: json!({"message": id, "reason": why}),
        };
        let place = (message.conversation_id, channel);
        outgoing::add_note(tx, context, place, Author::System, &content, now).await?;
        let record = Record::new("message.media_lost", "message", id, now).with("reason", why);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}
