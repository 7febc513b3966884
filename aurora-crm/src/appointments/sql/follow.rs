//! What follows from every change of an appointment, in its transaction: history, reminders, the waiting list, the calendar.

use std::time::Duration;

use aurora_core::store::{Connection, execute_on};
use aurora_core::time::Timestamp;

use super::{Stored, reminders, waiting};
use crate::appointments::reminders::{Freed, Job, Ticket};
use crate::appointments::{Actor, Appointment, AppointmentStatus};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::Store;

aurora_core::store::statements! {
    INSERT_HISTORY = "insert into appointment_history (workspace_id, appointment_id, version, at, action, actor, actor_id,
            from_status, to_status, starts_at, ends_at, professional_id, room_id, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
}

/// A change that has been written to the row of the appointment.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    /// What it was before; `None` when it is new.
    pub(super) before: Option<&'a Appointment>,
    pub(super) action: &'static str,
    pub(super) actor: Actor,
    pub(super) reason: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// Writes what follows from a change, and gives what is to be recorded of it.
pub(super) async fn follow(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    after: &Stored,
    change: &Change<'_>,
) -> Result<Record, Error> {
    let appointment = &after.appointment;
    add_history(tx, context, appointment, change).await?;
    if plans_anew(change.before, appointment.status, appointment.starts_at) {
        reminders::plan_in(store, tx, context, after, change.now).await?;
    }
    let was_held = change
        .before
        .is_some_and(|before| before.status == AppointmentStatus::Held);
    if was_held && appointment.status != AppointmentStatus::Held {
        waiting::settle_in(tx, context, appointment, change.now).await?;
    }
    if let Some(before) = change
        .before
        .filter(|before| gave_up(before, appointment, change.now))
    {
        let job = Job::Freed(Freed::of(before));
        let key = format!("freed/{}/{}", appointment.id, appointment.version);
        let message = Ticket::message(context.workspace, job, key, Duration::ZERO)?;
        store.outbox().enqueue_in(tx, &message).await?;
    }
    #[cfg(feature = "google-calendar")]
    crate::channels::google_calendar::follow(store, tx, context, change.before, appointment).await?;
    let mut record = Record::new(change.action, "appointment", appointment.id, change.now)
        .with("status", appointment.status.as_str())
        .with("version", appointment.version)
        .with("actor", change.actor.as_str());
    if let Some(before) = change.before {
        record = record.with("from", before.status.as_str());
    }
    Ok(record)
}

/// Whether its reminders are planned anew: it is agreed by now, or at another time than before.
pub(super) fn plans_anew(
    before: Option<&Appointment>,
    status: AppointmentStatus,
    starts_at: Timestamp,
) -> bool {
    let is_planned =
        |before: &Appointment| before.status == AppointmentStatus::Confirmed && before.starts_at == starts_at;
    status == AppointmentStatus::Confirmed && !before.is_some_and(is_planned)
}

/// Whether time that is still to come has become free.
fn gave_up(before: &Appointment, after: &Appointment, now: Timestamp) -> bool {
    let is_elsewhere = (before.professional_id, before.blocked_from, before.blocked_until)
        != (after.professional_id, after.blocked_from, after.blocked_until);
    before.status.blocks() && before.starts_at > now && (!after.status.blocks() || is_elsewhere)
}

async fn add_history(
    tx: &mut Connection<'_>,
    context: &Context,
    appointment: &Appointment,
    change: &Change<'_>,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT_HISTORY)
            .bind(context.workspace)
            .bind(appointment.id)
            .bind(appointment.version)
            .bind(change.now)
            .bind(change.action)
            .bind(change.actor.as_str())
            .bind(change.actor.person())
            .bind(change.before.map(|before| before.status.as_str()))
            .bind(appointment.status.as_str())
            .bind(appointment.starts_at)
            .bind(appointment.ends_at)
            .bind(appointment.professional_id)
            .bind(appointment.room_id)
            .bind(change.reason)
    )?;
    Ok(())
}
