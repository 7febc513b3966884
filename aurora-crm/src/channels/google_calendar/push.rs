//! From an appointment to its event. Whatever happened before, the event is brought to where the appointment is now: a job that
//! is repeated, late or done by two at once ends in the same place.

use aurora_core::resilience::Deadline;
use aurora_core::store::Connection;

use super::client::{GoogleError, GoogleErrorKind};
use super::handle::GoogleCalendar;
use super::link::{CalendarLink, Titles};
use super::sql::events::{self, Known};
use super::sql::links::{self, Stored};
use super::worker::Trouble;
use super::writing::{Done, Writing, after, write};
use crate::appointments::{Appointment, AppointmentId, AppointmentStatus, Appointments};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::scheduling::Scheduling;
use crate::store::{reading, writing};

/// Whether an appointment stands in the calendar. What is held for minutes does not, and what has taken place stays.
pub(super) const fn stands(status: AppointmentStatus) -> bool {
    matches!(
        status,
        AppointmentStatus::Requested
            | AppointmentStatus::Confirmed
            | AppointmentStatus::CheckedIn
            | AppointmentStatus::InProgress
            | AppointmentStatus::Completed
            | AppointmentStatus::NoShow
    )
}

impl GoogleCalendar {
    pub(super) async fn push(&self, context: &Context, id: AppointmentId) -> Result<(), Trouble> {
        let appointment = match Appointments::new(self.store.clone()).get(context, id).await {
            Ok(appointment) => appointment,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let professional = appointment.professional_id;
        let (own, known) = reading!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            let own = links::of_professional(&mut tx, context, professional).await?;
            Ok((own, events::of_appointment(&mut tx, context, id).await?))
        })?;
        let is_writable = |stored: &Stored| stored.is_active() && stored.link.direction.writes();
        for known in known.iter().filter(|known| known.is_present) {
            // It is with another professional by now: not in this one's calendar any more.
            if own.as_ref().is_none_or(|own| own.link.id != known.link_id)
                && let Some(other) = self.stored(context, known.link_id).await?.filter(is_writable)
            {
                let outcome = self.remove(context, &other, known).await;
                self.tell(context, outcome).await?;
            }
        }
        let Some(own) = own.filter(is_writable) else {
            return Ok(());
        };
        let known = known.into_iter().find(|known| known.link_id == own.link.id);
        let outcome = self.bring(context, &own, &appointment, known).await;
        self.tell(context, outcome).await
    }

    /// Brings the event of a link to where the appointment is.
    async fn bring(
        &self,
        context: &Context,
        own: &Stored,
        appointment: &Appointment,
        known: Option<Known>,
    ) -> Result<(), Trouble> {
        let present = known.as_ref().filter(|known| known.is_present);
        let is_written = |known: &Known| known.pushed_version >= appointment.version;
        match (stands(appointment.status), present) {
            (false, Some(known)) => self.remove(context, own, known).await,
            (false, None) => Ok(()),
            (true, Some(known)) if is_written(known) && known.etag.is_some() => Ok(()),
            (true, present) => {
                let client = self.clients.of(context.workspace, own).await?;
                // Not looked at since the link was given other credentials: what people have done to it counts.
                let unseen = present.filter(|known| is_written(known) && own.link.direction.reads());
                if let Some(known) = unseen
                    && self.ask(context, own, &client, known).await?
                    && !self.is_unseen(context, known).await?
                {
                    return Ok(());
                }
                let title = self.title(context, &own.link, appointment).await?;
                let write = write(&own.link, appointment, title);
                let writing = Writing {
                    client: &client,
                    link: &own.link,
                    appointment,
                    write,
                };
                let done = match present {
                    Some(known) => writing.change(known).await,
                    None => writing.make(known.as_ref().map_or(0, after)).await,
                };
                let done = done.map_err(Trouble::of(own))?;
                self.write_down(context, &done).await
            }
        }
    }

    /// Whether nothing came of looking at an event, such as one of before a change that was written elsewhere.
    async fn is_unseen(&self, context: &Context, known: &Known) -> Result<bool, Error> {
        let key = (known.link_id, known.appointment_id);
        let now = reading!(self.store, context, |tx| {
            Ok(events::get(&mut (&mut *tx).into(), context, key).await?)
        })?;
        Ok(now.is_some_and(|now| now.is_present && now.etag.is_none()))
    }

    /// Deletes an event; one that is gone already is deleted.
    async fn remove(&self, context: &Context, stored: &Stored, known: &Known) -> Result<(), Trouble> {
        let client = self.clients.of(context.workspace, stored).await?;
        let deleted = client
            .delete(&stored.link.calendar_id, &known.event_id, Deadline::NONE)
            .await;
        match deleted.as_ref().map_err(GoogleError::kind) {
            Ok(()) | Err(GoogleErrorKind::Gone | GoogleErrorKind::NotFound) => {}
            Err(_) => deleted.map_err(Trouble::of(stored))?,
        }
        let done = Done {
            known: Known {
                is_present: false,
                etag: None,
                ..known.clone()
            },
            conflict: None,
        };
        self.write_down(context, &done).await
    }

    async fn write_down(&self, context: &Context, done: &Done) -> Result<(), Trouble> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            events::put(&mut tx, context, &done.known, now).await?;
            if let Some(reason) = done.conflict {
                self.conflict(&mut tx, context, &done.known, reason, now).await?;
            }
            Ok(())
        })
        .map_err(Trouble::House)
    }

    async fn title(
        &self,
        context: &Context,
        link: &CalendarLink,
        appointment: &Appointment,
    ) -> Result<String, Error> {
        if link.titles == Titles::Busy {
            return Ok(self.settings.title.clone());
        }
        let service = Scheduling::new(self.store.clone())
            .service(context, appointment.service_id)
            .await;
        match service {
            Ok(service) => Ok(service.name),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(self.settings.title.clone()),
            Err(error) => Err(error),
        }
    }
}
