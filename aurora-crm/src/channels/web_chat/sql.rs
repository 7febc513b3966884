use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;

use super::WebChatEnd;
use crate::channels::ChannelId;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into web_chats (workspace_id, id, name, created_at) values ($1, $2, $3, $4)";
    GET = "select id, name, created_at, disabled_at from web_chats where workspace_id = $1 and id = $2";
    LIST = "select id, name, created_at, disabled_at from web_chats where workspace_id = $1 order by id limit 200";
    SWITCH = "update web_chats set disabled_at = $3 where workspace_id = $1 and id = $2";
}

type Row = (ChannelId, String, Timestamp, Option<Timestamp>);

fn end((id, name, created_at, disabled_at): Row) -> WebChatEnd {
    WebChatEnd {
        id,
        name,
        created_at,
        disabled_at,
    }
}

pub(super) async fn insert(store: &Store, context: &Context, name: &str) -> Result<WebChatEnd, Error> {
    let now = store.now();
    let id = ChannelId::new(now);
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        execute_on!(
            tx,
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(id)
                .bind(name)
                .bind(now)
        )?;
        let record = Record::new("web_chat.created", "channel", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })?;
    get(store, context, id).await
}

pub(super) async fn get(store: &Store, context: &Context, id: ChannelId) -> Result<WebChatEnd, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    row.map(end).ok_or(Error::not_found("web chat"))
}

pub(super) async fn list(store: &Store, context: &Context) -> Result<Vec<WebChatEnd>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    Ok(rows.into_iter().map(end).collect())
}

pub(super) async fn switch(
    store: &Store,
    context: &Context,
    id: ChannelId,
    on: bool,
) -> Result<WebChatEnd, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let found = execute_on!(
            tx,
            sqlx::query(SWITCH)
                .bind(context.workspace)
                .bind(id)
                .bind((!on).then_some(now))
        )?;
        if found == 0 {
            return Err(Error::not_found("web chat"));
        }
        let action = if on {
            "web_chat.enabled"
        } else {
            "web_chat.disabled"
        };
        let record = Record::new(action, "channel", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })?;
    get(store, context, id).await
}
