//! Two clients become one.

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::references;
use super::row::Row;
use super::{GET, SqlClients, UPDATE, bind_client, rows};
use crate::clients::merge::{MergeChoices, combine};
use crate::clients::name::name_key;
use crate::clients::{Client, ClientId};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::journal::Record;
use crate::store::writing;

aurora_core::store::statements! {
    /// Changes nothing. Both rows are locked in the order of their ids, or two merges could wait for each other.
    LOCK = "update clients set version = version where workspace_id = $1 and id = $2 and deleted_at is null";
    WENT_TO = "select merged_into from clients where workspace_id = $1 and id = $2 and merged_into is not null";
    MARK = "update clients set deleted_at = $4, updated_at = $4, merged_into = $5, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
}

/// A client and the version that the caller has seen.
pub(in super::super) type Seen = (ClientId, i64);

impl SqlClients {
    /// Merges `lost` into `kept`, in one transaction with everything that refers to it.
    pub(in super::super) async fn merge(
        &self,
        context: &Context,
        kept: Seen,
        lost: Seen,
        choices: &MergeChoices,
        now: Timestamp,
    ) -> Result<Client, Error> {
        writing!(self.store, context, |tx| {
            for id in [kept.0.min(lost.0), kept.0.max(lost.0)] {
                sqlx::query(LOCK)
                    .bind(context.workspace)
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
            }
            let mut found = Vec::with_capacity(2);
            for (id, version) in [kept, lost] {
                let row: Option<Row> = sqlx::query_as(GET)
                    .bind(context.workspace)
                    .bind(id)
                    .fetch_optional(&mut *tx)
                    .await?;
                let client = Client::try_from(row.ok_or(Error::not_found("client"))?)?;
                if client.version != version {
                    return Err(Error::conflict("client", client.version));
                }
                if client.blocked.is_some() {
                    return Err(blocked(if id == kept.0 { "kept" } else { "lost" }));
                }
                found.push(client);
            }
            let [before, gone] = found.as_slice() else {
                return Err(Error::new(ErrorKind::Internal));
            };
            let merged = combine(before, gone, choices, now)?;
            // First, so that its number is free.
            sqlx::query(MARK)
                .bind(context.workspace)
                .bind(gone.id)
                .bind(gone.version)
                .bind(now)
                .bind(merged.id)
                .execute(&mut *tx)
                .await?;
            bind_client!(UPDATE, context.workspace, &merged)
                .bind(before.version)
                .execute(&mut *tx)
                .await?;
            rows::remove(&mut (&mut *tx).into(), context, gone.id).await?;
            take_over(&mut (&mut *tx).into(), context, gone.id, merged.id).await?;
            rows::change(&mut (&mut *tx).into(), context, before, &merged).await?;
            let records = [
                Record::new("client.merged", "client", merged.id, now)
                    .with("lost", gone.id.to_string())
                    .with("version", merged.version)
                    .with("changed", before.differences(&merged)),
                Record::new("client.merged_away", "client", gone.id, now).with("kept", merged.id.to_string()),
            ];
            self.store
                .record(&mut (&mut *tx).into(), context, now, &records)
                .await?;
            Ok(merged)
        })
    }
}

/// Nothing is done with the data of a blocked client.
fn blocked(field: &str) -> Error {
    let mut fields = Fields::default();
    fields.refuse(field, "blocked", "is blocked: its data may not be used");
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

/// Everything that refers to the client that goes refers to the one that stays.
async fn take_over(
    connection: &mut Connection<'_>,
    context: &Context,
    lost: ClientId,
    kept: ClientId,
) -> Result<(), Error> {
    for (_, statement) in references::ALL {
        execute_on!(
            connection,
            sqlx::query(*statement)
                .bind(context.workspace)
                .bind(lost)
                .bind(kept)
        )?;
    }
    Ok(())
}

/// Holds a living client until the transaction ends, and gives its id: that of the one that stays when it was merged.
///
/// Whoever adds a row that refers to a client calls this first, or a merge at the same moment could leave the row with
/// the client that goes.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn hold(
    connection: &mut Connection<'_>,
    context: &Context,
    id: ClientId,
) -> Result<ClientId, Error> {
    /// A client that was merged may be merged again meanwhile.
    const ATTEMPTS: usize = 3;
    let mut id = id;
    for _ in 0..ATTEMPTS {
        let held = execute_on!(connection, sqlx::query(LOCK).bind(context.workspace).bind(id))?;
        if held == 1 {
            return Ok(id);
        }
        let went_to: Option<ClientId> = on_connection!(connection, |tx| sqlx::query_scalar(WENT_TO)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx))?;
        id = went_to.ok_or(Error::not_found("client"))?;
    }
    Err(Error::not_found("client"))
}
