//! Who answers, and whether a conversation goes on.

use aurora_core::store::{Connection, execute_on, on_connection};
use serde_json::json;
use sqlx::types::Json;

use super::ingest::enqueue_turn;
use super::rows::assignee_name;
use super::{allowed, feed, list, outgoing};
use crate::context::Context;
use crate::conversations::sender::{Job, What};
use crate::conversations::{
    Assignee, Author, Content, Conversation, ConversationId, ConversationStatus, MessageId,
};
use crate::error::Error;
use crate::journal::Record;
use crate::leads::refused;
use crate::store::{Store, writing};

/// The most labels of one conversation.
const MAX_TAGS: usize = 20;

aurora_core::store::statements! {
    TURN = "update conversations set status = $4, assignee = $5, version = version + 1, changed_seq = $6
        where workspace_id = $1 and id = $2 and version = $3";
    SET_TAGS = "update conversations set tags = $3, version = version + 1, changed_seq = $4
        where workspace_id = $1 and id = $2";
    ADD_TAG = "insert into conversation_tags (workspace_id, conversation_id, tag, last_message_at) values ($1, $2, $3, $4)
        on conflict do nothing";
    DROP_TAG = "delete from conversation_tags where workspace_id = $1 and conversation_id = $2 and tag = $3";
    READ = "update conversations set unread = $4, changed_seq = $3 where workspace_id = $1 and id = $2";
    /// What the contact said last, or a person after it. What the assistant wrote may have been no answer: it knows itself.
    LAST = "select id, direction from messages where workspace_id = $1 and conversation_id = $2 and reaction_to is null
            and ((direction = 'in' and author = 'contact')
                or (direction = 'out' and delivery <> 'failed' and author not in ('assistant', 'system')))
        order by position desc limit 1";
    LAST_HEARD = "select id from messages where workspace_id = $1 and conversation_id = $2 and direction = 'in'
            and author = 'contact' and reaction_to is null and provider_id is not null and position <= $3
        order by position desc limit 1";
    /// How many messages of the contact came after a position, up to `$4`.
    HEARD_AFTER = "select count(*) from (select position from messages where workspace_id = $1 and conversation_id = $2
            and direction = 'in' and author = 'contact' and reaction_to is null and position > $3
        order by position desc limit $4) r";
}

/// What becomes of a conversation.
#[derive(Debug)]
pub(in super::super) enum Turned {
    /// It goes to somebody, for a reason.
    Assigned(Assignee, Option<String>),
    /// It goes on, waits or ends.
    Status(ConversationStatus),
}

pub(in super::super) async fn turn(
    store: &Store,
    context: &Context,
    id: ConversationId,
    expected: i64,
    turned: Turned,
) -> Result<Conversation, Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        turn_in(store, tx, context, id, expected, &turned).await
    })
}

async fn turn_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: ConversationId,
    expected: i64,
    turned: &Turned,
) -> Result<Conversation, Error> {
    let now = store.now();
    let seq = feed::next(tx, context).await?;
    let before = list::live_in(tx, context, id).await?;
    if before.version != expected {
        return Err(Error::conflict("conversation", before.version));
    }
    let (status, assignee) = match turned {
        Turned::Assigned(assignee, _) => (before.status, *assignee),
        Turned::Status(status) => (*status, before.assignee),
    };
    if (status, assignee) == (before.status, before.assignee) {
        return Ok(before);
    }
    execute_on!(
        tx,
        sqlx::query(TURN)
            .bind(context.workspace)
            .bind(before.id)
            .bind(expected)
            .bind(status.as_str())
            .bind(assignee_name(assignee))
            .bind(seq)
    )?;
    let (action, told) = match turned {
        Turned::Assigned(_, reason) => {
            let (from, to) = (before.assignee, assignee);
            let raw = json!({"from": from, "to": to, "reason": reason});
            ("conversation.assigned", ("assigned", raw))
        }
        Turned::Status(_) => {
            let raw = json!({"from": before.status, "to": status});
            ("conversation.status_changed", ("status_changed", raw))
        }
    };
    let content = Content::Notice {
        kind: told.0.to_owned(),
        raw: told.1,
    };
    let place = (before.id, before.channel_id);
    outgoing::add_note(tx, context, place, Author::System, &content, now).await?;
    let after = list::live_in(tx, context, before.id).await?;
    if assignee == Assignee::Assistant && before.assignee != assignee {
        give_back(store, tx, context, &after).await?;
    }
    let record = Record::new(action, "conversation", before.id, now)
        .with("status", status.as_str())
        .with("assignee", assignee_name(assignee))
        .with("version", after.version);
    store.record(tx, context, now, &[record]).await?;
    Ok(after)
}

/// The assistant has a conversation again: when the contact may wait for an answer, it takes its turn.
async fn give_back(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: &Conversation,
) -> Result<(), Error> {
    let contact = &conversation.contact;
    // As for what comes in: a model may not be shown what may not be used.
    if contact.blocked_at.is_some() || allowed::is_client_blocked(tx, context, contact).await? {
        return Ok(());
    }
    let last: Option<(MessageId, String)> = on_connection!(tx, |tx| sqlx::query_as(LAST)
        .bind(context.workspace)
        .bind(conversation.id)
        .fetch_optional(&mut *tx))?;
    match last {
        Some((message, direction)) if direction == "in" => {
            let given = (message, Some(conversation.version));
            enqueue_turn(store, tx, context, conversation.id, given).await
        }
        _ => Ok(()),
    }
}

pub(in super::super) async fn tag(
    store: &Store,
    context: &Context,
    id: ConversationId,
    tag: &str,
    on: bool,
) -> Result<Conversation, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let before = list::live_in(tx, context, id).await?;
        let mut tags = before.tags.clone();
        if tags.iter().any(|present| present == tag) == on {
            return Ok(before);
        }
        if on && tags.len() >= MAX_TAGS {
            return Err(refused("tag", "too_many", "a conversation has at most 20 labels"));
        }
        if on {
            tags.push(tag.to_owned());
            execute_on!(
                tx,
                sqlx::query(ADD_TAG)
                    .bind(context.workspace)
                    .bind(before.id)
                    .bind(tag)
                    .bind(before.last_message_at)
            )?;
        } else {
            tags.retain(|present| present != tag);
            execute_on!(
                tx,
                sqlx::query(DROP_TAG)
                    .bind(context.workspace)
                    .bind(before.id)
                    .bind(tag)
            )?;
        }
        execute_on!(
            tx,
            sqlx::query(SET_TAGS)
                .bind(context.workspace)
                .bind(before.id)
                .bind(Json(&tags))
                .bind(seq)
        )?;
        let after = list::live_in(tx, context, before.id).await?;
        let record =
            Record::new("conversation.tagged", "conversation", before.id, now).with("version", after.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(after)
    })
}

pub(in super::super) async fn mark_read(
    store: &Store,
    context: &Context,
    id: ConversationId,
    up_to: i64,
) -> Result<Conversation, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let seq = feed::next(tx, context).await?;
        let mut conversation = list::live_in(tx, context, id).await?;
        let unread: i64 = on_connection!(tx, |tx| sqlx::query_scalar(HEARD_AFTER)
            .bind(context.workspace)
            .bind(conversation.id)
            .bind(up_to)
            .bind(conversation.unread)
            .fetch_one(&mut *tx))?;
        if unread == conversation.unread {
            return Ok(conversation);
        }
        execute_on!(
            tx,
            sqlx::query(READ)
                .bind(context.workspace)
                .bind(conversation.id)
                .bind(seq)
                .bind(unread)
        )?;
        let last: Option<MessageId> = on_connection!(tx, |tx| sqlx::query_scalar(LAST_HEARD)
            .bind(context.workspace)
            .bind(conversation.id)
            .bind(up_to)
            .fetch_optional(&mut *tx))?;
        if let Some(message) = last {
            let job = Job {
                workspace: context.workspace,
                what: What::Read(message),
            };
            let letter = job.mark(message)?;
            store.outbox().enqueue_in(tx, &letter).await?;
        }
        conversation.unread = unread;
        let record = Record::new("conversation.read", "conversation", conversation.id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(conversation)
    })
}
