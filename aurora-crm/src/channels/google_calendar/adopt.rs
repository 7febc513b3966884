//! Which events of a calendar stand for appointments, and those that a link before this one has left there.

use aurora_core::store::Connection;

use super::client::Event;
use super::event_id::appointment_of;
use super::handle::GoogleCalendar;
use super::jobs::Ticket;
use super::link::CalendarLinkId;
use super::sql::events::{self, Known};
use super::sql::links::Stored;
use super::writing::NOTE_LINK;
use crate::appointments::{Appointment, AppointmentId, Appointments};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::{reading, writing};

impl GoogleCalendar {
    /// The appointment that an event stands for, if it is one of this professional.
    pub(super) async fn appointment(
        &self,
        context: &Context,
        stored: &Stored,
        event: &Event,
    ) -> Result<Option<AppointmentId>, Error> {
        let Some((uuid, generation)) = appointment_of(&event.id) else {
            return Ok(None);
        };
        let (link, id) = (&stored.link, AppointmentId::from_uuid(uuid));
        if event.note(NOTE_LINK) == Some(link.id.to_string().as_str()) {
            return Ok(Some(id));
        }
        if event.is_cancelled() {
            // A tombstone has no notes.
            let known = reading!(self.store, context, |tx| {
                Ok(events::get(&mut (&mut *tx).into(), context, (link.id, id)).await?)
            })?;
            return Ok(known.filter(|known| known.event_id == event.id).map(|_| id));
        }
        // Written by a link before this one, or by another installation.
        let appointment = match Appointments::new(self.store.clone()).get(context, id).await {
            Ok(appointment) => appointment,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if appointment.professional_id != link.professional_id {
            return Ok(None);
        }
        if link.direction.writes() {
            self.adopt(context, link.id, &appointment, (event, generation))
                .await?;
        }
        Ok(Some(id))
    }

    /// Takes over an event of a link before this one: it is written over, or deleted where the appointment was called off.
    async fn adopt(
        &self,
        context: &Context,
        link: CalendarLinkId,
        appointment: &Appointment,
        (event, generation): (&Event, u32),
    ) -> Result<(), Error> {
        let now = self.store.now();
        let known = Known {
            link_id: link,
            appointment_id: appointment.id,
            event_id: event.id.clone(),
            generation: i64::from(generation),
            etag: event.etag.clone(),
            pushed_version: 0,
            starts_at: appointment.starts_at,
            ends_at: appointment.ends_at,
            is_present: true,
        };
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            let has_another = events::get(&mut tx, context, (link, appointment.id)).await?;
            if has_another.is_some_and(|another| another.is_present) {
                return Ok(());
            }
            events::put(&mut tx, context, &known, now).await?;
            let cause = format_args!("adopt/{link}/{generation}").to_string();
            let message = Ticket::push(context.workspace, appointment.id, cause)?;
            self.store.outbox().enqueue_in(&mut tx, &message).await?;
            Ok(())
        })
    }
}
