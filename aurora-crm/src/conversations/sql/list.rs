//! Reading conversations.

use aurora_core::page::{InvalidCursor, Page, PageRequest};
use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::rows::{ConversationRow, assignee_name, assignee_of, select_conversations};
use crate::channels::ChannelId;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::{
    ContactId, Conversation, ConversationFilter, ConversationId, LabelCount, UnreadCount, input,
};
use crate::error::Error;
use crate::store::words::{Bounds, count_words, has_words};
use crate::store::{END_OF_TIME, Store, reading};

/// The filter; what is not wanted is bound as null. It begins with the comparison, by which PostgreSQL learns the type.
macro_rules! listed {
    ($join:expr, $and:literal) => {
        select_conversations!(
            $join,
            concat!(
                "and v.merged_into is null and (v.last_message_at, v.id) < ($2, $3) and (v.status = $5 or $5 is null)
                and (v.assignee = $6 or $6 is null) and (v.channel_id = $7 or $7 is null)
                and (c.client_id = $8 or $8 is null) and (v.unread > 0 or cast($9 as bigint) = 0)
                and (cast($10 as text) is null or exists (select 1 from conversation_tags g where g.workspace_id = $1
                    and g.conversation_id = v.id and g.tag = $10)) ",
                $and,
                " order by v.last_message_at desc, v.id desc limit $4"
            )
        )
    };
}

aurora_core::store::statements! {
    GET = select_conversations!("and v.id = $2");
    OF_CONTACT = select_conversations!("and v.contact_id = $2 and v.channel_id = $3 and v.merged_into is null");
    /// The kind of an end of a channel that conversations are on.
    KIND_OF = "select channel_kind from conversations where workspace_id = $1 and channel_id = $2 and merged_into is null limit 1";
    NEWEST = listed!("", "");
    OF_STATUS = listed!("", "and v.status = $5");
    OF_ASSIGNEE = listed!("", "and v.assignee = $6");
    OF_CHANNEL = listed!("", "and v.channel_id = $7");
    OF_CLIENT = listed!("contacts k cross join", "and k.workspace_id = $1 and k.client_id = $8 and v.contact_id = k.id");
    UNREAD = listed!("", "and v.unread > 0");
    WITH_TAG = select_conversations!("conversation_tags f cross join",
        "and f.workspace_id = $1 and f.tag = $10 and v.id = f.conversation_id and v.merged_into is null
            and (f.last_message_at, f.conversation_id) < ($2, $3) and (v.status = $5 or $5 is null)
            and (v.assignee = $6 or $6 is null) and (v.channel_id = $7 or $7 is null)
            and (c.client_id = $8 or $8 is null) and (v.unread > 0 or cast($9 as bigint) = 0)
            order by f.last_message_at desc, f.conversation_id desc limit $4");
    /// How many begin with a word, as far as that matters.
    COUNT = count_words!("contact_words");
    /// `$11` and `$12` bound the word that the fewest begin with, `$13` to `$26` the others. Of the words of contacts that have those, too,
    /// the first 5,000 in their order are looked at.
    FOUND = listed!(
        concat!(
            "(select distinct n.contact_id from (
                select w.contact_id from contact_words w
                where w.workspace_id = $1 and w.word >= $11 and w.word < $12",
            has_words!("contact_words", "contact_id",
                ("$13", "$14"), ("$15", "$16"), ("$17", "$18"), ("$19", "$20"), ("$21", "$22"),
                ("$23", "$24"), ("$25", "$26")),
            " order by w.word, w.contact_id limit 5000
            ) n) t cross join"
        ),
        "and v.contact_id = t.contact_id"
    );
    UNREAD_COUNTS = "select assignee, count(*), cast(sum(unread) as bigint) from conversations
        where workspace_id = $1 and merged_into is null and unread > 0 group by assignee order by assignee limit 1000";
    /// Those of conversations that were joined with another went along.
    TAG_COUNTS = "select tag, count(*) from conversation_tags where workspace_id = $1 group by tag order by tag limit 1000";
}

pub(in super::super) async fn get(
    store: &Store,
    context: &Context,
    id: ConversationId,
) -> Result<Conversation, Error> {
    reading!(store, context, |tx| {
        live_in(&mut (&mut *tx).into(), context, id).await
    })
}

/// A conversation, or the one that it was joined with.
pub(in super::super) async fn live_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ConversationId,
) -> Result<Conversation, Error> {
    let missing = || Error::not_found("conversation");
    let row = row_in(tx, context, id).await?.ok_or_else(missing)?;
    // Never a chain: what was joined before goes along.
    let row = match row.merged_into {
        Some(kept) => row_in(tx, context, kept).await?.ok_or_else(missing)?,
        None => row,
    };
    Ok(row.try_into()?)
}

async fn row_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ConversationId,
) -> Result<Option<ConversationRow>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?)
}

pub(super) async fn of_contact(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: ContactId,
    channel: ChannelId,
) -> Result<Option<Conversation>, Error> {
    let row: Option<ConversationRow> = on_connection!(tx, |tx| sqlx::query_as(OF_CONTACT)
        .bind(context.workspace)
        .bind(contact)
        .bind(channel)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Conversation::try_from).transpose()?)
}

pub(in super::super) async fn page(
    store: &Store,
    context: &Context,
    filter: &ConversationFilter,
    request: &PageRequest,
) -> Result<Page<Conversation>, Error> {
    let scope = format!("conversations/{}/{}", context.workspace, filter.scope());
    let (micros, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (END_OF_TIME.as_micros(), ConversationId::from_uuid(Uuid::max())),
    };
    if micros > END_OF_TIME.as_micros() || micros < -END_OF_TIME.as_micros() {
        return Err(wrong_cursor(InvalidCursor));
    }
    let words = match &filter.contact {
        Some(text) => input::check_query(text)?,
        None => Vec::new(),
    };
    let bounds = Bounds::of(&words);
    let statement = match filter {
        ConversationFilter { contact: Some(_), .. } => FOUND,
        ConversationFilter { client: Some(_), .. } => OF_CLIENT,
        ConversationFilter { tag: Some(_), .. } => WITH_TAG,
        ConversationFilter { unread: true, .. } => UNREAD,
        ConversationFilter {
            assignee: Some(_), ..
        } => OF_ASSIGNEE,
        ConversationFilter { channel: Some(_), .. } => OF_CHANNEL,
        ConversationFilter { status: Some(_), .. } => OF_STATUS,
        ConversationFilter { .. } => NEWEST,
    };
    let rows: Vec<ConversationRow> = reading!(store, context, |tx| {
        let sought = bounds.sought(&mut (&mut *tx).into(), context, COUNT).await?;
        let mut query = sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(Timestamp::from_micros(micros))
            .bind(id)
            .bind(i64::from(request.limit()) + 1)
            .bind(filter.status.map(|status| status.as_str()))
            .bind(filter.assignee.map(assignee_name))
            .bind(filter.channel)
            .bind(filter.client)
            .bind(i64::from(filter.unread))
            .bind(filter.tag.as_deref());
        if let Some(sought) = sought {
            let (from, to) = sought.rarest;
            query = query.bind(from).bind(to);
            for (from, to) in sought.others {
                query = query.bind(from).bind(to);
            }
        }
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    let key = |row: &ConversationRow| (row.last_message_at.as_micros(), row.id);
    let page = Page::from_rows(rows, request, &scope, key).map_err(wrong_cursor)?;
    let items = page.items.into_iter().map(Conversation::try_from);
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}

pub(in super::super) async fn tag_counts(store: &Store, context: &Context) -> Result<Vec<LabelCount>, Error> {
    let rows: Vec<(String, i64)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(TAG_COUNTS)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let counts = rows
        .into_iter()
        .map(|(tag, conversations)| LabelCount { tag, conversations });
    Ok(counts.collect())
}

pub(in super::super) async fn unread_counts(
    store: &Store,
    context: &Context,
) -> Result<Vec<UnreadCount>, Error> {
    let rows: Vec<(String, i64, i64)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(UNREAD_COUNTS)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    rows.into_iter()
        .map(|(assignee, conversations, messages)| {
            Ok(UnreadCount {
                assignee: assignee_of(&assignee)?,
                conversations,
                messages,
            })
        })
        .collect()
}
