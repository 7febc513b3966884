//! Booking: everything in one transaction, with the database as the judge of what is free.

use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::follow::{Change, follow};
use super::{Stored, get_in, slot_taken, taken};
use crate::appointments::{Appointment, AppointmentId, AppointmentStatus, Booking};
use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId, Terms, Wish, busy, within};
use crate::store::{Store, writing};

aurora_core::store::statements! {
    /// Without a row when the professional or the room is taken, or the key is used: PostgreSQL waits for whoever is at it, and the
    /// transaction goes on. SQLite refuses by a trigger, and goes on as well.
    INSERT = "insert into appointments (workspace_id, id, client_id, service_id, professional_id, room_id, starts_at, ends_at,
            blocked_from, blocked_until, time_zone, status, hold_expires_at, note, fee_due, moves, plan, idempotency_key,
            content_hash, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, false, 0, $15, $16, $17, 1, $18, $18)
        on conflict do nothing returning id";
    BY_KEY = "select id, content_hash from appointments where workspace_id = $1 and idempotency_key = $2";
    /// Changes nothing. Who books with one professional takes turns, so that nobody waits in a circle.
    LOCK_PROFESSIONAL = "update professionals set version = version where workspace_id = $1 and id = $2";
    LOCK_ROOM = "update rooms set version = version where workspace_id = $1 and id = $2";
    /// Rooms that are taken within an interval.
    BUSY_ROOMS = "select distinct room_id from appointments where workspace_id = $1 and room_id is not null
        and status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
        and blocked_from < $3 and blocked_until > $2 and id <> $4 limit 1000";
    ROOMS_OF = "select r.id from service_rooms sr join rooms r on r.workspace_id = sr.workspace_id and r.id = sr.room_id
        where sr.workspace_id = $1 and sr.service_id = $2 and r.active order by r.name_key, r.id limit 100";
    /// Whether the professional is taken within an interval.
    BUSY_PROFESSIONAL = "select count(*) from appointments where workspace_id = $1 and professional_id = $2
        and status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
        and blocked_from < $4 and blocked_until > $3";
}

pub(in super::super) async fn book(
    store: &Store,
    context: &Context,
    booking: &Booking,
    now: Timestamp,
) -> Result<Appointment, Error> {
    let outcome = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        if let Some(first) = booked_before(tx, context, booking).await? {
            return Ok(first);
        }
        let client = clients::hold(tx, context, booking.client).await?;
        // Once more: the same booking may have been made while this one waited for the client.
        if let Some(first) = booked_before(tx, context, booking).await? {
            return Ok(first);
        }
        let (made, records) = make(store, tx, context, booking, client, now).await?;
        store.record(tx, context, now, &records).await?;
        Ok(made)
    });
    outcome.map_err(taken)
}

/// The first booking under this key, if it was the same.
async fn booked_before(
    tx: &mut Connection<'_>,
    context: &Context,
    booking: &Booking,
) -> Result<Option<Appointment>, Error> {
    let Some(key) = &booking.idempotency_key else {
        return Ok(None);
    };
    let found: Option<(AppointmentId, Vec<u8>)> = on_connection!(tx, |tx| sqlx::query_as(BY_KEY)
        .bind(context.workspace)
        .bind(key)
        .fetch_optional(&mut *tx))?;
    match found {
        None => Ok(None),
        Some((_, hash)) if hash != booking.content_hash() => Err(Error::clash(
            "appointment",
            "idempotency_key",
            "key_reused",
            "another booking was made under this key",
        )),
        Some((id, _)) => Ok(get_in(tx, context, id).await?.map(|stored| stored.appointment)),
    }
}

/// Makes the appointment in the caller's transaction, which has to hold the client, and gives what is to be recorded.
pub(super) async fn make(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    booking: &Booking,
    client: ClientId,
    now: Timestamp,
) -> Result<(Appointment, Vec<Record>), Error> {
    lock_professional(tx, context, booking.professional).await?;
    let mut wish = Wish::new(booking.service, booking.professional, booking.starts_at);
    if let Some(room) = booking.room {
        wish = wish.room(room);
    }
    if booking.outside_hours {
        wish = wish.any_hours();
    }
    let terms = within::terms(tx, context, now, &wish).await?;
    if !booking.outside_hours {
        check_busy(
            tx,
            context,
            booking.professional,
            terms.blocked_from,
            terms.blocked_until,
        )
        .await?;
    }
    let (status, hold_expires_at) = booking.begins(terms.service.confirms_itself, now)?;
    let mut records =
        super::expiry::expire_within(store, tx, context, (terms.blocked_from, terms.blocked_until), now)
            .await?;
    let made = new(booking, client, &terms, status, hold_expires_at, now);
    let made = insert(tx, context, booking, made, &terms).await?;
    let change = Change {
        before: None,
        action: "appointment.booked",
        actor: booking.actor,
        reason: None,
        now,
    };
    records.push(follow(store, tx, context, &made, &change).await?);
    Ok((made.appointment, records))
}

fn new(
    booking: &Booking,
    client: ClientId,
    terms: &Terms,
    status: AppointmentStatus,
    hold_expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Stored {
    let appointment = Appointment {
        id: AppointmentId::new(now),
        client_id: client,
        service_id: booking.service,
        professional_id: booking.professional,
        room_id: None,
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        blocked_from: terms.blocked_from,
        blocked_until: terms.blocked_until,
        time_zone: terms.professional.time_zone,
        status,
        hold_expires_at,
        reminded_at: None,
        acknowledged_at: None,
        reason: None,
        note: booking.note.clone(),
        fee_due: false,
        moves: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Stored { appointment, plan: 1 }
}

/// Stores it in the first of its rooms that is free.
async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    booking: &Booking,
    mut made: Stored,
    terms: &Terms,
) -> Result<Stored, Error> {
    let interval = (terms.blocked_from, terms.blocked_until);
    let rooms = if terms.rooms.is_empty() {
        vec![None]
    } else {
        let free = free_rooms(tx, context, &terms.rooms, interval, made.appointment.id).await?;
        free.into_iter().map(Some).collect()
    };
    for room in rooms {
        made.appointment.room_id = room;
        if try_insert(tx, context, booking, &made).await? {
            return Ok(made);
        }
        if room.is_none() || is_busy(tx, context, booking.professional, interval).await? {
            break;
        }
    }
    // A key that another has used meanwhile is told as such.
    match booked_before(tx, context, booking).await? {
        Some(_) => Err(Error::conflict("appointment", 1)),
        None => Err(slot_taken()),
    }
}

async fn try_insert(
    tx: &mut Connection<'_>,
    context: &Context,
    booking: &Booking,
    made: &Stored,
) -> Result<bool, Error> {
    let appointment = &made.appointment;
    let inserted: Result<Option<AppointmentId>, aurora_core::store::Error> =
        on_connection!(tx, |tx| sqlx::query_scalar(INSERT)
            .bind(context.workspace)
            .bind(appointment.id)
            .bind(appointment.client_id)
            .bind(appointment.service_id)
            .bind(appointment.professional_id)
            .bind(appointment.room_id)
            .bind(appointment.starts_at)
            .bind(appointment.ends_at)
            .bind(appointment.blocked_from)
            .bind(appointment.blocked_until)
            .bind(appointment.time_zone.name())
            .bind(appointment.status.as_str())
            .bind(appointment.hold_expires_at)
            .bind(appointment.note.as_deref())
            .bind(made.plan)
            .bind(booking.idempotency_key.as_deref())
            .bind(booking.content_hash().as_slice())
            .bind(appointment.created_at)
            .fetch_optional(&mut *tx));
    match inserted {
        Ok(id) => Ok(id.is_some()),
        Err(error) if super::is_overlap(Some(&error)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Locks a professional for the transaction.
pub(super) async fn lock_professional(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ProfessionalId,
) -> Result<(), Error> {
    let found = execute_on!(
        tx,
        sqlx::query(LOCK_PROFESSIONAL).bind(context.workspace).bind(id)
    )?;
    if found == 1 {
        Ok(())
    } else {
        Err(Error::not_found("professional"))
    }
}

pub(super) async fn lock_room(tx: &mut Connection<'_>, context: &Context, id: RoomId) -> Result<(), Error> {
    let found = execute_on!(tx, sqlx::query(LOCK_ROOM).bind(context.workspace).bind(id))?;
    if found == 1 {
        Ok(())
    } else {
        Err(Error::not_found("room"))
    }
}

/// Refuses a time at which another calendar of the professional says that it is busy.
pub(super) async fn check_busy(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    from: Timestamp,
    until: Timestamp,
) -> Result<(), Error> {
    let busy = busy::read(tx, context, professional, from..until).await?;
    if busy.is_empty() {
        Ok(())
    } else {
        Err(slot_taken())
    }
}

/// The rooms that a service is done in.
pub(super) async fn rooms_of(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
) -> Result<Vec<RoomId>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(ROOMS_OF)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?)
}

/// Those of `rooms` that nobody but `own` has taken within the interval.
pub(super) async fn free_rooms(
    tx: &mut Connection<'_>,
    context: &Context,
    rooms: &[RoomId],
    (from, until): (Timestamp, Timestamp),
    own: AppointmentId,
) -> Result<Vec<RoomId>, Error> {
    let busy: Vec<RoomId> = on_connection!(tx, |tx| sqlx::query_scalar(BUSY_ROOMS)
        .bind(context.workspace)
        .bind(from)
        .bind(until)
        .bind(own)
        .fetch_all(&mut *tx))?;
    let is_free = |room: &&RoomId| !busy.contains(room);
    Ok(rooms.iter().filter(is_free).copied().collect())
}

async fn is_busy(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
    (from, until): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let count: i64 = on_connection!(tx, |tx| sqlx::query_scalar(BUSY_PROFESSIONAL)
        .bind(context.workspace)
        .bind(professional)
        .bind(from)
        .bind(until)
        .fetch_one(&mut *tx))?;
    Ok(count > 0)
}
