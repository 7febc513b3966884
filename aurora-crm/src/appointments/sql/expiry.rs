//! Holds that have run out, and requests that nobody has answered: by the sweep, by a booking that needs the time, and by the end
//! of an offer.

use std::time::Duration;

use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;

use super::change::{Step, step_in};
use super::{get_in, waiting};
use crate::appointments::{Actor, AppointmentId, AppointmentStatus};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Holds within an interval that have run out. In the order of their ids, so that two who let them expire do not wait in a circle.
    RUN_OUT_WITHIN = "select id from appointments where workspace_id = $1 and status = 'held' and hold_expires_at <= $2
        and blocked_from < $4 and blocked_until > $3 order by id limit 200";
    RUN_OUT = "select id from appointments where workspace_id = $1 and status = 'held' and hold_expires_at <= $2
        order by hold_expires_at, id limit 200";
    UNANSWERED = "select id from appointments where workspace_id = $1 and status = 'requested' and starts_at <= $2
        order by starts_at, id limit 200";
}

const EXPIRES: Step<'static> = Step {
    to: AppointmentStatus::Expired,
    actor: Actor::Clock,
    reason: None,
};

/// Lets holds expire that are in the way and have run out, and gives what is to be recorded.
pub(super) async fn expire_within(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    let ids: Vec<AppointmentId> = on_connection!(tx, |tx| sqlx::query_scalar(RUN_OUT_WITHIN)
        .bind(context.workspace)
        .bind(now)
        .bind(from)
        .bind(until)
        .fetch_all(&mut *tx))?;
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        records.extend(expire_in(store, tx, context, id, now).await?);
    }
    Ok(records)
}

/// Lets one expire if its time has come, and gives whether it did.
pub(in super::super) async fn expire(
    store: &Store,
    context: &Context,
    id: AppointmentId,
) -> Result<bool, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let record = expire_in(store, tx, context, id, now).await?;
        store.record(tx, context, now, record.as_slice()).await?;
        Ok(record.is_some())
    })
}

/// Lets expire what has run out or was never answered, up to 400 at once, and gives how many did.
pub(in super::super) async fn sweep(store: &Store, context: &Context) -> Result<usize, Error> {
    let now = store.now();
    let mut ids: Vec<AppointmentId> = Vec::new();
    for statement in [RUN_OUT, UNANSWERED] {
        ids.extend(reading!(store, context, |tx| {
            let found: Vec<AppointmentId> = sqlx::query_scalar(statement)
                .bind(context.workspace)
                .bind(now)
                .fetch_all(&mut *tx)
                .await?;
            Ok(found)
        })?);
    }
    let mut expired = 0;
    for id in ids {
        expired += usize::from(expire(store, context, id).await?);
    }
    waiting::lapse(store, context, now).await?;
    Ok(expired)
}

/// How long a hold still goes on: the outbox goes by the clock of the database, and this program by its own.
pub(in super::super) async fn left(
    store: &Store,
    context: &Context,
    id: AppointmentId,
) -> Result<Option<Duration>, Error> {
    let now = store.now();
    let found = reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })?;
    let until = found.and_then(|stored| stored.appointment.hold_expires_at);
    Ok(until.map(|until| until.since(now)).filter(|left| !left.is_zero()))
}

async fn expire_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: AppointmentId,
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    let Some(before) = get_in(tx, context, id).await? else {
        return Ok(None);
    };
    match step_in(store, tx, context, &before, EXPIRES, now).await {
        Ok((_, record)) => Ok(Some(record)),
        // Somebody was faster, or it has been taken or called off: nothing is to expire.
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid) => Ok(None),
        Err(error) => Err(error),
    }
}
