use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::input::Checked;
use super::super::{Disabled, DisabledReason, Endpoint, EndpointId, EventTypes};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, url, description, event_types, header_names, disabled_at, disabled_reason, failing_since,
                failed_deliveries, previous_secret_until, version, created_at, updated_at
            from webhook_endpoints where workspace_id = $1 and deleted_at is null ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into webhook_endpoints (workspace_id, id, url, description, event_types, header_names, headers,
            secret, failed_deliveries, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1, $9, $9)";
    COUNT = "select count(*) from webhook_endpoints where workspace_id = $1 and deleted_at is null";
    GET = select!("and id = $2");
    PAGE = select!("and id > $2 order by id limit $3");
    UPDATE = "update webhook_endpoints set url = $4, description = $5, event_types = $6, version = version + 1,
            updated_at = $7
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    SET_HEADERS = "update webhook_endpoints set header_names = $3, headers = $4
        where workspace_id = $1 and id = $2 and deleted_at is null";
    DISABLE = "update webhook_endpoints set disabled_at = $4, disabled_reason = $5, version = version + 1,
            updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    ENABLE = "update webhook_endpoints set disabled_at = null, disabled_reason = null, failing_since = null,
            failed_deliveries = 0, version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    ROTATE = "update webhook_endpoints set previous_secret = secret, previous_secret_until = $5, secret = $4,
            version = version + 1, updated_at = $6
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    /// Nothing stays of it that could be sent to or signed with.
    DELETE = "update webhook_endpoints set deleted_at = $4, url = '', headers = null, secret = '',
            previous_secret = null, previous_secret_until = null, version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    VERSION = "select version from webhook_endpoints where workspace_id = $1 and id = $2 and deleted_at is null";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: EndpointId,
    url: String,
    description: Option<String>,
    event_types: Json<EventTypes>,
    header_names: Json<Vec<String>>,
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
    failing_since: Option<Timestamp>,
    failed_deliveries: i64,
    previous_secret_until: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Endpoint {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let disabled = match (row.disabled_at, row.disabled_reason) {
            (Some(at), Some(reason)) => Some(Disabled {
                at,
                reason: reason
                    .parse()
                    .map_err(|error: &str| store::Error::corrupt(error))?,
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            url: row.url,
            description: row.description,
            event_types: row.event_types.0,
            header_names: row.header_names.0,
            disabled,
            failing_since: row.failing_since,
            failed_deliveries: row.failed_deliveries,
            previous_secret_until: row.previous_secret_until,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What is sealed of an endpoint.
pub(in super::super) struct SealedParts {
    pub(in super::super) secret: String,
    pub(in super::super) headers: Option<String>,
}

pub(in super::super) fn names(checked: &Checked) -> Vec<&str> {
    let headers = checked.headers.as_deref().unwrap_or_default();
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

pub(in super::super) async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    id: EndpointId,
    checked: &Checked,
    sealed: &SealedParts,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(id)
            .bind(&checked.url)
            .bind(checked.description.as_deref())
            .bind(Json(&checked.event_types))
            .bind(Json(names(checked)))
            .bind(sealed.headers.as_deref())
            .bind(&sealed.secret)
            .bind(now)
    )?;
    Ok(())
}

/// How many endpoints there are.
pub(in super::super) async fn count(tx: &mut Connection<'_>, context: &Context) -> Result<i64, store::Error> {
    on_connection!(tx, |tx| sqlx::query_scalar(COUNT)
        .bind(context.workspace)
        .fetch_one(&mut *tx))
}

pub(in super::super) async fn get(
    tx: &mut Connection<'_>,
    context: &Context,
    id: EndpointId,
) -> Result<Endpoint, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("endpoint"))?.try_into()?)
}

pub(in super::super) async fn page(
    tx: &mut Connection<'_>,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<Endpoint>, Error> {
    let scope = format!("webhook_endpoints/{}", context.workspace);
    let after = match request.cursor() {
        Some(cursor) => cursor.key::<EndpointId>(&scope).map_err(wrong_cursor)?,
        None => EndpointId::from_uuid(Uuid::nil()),
    };
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(PAGE)
        .bind(context.workspace)
        .bind(after)
        .bind(i64::from(request.limit()) + 1)
        .fetch_all(&mut *tx))?;
    let page = Page::from_rows(rows, request, &scope, |row| row.id).map_err(wrong_cursor)?;
    let items = page
        .items
        .into_iter()
        .map(Endpoint::try_from)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
    })
}

/// What is done to an endpoint that is at a version.
pub(in super::super) enum Step<'a> {
    Update(&'a Checked, Option<&'a str>),
    Disable(DisabledReason),
    Enable,
    Rotate { secret: &'a str, until: Timestamp },
    Delete,
}

/// Does it, or tells why not.
pub(in super::super) async fn step(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    (id, version): (EndpointId, i64),
    step: &Step<'_>,
) -> Result<(), Error> {
    let statement = match step {
        Step::Update(..) => UPDATE,
        Step::Disable(_) => DISABLE,
        Step::Enable => ENABLE,
        Step::Rotate { .. } => ROTATE,
        Step::Delete => DELETE,
    };
    let touched = on_connection!(tx, |tx| async {
        let query = sqlx::query(statement)
            .bind(context.workspace)
            .bind(id)
            .bind(version);
        let query = match step {
            Step::Update(checked, _) => query
                .bind(&checked.url)
                .bind(checked.description.as_deref())
                .bind(Json(&checked.event_types))
                .bind(now),
            Step::Disable(reason) => query.bind(now).bind(reason.as_str()),
            Step::Enable | Step::Delete => query.bind(now),
            Step::Rotate { secret, until } => query.bind(*secret).bind(*until).bind(now),
        };
        query.execute(&mut *tx).await.map(|done| done.rows_affected())
    })?;
    if touched == 0 {
        let stored: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(VERSION)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx))?;
        return Err(match stored {
            Some(version) => Error::conflict("endpoint", version),
            None => Error::not_found("endpoint"),
        });
    }
    if let Step::Update(checked, sealed) = step
        && checked.headers.is_some()
    {
        execute_on!(
            tx,
            sqlx::query(SET_HEADERS)
                .bind(context.workspace)
                .bind(id)
                .bind(Json(names(checked)))
                .bind(*sealed)
        )?;
    }
    Ok(())
}
