use aurora_core::store::{self, Connection, execute_on, on_connection};

use crate::assistant::settings::{AssistantSettings, StoredSettings};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::WorkspaceId;

aurora_core::store::statements! {
    GET = "select settings, version from assistant_settings where workspace_id = $1";
    /// Locks the row for the transaction.
    LOCK = "update assistant_settings set version = version where workspace_id = $1 returning settings, version";
    INSERT = "insert into assistant_settings (workspace_id, settings, version, updated_at) values ($1, $2, 1, $3)";
    UPDATE = "update assistant_settings set settings = $2, version = $3, updated_at = $4 where workspace_id = $1";
}

type Row = (String, i64);

fn read(row: Option<Row>) -> Result<StoredSettings, store::Error> {
    let Some((settings, version)) = row else {
        return Ok(StoredSettings {
            settings: AssistantSettings::default(),
            version: 0,
        });
    };
    let settings = serde_json::from_str(&settings)
        .map_err(|_| store::Error::corrupt("the settings of the assistant are not what they were"))?;
    Ok(StoredSettings { settings, version })
}

pub(in crate::assistant) async fn get(store: &Store, context: &Context) -> Result<StoredSettings, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(read(row)?)
}

pub(in crate::assistant) async fn set(
    store: &Store,
    context: &Context,
    expected: i64,
    settings: &AssistantSettings,
) -> Result<StoredSettings, Error> {
    let text = serde_json::to_string(settings)
        .map_err(|_| store::Error::corrupt("the settings of the assistant cannot be written"))?;
    let outcome = writing!(store, context, |tx| {
        set_in(store, &mut (&mut *tx).into(), context, expected, &text).await
    });
    let version = outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        // Somebody was the first to store them meanwhile.
        Some(store::ErrorKind::Conflict) => Error::conflict("assistant settings", 1),
        _ => error,
    })?;
    Ok(StoredSettings {
        settings: settings.clone(),
        version,
    })
}

async fn set_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    expected: i64,
    text: &str,
) -> Result<i64, Error> {
    let now = store.now();
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(LOCK)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    let current = row.map_or(0, |(_, version)| version);
    if current != expected {
        return Err(Error::conflict("assistant settings", current));
    }
    let version = current + 1;
    if current == 0 {
        execute_on!(
            tx,
            sqlx::query(INSERT).bind(context.workspace).bind(text).bind(now)
        )?;
    } else {
        execute_on!(
            tx,
            sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(text)
                .bind(version)
                .bind(now)
        )?;
    }
    let workspace: WorkspaceId = context.workspace;
    let record = Record::new("assistant.configured", "workspace", workspace, now).with("version", version);
    store.record(tx, context, now, &[record]).await?;
    Ok(version)
}
