use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::super::link::{CalendarLinkId, ChannelId};
use crate::context::Context;

aurora_core::store::statements! {
    INSERT = "insert into calendar_channels (workspace_id, id, link_id, token_hash, created_at)
        values ($1, $2, $3, $4, $5)";
    OPENED = "update calendar_channels set resource_id = $3, expires_at = $4 where workspace_id = $1 and id = $2";
    GET = "select c.id, c.link_id, c.token_hash, c.resource_id, c.expires_at from calendar_channels c
        join calendar_links l on l.workspace_id = c.workspace_id and l.id = c.link_id and l.state = 'active'
        where c.workspace_id = $1 and c.id = $2";
    OF_LINK = "select id, link_id, token_hash, resource_id, expires_at from calendar_channels
        where workspace_id = $1 and link_id = $2 and resource_id is not null order by id desc limit 100";
    DELETE = "delete from calendar_channels where workspace_id = $1 and id = $2";
    FORGET = "delete from calendar_channels
        where workspace_id = $1 and link_id = $2 and resource_id is null and created_at <= $3";
}

/// A channel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in super::super) struct Channel {
    pub(in super::super) id: ChannelId,
    pub(in super::super) link_id: CalendarLinkId,
    pub(in super::super) token_hash: String,
    pub(in super::super) resource_id: Option<String>,
    pub(in super::super) expires_at: Option<Timestamp>,
}

pub(in super::super) async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, link): (ChannelId, CalendarLinkId),
    token_hash: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(id)
            .bind(link)
            .bind(token_hash)
            .bind(now)
    )?;
    Ok(())
}

pub(in super::super) async fn opened(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ChannelId,
    (resource_id, expires_at): (&str, Timestamp),
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(OPENED)
            .bind(context.workspace)
            .bind(id)
            .bind(resource_id)
            .bind(expires_at)
    )?;
    Ok(())
}

/// A channel of a link that works.
pub(in super::super) async fn get(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ChannelId,
) -> Result<Option<Channel>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))
}

/// The channels of a link that Google has opened, the newest first; 100 at most.
pub(in super::super) async fn of_link(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
) -> Result<Vec<Channel>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(OF_LINK)
        .bind(context.workspace)
        .bind(link)
        .fetch_all(&mut *tx))
}

pub(in super::super) async fn delete(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ChannelId,
) -> Result<(), store::Error> {
    execute_on!(tx, sqlx::query(DELETE).bind(context.workspace).bind(id))?;
    Ok(())
}

/// Forgets the channels of a link that were asked for until a time, and of which no answer came.
pub(in super::super) async fn forget(
    tx: &mut Connection<'_>,
    context: &Context,
    link: CalendarLinkId,
    until: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(FORGET).bind(context.workspace).bind(link).bind(until)
    )?;
    Ok(())
}
