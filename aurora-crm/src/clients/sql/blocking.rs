//! Clients whose data may not be used.

use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::row::Row;
use super::{GET, SqlClients, VERSION, missed, rows};
use crate::clients::{Blocked, Client, ClientId};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::journal::Record;
use crate::store::writing;

aurora_core::store::statements! {
    SET = "update clients set blocked_at = $4, blocked_reason = $5, updated_at = $6, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    /// `$2` is a client or a lead.
    BLOCKED_AT = "select c.blocked_at from clients c where c.workspace_id = $1 and c.blocked_at is not null and (c.id = $2
        or c.id in (select l.client_id from leads l where l.workspace_id = $1 and l.id = $2))";
}

impl SqlClients {
    /// Blocks the version that is expected, or ends that.
    pub(in super::super) async fn set_blocked(
        &self,
        context: &Context,
        id: ClientId,
        expected: i64,
        blocked: Option<Blocked>,
        now: Timestamp,
    ) -> Result<Client, Error> {
        writing!(self.store, context, |tx| {
            let row: Option<Row> = sqlx::query_as(GET)
                .bind(context.workspace)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?;
            let before = Client::try_from(row.ok_or(Error::not_found("client"))?)?;
            if before.version != expected {
                return Err(Error::conflict("client", before.version));
            }
            let action = match (&before.blocked, &blocked) {
                (None, Some(_)) => "subject.blocked",
                (Some(_), None) => "subject.unblocked",
                (Some(_), Some(_)) => return Err(refused("is blocked already")),
                (None, None) => return Err(refused("is not blocked")),
            };
            let after = Client {
                blocked,
                version: expected.saturating_add(1),
                updated_at: now.max(before.updated_at),
                ..before.clone()
            };
            let set = sqlx::query(SET)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(after.blocked.as_ref().map(|blocked| blocked.at))
                .bind(after.blocked.as_ref().map(|blocked| blocked.reason.as_str()))
                .bind(after.updated_at)
                .execute(&mut *tx)
                .await?;
            if set.rows_affected() == 0 {
                return Err(missed(&mut (&mut *tx).into(), context, id, VERSION).await?);
            }
            rows::change(&mut (&mut *tx).into(), context, &before, &after).await?;
            // No listener is told: that somebody has asked for it is personal as well.
            let record = Record::new(action, "client", id, now)
                .detail("version", after.version)
                .without_event();
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(after)
        })
    }
}

fn refused(message: &str) -> Error {
    let mut fields = Fields::default();
    fields.refuse("id", "not_allowed", message);
    fields.finish(()).err().unwrap_or(Error::not_found("client"))
}

/// Whether the data of a client, or of the client of a lead, may not be used. Whoever sends something to a client, or about
/// it, asks first.
pub(crate) async fn is_blocked_in(
    tx: &mut Connection<'_>,
    context: &Context,
    client_or_lead: Uuid,
) -> Result<bool, Error> {
    let at: Option<Timestamp> = on_connection!(tx, |tx| sqlx::query_scalar(BLOCKED_AT)
        .bind(context.workspace)
        .bind(client_or_lead)
        .fetch_optional(&mut *tx))?;
    Ok(at.is_some())
}
