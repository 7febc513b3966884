//! Reading messages.

use std::collections::HashMap;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;

use super::list;
use super::rows::{MessageRow, select_messages};
use crate::channels::ChannelId;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::{ConversationId, Message, MessageId, Seen};
use crate::error::Error;
use crate::store::{END_OF_TIME, Store, reading};

aurora_core::store::statements! {
    AFTER = select_messages!("and m.conversation_id = $2 and m.visible_seq > $3 and (m.direction = 'in' or m.delivery <> 'failed')
        order by m.visible_seq limit $4");
    GET = select_messages!("and m.id = $2");
    BY_PROVIDER = select_messages!("and m.channel_id = $2 and m.provider_id = $3");
    BY_KEY = select_messages!("and m.conversation_id = $2 and m.idempotency_key = $3");
    SHOWN = select_messages!("and m.conversation_id = $2 and (m.sent_at, m.position) < ($3, $4)
        order by m.sent_at desc, m.position desc limit $5");
    /// Reactions are the only messages that point at another, and notices what comes in and is not of the contact.
    RECENT = select_messages!("and m.conversation_id = $2 and m.reaction_to is null
        and ((m.direction = 'in' and m.author = 'contact') or (m.direction = 'out' and m.delivery <> 'failed'))
        order by m.sent_at desc, m.position desc limit $3");
    /// The last that one side said to the other in each conversation, also what was not sent; without reactions, notices and
    /// notes. What it says is read by itself: PostgreSQL would not look it up by what a subquery gives.
    LAST = "select (select l.id from messages l where l.workspace_id = $1 and l.conversation_id = v.id
            and l.reaction_to is null and (l.direction = 'out' or (l.direction = 'in' and l.author = 'contact'))
            order by l.sent_at desc, l.position desc limit 1)
        from conversations v where v.workspace_id = $1 and v.id in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
            $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)";
    EACH = select_messages!("and m.id in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22, $23, $24, $25, $26)");
}

/// How many conversations a statement looks into.
const AT_ONCE: usize = 25;

pub(in super::super) async fn get(store: &Store, context: &Context, id: MessageId) -> Result<Message, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

pub(super) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: MessageId,
) -> Result<Message, Error> {
    let row = row_in(tx, context, id).await?;
    Ok(Message::try_from(row.ok_or(Error::not_found("message"))?)?)
}

pub(super) async fn row_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: MessageId,
) -> Result<Option<MessageRow>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?)
}

pub(super) async fn by_provider(
    tx: &mut Connection<'_>,
    context: &Context,
    channel: ChannelId,
    provider_id: &str,
) -> Result<Option<MessageRow>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(BY_PROVIDER)
        .bind(context.workspace)
        .bind(channel)
        .bind(provider_id)
        .fetch_optional(&mut *tx))?)
}

pub(super) async fn by_key(
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: ConversationId,
    key: &str,
) -> Result<Option<Message>, Error> {
    let row: Option<MessageRow> = on_connection!(tx, |tx| sqlx::query_as(BY_KEY)
        .bind(context.workspace)
        .bind(conversation)
        .bind(key)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Message::try_from).transpose()?)
}

pub(in super::super) async fn page(
    store: &Store,
    context: &Context,
    id: ConversationId,
    request: &PageRequest,
) -> Result<Page<Message>, Error> {
    let scope = format!("conversations.messages/{}/{id}", context.workspace);
    let (micros, position) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (END_OF_TIME.as_micros(), i64::MAX),
    };
    if micros > END_OF_TIME.as_micros() || micros < -END_OF_TIME.as_micros() {
        return Err(wrong_cursor(aurora_core::page::InvalidCursor));
    }
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
        let id = list::live_in(&mut (&mut *tx).into(), context, id).await?.id;
        Ok(sqlx::query_as(SHOWN)
            .bind(context.workspace)
            .bind(id)
            .bind(Timestamp::from_micros(micros))
            .bind(position)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    messages(rows, request, &scope, |message| {
        (message.sent_at.as_micros(), message.position)
    })
}

/// A page of messages out of its rows.
pub(super) fn messages<K: serde::Serialize>(
    rows: Vec<MessageRow>,
    request: &PageRequest,
    scope: &str,
    key: impl Fn(&Message) -> K,
) -> Result<Page<Message>, Error> {
    let found = rows
        .into_iter()
        .map(Message::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Page::from_rows(found, request, scope, key).map_err(wrong_cursor)
}

pub(in super::super) async fn recent(
    store: &Store,
    context: &Context,
    id: ConversationId,
    most: u32,
) -> Result<Vec<Message>, Error> {
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
        let id = list::live_in(&mut (&mut *tx).into(), context, id).await?.id;
        Ok(sqlx::query_as(RECENT)
            .bind(context.workspace)
            .bind(id)
            .bind(i64::from(most))
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let mut found = rows
        .into_iter()
        .map(Message::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    found.reverse();
    Ok(found)
}

pub(in super::super) async fn last(
    store: &Store,
    context: &Context,
    ids: &[ConversationId],
) -> Result<HashMap<ConversationId, Message>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let mut query = sqlx::query_scalar(LAST).bind(context.workspace);
            // What is null is nobody's id.
            for slot in 0..AT_ONCE {
                query = query.bind(some.get(slot).copied());
            }
            let last: Vec<Option<MessageId>> = query.fetch_all(&mut *tx).await?;
            let mut query = sqlx::query_as(EACH).bind(context.workspace);
            for slot in 0..AT_ONCE {
                query = query.bind(last.get(slot).copied().flatten());
            }
            let rows: Vec<MessageRow> = query.fetch_all(&mut *tx).await?;
            found.extend(rows);
        }
        Ok(found)
    })?;
    let mut last = HashMap::with_capacity(rows.len());
    for row in rows {
        let message = Message::try_from(row)?;
        last.insert(message.conversation_id, message);
    }
    Ok(last)
}

pub(in super::super) async fn after(
    store: &Store,
    context: &Context,
    id: ConversationId,
    after: i64,
    most: u32,
) -> Result<Seen, Error> {
    let rows: Vec<MessageRow> = reading!(store, context, |tx| {
        let id = list::live_in(&mut (&mut *tx).into(), context, id).await?.id;
        Ok(sqlx::query_as(AFTER)
            .bind(context.workspace)
            .bind(id)
            .bind(after)
            .bind(i64::from(most))
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let after = rows.last().and_then(|row| row.visible_seq).unwrap_or(after);
    let items = rows.into_iter().map(Message::try_from);
    Ok(Seen {
        items: items.collect::<Result<_, _>>()?,
        after,
    })
}
