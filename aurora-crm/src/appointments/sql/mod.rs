//! Statements of appointments. Locks are taken in one order: client, professionals, room, expired holds by id, entry of the waiting
//! list, and the journal last.

pub(super) mod book;
pub(super) mod change;
pub(super) mod expiry;
pub(super) mod follow;
pub(super) mod history;
pub(super) mod list;
pub(super) mod offers;
pub(super) mod policy;
pub(super) mod reminders;
pub(super) mod reschedule;
mod row;
pub(super) mod rules;
pub(super) mod told;
pub(super) mod waiting;

use aurora_core::store::{Connection, on_connection};

pub(super) use self::row::Stored;
use self::row::{Row, columns};
use super::{Appointment, AppointmentId};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading};

aurora_core::store::statements! {
    GET = concat!("select ", columns!(), " from appointments where workspace_id = $1 and id = $2");
    /// Of a client, or of one that was merged into it.
    GET_OF = concat!("select ", columns!(), " from appointments where workspace_id = $1 and id = $2 and client_id in (
            select coalesce(c.merged_into, c.id) from clients c where c.workspace_id = $1 and c.id = $3)");
    NO_SHOWS = "select count(*) from appointments where workspace_id = $1 and client_id = $2 and status = 'no_show'
        and starts_at >= $3";
}

/// Every statement of the folder, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 14] = [
    ("appointments", ALL),
    ("appointments::book", book::ALL),
    ("appointments::change", change::ALL),
    ("appointments::expiry", expiry::ALL),
    ("appointments::follow", follow::ALL),
    ("appointments::history", history::ALL),
    ("appointments::list", list::ALL),
    ("appointments::offers", offers::ALL),
    ("appointments::policy", policy::ALL),
    ("appointments::reminders", reminders::ALL),
    ("appointments::reschedule", reschedule::ALL),
    ("appointments::rules", rules::ALL),
    ("appointments::told", told::ALL),
    ("appointments::waiting", waiting::ALL),
];

pub(super) async fn get(store: &Store, context: &Context, id: AppointmentId) -> Result<Appointment, Error> {
    let found = reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })?;
    Ok(found.ok_or(Error::not_found("appointment"))?.appointment)
}

pub(super) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: AppointmentId,
) -> Result<Option<Stored>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Stored::try_from).transpose()?)
}

/// An appointment of this client and of nobody else.
pub(super) async fn get_of(
    store: &Store,
    context: &Context,
    client: ClientId,
    id: AppointmentId,
) -> Result<Appointment, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET_OF)
            .bind(context.workspace)
            .bind(id)
            .bind(client)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    let row = row.ok_or(Error::not_found("appointment"))?;
    Ok(Stored::try_from(row)?.appointment)
}

pub(super) async fn no_shows(
    store: &Store,
    context: &Context,
    client: ClientId,
    since: aurora_core::time::Timestamp,
) -> Result<u64, Error> {
    let count: i64 = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(NO_SHOWS)
            .bind(context.workspace)
            .bind(client)
            .bind(since)
            .fetch_one(&mut *tx)
            .await?)
    })?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What it means when the database refuses two appointments at one time.
pub(super) fn taken(error: Error) -> Error {
    if is_overlap(error.stored()) {
        slot_taken()
    } else {
        error
    }
}

fn is_overlap(error: Option<&aurora_core::store::Error>) -> bool {
    let constraint = error.and_then(aurora_core::store::Error::constraint);
    matches!(
        constraint,
        Some("appointments_professional_no_overlap" | "appointments_room_no_overlap")
    )
}

fn slot_taken() -> Error {
    Error::clash(
        "appointment",
        "starts_at",
        "slot_taken",
        "the professional or the room is taken at that time",
    )
}
