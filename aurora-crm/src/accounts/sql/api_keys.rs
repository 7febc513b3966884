use std::collections::BTreeSet;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::api_keys::{ApiKey, ApiKeyId};
use super::{is_kept_out, newest_key, speaks_for_all};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::WorkspaceId;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, name, prefix, hash, scopes, created_by, created_at, expires_at, revoked_at, last_used_at
            from api_keys where workspace_id = $1 ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT_API_KEY = "insert into api_keys (workspace_id, id, name, prefix, hash, scopes, created_by, created_at,
            expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    INSERT_DIRECTORY = "insert into api_key_directory (hash, workspace_id, id) values ($1, $2, $3)";
    FIND_API_KEY = "select workspace_id, id from api_key_directory where hash = $1";
    /// Keys of a closed workspace open nothing.
    IS_OPEN = "select count(*) from workspaces where id = $1 and closed_at is null";
    GET_API_KEY = select!("and id = $2");
    NEWEST_API_KEYS = select!("and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4");
    REVOKE_API_KEY = "update api_keys set revoked_at = $3 where workspace_id = $1 and id = $2 and revoked_at is null";
    REVOKE_API_KEYS_OF = "update api_keys set revoked_at = $3
        where workspace_id = $1 and created_by = $2 and revoked_at is null returning id";
    /// Of many requests that have seen the same last use, one writes.
    USE_API_KEY = "update api_keys set last_used_at = $3
        where workspace_id = $1 and id = $2 and last_used_at is not distinct from $4";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ApiKeyId,
    name: String,
    prefix: String,
    hash: Vec<u8>,
    scopes: Json<BTreeSet<String>>,
    created_by: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes.0,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        }
    }
}

pub(in super::super) async fn insert_api_key(
    store: &Store,
    context: &Context,
    key: &ApiKey,
    hash: &[u8],
) -> Result<(), Error> {
    let now = key.created_at;
    let done = writing!(store, context, |tx| {
        sqlx::query(INSERT_API_KEY)
            .bind(context.workspace)
            .bind(key.id)
            .bind(&key.name)
            .bind(&key.prefix)
            .bind(hash)
            .bind(Json(&key.scopes))
            .bind(&key.created_by)
            .bind(now)
            .bind(key.expires_at)
            .execute(&mut *tx)
            .await?;
        let query = sqlx::query(INSERT_DIRECTORY)
            .bind(hash)
            .bind(context.workspace)
            .bind(key.id);
        query.execute(&mut *tx).await?;
        let record = Record::new("authn_token_created", "api_key", key.id, now).without_event();
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    });
    done.map_err(no_workspace)
}

/// A row that refers to no workspace, or to one that row-level security does not show.
pub(super) fn no_workspace(error: Error) -> Error {
    match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    }
}

/// The workspace and id of the key of a hash, before the workspace is known.
pub(in super::super) async fn api_key_of(
    store: &Store,
    context: &Context,
    hash: &[u8],
) -> Result<Option<(WorkspaceId, ApiKeyId)>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_as(FIND_API_KEY)
            .bind(hash)
            .fetch_optional(&mut *tx)
            .await?)
    })
}

/// A key of the workspace that is shown, with its hash and whether its maker speaks for the installation; none when the
/// workspace is closed, or whoever made it is kept out.
pub(in super::super) async fn shown_api_key(
    store: &Store,
    context: &Context,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, [u8; 32], bool)>, Error> {
    let Some((key, hash)) = api_key(store, context, id).await? else {
        return Ok(None);
    };
    let maker = &key.created_by;
    let (is_kept_out, speaks_for_all) = reading!(store, context, |tx| {
        let is_kept_out = is_kept_out(&mut (&mut *tx).into(), maker).await?;
        Ok((is_kept_out, speaks_for_all(&mut (&mut *tx).into(), maker).await?))
    })?;
    Ok((!is_kept_out).then_some((key, hash, speaks_for_all)))
}

/// A key of the workspace, with its hash; none when the workspace is closed.
pub(in super::super) async fn api_key(
    store: &Store,
    context: &Context,
    id: ApiKeyId,
) -> Result<Option<(ApiKey, [u8; 32])>, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        let open: i64 = sqlx::query_scalar(IS_OPEN)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        if open == 0 {
            return Ok(None);
        }
        let query = sqlx::query_as(GET_API_KEY).bind(context.workspace).bind(id);
        Ok(query.fetch_optional(&mut *tx).await?)
    })?;
    let Some(row) = row else { return Ok(None) };
    let hash = row.hash.as_slice().try_into().map_err(store::Error::corrupt)?;
    Ok(Some((row.into(), hash)))
}

pub(in super::super) async fn api_keys(
    store: &Store,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<ApiKey>, Error> {
    let scope = format!("api_keys/{}", context.workspace);
    let (time, id): (Timestamp, Uuid) = newest_key(request, &scope)?;
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(NEWEST_API_KEYS)
            .bind(context.workspace)
            .bind(time)
            .bind(id);
        Ok(query
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row: &Row| {
        (row.created_at.as_micros(), row.id.uuid())
    });
    Ok(page.map_err(wrong_cursor)?.map(ApiKey::from))
}

/// Takes a key back; whether it was good until now.
pub(in super::super) async fn revoke_api_key(
    store: &Store,
    context: &Context,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(REVOKE_API_KEY)
            .bind(context.workspace)
            .bind(id)
            .bind(now);
        let revoked = query.execute(&mut *tx).await?.rows_affected() > 0;
        if revoked {
            let record = Record::new("authn_token_revoked", "api_key", id, now).without_event();
            store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
        }
        Ok(revoked)
    })
}

/// Takes back the keys that somebody has made, in the transaction that takes rights from them.
pub(crate) async fn revoke_api_keys_of(
    tx: &mut Connection<'_>,
    context: &Context,
    principal: &str,
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    let revoked: Vec<ApiKeyId> = on_connection!(tx, |tx| sqlx::query_scalar(REVOKE_API_KEYS_OF)
        .bind(context.workspace)
        .bind(principal)
        .bind(now)
        .fetch_all(&mut *tx))?;
    let record = |id| Record::new("authn_token_revoked", "api_key", id, now).without_event();
    Ok(revoked.into_iter().map(record).collect())
}

pub(in super::super) async fn use_api_key(
    store: &Store,
    context: &Context,
    id: ApiKeyId,
    seen: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(USE_API_KEY)
            .bind(context.workspace)
            .bind(id)
            .bind(now)
            .bind(seen);
        query.execute(&mut *tx).await?;
        Ok(())
    })
}
