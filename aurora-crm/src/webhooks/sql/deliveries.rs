use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::super::{Attempt, Delivery, DeliveryFilter, DeliveryId, DeliveryState, EndpointId};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::EventId;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, endpoint_id, event_id, event_type, state, attempts, next_attempt_at, last_status, last_error,
                created_at, finished_at
            from webhook_deliveries where workspace_id = $1 ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    GET = select!("and id = $2");
    PAGE = select!("and id < $2 order by id desc limit $3");
    PAGE_IN_STATE = select!("and id < $2 and state = $4 order by id desc limit $3");
    PAGE_OF_ENDPOINT = select!("and id < $2 and endpoint_id = $4 order by id desc limit $3");
    PAGE_OF_ENDPOINT_IN_STATE =
        select!("and id < $2 and endpoint_id = $4 and state = $5 order by id desc limit $3");
    ATTEMPTS = "select number, began_at, duration_ms, status, error, body from webhook_attempts
        where workspace_id = $1 and delivery_id = $2 and number > $3 order by number limit $4";
    RERUN = "update webhook_deliveries set state = 'pending', run = run + 1, run_attempts = 0, next_attempt_at = $3,
            finished_at = null
        where workspace_id = $1 and id = $2 returning run, endpoint_id";
    FAILED_SINCE = "select id from webhook_deliveries where workspace_id = $1 and endpoint_id = $2
            and state = 'failed' and created_at >= $3
        order by id limit $4";
    /// What is over longer than this; its attempts go with it.
    /// The condition stands twice: one that is replayed meanwhile stays.
    PURGE = "delete from webhook_deliveries where workspace_id = $1 and finished_at < $2 and id in (
            select id from webhook_deliveries where workspace_id = $1 and finished_at < $2 order by finished_at limit $3)";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: DeliveryId,
    endpoint_id: EndpointId,
    event_id: EventId,
    event_type: String,
    state: String,
    attempts: i64,
    next_attempt_at: Option<Timestamp>,
    last_status: Option<i32>,
    last_error: Option<String>,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
}

fn status(stored: Option<i32>) -> Result<Option<u16>, store::Error> {
    stored
        .map(u16::try_from)
        .transpose()
        .map_err(store::Error::corrupt)
}

impl TryFrom<Row> for Delivery {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let state = row.state.parse();
        Ok(Self {
            id: row.id,
            endpoint: row.endpoint_id,
            event: row.event_id,
            event_type: row.event_type,
            state: state.map_err(|error: &str| store::Error::corrupt(error))?,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_status: status(row.last_status)?,
            last_error: row.last_error,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
struct AttemptRow {
    number: i64,
    began_at: Timestamp,
    duration_ms: i64,
    status: Option<i32>,
    error: Option<String>,
    body: Option<String>,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = store::Error;

    fn try_from(row: AttemptRow) -> Result<Self, store::Error> {
        let millis = u64::try_from(row.duration_ms).map_err(store::Error::corrupt)?;
        Ok(Self {
            number: row.number,
            began_at: row.began_at,
            duration: Duration::from_millis(millis),
            status: status(row.status)?,
            error: row.error,
            body: row.body,
        })
    }
}

pub(in super::super) async fn get(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DeliveryId,
) -> Result<Delivery, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("delivery"))?.try_into()?)
}

pub(in super::super) async fn page(
    tx: &mut Connection<'_>,
    context: &Context,
    filter: &DeliveryFilter,
    request: &PageRequest,
) -> Result<Page<Delivery>, Error> {
    let state = filter.state.map(DeliveryState::as_str);
    let endpoint = filter.endpoint.map(|id| id.to_string()).unwrap_or_default();
    let scope = format!(
        "webhook_deliveries/{}/{endpoint}/{}",
        context.workspace,
        state.unwrap_or("all")
    );
    let before = match request.cursor() {
        Some(cursor) => cursor.key::<DeliveryId>(&scope).map_err(wrong_cursor)?,
        None => DeliveryId::from_uuid(Uuid::max()),
    };
    let statement = match (filter.endpoint, state) {
        (None, None) => PAGE,
        (None, Some(_)) => PAGE_IN_STATE,
        (Some(_), None) => PAGE_OF_ENDPOINT,
        (Some(_), Some(_)) => PAGE_OF_ENDPOINT_IN_STATE,
    };
    let rows: Vec<Row> = on_connection!(tx, |tx| {
        let mut query = sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(before)
            .bind(i64::from(request.limit()) + 1);
        if let Some(endpoint) = filter.endpoint {
            query = query.bind(endpoint);
        }
        if let Some(state) = state {
            query = query.bind(state);
        }
        query.fetch_all(&mut *tx)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| row.id).map_err(wrong_cursor)?;
    let items = page
        .items
        .into_iter()
        .map(Delivery::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
    })
}

pub(in super::super) async fn attempts(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DeliveryId,
    request: &PageRequest,
) -> Result<Page<Attempt>, Error> {
    get(tx, context, id).await?;
    let scope = format!("webhook_attempts/{}/{id}", context.workspace);
    let after = match request.cursor() {
        Some(cursor) => cursor.key::<i64>(&scope).map_err(wrong_cursor)?,
        None => 0,
    };
    let rows: Vec<AttemptRow> = on_connection!(tx, |tx| sqlx::query_as(ATTEMPTS)
        .bind(context.workspace)
        .bind(id)
        .bind(after)
        .bind(i64::from(request.limit()) + 1)
        .fetch_all(&mut *tx))?;
    let page = Page::from_rows(rows, request, &scope, |row| row.number).map_err(wrong_cursor)?;
    let items = page
        .items
        .into_iter()
        .map(Attempt::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
    })
}

/// Makes a delivery due again and gives its run and its endpoint.
pub(in super::super) async fn rerun(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DeliveryId,
    now: Timestamp,
) -> Result<(i64, EndpointId), Error> {
    let row: Option<(i64, EndpointId)> = on_connection!(tx, |tx| sqlx::query_as(RERUN)
        .bind(context.workspace)
        .bind(id)
        .bind(now)
        .fetch_optional(&mut *tx))?;
    row.ok_or(Error::not_found("delivery"))
}

/// Failed deliveries to an endpoint, the oldest first.
pub(in super::super) async fn failed_since(
    tx: &mut Connection<'_>,
    context: &Context,
    endpoint: EndpointId,
    since: Timestamp,
    most: u32,
) -> Result<Vec<DeliveryId>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_scalar(FAILED_SINCE)
        .bind(context.workspace)
        .bind(endpoint)
        .bind(since)
        .bind(i64::from(most))
        .fetch_all(&mut *tx))
}

pub(in super::super) async fn purge(
    tx: &mut Connection<'_>,
    context: &Context,
    before: Timestamp,
    most: u32,
) -> Result<u64, store::Error> {
    execute_on!(
        tx,
        sqlx::query(PURGE)
            .bind(context.workspace)
            .bind(before)
            .bind(i64::from(most))
    )
}
