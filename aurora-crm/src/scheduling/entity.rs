use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::clients::OwnerId;

/// Names a service: `svc_` and 32 hexadecimal digits.
pub type ServiceId = Id<Service>;

/// Names a professional: `pro_` and 32 hexadecimal digits.
pub type ProfessionalId = Id<Professional>;

/// Names a room: `rom_` and 32 hexadecimal digits.
pub type RoomId = Id<Room>;

/// Something that can be booked (`serviço`, `procedimento`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Service {
    /// Its name for programs.
    pub id: ServiceId,
    /// What it is called, up to 120 characters; unique among those that are active, without regard to case.
    pub name: String,
    /// What clients are told about it, up to 1,000 characters.
    pub description: Option<String>,
    /// How long it takes, 5 minutes to 24 hours.
    pub duration_minutes: u32,
    /// How long whoever does it, and the room, are not free before it, 0 to 240 minutes.
    pub buffer_before_minutes: u32,
    /// And after it, 0 to 240 minutes.
    pub buffer_after_minutes: u32,
    /// What it costs, in centavos.
    pub price_cents: Option<i64>,
    /// At which times it begins: every so many minutes, counted from midnight on the clock on the wall. 5 to 240, and a
    /// divisor of the 1,440 minutes of a day.
    pub granularity_minutes: u32,
    /// How long ahead it must be booked, 0 minutes to 30 days.
    pub min_notice_minutes: u32,
    /// How far ahead it can be booked, 1 to 730 days.
    pub horizon_days: u32,
    /// Who does it, in order of their ids; at least one before it can be booked.
    pub professionals: Vec<ProfessionalId>,
    /// Where it is done, in order of their ids; one of them is taken with it. Empty when it needs no room.
    pub rooms: Vec<RoomId>,
    /// Whether what a contact books is confirmed at once, or waits for a person.
    pub confirms_itself: bool,
    /// Whether it can be booked.
    pub active: bool,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Service {
    const PREFIX: &'static str = "svc";
}

/// Somebody who does services (`profissional`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Professional {
    /// The name for programs.
    pub id: ProfessionalId,
    /// What the person is called, up to 120 characters; unique among those that are active, without regard to case.
    pub name: String,
    /// The user that it is.
    pub user_id: Option<OwnerId>,
    /// The zone that its hours are told in, such as `America/Manaus`.
    pub time_zone: Tz,
    /// Whether it can be booked.
    pub active: bool,
    /// Grows by one with each change, also of its hours; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Professional {
    const PREFIX: &'static str = "pro";
}

/// A place that one service at a time is done in (`sala`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Room {
    /// Its name for programs.
    pub id: RoomId,
    /// What it is called, up to 120 characters; unique among those that are active, without regard to case.
    pub name: String,
    /// Whether it can be booked.
    pub active: bool,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Room {
    const PREFIX: &'static str = "rom";
}

/// Which of the services, professionals or rooms a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// Those that can be booked.
    #[default]
    Active,
    /// Those that cannot.
    Inactive,
}

/// A time that is free (`horário livre`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Slot {
    /// What can be booked.
    pub service_id: ServiceId,
    /// With whom.
    pub professional_id: ProfessionalId,
    /// Where.
    pub room_id: Option<RoomId>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when, without the buffer.
    pub ends_at: Timestamp,
}
