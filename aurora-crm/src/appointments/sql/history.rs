use aurora_core::store;
use aurora_core::time::Timestamp;

use crate::appointments::{Actor, AppointmentChange, AppointmentId};
use crate::context::Context;
use crate::error::Error;
use crate::leads::OwnerId;
use crate::scheduling::{ProfessionalId, RoomId};
use crate::store::{Store, reading};

aurora_core::store::statements! {
    OF = "select version, at, action, actor, actor_id, from_status, to_status, starts_at, ends_at, professional_id, room_id, reason
        from appointment_history where workspace_id = $1 and appointment_id = $2 order by version desc limit 500";
}

#[derive(sqlx::FromRow)]
struct Row {
    version: i64,
    at: Timestamp,
    action: String,
    actor: String,
    actor_id: Option<OwnerId>,
    from_status: Option<String>,
    to_status: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    professional_id: ProfessionalId,
    room_id: Option<RoomId>,
    reason: Option<String>,
}

impl TryFrom<Row> for AppointmentChange {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = |error: &'static str| store::Error::corrupt(error);
        let from = row.from_status.map(|status| status.parse()).transpose();
        Ok(Self {
            version: row.version,
            at: row.at,
            action: row.action,
            actor: Actor::from_columns(&row.actor, row.actor_id).map_err(corrupt)?,
            from: from.map_err(corrupt)?,
            to: row.to_status.parse().map_err(corrupt)?,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            professional_id: row.professional_id,
            room_id: row.room_id,
            reason: row.reason,
        })
    }
}

/// The last 500 changes, the last one first.
pub(in super::super) async fn of(
    store: &Store,
    context: &Context,
    id: AppointmentId,
) -> Result<Vec<AppointmentChange>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(OF)
            .bind(context.workspace)
            .bind(id)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    if rows.is_empty() {
        return Err(Error::not_found("appointment"));
    }
    let changes = rows.into_iter().map(AppointmentChange::try_from);
    Ok(changes.collect::<Result<_, _>>()?)
}
