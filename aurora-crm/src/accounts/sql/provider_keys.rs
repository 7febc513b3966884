use aurora_core::access::seal::Sealed;
use aurora_core::time::Timestamp;

use super::super::provider_keys::{MOST, ProviderKey, ProviderKeyId};
use super::api_keys::no_workspace;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::hold;

aurora_core::store::statements! {
    SET_PROVIDER_KEY = "insert into provider_keys (workspace_id, id, provider, secret, hint, version, created_at,
            updated_at)
        values ($1, $2, $3, $4, $5, 1, $6, $6)
        on conflict (workspace_id, provider) do update
        set secret = excluded.secret, hint = excluded.hint, version = provider_keys.version + 1,
            updated_at = excluded.updated_at
        returning id, provider, hint, version, created_at, updated_at";
    COUNT_PROVIDER_KEYS = "select count(*) from provider_keys where workspace_id = $1";
    PROVIDER_KEYS = "select id, provider, hint, version, created_at, updated_at from provider_keys
        where workspace_id = $1 order by provider limit $2";
    PROVIDER_SECRET = "select secret from provider_keys where workspace_id = $1 and provider = $2";
    DELETE_PROVIDER_KEY = "delete from provider_keys where workspace_id = $1 and provider = $2 returning id";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ProviderKeyId,
    provider: String,
    hint: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Row> for ProviderKey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            provider: row.provider,
            hint: row.hint,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Stores or replaces a key; `None` when the workspace has as many as it may.
pub(in super::super) async fn set_provider_key(
    store: &Store,
    context: &Context,
    new: &ProviderKey,
    sealed: &Sealed,
) -> Result<Option<ProviderKey>, Error> {
    let now = new.updated_at;
    let done = writing!(store, context, |tx| {
        hold(&mut (&mut *tx).into(), context).await?;
        let query = sqlx::query_scalar(COUNT_PROVIDER_KEYS).bind(context.workspace);
        let count: i64 = query.fetch_one(&mut *tx).await?;
        let query = sqlx::query_as(SET_PROVIDER_KEY)
            .bind(context.workspace)
            .bind(new.id);
        let query = query
            .bind(&new.provider)
            .bind(sealed.to_bytes())
            .bind(&new.hint)
            .bind(now);
        let row: Row = query.fetch_one(&mut *tx).await?;
        if row.version == 1 && count >= i64::from(MOST) {
            return Err(Error::conflict("provider key", 0));
        }
        let record = Record::new("provider_key_set", "provider_key", row.id, now);
        let record = record.with("provider", new.provider.as_str()).without_event();
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(row.into())
    });
    match done {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.current_version() == Some(0) => Ok(None),
        Err(error) => Err(no_workspace(error)),
    }
}

pub(in super::super) async fn provider_keys(
    store: &Store,
    context: &Context,
) -> Result<Vec<ProviderKey>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(PROVIDER_KEYS)
            .bind(context.workspace)
            .bind(i64::from(MOST));
        Ok(query.fetch_all(&mut *tx).await?)
    })?;
    Ok(rows.into_iter().map(ProviderKey::from).collect())
}

pub(in super::super) async fn provider_secret(
    store: &Store,
    context: &Context,
    provider: &str,
) -> Result<Option<Sealed>, Error> {
    let stored: Option<Vec<u8>> = reading!(store, context, |tx| {
        let query = sqlx::query_scalar(PROVIDER_SECRET)
            .bind(context.workspace)
            .bind(provider);
        Ok(query.fetch_optional(&mut *tx).await?)
    })?;
    Ok(stored.map(|bytes| Sealed::from_bytes(&bytes)).transpose()?)
}

/// Deletes a key; whether there was one.
pub(in super::super) async fn delete_provider_key(
    store: &Store,
    context: &Context,
    provider: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query_scalar(DELETE_PROVIDER_KEY)
            .bind(context.workspace)
            .bind(provider);
        let deleted: Option<ProviderKeyId> = query.fetch_optional(&mut *tx).await?;
        let Some(id) = deleted else { return Ok(false) };
        let record = Record::new("provider_key_deleted", "provider_key", id, now);
        let record = record.with("provider", provider).without_event();
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(true)
    })
}
