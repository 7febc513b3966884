use aurora_core::page::{Page, PageRequest};
use aurora_core::store::outbox::{Delivery, Message};
use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::{Json, Uuid};

use super::keeping::Kept;
use super::{InboundId, QUEUE, Unplaced, UnplacedState, media, upkeep};
use crate::channels::ChannelId;
use crate::channels::whatsapp::webhook::Notification;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::MessageId;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::WorkspaceId;

/// Rows that are removed in one go.
pub(super) const BATCH: i64 = 1_000;

aurora_core::store::statements! {
    INSERT = "insert into whatsapp_inbound (workspace_id, id, channel_id, key, kind, payload, state, received_at)
        values ($1, $2, $3, $4, $5, $6, 'pending', $7) on conflict (workspace_id, channel_id, key) do nothing";
    GET = "select channel_id, kind, payload, received_at from whatsapp_inbound
        where workspace_id = $1 and id = $2 and state = 'pending'";
    SETTLE = "update whatsapp_inbound set state = $3, error = $4, settled_at = $5
        where workspace_id = $1 and id = $2 and state = 'pending'";
    /// Its words are in the conversation now.
    EMPTY = "update whatsapp_inbound set payload = null where workspace_id = $1 and id = $2 and state = 'done'";
    /// What waits has no time at which it was settled, and stays.
    PURGE = "delete from whatsapp_inbound where workspace_id = $1 and id in (
            select id from whatsapp_inbound where workspace_id = $1 and settled_at < $2 order by settled_at, id limit $3)";
    GIVE_UP = "update whatsapp_inbound set state = 'failed', error = 'it was never understood', settled_at = $3
        where workspace_id = $1 and received_at < $2 and state = 'pending'";
    OLDER = "select id from whatsapp_inbound where workspace_id = $1 and received_at < $2 limit 1";
    UNPLACED = "select id, channel_id, kind, state, error, received_at from whatsapp_inbound
        where workspace_id = $1 and id > $2 and (state in ('failed', 'kept') or (state = 'pending' and received_at < $3))
        order by id limit $4";
    RETRY = "update whatsapp_inbound set state = 'pending', error = null, settled_at = null
        where workspace_id = $1 and id = $2 and payload is not null
            and (state in ('failed', 'kept') or (state = 'pending' and received_at < $3))
        returning channel_id, payload";
}

/// What a message of the outbox asks for. It holds nothing of people.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) workspace: WorkspaceId,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// To put a thing where it belongs.
    Place(InboundId),
    /// To remove what is over its time.
    Upkeep,
}

/// A thing that waits to be understood.
#[derive(sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) channel_id: ChannelId,
    pub(super) kind: String,
    pub(super) payload: Option<Json<Value>>,
    pub(super) received_at: Timestamp,
}

/// How a thing has ended.
pub(super) enum Settled {
    /// It is in its conversation; the bytes of this message's media are still to be fetched.
    Done { media: Option<MessageId> },
    /// There is nowhere to put it; it stays until it is purged.
    Kept,
    /// It cannot be put where it belongs, for this reason.
    Failed(String),
}

impl Settled {
    /// For metrics.
    pub(super) const fn outcome(&self) -> &'static str {
        match self {
            Self::Done { .. } => "placed",
            Self::Kept => "kept",
            Self::Failed(_) => "failed",
        }
    }
}

/// Keeps what is not there yet, with a message for each; how many there were.
pub(super) async fn keep(
    store: &Store,
    context: &Context,
    share: Vec<(ChannelId, Kept)>,
) -> Result<usize, Error> {
    let now = store.now();
    let mut rows: Vec<(InboundId, ChannelId, Kept)> = share
        .into_iter()
        .map(|(channel, kept)| (InboundId::new(now), channel, kept))
        .collect();
    // In one order for all, or two requests with the same things could each wait for the other.
    let mut sorted: Vec<usize> = (0..rows.len()).collect();
    sorted.sort_by_key(|index| rows.get(*index).map(|(_, channel, kept)| (*channel, kept.key)));
    writing!(store, context, |tx| {
        let mut tx = Connection::from(&mut *tx);
        let mut is_new = vec![false; rows.len()];
        for index in sorted {
            let (Some(row), Some(is_new)) = (rows.get(index), is_new.get_mut(index)) else {
                continue;
            };
            *is_new = insert(&mut tx, context, row, now).await?;
        }
        // And understood in the order in which they came.
        let mut stored = 0;
        for ((id, _, kept), is_new) in rows.drain(..).zip(is_new) {
            if !is_new {
                continue;
            }
            let message = letter(context, id, &kept.order)?.idempotency_key(id);
            store.outbox().enqueue_in(&mut tx, &message).await?;
            stored += 1;
        }
        if stored > 0 {
            let message = upkeep::letter(context, now)?;
            store.outbox().enqueue_in(&mut tx, &message).await?;
        }
        Ok(stored)
    })
}

/// Asks for a thing to be put where it belongs, in the order of its contact.
fn letter(context: &Context, id: InboundId, order: &str) -> Result<Message, Error> {
    let ticket = Ticket {
        workspace: context.workspace,
        what: What::Place(id),
    };
    // Weeks: Meta was told that it is here, and sends it no more.
    Ok(Message::json(QUEUE, &ticket)?
        .tenant(context.workspace)
        .ordering_key(order)
        .max_attempts(1_000))
}

async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, channel, kept): &(InboundId, ChannelId, Kept),
    now: Timestamp,
) -> Result<bool, Error> {
    let touched = on_connection!(tx, |tx| async {
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(*id)
            .bind(*channel)
            .bind(&kept.key[..])
            .bind(kept.kind)
            .bind(Json(&kept.payload))
            .bind(now)
            .execute(&mut *tx)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(touched > 0)
}

pub(super) async fn waiting(
    store: &Store,
    context: &Context,
    id: InboundId,
) -> Result<Option<Waiting>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })
}

/// Writes down how it has ended, and ends its message.
pub(super) async fn settle(
    store: &Store,
    context: &Context,
    (id, waiting): (InboundId, &Waiting),
    settled: &Settled,
    message: &Delivery,
) -> Result<(), Error> {
    let (now, channel) = (store.now(), waiting.channel_id);
    let (state, error) = match settled {
        Settled::Done { .. } => ("done", None),
        Settled::Kept => ("kept", None),
        Settled::Failed(error) => ("failed", Some(error.as_str())),
    };
    writing!(store, context, |tx| {
        let mut tx = Connection::from(&mut *tx);
        execute_on!(
            &mut tx,
            sqlx::query(SETTLE)
                .bind(context.workspace)
                .bind(id)
                .bind(state)
                .bind(error)
                .bind(now)
        )?;
        if let Settled::Done { media } = settled {
            execute_on!(&mut tx, sqlx::query(EMPTY).bind(context.workspace).bind(id))?;
            if let Some(of) = *media {
                let letter = media::letter(context, channel, of, now)?;
                store.outbox().enqueue_in(&mut tx, &letter).await?;
            }
        }
        store.outbox().done_in(&mut tx, message).await?;
        Ok(())
    })
}

pub(in crate::channels::whatsapp) async fn purge(
    store: &Store,
    context: &Context,
    before: Timestamp,
) -> Result<u64, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(PURGE)
            .bind(context.workspace)
            .bind(before)
            .bind(BATCH);
        Ok(query.execute(&mut *tx).await?.rows_affected())
    })
}

/// Ends what still waits after so long; how many there were.
pub(super) async fn give_up(store: &Store, context: &Context, before: Timestamp) -> Result<u64, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let query = sqlx::query(GIVE_UP)
            .bind(context.workspace)
            .bind(before)
            .bind(now);
        Ok(query.execute(&mut *tx).await?.rows_affected())
    })
}

/// Asks for another time where something that is old is still there.
pub(super) async fn come_again(store: &Store, context: &Context, before: Timestamp) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let query = sqlx::query_scalar(OLDER).bind(context.workspace).bind(before);
        let left: Option<InboundId> = query.fetch_optional(&mut *tx).await?;
        if left.is_some() {
            let message = upkeep::letter(context, now)?;
            store
                .outbox()
                .enqueue_in(&mut (&mut *tx).into(), &message)
                .await?;
        }
        Ok(())
    })
}

#[derive(sqlx::FromRow)]
struct UnplacedRow {
    id: InboundId,
    channel_id: ChannelId,
    kind: String,
    state: String,
    error: Option<String>,
    received_at: Timestamp,
}

pub(super) async fn unplaced(
    store: &Store,
    context: &Context,
    request: &PageRequest,
    late: Timestamp,
) -> Result<Page<Unplaced>, Error> {
    let scope = format!("whatsapp_inbound/{}", context.workspace);
    let after = match request.cursor() {
        Some(cursor) => cursor.key::<InboundId>(&scope).map_err(wrong_cursor)?,
        None => InboundId::from_uuid(Uuid::nil()),
    };
    let rows: Vec<UnplacedRow> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(UNPLACED)
            .bind(context.workspace)
            .bind(after)
            .bind(late)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| row.id).map_err(wrong_cursor)?;
    let item = |row: UnplacedRow| Unplaced {
        id: row.id,
        channel: row.channel_id,
        kind: row.kind,
        state: match row.state.as_str() {
            "failed" => UnplacedState::Failed,
            "kept" => UnplacedState::Kept,
            _ => UnplacedState::Late,
        },
        error: row.error,
        received_at: row.received_at,
    };
    Ok(Page {
        items: page.items.into_iter().map(item).collect(),
        next: page.next,
    })
}

pub(super) async fn retry(
    store: &Store,
    context: &Context,
    id: InboundId,
    late: Timestamp,
) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let query = sqlx::query_as(RETRY).bind(context.workspace).bind(id).bind(late);
        let found: Option<(ChannelId, Json<Value>)> = query.fetch_optional(&mut *tx).await?;
        let Some((channel, payload)) = found else {
            return Err(Error::not_found("whatsapp_inbound"));
        };
        // What cannot be read holds nobody up.
        let item = Notification::read(payload.0.to_string().as_bytes()).map(|mut all| all.items.pop());
        let order = match item {
            Ok(Some(item)) => Kept::of(channel, item, now).order,
            _ => id.to_string(),
        };
        let message = letter(context, id, &order)?;
        let mut tx = Connection::from(&mut *tx);
        store.outbox().enqueue_in(&mut tx, &message).await?;
        let record = Record::new("whatsapp_inbound.retried", "whatsapp_inbound", id, now);
        store.record(&mut tx, context, now, &[record]).await?;
        Ok(())
    })
}
