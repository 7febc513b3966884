//! What channels tell of outgoing messages.

use std::time::Duration;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::ingest::MAX_PROVIDER_ID;
use super::{feed, insert, messages, outgoing, settings};
use crate::channels::{ChannelId, DeliveryState, DeliveryUpdate, SendErrorKind};
use crate::context::Context;
use crate::conversations::{Direction, Message};
use crate::error::Error;
use crate::fields::Fields;
use crate::journal::Record;
use crate::store::{END_OF_TIME, Store, writing};

/// How long is kept what a channel told of a message that has not its name yet.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// The longest reason that is kept, in characters.
const MAX_FAILURE: usize = 500;

aurora_core::store::statements! {
    SET = "update messages set delivery = $3, delivery_at = coalesce($4, delivery_at), failure = $5, provider_id = $6, attempt_at = null, changed_seq = $7,
            visible_seq = coalesce(visible_seq, $8)
        where workspace_id = $1 and id = $2";
    KEEP = "insert into early_deliveries (workspace_id, channel_id, provider_id, state, at, failure, kept_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    EARLY = "select state, at, failure from early_deliveries where workspace_id = $1 and channel_id = $2 and provider_id = $3";
    DROP_EARLY = "delete from early_deliveries where workspace_id = $1 and channel_id = $2 and provider_id = $3";
    FORGET = "delete from early_deliveries where workspace_id = $1 and kept_at < $2";
}

/// One thing that a channel told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) state: DeliveryState,
    pub(super) at: Timestamp,
    pub(super) failure: Option<String>,
}

pub(in super::super) async fn take(
    store: &Store,
    context: &Context,
    update: &DeliveryUpdate,
) -> Result<Option<Message>, Error> {
    let mut fields = Fields::default();
    fields.line("provider_id", &update.provider_id, MAX_PROVIDER_ID);
    fields.finish(())?;
    writing!(store, context, |tx| {
        take_in(store, &mut (&mut *tx).into(), context, update).await
    })
}

async fn take_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    update: &DeliveryUpdate,
) -> Result<Option<Message>, Error> {
    let now = store.now();
    let seq = feed::next(tx, context).await?;
    let told = Told {
        state: update.state,
        at: update.at.clamp(Timestamp::UNIX_EPOCH, END_OF_TIME),
        failure: (update.state == DeliveryState::Failed).then(|| {
            let error = update.error.as_ref();
            reason(&error.map_or_else(|| "failed".to_owned(), ToString::to_string))
        }),
    };
    let mut found = messages::by_provider(tx, context, update.channel, &update.provider_id).await?;
    if let (None, Some(own)) = (&found, update.message) {
        let row = messages::row_in(tx, context, own).await?;
        found = row.filter(|row| row.channel_id == update.channel);
    }
    let Some(row) = found else {
        keep(tx, context, update, &told, now).await?;
        return Ok(None);
    };
    let before = Message::try_from(row)?;
    let Some(changed) = apply(
        tx,
        context,
        &before,
        Some(&update.provider_id),
        (update.channel, seq),
        &[told],
    )
    .await?
    else {
        return Ok(None);
    };
    let mut records = vec![settled(&changed, now)];
    if let Some(error) = &update.error
        && changed.delivery == Some(DeliveryState::Failed)
    {
        if error.kind == SendErrorKind::WindowClosed {
            records.extend(outgoing::fall_back(store, tx, context, &changed, now).await?);
        } else if error.kind == SendErrorKind::Account {
            records.extend(settings::pause(tx, context, update.channel, error, now).await?);
        }
    }
    store.record(tx, context, now, &records).await?;
    Ok(Some(changed))
}

async fn keep(
    tx: &mut Connection<'_>,
    context: &Context,
    update: &DeliveryUpdate,
    told: &Told,
    now: Timestamp,
) -> Result<(), Error> {
    execute_on!(tx, sqlx::query(FORGET).bind(context.workspace).bind(now - KEPT))?;
    execute_on!(
        tx,
        sqlx::query(KEEP)
            .bind(context.workspace)
            .bind(update.channel)
            .bind(&update.provider_id)
            .bind(told.state.as_str())
            .bind(told.at)
            .bind(told.failure.as_deref())
            .bind(now)
    )?;
    Ok(())
}

/// Takes states that a message takes, and what the provider calls it, with everything that was told under that name before. Gives
/// the message when it was changed.
pub(super) async fn apply(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Message,
    provider_id: Option<&str>,
    (channel, seq): (ChannelId, i64),
    told: &[Told],
) -> Result<Option<Message>, Error> {
    let Some(mut state) = before.delivery.filter(|_| before.direction == Direction::Out) else {
        return Ok(None);
    };
    let mut told = told.to_vec();
    let new_name = provider_id.filter(|name| before.provider_id.as_deref() != Some(*name));
    // A message that was sent twice keeps its first name, and both are found by our own.
    let takes_name = new_name.filter(|_| before.provider_id.is_none());
    if let Some(name) = new_name {
        told.extend(early(tx, context, channel, name).await?);
    }
    told.sort_by_key(|told| told.state);
    let (mut failure, mut at) = (before.failure.clone(), None);
    for told in told {
        if state.takes(told.state) {
            (state, failure, at) = (told.state, told.failure, Some(told.at));
        }
    }
    if at.is_none() && takes_name.is_none() {
        return Ok(None);
    }
    execute_on!(
        tx,
        sqlx::query(SET)
            .bind(context.workspace)
            .bind(before.id)
            .bind(state.as_str())
            .bind(at)
            .bind(failure)
            .bind(takes_name.or(before.provider_id.as_deref()))
            .bind(seq)
            .bind(state.is_taken().then_some(seq))
    )?;
    if let Some(name) = takes_name {
        insert::early_reactions(tx, context, before.id, channel, name).await?;
    }
    messages::get_in(tx, context, before.id).await.map(Some)
}

/// What was told under a name before; it is not kept any longer.
async fn early(
    tx: &mut Connection<'_>,
    context: &Context,
    channel: ChannelId,
    name: &str,
) -> Result<Vec<Told>, Error> {
    let rows: Vec<(String, Timestamp, Option<String>)> = on_connection!(tx, |tx| sqlx::query_as(EARLY)
        .bind(context.workspace)
        .bind(channel)
        .bind(name)
        .fetch_all(&mut *tx))?;
    if !rows.is_empty() {
        execute_on!(
            tx,
            sqlx::query(DROP_EARLY)
                .bind(context.workspace)
                .bind(channel)
                .bind(name)
        )?;
    }
    let told = |(state, at, failure): (String, Timestamp, Option<String>)| {
        let state = state.parse().map_err(store::Error::corrupt)?;
        Ok(Told { state, at, failure })
    };
    rows.into_iter().map(told).collect()
}

/// Says why a message was not delivered, as it is kept.
pub(super) fn reason(text: &str) -> String {
    insert::without_nul(text).chars().take(MAX_FAILURE).collect()
}

/// The record of how far a message has come.
pub(super) fn settled(message: &Message, now: Timestamp) -> Record {
    let state = message.delivery.map_or("", DeliveryState::as_str);
    let record = Record::new("message.delivery", "message", message.id, now)
        .with("conversation", message.conversation_id.to_string())
        .with("state", state);
    match message
        .failure
        .as_deref()
        .and_then(|failure| failure.split(':').next())
    {
        Some(code) if message.delivery == Some(DeliveryState::Failed) => record.with("code", code),
        _ => record,
    }
}
