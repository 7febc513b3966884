//! What people do in Google with the events of appointments. The states of appointments decide: what may be done is done here
//! too, and what may not is put back and noted as a conflict.

use aurora_core::resilience::Deadline;
use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use super::client::{Event, GoogleClient, GoogleErrorKind};
use super::handle::GoogleCalendar;
use super::jobs::Ticket;
use super::link::CalendarLinkId;
use super::notify::hash;
use super::push::stands;
use super::sql::events::{self, Known};
use super::sql::links::{self, Stored};
use super::worker::Trouble;
use super::writing::{times, version_of};
use crate::appointments::{Actor, Appointment, AppointmentId, AppointmentStatus, Appointments};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::store::{reading, writing};

/// How an event is, as Google says.
struct Heard<'a> {
    etag: Option<&'a str>,
    times: Option<(Timestamp, Timestamp)>,
}

impl GoogleCalendar {
    /// Takes in what has become of an event of ours.
    pub(super) async fn hear(
        &self,
        context: &Context,
        stored: &Stored,
        id: AppointmentId,
        event: &Event,
    ) -> Result<(), Trouble> {
        let Some((known, appointment)) = self.current(context, (stored.link.id, id), &event.id).await? else {
            return Ok(());
        };
        if event.is_cancelled() {
            return self.deleted(context, &known, &appointment).await;
        }
        let heard = Heard {
            etag: event.etag.as_deref(),
            times: times(event),
        };
        let own_times = Some((appointment.starts_at, appointment.ends_at));
        if known.etag == event.etag {
            return Ok(());
        }
        if version_of(event) < appointment.version {
            // It was changed here too, and that is on its way: what is booked here stands.
            return Ok(());
        }
        if heard.times == own_times {
            // Our own echo, or something that is none of ours, such as its colour.
            let known = Known {
                etag: event.etag.clone(),
                pushed_version: appointment.version,
                ..known
            };
            return self.note(context, &known, None).await;
        }
        self.moved(context, &known, &appointment, &heard).await
    }

    /// What is known of an event that should stand in the calendar, and its appointment.
    async fn current(
        &self,
        context: &Context,
        (link, id): (CalendarLinkId, AppointmentId),
        event: &str,
    ) -> Result<Option<(Known, Appointment)>, Error> {
        let known = reading!(self.store, context, |tx| {
            Ok(events::get(&mut (&mut *tx).into(), context, (link, id)).await?)
        })?;
        // One that is not known yet is being written at this moment, and of an earlier generation nothing is news.
        let Some(known) = known.filter(|known| known.is_present && known.event_id == event) else {
            return Ok(None);
        };
        let appointments = Appointments::new(self.store.clone());
        match appointments.get(context, id).await {
            Ok(appointment) => Ok(Some((known, appointment))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks Google itself for an event of ours, and takes in what has become of it; tells whether Google knows it. Only what
    /// Google says to be deleted is deleted.
    pub(super) async fn ask(
        &self,
        context: &Context,
        stored: &Stored,
        client: &GoogleClient,
        known: &Known,
    ) -> Result<bool, Trouble> {
        let asked = client
            .get(&stored.link.calendar_id, &known.event_id, Deadline::NONE)
            .await;
        let event = match asked {
            Ok(event) => event,
            Err(error) if error.kind() == GoogleErrorKind::Gone => Event::tombstone(&known.event_id),
            Err(error) if error.kind() == GoogleErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Trouble::of(stored)(error)),
        };
        self.hear(context, stored, known.appointment_id, &event).await?;
        Ok(true)
    }

    /// An event of ours is not in the calendar, and nobody is known to have deleted it: it is written anew.
    pub(super) async fn missing(&self, context: &Context, known: &Known) -> Result<(), Trouble> {
        let key = (known.link_id, known.appointment_id);
        let Some((known, appointment)) = self.current(context, key, &known.event_id).await? else {
            return Ok(());
        };
        let reason = takes_place(appointment.status).then_some("missing_there");
        self.note(context, &gone(&known), reason).await
    }

    /// Somebody has moved it: the appointment is moved, if that is legal and free.
    async fn moved(
        &self,
        context: &Context,
        known: &Known,
        appointment: &Appointment,
        heard: &Heard<'_>,
    ) -> Result<(), Trouble> {
        let reason = match heard.times {
            None => "whole_day",
            Some((start, _)) if start == appointment.starts_at => "length",
            Some((start, _)) => {
                let appointments = Appointments::new(self.store.clone());
                let (id, version) = (appointment.id, appointment.version);
                let outcome = appointments
                    .reschedule(context, id, version, start, None, Actor::Calendar)
                    .await;
                match outcome {
                    Ok(moved) => {
                        let known = Known {
                            etag: heard.etag.map(str::to_owned),
                            starts_at: moved.starts_at,
                            ends_at: moved.ends_at,
                            ..known.clone()
                        };
                        // The change has enqueued a push, which notes the new version and, if need be, the length.
                        return self.note(context, &known, None).await;
                    }
                    Err(error) => refusal(error)?,
                }
            }
        };
        // Put back over exactly what was seen.
        let known = Known {
            etag: heard.etag.map(str::to_owned),
            pushed_version: 0,
            ..known.clone()
        };
        self.note(context, &known, Some(reason)).await
    }

    /// Somebody has deleted it: the appointment is called off, if that is legal.
    async fn deleted(
        &self,
        context: &Context,
        known: &Known,
        appointment: &Appointment,
    ) -> Result<(), Trouble> {
        let gone = gone(known);
        if !takes_place(appointment.status) {
            // What is called off is gone, and of what is over everybody may tidy up a calendar.
            return self.note(context, &gone, None).await;
        }
        if appointment.version > known.pushed_version && known.pushed_version > 0 {
            // Changed here meanwhile: the push that is on its way brings it back.
            return Ok(());
        }
        let appointments = Appointments::new(self.store.clone());
        let (id, version) = (appointment.id, appointment.version);
        let to = AppointmentStatus::Cancelled;
        let outcome = appointments
            .transition(context, id, version, to, Actor::Calendar, None)
            .await;
        match outcome {
            Ok(_) => self.note(context, &gone, None).await,
            Err(error) => {
                let reason = refusal(error)?;
                self.note(context, &gone, Some(reason)).await
            }
        }
    }

    /// Writes down what is known of an event now. With a conflict it is written anew.
    async fn note(
        &self,
        context: &Context,
        known: &Known,
        conflict: Option<&'static str>,
    ) -> Result<(), Trouble> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            events::put(&mut tx, context, known, now).await?;
            let Some(reason) = conflict else { return Ok(()) };
            // One for each thing that somebody has done there.
            let seen = known.etag.as_deref().unwrap_or("gone");
            let cause = format!("back/{}/{}", known.event_id, hash(seen));
            let message = Ticket::push(context.workspace, known.appointment_id, cause)?;
            self.store.outbox().enqueue_in(&mut tx, &message).await?;
            self.conflict(&mut tx, context, known, reason, now).await
        })
        .map_err(Trouble::House)
    }

    /// Tells people that a change in Google was put back. The last statements of its transaction.
    pub(super) async fn conflict(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        known: &Known,
        reason: &'static str,
        now: Timestamp,
    ) -> Result<(), Error> {
        links::conflict(tx, context, known.link_id, now).await?;
        let record = Record::new(
            "appointment.calendar_conflict",
            "appointment",
            known.appointment_id,
            now,
        )
        .with("reason", reason)
        .with("link", known.link_id.to_string());
        self.store.record(tx, context, now, &[record]).await?;
        Ok(())
    }
}

/// Whether it is still to come or under way.
fn takes_place(status: AppointmentStatus) -> bool {
    let is_over = matches!(status, AppointmentStatus::Completed | AppointmentStatus::NoShow);
    stands(status) && !is_over
}

fn gone(known: &Known) -> Known {
    Known {
        is_present: false,
        etag: None,
        ..known.clone()
    }
}

/// Why it may not be; anything else is trouble, and the calendar is read again.
fn refusal(error: Error) -> Result<&'static str, Trouble> {
    let field = error.fields().first().map(|field| field.code);
    match (error.kind(), field) {
        (_, Some("slot_taken")) => Ok("slot_taken"),
        (ErrorKind::Invalid, Some("illegal_transition" | "not_allowed")) => Ok("not_legal"),
        (ErrorKind::Invalid, Some("too_late" | "too_early")) => Ok("too_late"),
        (ErrorKind::Invalid, _) => Ok("refused"),
        _ => Err(error.into()),
    }
}
