//! The order of changes.

use aurora_core::store::{self, Connection, on_connection};

use crate::context::Context;
use crate::conversations::{Change, Changes, ConversationId, MessageId};
use crate::error::Error;
use crate::store::{Store, reading};

aurora_core::store::statements! {
    /// Locks the conversations of the workspace for the transaction.
    NEXT = "insert into conversation_feeds (workspace_id, seq) values ($1, 1)
        on conflict (workspace_id) do update set seq = conversation_feeds.seq + 1 returning seq";
    LAST = "select seq from conversation_feeds where workspace_id = $1";
    OF_CONVERSATIONS = "select changed_seq, id from conversations
        where workspace_id = $1 and changed_seq > $2 order by changed_seq limit $3";
    OF_MESSAGES = "select changed_seq, conversation_id, id from messages
        where workspace_id = $1 and changed_seq > $2 order by changed_seq limit $3";
}

/// The next place in the order. The first statement of everything that writes conversations: the writers of one workspace take turns from
/// here on, so that they find what others wrote before and nothing is committed out of order.
pub(in super::super) async fn next(tx: &mut Connection<'_>, context: &Context) -> Result<i64, Error> {
    let seq: Result<i64, store::Error> = on_connection!(tx, |tx| sqlx::query_scalar(NEXT)
        .bind(context.workspace)
        .fetch_one(&mut *tx));
    seq.map_err(|error| match error.kind() {
        store::ErrorKind::ForeignKey => Error::not_found("workspace"),
        _ => error.into(),
    })
}

pub(in super::super) async fn last(store: &Store, context: &Context) -> Result<i64, Error> {
    let seq: Option<i64> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(LAST)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(seq.unwrap_or(0))
}

pub(in super::super) async fn changes(
    store: &Store,
    context: &Context,
    after: i64,
    most: u32,
) -> Result<Changes, Error> {
    let most_rows = i64::from(most);
    let end = last(store, context).await?;
    if end <= after {
        return Ok(Changes {
            items: Vec::new(),
            after,
        });
    }
    type Rows = (Vec<(i64, ConversationId)>, Vec<(i64, ConversationId, MessageId)>);
    let (conversations, messages): Rows = reading!(store, context, |tx| {
        let conversations = sqlx::query_as(OF_CONVERSATIONS)
            .bind(context.workspace)
            .bind(after)
            .bind(most_rows)
            .fetch_all(&mut *tx)
            .await?;
        let messages = sqlx::query_as(OF_MESSAGES)
            .bind(context.workspace)
            .bind(after)
            .bind(most_rows)
            .fetch_all(&mut *tx)
            .await?;
        Ok((conversations, messages))
    })?;
    let of_conversations = conversations.into_iter().map(|(seq, conversation)| Change {
        seq,
        conversation,
        message: None,
    });
    let of_messages = messages.into_iter().map(|(seq, conversation, message)| Change {
        seq,
        conversation,
        message: Some(message),
    });
    let mut items: Vec<Change> = of_conversations.chain(of_messages).collect();
    items.sort_unstable_by_key(|change| change.seq);
    // In PostgreSQL each of the statements sees what was committed when it began: beyond what was there before the first of them,
    // one list may know of what the other has missed.
    items.retain(|change| change.seq <= end);
    items.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let after = items.last().map_or(end.max(after), |last| last.seq);
    Ok(Changes { items, after })
}
