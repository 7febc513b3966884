use std::fmt;
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::states::Question;
use super::{Actor, AppointmentStatus};
use crate::activities::paragraphs;
use crate::clients::ClientId;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};

const MAX_NOTE: usize = 2_000;
const MAX_KEY: usize = 200;
/// As long as the outbox keeps a reminder back.
const FURTHEST: Duration = Duration::from_secs(366 * 24 * 3_600);
/// How far back a person may write down what has begun already.
const FURTHEST_BACK: Duration = Duration::from_secs(24 * 3_600);
const HOLD: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(24 * 3_600);

/// What is needed to book.
///
/// `Debug` shows no note.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::time::Timestamp;
/// use aurora_crm::appointments::{Actor, Booking};
/// use aurora_crm::clients::ClientId;
/// use aurora_crm::scheduling::{ProfessionalId, ServiceId};
///
/// # let now = Timestamp::UNIX_EPOCH;
/// # let (ana, checkup, dr_lima) = (ClientId::new(now), ServiceId::new(now), ProfessionalId::new(now));
/// let at = Timestamp::parse("2027-03-08T09:00:00-03:00").unwrap();
/// let booking = Booking::new(ana, checkup, dr_lima, at, Actor::Client)
///     .hold_for(Duration::from_secs(600))
///     .idempotency_key("conversation 7, offer 2");
/// # drop(booking);
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// Who comes.
    pub client: ClientId,
    /// To what.
    pub service: ServiceId,
    /// With whom.
    pub professional: ProfessionalId,
    /// Where; one of the service's rooms that is free unless told, and none when it needs none.
    #[serde(default)]
    pub room: Option<RoomId>,
    /// From when: in the future, at most 366 days away. A person may write down what has begun within the last 24 hours.
    pub starts_at: Timestamp,
    /// Who books: a client or a person.
    pub actor: Actor,
    /// The same key with the same content is the same booking, whenever and however often it comes; 1 to 200 bytes.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Holds the time for 1 minute to 24 hours and books nothing yet.
    #[serde(default)]
    pub hold_for: Option<Duration>,
    /// What there is to say about it, up to 2,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// Books outside of working hours as well (`encaixe`); persons alone. Nobody is in two places even then.
    #[serde(default)]
    pub outside_hours: bool,
}

impl Booking {
    /// A booking without a room of its own, hold, key and note.
    #[must_use]
    pub const fn new(
        client: ClientId,
        service: ServiceId,
        professional: ProfessionalId,
        starts_at: Timestamp,
        actor: Actor,
    ) -> Self {
        Self {
            client,
            service,
            professional,
            room: None,
            starts_at,
            actor,
            idempotency_key: None,
            hold_for: None,
            note: None,
            outside_hours: false,
        }
    }

    /// Where.
    #[must_use]
    pub const fn room(mut self, room: RoomId) -> Self {
        self.room = Some(room);
        self
    }

    /// See [`Booking::idempotency_key`].
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Holds the time and books nothing yet.
    #[must_use]
    pub const fn hold_for(mut self, time: Duration) -> Self {
        self.hold_for = Some(time);
        self
    }

    /// What there is to say about it.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }

    /// See [`Booking::outside_hours`].
    #[must_use]
    pub const fn outside_hours(mut self) -> Self {
        self.outside_hours = true;
        self
    }

    /// Everything that can be seen without the database, with every wrong field.
    pub(super) fn check(mut self, now: Timestamp) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let is_person = self.actor.person().is_some();
        check_start(&mut fields, self.starts_at, self.actor, now);
        if let Some(key) = &self.idempotency_key
            && (!(1..=MAX_KEY).contains(&key.len()) || key.chars().any(char::is_control))
        {
            fields.refuse(
                "idempotency_key",
                "invalid",
                format_args!("must be 1 to {MAX_KEY} bytes without control characters"),
            );
        }
        if self.hold_for.is_some_and(|time| !HOLD.contains(&time)) {
            fields.refuse("hold_for", "invalid", "must be within 1 minute and 24 hours");
        }
        if self.outside_hours && !is_person {
            fields.refuse("outside_hours", "not_allowed", "persons of the workspace alone");
        }
        self.note = self
            .note
            .and_then(|note| paragraphs(&mut fields, "note", &note, MAX_NOTE));
        fields.finish(self)
    }

    /// The state that the appointment begins with, and until when it is held.
    pub(super) fn begins(
        &self,
        confirms_itself: bool,
        now: Timestamp,
    ) -> Result<(AppointmentStatus, Option<Timestamp>), Error> {
        let status = Question::first(self.actor, self.hold_for.is_some(), confirms_itself)?;
        Ok((status, self.hold_for.map(|time| now + time)))
    }

    /// What makes a second booking under one key the same as the first.
    pub(super) fn content_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        part(self.client.uuid().as_bytes());
        part(self.service.uuid().as_bytes());
        part(self.professional.uuid().as_bytes());
        part(self.room.map(RoomId::uuid).unwrap_or_default().as_bytes());
        part(&self.starts_at.as_micros().to_be_bytes());
        part(self.actor.as_str().as_bytes());
        part(&self.hold_for.map_or(0, |time| time.as_micros()).to_be_bytes());
        part(self.note.as_deref().unwrap_or_default().as_bytes());
        part(&[u8::from(self.outside_hours)]);
        hash.finalize().into()
    }
}

/// Refuses a beginning that is past or too far away for this actor.
pub(super) fn check_start(fields: &mut Fields, starts_at: Timestamp, actor: Actor, now: Timestamp) {
    let back = match actor {
        Actor::Staff(_) | Actor::Calendar => FURTHEST_BACK,
        Actor::Client | Actor::Clock => Duration::ZERO,
    };
    if starts_at <= now - back {
        fields.refuse("starts_at", "too_late", "must be in the future");
    } else if starts_at.since(now) > FURTHEST {
        fields.refuse("starts_at", "invalid", "must be at most 366 days away");
    }
}

impl fmt::Debug for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booking")
            .field("service", &self.service)
            .field("professional", &self.professional)
            .field("starts_at", &self.starts_at)
            .field("actor", &self.actor)
            .field("hold_for", &self.hold_for)
            .finish_non_exhaustive()
    }
}
