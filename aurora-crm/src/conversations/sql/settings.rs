//! How a workspace works with conversations.

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use crate::channels::{ChannelId, SendError};
use crate::context::Context;
use crate::conversations::{ChannelPause, ConversationSettings, FallbackTemplate, FirstAssignee};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    GET = "select first_assignee, fallback, notices_from, version from conversation_settings where workspace_id = $1";
    SET = "insert into conversation_settings (workspace_id, first_assignee, fallback, notices_from) values ($1, $2, $3, $4)
        on conflict (workspace_id) do update set first_assignee = $2, fallback = $3, notices_from = $4,
            version = conversation_settings.version + 1";
    INSERT = "insert into conversation_settings (workspace_id, first_assignee, fallback, notices_from) values ($1, $2, $3, $4)
        on conflict (workspace_id) do nothing";
    UPDATE = "update conversation_settings set first_assignee = $2, fallback = $3, notices_from = $4, version = version + 1
        where workspace_id = $1 and version = $5";
    PAUSED = "select channel_id, code, detail, since from channel_pauses where workspace_id = $1 order by channel_id limit 1000";
    IS_PAUSED = "select since from channel_pauses where workspace_id = $1 and channel_id = $2";
    PAUSE = "insert into channel_pauses (workspace_id, channel_id, code, detail, since) values ($1, $2, $3, $4, $5)
        on conflict do nothing";
    RESUME = "delete from channel_pauses where workspace_id = $1 and channel_id = $2";
}

type SettingsRow = (String, Option<Json<FallbackTemplate>>, Option<ChannelId>, i64);

/// The settings and their version.
pub(in super::super) async fn get(
    store: &Store,
    context: &Context,
) -> Result<(ConversationSettings, i64), Error> {
    reading!(store, context, |tx| {
        stored_in(&mut (&mut *tx).into(), context).await
    })
}

pub(super) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
) -> Result<ConversationSettings, Error> {
    Ok(stored_in(tx, context).await?.0)
}

async fn stored_in(tx: &mut Connection<'_>, context: &Context) -> Result<(ConversationSettings, i64), Error> {
    let row: Option<SettingsRow> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    let Some((first_assignee, fallback, notices_from, version)) = row else {
        return Ok((ConversationSettings::default(), 0));
    };
    let settings = ConversationSettings {
        first_assignee: match first_assignee.as_str() {
            "nobody" => FirstAssignee::Nobody,
            "assistant" => FirstAssignee::Assistant,
            _ => return Err(store::Error::corrupt("the first assignee is nobody or the assistant").into()),
        },
        fallback: fallback.map(|json| json.0),
        notices_from,
    };
    Ok((settings, version))
}

/// Gives the new version; without an expected one, whatever was there is replaced.
pub(in super::super) async fn set(
    store: &Store,
    context: &Context,
    settings: &ConversationSettings,
    expected: Option<i64>,
) -> Result<i64, Error> {
    let statement = match expected {
        None => SET,
        Some(0) => INSERT,
        Some(_) => UPDATE,
    };
    let first_assignee = match settings.first_assignee {
        FirstAssignee::Nobody => "nobody",
        FirstAssignee::Assistant => "assistant",
    };
    let outcome: Result<i64, Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let written = on_connection!(tx, |tx| async {
            let mut query = sqlx::query(statement)
                .bind(context.workspace)
                .bind(first_assignee)
                .bind(settings.fallback.as_ref().map(Json))
                .bind(settings.notices_from);
            if let Some(version) = expected.filter(|version| *version != 0) {
                query = query.bind(version);
            }
            Ok::<_, sqlx::Error>(query.execute(&mut *tx).await?.rows_affected())
        })?;
        let (_, version) = stored_in(tx, context).await?;
        if written == 0 {
            return Err(Error::conflict("conversation settings", version));
        }
        let record = Record::new("conversations.configured", "workspace", context.workspace, now)
            .with("first_assignee", first_assignee)
            .with("fallback", settings.fallback.is_some());
        store.record(tx, context, now, &[record]).await?;
        Ok(version)
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

pub(in super::super) async fn paused(store: &Store, context: &Context) -> Result<Vec<ChannelPause>, Error> {
    let rows: Vec<(ChannelId, String, String, Timestamp)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAUSED)
            .bind(context.workspace)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let pause = |(channel, code, detail, since)| ChannelPause {
        channel,
        code,
        detail,
        since,
    };
    Ok(rows.into_iter().map(pause).collect())
}

pub(super) async fn is_paused(
    tx: &mut Connection<'_>,
    context: &Context,
    channel: ChannelId,
) -> Result<bool, Error> {
    let since: Option<Timestamp> = on_connection!(tx, |tx| sqlx::query_scalar(IS_PAUSED)
        .bind(context.workspace)
        .bind(channel)
        .fetch_optional(&mut *tx))?;
    Ok(since.is_some())
}

/// Sends nothing more from an end of a channel; the record tells operators, once.
pub(super) async fn pause(
    tx: &mut Connection<'_>,
    context: &Context,
    channel: ChannelId,
    error: &SendError,
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    let made = execute_on!(
        tx,
        sqlx::query(PAUSE)
            .bind(context.workspace)
            .bind(channel)
            .bind(super::insert::without_nul(&error.code))
            .bind(super::insert::without_nul(&error.detail))
            .bind(now)
    )?;
    let record = || Record::new("channel.paused", "channel", channel, now).with("code", error.code.as_str());
    Ok((made > 0).then(record))
}

pub(in super::super) async fn resume(
    store: &Store,
    context: &Context,
    channel: ChannelId,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let gone = execute_on!(tx, sqlx::query(RESUME).bind(context.workspace).bind(channel))?;
        if gone > 0 {
            let record = Record::new("channel.resumed", "channel", channel, now);
            store.record(tx, context, now, &[record]).await?;
        }
        Ok(gone > 0)
    })
}
