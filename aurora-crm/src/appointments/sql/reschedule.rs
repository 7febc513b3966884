//! The same appointment at another time.

use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;

use super::change::{Circumstances, at_version, changed};
use super::follow::{Change, follow, plans_anew};
use super::row::{Row, columns};
use super::{Stored, book, slot_taken, taken};
use crate::appointments::{Actor, Appointment, AppointmentId};
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::{ProfessionalId, RoomId, Wish, within};
use crate::store::{Store, writing};

aurora_core::store::statements! {
    MOVE = concat!(
        "update appointments set starts_at = $4, ends_at = $5, blocked_from = $6, blocked_until = $7, professional_id = $8,
            room_id = $9, time_zone = $10, status = $11, acknowledged_at = null, moves = moves + 1, version = version + 1,
            updated_at = $12, plan = plan + $13
        where workspace_id = $1 and id = $2 and version = $3 and status in ('requested', 'confirmed') returning ",
        columns!()
    );
}

/// A change of time that somebody wants.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Move {
    pub(in super::super) starts_at: Timestamp,
    pub(in super::super) professional: Option<ProfessionalId>,
    pub(in super::super) actor: Actor,
}

pub(in super::super) async fn reschedule(
    store: &Store,
    context: &Context,
    id: AppointmentId,
    expected: i64,
    to: Move,
) -> Result<Appointment, Error> {
    let now = store.now();
    let outcome = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let before = at_version(tx, context, id, expected).await?.appointment;
        let around = Circumstances::read(tx, context, before.service_id).await?;
        let status = around.question(&before, to.actor, now).reschedule()?;
        let mut moved = place(tx, context, &before, to, now).await?;
        moved.status = status;
        let mut records =
            super::expiry::expire_within(store, tx, context, (moved.blocked_from, moved.blocked_until), now)
                .await?;
        let after = put(tx, context, &before, &moved, now).await?;
        let change = Change {
            before: Some(&before),
            action: "appointment.rescheduled",
            actor: to.actor,
            reason: None,
            now,
        };
        records.push(follow(store, tx, context, &after, &change).await?);
        store.record(tx, context, now, &records).await?;
        Ok(after.appointment)
    });
    outcome.map_err(taken)
}

/// The appointment at its new time, as long as before, in its own room or another of the service's that is free. Only a client is
/// held to the hours: what people and calendars move is their judgement.
async fn place(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Appointment,
    to: Move,
    now: Timestamp,
) -> Result<Appointment, Error> {
    let professional = to.professional.unwrap_or(before.professional_id);
    book::lock_professional(tx, context, professional).await?;
    // A service that is booked no more keeps its appointments, and people go on moving those.
    let (time_zone, rooms) = if to.actor != Actor::Client && professional == before.professional_id {
        (
            before.time_zone,
            book::rooms_of(tx, context, before.service_id).await?,
        )
    } else {
        let mut wish = Wish::new(before.service_id, professional, to.starts_at);
        if to.actor != Actor::Client {
            wish = wish.any_hours();
        }
        let terms = within::terms(tx, context, now, &wish).await?;
        (terms.professional.time_zone, terms.rooms)
    };
    let mut moved = before.clone();
    moved.professional_id = professional;
    moved.time_zone = time_zone;
    moved.starts_at = to.starts_at;
    moved.ends_at = to.starts_at + before.ends_at.since(before.starts_at);
    moved.blocked_from = to.starts_at - before.starts_at.since(before.blocked_from);
    moved.blocked_until = moved.ends_at + before.blocked_until.since(before.ends_at);
    let interval = (moved.blocked_from, moved.blocked_until);
    if to.actor == Actor::Client {
        book::check_busy(tx, context, professional, interval.0, interval.1).await?;
    }
    if !rooms.is_empty() || before.room_id.is_some() {
        moved.room_id = Some(room(tx, context, before, rooms, interval, to.actor).await?);
    }
    Ok(moved)
}

/// Its own room if that is free then, or the first of the others. A client goes into no room that is shut then.
async fn room(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Appointment,
    mut rooms: Vec<RoomId>,
    interval: (Timestamp, Timestamp),
    actor: Actor,
) -> Result<RoomId, Error> {
    let own = before
        .room_id
        .filter(|own| actor != Actor::Client || rooms.contains(own));
    rooms.retain(|room| Some(*room) != own);
    let rooms: Vec<RoomId> = own.into_iter().chain(rooms).collect();
    let free = book::free_rooms(tx, context, &rooms, interval, before.id).await?;
    let room = *free.first().ok_or_else(slot_taken)?;
    book::lock_room(tx, context, room).await?;
    Ok(room)
}

async fn put(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Appointment,
    moved: &Appointment,
    now: Timestamp,
) -> Result<Stored, Error> {
    let plan = i64::from(plans_anew(Some(before), moved.status, moved.starts_at));
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(MOVE)
        .bind(context.workspace)
        .bind(before.id)
        .bind(before.version)
        .bind(moved.starts_at)
        .bind(moved.ends_at)
        .bind(moved.blocked_from)
        .bind(moved.blocked_until)
        .bind(moved.professional_id)
        .bind(moved.room_id)
        .bind(moved.time_zone.name())
        .bind(moved.status.as_str())
        .bind(now.max(before.updated_at))
        .bind(plan)
        .fetch_optional(&mut *tx))?;
    changed(tx, context, before.id, row).await
}
