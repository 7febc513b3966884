//! An event of an appointment: what is written, under which id, and over what.

use aurora_core::resilience::Deadline;
use aurora_core::time::Timestamp;

use super::client::{Event, EventStatus, EventTime, EventWrite, GoogleClient, GoogleError, GoogleErrorKind};
use super::event_id::event_id;
use super::link::CalendarLink;
use super::sql::events::Known;
use crate::appointments::{Appointment, AppointmentStatus};

/// The note that says which appointment an event stands for.
pub(super) const NOTE_APPOINTMENT: &str = "aurora_appointment_id";
/// The note that says which version of it was written.
pub(super) const NOTE_VERSION: &str = "aurora_version";
/// The note that says which link has written it: another installation may write into the same calendar.
pub(super) const NOTE_LINK: &str = "aurora_link";
/// The most ids that are tried: each was used by an event that was deleted.
const MOST_GENERATIONS: u32 = 50;

/// What stands in the calendar after a job, and what of Google's was written over.
pub(super) struct Done {
    pub(super) known: Known,
    pub(super) conflict: Option<&'static str>,
}

pub(super) fn write(link: &CalendarLink, appointment: &Appointment, title: String) -> EventWrite {
    let zone = Some(appointment.time_zone);
    EventWrite::new()
        .summary(title)
        .time(
            EventTime::At(appointment.starts_at, zone),
            EventTime::At(appointment.ends_at, zone),
        )
        .status(match appointment.status {
            AppointmentStatus::Requested => EventStatus::Tentative,
            _ => EventStatus::Confirmed,
        })
        .note(NOTE_APPOINTMENT, appointment.id.to_string())
        .note(NOTE_VERSION, appointment.version.to_string())
        .note(NOTE_LINK, link.id.to_string())
}

/// An appointment that is being written.
pub(super) struct Writing<'a> {
    pub(super) client: &'a GoogleClient,
    pub(super) link: &'a CalendarLink,
    pub(super) appointment: &'a Appointment,
    pub(super) write: EventWrite,
}

impl Writing<'_> {
    /// Makes an event under the first id from a generation on that is free. One that is there already is ours, when the answer to it was lost.
    pub(super) async fn make(&self, begin: u32) -> Result<Done, GoogleError> {
        let (calendar, appointment) = (self.link.calendar_id.as_str(), self.appointment);
        for generation in begin..begin.saturating_add(MOST_GENERATIONS) {
            let id = event_id(appointment.id.uuid(), generation);
            let write = self.write.clone().id(id.as_str());
            match self.client.insert(calendar, &write, Deadline::NONE).await {
                Ok(event) => return Ok(self.done(&event, generation, None)),
                Err(error) if error.kind() == GoogleErrorKind::Duplicate => {}
                Err(error) => return Err(error),
            }
            let there = match self.client.get(calendar, &id, Deadline::NONE).await {
                Ok(event) => event,
                // Forgotten, and its id is taken all the same.
                Err(error) if matches!(error.kind(), GoogleErrorKind::NotFound | GoogleErrorKind::Gone) => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Also one that a link before this one has written.
            let is_ours = there.note(NOTE_APPOINTMENT) == Some(appointment.id.to_string().as_str());
            if there.is_cancelled() || !is_ours {
                continue;
            }
            let is_of_this_link = there.note(NOTE_LINK) == Some(self.link.id.to_string().as_str());
            let is_of_this_version = version_of(&there) == appointment.version;
            // Of an earlier version it is not known where it should be.
            let was_moved = is_of_this_version && !self.is_in_place(&there);
            if is_of_this_version && is_of_this_link && !was_moved {
                return Ok(self.done(&there, generation, None));
            }
            let event = self.patch(&there.id, there.etag.as_deref()).await?;
            return Ok(self.done(&event, generation, was_moved.then_some("moved_meanwhile")));
        }
        Err(GoogleError::new(GoogleErrorKind::Duplicate))
    }

    /// Writes over an event that is as it was when it was last seen; otherwise looks at what it is now.
    pub(super) async fn change(&self, known: &Known) -> Result<Done, GoogleError> {
        let generation = u32::try_from(known.generation).unwrap_or(0);
        if let Some(etag) = known.etag.as_deref() {
            match self.patch(&known.event_id, Some(etag)).await {
                Ok(event) => return Ok(self.done(&event, generation, None)),
                Err(error)
                    if matches!(
                        error.kind(),
                        GoogleErrorKind::Changed | GoogleErrorKind::Gone | GoogleErrorKind::NotFound
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        let calendar = self.link.calendar_id.as_str();
        let there = match self.client.get(calendar, &known.event_id, Deadline::NONE).await {
            Ok(event) if !event.is_cancelled() => event,
            Ok(_) => return self.make_again(known).await,
            // Not seen in this calendar yet, and nobody has taken it away.
            Err(error) if error.kind() == GoogleErrorKind::NotFound && known.etag.is_none() => {
                return self.make(generation).await;
            }
            Err(error) if matches!(error.kind(), GoogleErrorKind::NotFound | GoogleErrorKind::Gone) => {
                return self.make_again(known).await;
            }
            Err(error) => return Err(error),
        };
        let is_where_it_should_be = self.is_in_place(&there);
        if version_of(&there) == self.appointment.version && is_where_it_should_be {
            // It was written, and the answer was lost.
            return Ok(self.done(&there, generation, None));
        }
        // Changed here and there: what is booked here stands.
        let was_moved = times(&there) != Some((known.starts_at, known.ends_at)) && !is_where_it_should_be;
        let event = self.patch(&known.event_id, there.etag.as_deref()).await?;
        Ok(self.done(&event, generation, was_moved.then_some("changed_on_both_sides")))
    }

    /// Somebody has deleted it while the appointment was changed here: it takes place, and so it stands again.
    async fn make_again(&self, known: &Known) -> Result<Done, GoogleError> {
        let mut done = self.make(after(known)).await?;
        done.conflict = Some("deleted_there_changed_here");
        Ok(done)
    }

    fn is_in_place(&self, event: &Event) -> bool {
        times(event) == Some((self.appointment.starts_at, self.appointment.ends_at))
    }

    async fn patch(&self, id: &str, etag: Option<&str>) -> Result<Event, GoogleError> {
        let calendar = self.link.calendar_id.as_str();
        self.client
            .patch(calendar, id, &self.write, etag, Deadline::NONE)
            .await
    }

    fn done(&self, event: &Event, generation: u32, conflict: Option<&'static str>) -> Done {
        let known = Known {
            link_id: self.link.id,
            appointment_id: self.appointment.id,
            event_id: event.id.clone(),
            generation: i64::from(generation),
            etag: event.etag.clone(),
            pushed_version: self.appointment.version,
            starts_at: self.appointment.starts_at,
            ends_at: self.appointment.ends_at,
            is_present: true,
        };
        Done { known, conflict }
    }
}

/// The generation after that of an event that is gone.
pub(super) fn after(gone: &Known) -> u32 {
    u32::try_from(gone.generation + 1).unwrap_or(0)
}

/// The version of the appointment that was written into an event; 0 when none is noted.
pub(super) fn version_of(event: &Event) -> i64 {
    event
        .note(NOTE_VERSION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// When an event of ours is; none when somebody made whole days of it.
pub(super) fn times(event: &Event) -> Option<(Timestamp, Timestamp)> {
    match (event.start?, event.end?) {
        (EventTime::At(start, _), EventTime::At(end, _)) => Some((start, end)),
        _ => None,
    }
}
