use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{NumberPause, WhatsAppNumber};
use crate::channels::ChannelId;
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::WorkspaceId;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select n.id, n.number_id, n.account_id, n.display_number, n.name, n.app, n.token, p.since as paused_at,
                p.code as paused_reason, n.version, n.created_at, n.updated_at
            from whatsapp_numbers n
                left join channel_pauses p on p.workspace_id = n.workspace_id and p.channel_id = n.id
            where n.workspace_id = $1 and n.deleted_at is null ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into whatsapp_numbers (workspace_id, id, number_id, account_id, display_number, name, app, token, version,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)";
    INSERT_DIRECTORY = "insert into whatsapp_number_directory (number_id, workspace_id, id, app) values ($1, $2, $3, $4)";
    DELETE_DIRECTORY = "delete from whatsapp_number_directory where workspace_id = $1 and id = $2";
    ROUTE = "select workspace_id, id, app from whatsapp_number_directory where number_id = $1";
    COUNT = "select count(*) from whatsapp_numbers where workspace_id = $1 and deleted_at is null";
    GET = select!("and n.id = $2");
    PAGE = select!("and n.id > $2 order by n.id limit $3");
    UPDATE = "update whatsapp_numbers set name = $4, token = $5, version = version + 1, updated_at = $6
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    REWRAP = "update whatsapp_numbers set token = $4 where workspace_id = $1 and id = $2 and token = $3";
    /// Nothing stays of it that could be sent with.
    DELETE = "update whatsapp_numbers set deleted_at = $4, token = '', version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
}

const KIND: &str = "whatsapp_number";

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: ChannelId,
    number_id: String,
    account_id: Option<String>,
    display_number: String,
    name: String,
    app: String,
    pub(super) token: String,
    paused_at: Option<Timestamp>,
    paused_reason: Option<String>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Row> for WhatsAppNumber {
    fn from(row: Row) -> Self {
        let pause = row.paused_at.zip(row.paused_reason);
        Self {
            id: row.id,
            number_id: row.number_id,
            account_id: row.account_id,
            display_number: row.display_number,
            name: row.name,
            app: row.app,
            pause: pause.map(|(at, reason)| NumberPause { at, reason }),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Where a number belongs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::channels::whatsapp) struct Route {
    pub(in crate::channels::whatsapp) workspace_id: WorkspaceId,
    pub(in crate::channels::whatsapp) id: ChannelId,
    pub(in crate::channels::whatsapp) app: String,
}

/// Where a number belongs, before the workspace is known.
pub(in crate::channels::whatsapp) async fn route(
    store: &Store,
    number_id: &str,
) -> Result<Option<Route>, Error> {
    let context = Context::installation("whatsapp");
    reading!(store, &context, |tx| {
        Ok(sqlx::query_as(ROUTE)
            .bind(number_id)
            .fetch_optional(&mut *tx)
            .await?)
    })
}

pub(super) async fn insert(
    store: &Store,
    context: &Context,
    number: &WhatsAppNumber,
    token: &str,
) -> Result<(), Error> {
    let now = number.created_at;
    let done = writing!(store, context, |tx| {
        let mut tx = Connection::from(&mut *tx);
        if count(&mut tx, context).await? >= super::handle::MOST_NUMBERS {
            return Err(super::handle::too_many());
        }
        execute_on!(
            &mut tx,
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(number.id)
                .bind(&number.number_id)
                .bind(number.account_id.as_deref())
                .bind(&number.display_number)
                .bind(&number.name)
                .bind(&number.app)
                .bind(token)
                .bind(now)
        )?;
        execute_on!(
            &mut tx,
            sqlx::query(INSERT_DIRECTORY)
                .bind(&number.number_id)
                .bind(context.workspace)
                .bind(number.id)
                .bind(&number.app)
        )?;
        let record = Record::new("whatsapp_number.added", KIND, number.id, now);
        store.record(&mut tx, context, now, &[record]).await?;
        Ok(())
    });
    done.map_err(|error: Error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        // Whose it is is not for others to know.
        Some(store::ErrorKind::Conflict) => Error::already_exists(KIND, &number.number_id),
        _ => error,
    })
}

async fn count(tx: &mut Connection<'_>, context: &Context) -> Result<i64, store::Error> {
    on_connection!(tx, |tx| sqlx::query_scalar(COUNT)
        .bind(context.workspace)
        .fetch_one(&mut *tx))
}

pub(super) async fn get(store: &Store, context: &Context, id: ChannelId) -> Result<Row, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    row.ok_or(Error::not_found(KIND))
}

/// A number with its sealed token.
pub(in crate::channels::whatsapp) async fn access(
    store: &Store,
    context: &Context,
    id: ChannelId,
) -> Result<(WhatsAppNumber, String), Error> {
    let mut row = get(store, context, id).await?;
    let token = std::mem::take(&mut row.token);
    Ok((row.into(), token))
}

pub(super) async fn page(
    store: &Store,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<WhatsAppNumber>, Error> {
    let scope = format!("whatsapp_numbers/{}", context.workspace);
    let after = match request.cursor() {
        Some(cursor) => cursor.key::<ChannelId>(&scope).map_err(wrong_cursor)?,
        None => ChannelId::from_uuid(Uuid::nil()),
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(after)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| row.id).map_err(wrong_cursor)?;
    Ok(Page {
        items: page.items.into_iter().map(WhatsAppNumber::from).collect(),
        next: page.next,
    })
}

/// Another name or token, of a number that is still at the version.
pub(super) async fn update(
    store: &Store,
    context: &Context,
    (id, version): (ChannelId, i64),
    (name, token): (&str, &str),
    fields: Vec<&'static str>,
) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let query = sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(id)
            .bind(version)
            .bind(name)
            .bind(token)
            .bind(now);
        let touched = query.execute(&mut *tx).await?.rows_affected();
        let mut tx = Connection::from(&mut *tx);
        if touched == 0 {
            return Err(elsewhere(&mut tx, context, id).await?);
        }
        let record = Record::new("whatsapp_number.updated", KIND, id, now).detail("fields", fields);
        store.record(&mut tx, context, now, &[record]).await?;
        Ok(())
    })
}

pub(super) async fn delete(
    store: &Store,
    context: &Context,
    id: ChannelId,
    version: i64,
) -> Result<(), Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let query = sqlx::query(DELETE)
            .bind(context.workspace)
            .bind(id)
            .bind(version)
            .bind(now);
        let touched = query.execute(&mut *tx).await?.rows_affected();
        if touched == 0 {
            return Err(elsewhere(&mut (&mut *tx).into(), context, id).await?);
        }
        let query = sqlx::query(DELETE_DIRECTORY).bind(context.workspace).bind(id);
        query.execute(&mut *tx).await?;
        let record = Record::new("whatsapp_number.removed", KIND, id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

/// Why a number was not touched: it is gone, or at another version.
async fn elsewhere(tx: &mut Connection<'_>, context: &Context, id: ChannelId) -> Result<Error, store::Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.map_or(Error::not_found(KIND), |row| Error::conflict(KIND, row.version)))
}

/// Puts the same token, wrapped anew, in the place of what was read; whether it was still there.
pub(super) async fn rewrap(
    store: &Store,
    context: &Context,
    id: ChannelId,
    (old, new): (&str, &str),
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(REWRAP)
            .bind(context.workspace)
            .bind(id)
            .bind(old)
            .bind(new);
        Ok(query.execute(&mut *tx).await?.rows_affected() > 0)
    })
}
