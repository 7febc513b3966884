use aurora_core::access::seal::Sealed;
use sqlx::types::Uuid;

use super::super::session::SessionId;
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    SEALED_SESSIONS = "select id, '' as name, refresh_key as secret from sessions where id > $1 order by id limit $2";
    SEALED_FACTORS = "select id, '' as name, secret from second_factors where id > $1 order by id limit $2";
    SEALED_PROVIDER_KEYS = "select id, provider as name, secret from provider_keys
        where workspace_id = $1 and id > $2 order by id limit $3";
    SEALED_WEBHOOK_SECRETS = "select id, secret as sealed from webhook_endpoints
        where workspace_id = $1 and id > $2 and deleted_at is null order by id limit $3";
    SEALED_PREVIOUS_SECRETS = "select id, previous_secret as sealed from webhook_endpoints
        where workspace_id = $1 and id > $2 and deleted_at is null and previous_secret is not null order by id limit $3";
    SEALED_WEBHOOK_HEADERS = "select id, headers as sealed from webhook_endpoints
        where workspace_id = $1 and id > $2 and deleted_at is null and headers is not null order by id limit $3";
    SEALED_CALENDARS = "select id, credentials as sealed from calendar_links
        where workspace_id = $1 and id > $2 and credentials <> '' order by id limit $3";
    /// What was replaced meanwhile stays.
    REWRAP_SESSION = "update sessions set refresh_key = $3 where id = $1 and refresh_key = $2";
    REWRAP_FACTOR = "update second_factors set secret = $3 where id = $1 and secret = $2";
    REWRAP_PROVIDER_KEY = "update provider_keys set secret = $4 where workspace_id = $1 and id = $2 and secret = $3";
    REWRAP_WEBHOOK_SECRET = "update webhook_endpoints set secret = $4 where workspace_id = $1 and id = $2 and secret = $3";
    REWRAP_PREVIOUS_SECRET = "update webhook_endpoints set previous_secret = $4
        where workspace_id = $1 and id = $2 and previous_secret = $3";
    REWRAP_WEBHOOK_HEADERS = "update webhook_endpoints set headers = $4
        where workspace_id = $1 and id = $2 and headers = $3";
    REWRAP_CALENDAR = "update calendar_links set credentials = $4
        where workspace_id = $1 and id = $2 and credentials = $3";
}

/// Where sealed secrets lie.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Sealing {
    Sessions,
    Factors,
    /// Of the context's workspace.
    ProviderKeys,
    /// Of the context's workspace; kept as text.
    WebhookSecrets,
    /// Of the context's workspace; kept as text.
    PreviousWebhookSecrets,
    /// Of the context's workspace; kept as text.
    WebhookHeaders,
    /// Of the context's workspace; kept as text.
    Calendars,
}

impl Sealing {
    /// The statements of a column of text, to read and to replace.
    const fn of_text(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Sessions | Self::Factors | Self::ProviderKeys => None,
            Self::WebhookSecrets => Some((SEALED_WEBHOOK_SECRETS, REWRAP_WEBHOOK_SECRET)),
            Self::PreviousWebhookSecrets => Some((SEALED_PREVIOUS_SECRETS, REWRAP_PREVIOUS_SECRET)),
            Self::WebhookHeaders => Some((SEALED_WEBHOOK_HEADERS, REWRAP_WEBHOOK_HEADERS)),
            Self::Calendars => Some((SEALED_CALENDARS, REWRAP_CALENDAR)),
        }
    }
}

/// A sealed secret, and what names its row.
#[derive(sqlx::FromRow)]
pub(in super::super) struct SealedRow {
    pub(in super::super) id: Uuid,
    pub(in super::super) name: String,
    /// The bytes, or those of the text where it is kept as text.
    pub(in super::super) secret: Vec<u8>,
}

pub(in super::super) const fn session_name(id: Uuid) -> SessionId {
    SessionId::from_uuid(id)
}

pub(in super::super) async fn sealed(
    store: &Store,
    context: &Context,
    table: Sealing,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<SealedRow>, Error> {
    let (after, limit) = (after.unwrap_or(Uuid::nil()), i64::from(limit));
    if let Some((statement, _)) = table.of_text() {
        let rows: Vec<(Uuid, String)> = reading!(store, context, |tx| {
            let query = sqlx::query_as(statement).bind(context.workspace);
            Ok(query.bind(after).bind(limit).fetch_all(&mut *tx).await?)
        })?;
        let row = |(id, sealed): (Uuid, String)| SealedRow {
            id,
            name: String::new(),
            secret: sealed.into_bytes(),
        };
        return Ok(rows.into_iter().map(row).collect());
    }
    reading!(store, context, |tx| {
        let query = match table {
            Sealing::Sessions => sqlx::query_as(SEALED_SESSIONS),
            Sealing::Factors => sqlx::query_as(SEALED_FACTORS),
            _ => sqlx::query_as(SEALED_PROVIDER_KEYS).bind(context.workspace),
        };
        Ok(query.bind(after).bind(limit).fetch_all(&mut *tx).await?)
    })
}

/// Stores a secret that was wrapped anew, where the one before still stands; whether it does.
pub(in super::super) async fn replace_sealed(
    store: &Store,
    context: &Context,
    table: Sealing,
    row: &SealedRow,
    new: &Sealed,
) -> Result<bool, Error> {
    if let Some((_, statement)) = table.of_text() {
        let old = String::from_utf8_lossy(&row.secret);
        return writing!(store, context, |tx| {
            let query = sqlx::query(statement).bind(context.workspace).bind(row.id);
            let done = query.bind(&*old).bind(new.to_string()).execute(&mut *tx).await?;
            Ok(done.rows_affected() > 0)
        });
    }
    let new = new.to_bytes();
    writing!(store, context, |tx| {
        let query = match table {
            Sealing::Sessions => sqlx::query(REWRAP_SESSION),
            Sealing::Factors => sqlx::query(REWRAP_FACTOR),
            _ => sqlx::query(REWRAP_PROVIDER_KEY).bind(context.workspace),
        };
        let done = query
            .bind(row.id)
            .bind(&row.secret)
            .bind(&new)
            .execute(&mut *tx)
            .await?;
        Ok(done.rows_affected() > 0)
    })
}
