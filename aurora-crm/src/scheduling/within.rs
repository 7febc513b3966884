//! What booking asks inside its own transaction.

use std::time::Duration;

use aurora_core::store::Connection;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::slots::{Days, Interval, cover, dates, is_in_range, meet, open, stretches};
use super::sql::{exceptions, holidays, hours, offerings, professionals, rooms};
use super::{Professional, ProfessionalId, RoomId, Service, ServiceId, Whose};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

/// A time that somebody wants to book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub(super) service: ServiceId,
    pub(super) professional: ProfessionalId,
    #[serde(default)]
    pub(super) room: Option<RoomId>,
    pub(super) starts_at: Timestamp,
    #[serde(default)]
    pub(super) any_hours: bool,
}

impl Wish {
    /// A service with a professional from a time on, in whichever room.
    #[must_use]
    pub const fn new(service: ServiceId, professional: ProfessionalId, starts_at: Timestamp) -> Self {
        Self {
            service,
            professional,
            room: None,
            starts_at,
            any_hours: false,
        }
    }

    /// In this room.
    #[must_use]
    pub const fn room(mut self, id: RoomId) -> Self {
        self.room = Some(id);
        self
    }

    /// For people of the house: without regard to hours, exceptions, holidays, notice and horizon. Who does what, and where,
    /// still holds.
    #[must_use]
    pub const fn any_hours(mut self) -> Self {
        self.any_hours = true;
        self
    }
}

/// What a booking would be, as far as services, people, rooms and hours are concerned; whether the time is taken is not
/// told here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Terms {
    /// The service as it is now.
    pub service: Service,
    /// The professional as it is now, with the zone that times are told in.
    pub professional: Professional,
    /// The rooms that can be chosen from, best first: open at that time, and the one that was named alone. Empty when none
    /// is needed.
    pub rooms: Vec<RoomId>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// From when the professional and the room are not free, with the buffer.
    pub blocked_from: Timestamp,
    /// Until when they are not.
    pub blocked_until: Timestamp,
}

/// Whether a time can be booked by service, people, rooms, hours, exceptions and holidays, ignoring what is booked
/// already.
///
/// # Errors
/// `NotFound` for a service, professional or room that there is not. `Invalid` with every reason: `service`, `professional`
/// or `room` is `not_allowed` (inactive, or does not do it); `starts_at` is `too_soon`, `too_late` or `outside_hours`; `room` is
/// `outside_hours`.
pub(crate) async fn terms(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    wish: &Wish,
) -> Result<Terms, Error> {
    let service = offerings::get_in(tx, context, wish.service).await?;
    let professional = professionals::get_in(tx, context, wish.professional).await?;
    let mut rooms = rooms::of_service(tx, context, service.id).await?;
    if let Some(room) = wish.room {
        rooms::get_in(tx, context, room).await?;
        rooms.retain(|id| *id == room);
    }
    let mut fields = Fields::default();
    refuse_who_and_where(&mut fields, wish, &service, &professional, &rooms);
    if !is_in_range(wish.starts_at) {
        let message = "must be within the years 2000 to 2199";
        fields.refuse("starts_at", "invalid", message);
        return fields.finish(()).and(Err(Error::new(ErrorKind::Internal)));
    }
    let minutes = |count: u32| Duration::from_secs(u64::from(count) * 60);
    let ends_at = wish.starts_at + minutes(service.duration_minutes);
    let terms = Terms {
        starts_at: wish.starts_at,
        ends_at,
        blocked_from: wish.starts_at - minutes(service.buffer_before_minutes),
        blocked_until: ends_at + minutes(service.buffer_after_minutes),
        service,
        professional,
        rooms,
    };
    if wish.any_hours {
        return fields.finish(terms);
    }
    refuse_notice(&mut fields, &terms.service, wish.starts_at, now);
    let terms = within_hours(tx, context, &mut fields, terms).await?;
    fields.finish(terms)
}

fn refuse_who_and_where(
    fields: &mut Fields,
    wish: &Wish,
    service: &Service,
    professional: &Professional,
    rooms: &[RoomId],
) {
    if !service.active {
        fields.refuse("service", "not_allowed", "cannot be booked any more");
    }
    if !professional.active || !service.professionals.contains(&professional.id) {
        fields.refuse("professional", "not_allowed", "does not do this service");
    }
    if rooms.is_empty() && (wish.room.is_some() || !service.rooms.is_empty()) {
        fields.refuse("room", "not_allowed", "the service cannot be done there");
    }
}

fn refuse_notice(fields: &mut Fields, service: &Service, starts_at: Timestamp, now: Timestamp) {
    const DAY: u64 = 24 * 3_600;
    let notice = Duration::from_secs(u64::from(service.min_notice_minutes) * 60);
    if starts_at < now + notice {
        let message = "must be booked longer ahead, and not in the past";
        fields.refuse("starts_at", "too_soon", message);
    }
    if starts_at >= now + Duration::from_secs(u64::from(service.horizon_days) * DAY) {
        fields.refuse("starts_at", "too_late", "cannot be booked so far ahead");
    }
}

/// Refuses what lies outside of the hours, and leaves the rooms that are open.
async fn within_hours(
    tx: &mut Connection<'_>,
    context: &Context,
    fields: &mut Fields,
    mut terms: Terms,
) -> Result<Terms, Error> {
    let (service, professional) = (terms.service.id, terms.professional.id);
    let time = Interval::from(terms.starts_at..terms.ends_at);
    let (from, until) = dates(time);
    let whose = Whose::Professional(professional);
    let mut all = exceptions::of(tx, context, Whose::Workspace, from, until).await?;
    all.extend(exceptions::of(tx, context, whose, from, until).await?);
    all.extend(exceptions::of_rooms(tx, context, service, (from, until)).await?);
    let days = Days::new(all, &holidays::rules_in(tx, context).await?, (from, until));
    let week = hours::of_one(tx, context, professional).await?;
    let stretches = stretches(terms.professional.time_zone, time);
    let works = open(&stretches, |date| days.of_professional(professional, &week, date));
    if !cover(&works, time) {
        fields.refuse("starts_at", "outside_hours", "is not within the working hours");
    }
    let needed = !terms.rooms.is_empty();
    terms.rooms.retain(|room| {
        let shut = open(&stretches, |date| days.room_shut(*room, date));
        !meet(&shut, time)
    });
    if needed && terms.rooms.is_empty() {
        fields.refuse("room", "outside_hours", "is not open at that time");
    }
    Ok(terms)
}
