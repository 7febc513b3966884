//! Telling a client of an offer, and what becomes of one that cannot be told.

use aurora_core::store::outbox::Delivery;
use aurora_core::store::{Connection, execute_on};

use super::change::{Step, enact};
use super::{get_in, policy, reminders, waiting};
use crate::appointments::reminders::quiet_end;
use crate::appointments::{
    Actor, Appointment, AppointmentId, AppointmentNotice, AppointmentStatus, NoticeKind, WaitingEntry,
    WaitingEntryId, WaitingStatus,
};
use crate::clients::within as clients;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Only what was told counts as an offer. The client may have taken it already.
    TOLD = "update waiting_list set offers = offers + 1, told_at = $4, untold_at = null, version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and appointment_id = $3 and status in ('offered', 'booked') and told_at is null";
}

/// What the history says of the time that was held.
const UNTOLD: Step<'static> = Step {
    to: AppointmentStatus::Cancelled,
    actor: Actor::Clock,
    reason: Some("the client could not be told of the offer"),
};

/// What is to be done about an offer whose client is to be told.
pub(in super::super) enum Telling {
    Now(Box<AppointmentNotice>),
    /// Nobody may write to the client, or not before the offer has ended.
    Never,
    /// It was told, or has ended.
    Over,
}

/// What the client is told of an offer, as long as it stands.
pub(in super::super) async fn notice(
    store: &Store,
    context: &Context,
    entry: WaitingEntryId,
    appointment: AppointmentId,
) -> Result<Telling, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let entry = waiting::get_in(tx, context, entry).await?;
        let held = get_in(tx, context, appointment).await?;
        let held = held.map(|stored| stored.appointment);
        let Some(held) = held.filter(|held| is_untold(&entry, held)) else {
            return Ok(Telling::Over);
        };
        if held.hold_expires_at.is_none_or(|until| until <= now) {
            return Ok(Telling::Over);
        }
        let policy = policy::get_in(tx, context).await?;
        let is_quiet = quiet_end(now, policy.quiet, held.time_zone).is_some();
        if is_quiet || clients::is_blocked_in(tx, context, held.client_id.uuid()).await? {
            return Ok(Telling::Never);
        }
        let words = reminders::words(tx, context, &held).await?;
        Ok(Telling::Now(Box::new(AppointmentNotice {
            kind: NoticeKind::Offer,
            language: words.language,
            text: words.offer(),
            choices: words.offer_choices(held.id),
            template: policy.offer_template,
            template_body: words.offer_body(),
            idempotency_key: format!("appointment-offer/{}", held.id),
            appointment: held,
        })))
    })
}

/// Whether the entry has this time as an offer that its client does not know of.
fn is_untold(entry: &WaitingEntry, held: &Appointment) -> bool {
    let is_its = entry.status == WaitingStatus::Offered && entry.appointment_id == Some(held.id);
    is_its && entry.told_at.is_none() && held.status == AppointmentStatus::Held
}

/// Writes down that the client was told, and ends the message with it.
pub(in super::super) async fn told(
    store: &Store,
    context: &Context,
    entry: WaitingEntryId,
    appointment: AppointmentId,
    delivery: &Delivery,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        execute_on!(
            tx,
            sqlx::query(TOLD)
                .bind(context.workspace)
                .bind(entry)
                .bind(appointment)
                .bind(now)
        )?;
        store.outbox().done_in(tx, delivery).await?;
        let record = Record::new("waiting_entry.told", "waiting_entry", entry, now)
            .with("appointment", appointment.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

/// Ends an offer that the client does not know of: the time goes to the next, and the entry keeps its place.
pub(in super::super) async fn withdraw(
    store: &Store,
    context: &Context,
    entry: WaitingEntryId,
    appointment: AppointmentId,
) -> Result<(), Error> {
    let now = store.now();
    let outcome = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let entry = waiting::get_in(tx, context, entry).await?;
        let held = get_in(tx, context, appointment).await?;
        let held = held.map(|stored| stored.appointment);
        let record = match held.filter(|held| is_untold(&entry, held)) {
            Some(held) => Some(enact(store, tx, context, &held, UNTOLD, false, now).await?.1),
            None => None,
        };
        store.record(tx, context, now, record.as_slice()).await?;
        Ok(())
    });
    match outcome {
        // Somebody was faster: it has been taken or called off.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        outcome => outcome,
    }
}
