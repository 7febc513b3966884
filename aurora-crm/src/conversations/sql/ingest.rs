//! What comes in.

use aurora_core::store::outbox::Message as Letter;
use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde_json::Value;
use sqlx::types::Json;

use super::insert::{Draft, insert};
use super::{allowed, contacts, feed, list, messages, settings};
use crate::channels::{Address, AddressKind, ChannelId, ChannelKind, Inbound};
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, Burst, Contact, Content, Conversation, ConversationId, ConversationStatus, Direction,
    FirstAssignee, Ingested, Message, MessageId, TURNS, Turn, identity,
};
use crate::error::Error;
use crate::fields::Fields;
use crate::journal::Record;
use crate::leads::refused;
use crate::store::{END_OF_TIME, Store, reading, writing};

/// The longest name of a message at a provider, in bytes.
pub(super) const MAX_PROVIDER_ID: usize = 512;
/// The most that a message with everything in it takes as JSON, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

aurora_core::store::statements! {
    INSERT = "insert into conversations (workspace_id, id, contact_id, channel_kind, channel_id, status, assignee, tags, unread,
            last_message_at, version, changed_seq, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 1, $10, $9)";
    HEARD = "update conversations set status = $3, unread = $4, last_inbound_at = $5, last_message_at = $6, version = $7
        where workspace_id = $1 and id = $2";
    /// How many of the last `$4` messages came in after `$3`.
    LATELY = "select count(*) from (select created_at from messages
            where workspace_id = $1 and conversation_id = $2 and direction = 'in' order by position desc limit $4) r
        where r.created_at > $3";
    TOUCH_TAGS = "update conversation_tags set last_message_at = $3 where workspace_id = $1 and conversation_id = $2";
}

pub(in super::super) async fn ingest(
    store: &Store,
    context: &Context,
    inbound: &Inbound,
    burst: Option<Burst>,
) -> Result<Ingested, Error> {
    let addresses = named(inbound);
    let kind = check(inbound, &addresses)?;
    let known = reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        messages::by_provider(tx, context, inbound.channel, &inbound.provider_id).await
    })?;
    if let Some(known) = known {
        return Ok(repeated(known.try_into()?));
    }
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        ingest_in(store, tx, context, inbound, (kind, burst), &addresses).await
    })
}

async fn ingest_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    inbound: &Inbound,
    (kind, burst): (ChannelKind, Option<Burst>),
    addresses: &[Address],
) -> Result<Ingested, Error> {
    let now = store.now();
    let seq = feed::next(tx, context).await?;
    // Another one may have brought it while we waited for our turn.
    let known = messages::by_provider(tx, context, inbound.channel, &inbound.provider_id).await?;
    if let Some(known) = known {
        return Ok(repeated(known.try_into()?));
    }
    let contact = contacts::of_sender(tx, context, addresses, inbound.from.name.as_deref(), now).await?;
    let place = (inbound.channel, kind);
    let (conversation, is_new) =
        find_or_open(tx, context, &contact, place, ConversationStatus::Open, now).await?;
    if let Some(burst) = burst {
        hold_back(tx, context, conversation.id, burst, now).await?;
    }
    let is_told = matches!(inbound.content, Content::Notice { .. });
    let draft = Draft {
        id: MessageId::new(now),
        conversation: conversation.id,
        channel: inbound.channel,
        seq,
        direction: Direction::In,
        author: if is_told { Author::System } else { Author::Contact },
        content: &inbound.content,
        extra: inbound.extra.as_ref(),
        provider_id: Some(&inbound.provider_id),
        reply_to: inbound.reply_to.as_deref(),
        key: None,
        despite_closed: false,
        sent_at: storable(inbound.sent_at),
        now,
    };
    let message = insert(tx, context, &draft).await?;
    let is_said = !is_told && !matches!(inbound.content, Content::Reaction { .. });
    let counts = is_said && contact.blocked_at.is_none();
    hear(tx, context, &conversation, counts.then_some(inbound.sent_at), now).await?;
    // A model may not be shown what may not be used.
    let is_for_assistant = counts && conversation.assignee == Assignee::Assistant;
    if is_for_assistant && !allowed::is_client_blocked(tx, context, &contact).await? {
        enqueue_turn(store, tx, context, conversation.id, (message.id, None)).await?;
    }
    let id = conversation.id;
    let mut records = Vec::with_capacity(2);
    if is_new {
        records.push(opened(&conversation, now));
    }
    records.push(
        Record::new("message.received", "message", message.id, now)
            .with("conversation", id.to_string())
            .with("kind", inbound.content.kind()),
    );
    store.record(tx, context, now, &records).await?;
    Ok(Ingested {
        message,
        conversation: id,
        fresh: true,
    })
}

/// Refuses more than may come in. Writers take turns, so that of many at the same moment no more are taken.
async fn hold_back(
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: ConversationId,
    burst: Burst,
    now: Timestamp,
) -> Result<(), Error> {
    let lately: i64 = on_connection!(tx, |tx| sqlx::query_scalar(LATELY)
        .bind(context.workspace)
        .bind(conversation)
        .bind(now - burst.span)
        .bind(i64::from(burst.most))
        .fetch_one(&mut *tx))?;
    if lately < i64::from(burst.most) {
        return Ok(());
    }
    let text = format!(
        "at most {} messages are taken in {} seconds",
        burst.most,
        burst.span.as_secs()
    );
    Err(refused("message", "too_many", text))
}

pub(super) fn repeated(message: Message) -> Ingested {
    Ingested {
        conversation: message.conversation_id,
        message,
        fresh: false,
    }
}

pub(super) fn opened(conversation: &Conversation, now: Timestamp) -> Record {
    Record::new("conversation.opened", "conversation", conversation.id, now)
        .with("channel", conversation.channel_kind.as_str())
}

/// The addresses that a message names; the one that a notice of a changed number tells comes first.
pub(super) fn named(inbound: &Inbound) -> Vec<Address> {
    let mut addresses = Vec::new();
    if let Content::Notice { kind, raw } = &inbound.content
        && kind == "user_changed_number"
    {
        let new = raw.pointer("/system/wa_id").or_else(|| raw.get("wa_id"));
        addresses.extend(
            new.and_then(Value::as_str)
                .map(|id| Address::new(AddressKind::WaId, id)),
        );
    }
    for address in &inbound.from.addresses {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}

pub(super) fn check(inbound: &Inbound, addresses: &[Address]) -> Result<ChannelKind, Error> {
    let kind = identity::check("from.addresses", addresses)?;
    let mut fields = Fields::default();
    fields.line("provider_id", &inbound.provider_id, MAX_PROVIDER_ID);
    let bytes = serde_json::to_vec(inbound).map_or(usize::MAX, |json| json.len());
    if bytes > MAX_BYTES {
        fields.refuse("content", "too_long", "must have at most 1 MiB as JSON");
    }
    fields.finish(kind)
}

/// A provider's time as every database takes it.
pub(super) fn storable(time: Timestamp) -> Timestamp {
    time.clamp(Timestamp::UNIX_EPOCH, END_OF_TIME)
}

/// The conversation with a contact on an end of a channel, and whether it was made.
pub(super) async fn find_or_open(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: &Contact,
    (channel, kind): (ChannelId, ChannelKind),
    status: ConversationStatus,
    now: Timestamp,
) -> Result<(Conversation, bool), Error> {
    if let Some(known) = list::of_contact(tx, context, contact.id, channel).await? {
        return Ok((known, false));
    }
    let assignee = match settings::get_in(tx, context).await?.first_assignee {
        FirstAssignee::Nobody => "nobody",
        FirstAssignee::Assistant => "assistant",
    };
    let id = ConversationId::new(now);
    let seq = feed::next(tx, context).await?;
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(id)
            .bind(contact.id)
            .bind(kind.as_str())
            .bind(channel)
            .bind(status.as_str())
            .bind(assignee)
            .bind(Json(Vec::<String>::new()))
            .bind(now)
            .bind(seq)
    )?;
    Ok((list::live_in(tx, context, id).await?, true))
}

/// What a message changes of its conversation: `said` is when the contact said something.
async fn hear(
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: &Conversation,
    said: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    let mut after = conversation.clone();
    if let Some(said) = said {
        // A clock that is ahead would leave the window open for longer than it is.
        after.last_inbound_at = after.last_inbound_at.max(Some(storable(said).min(now)));
        after.unread = after.unread.saturating_add(1);
        after.status = ConversationStatus::Open;
    }
    if after.status != conversation.status {
        after.version = after.version.saturating_add(1);
    }
    after.last_message_at = after.last_message_at.max(now);
    save(tx, context, &after).await
}

/// Writes what messages change of a conversation.
pub(super) async fn save(
    tx: &mut Connection<'_>,
    context: &Context,
    after: &Conversation,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(HEARD)
            .bind(context.workspace)
            .bind(after.id)
            .bind(after.status.as_str())
            .bind(after.unread)
            .bind(after.last_inbound_at)
            .bind(after.last_message_at)
            .bind(after.version)
    )?;
    if !after.tags.is_empty() {
        execute_on!(
            tx,
            sqlx::query(TOUCH_TAGS)
                .bind(context.workspace)
                .bind(after.id)
                .bind(after.last_message_at)
        )?;
    }
    Ok(())
}

/// The assistant's turn after a message: one when it comes in, and one each time that the conversation is given back with it
/// unanswered, told apart by the version.
pub(super) async fn enqueue_turn(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: ConversationId,
    (message, given): (MessageId, Option<i64>),
) -> Result<(), Error> {
    let turn = Turn {
        workspace: context.workspace,
        conversation,
        message,
    };
    let letter = Letter::json(TURNS, &turn)?
        .tenant(context.workspace)
        .ordering_key(conversation)
        .idempotency_key(given.map_or_else(|| message.to_string(), |version| format!("{message}/{version}")));
    store.outbox().enqueue_in(tx, &letter).await?;
    Ok(())
}
