use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::clients::{ClientId, OwnerId};
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};

/// Names an appointment: `apt_` and 32 hexadecimal digits.
pub type AppointmentId = Id<Appointment>;

/// A client, a professional and a time.
///
/// `Debug` shows no note.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Appointment {
    /// Its name for programs.
    pub id: AppointmentId,
    /// Who comes.
    pub client_id: ClientId,
    /// To what.
    pub service_id: ServiceId,
    /// With whom.
    pub professional_id: ProfessionalId,
    /// Where.
    pub room_id: Option<RoomId>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when, without buffers.
    pub ends_at: Timestamp,
    /// From when the professional and the room are taken: the start without the buffer before it.
    pub blocked_from: Timestamp,
    /// Until when they are taken.
    pub blocked_until: Timestamp,
    /// The zone that the time was agreed in.
    pub time_zone: Tz,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Until when a held time is kept; of `held` alone.
    pub hold_expires_at: Option<Timestamp>,
    /// When the client was last reminded.
    pub reminded_at: Option<Timestamp>,
    /// When the client said that it comes, if it was asked.
    pub acknowledged_at: Option<Timestamp>,
    /// Why it was cancelled or rejected.
    pub reason: Option<String>,
    /// What people wrote about it.
    pub note: Option<String>,
    /// Whether the client owes a fee for not coming, by the workspace's policy. A flag alone: nothing is charged.
    pub fee_due: bool,
    /// How often it was moved.
    pub moves: i64,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Appointment {
    const PREFIX: &'static str = "apt";
}

impl fmt::Debug for Appointment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appointment")
            .field("id", &self.id)
            .field("starts_at", &self.starts_at)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Where an appointment stands; in brackets the status of FHIR R4 (`appointmentstatus`, hl7.org).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AppointmentStatus {
    /// The time is kept for some minutes (`proposed`).
    Held,
    /// Asked for; a person has yet to agree (`pending`).
    Requested,
    /// Agreed (`booked`).
    Confirmed,
    /// The client is there (`checked-in`).
    CheckedIn,
    /// Under way (`arrived`).
    InProgress,
    /// Over (`fulfilled`).
    Completed,
    /// Called off (`cancelled`).
    Cancelled,
    /// The client did not come (`noshow`).
    NoShow,
    /// Not agreed to (`cancelled`).
    Rejected,
    /// Nobody made it an appointment while it was held or asked for (`cancelled`).
    Expired,
}

impl AppointmentStatus {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Held,
        Self::Requested,
        Self::Confirmed,
        Self::CheckedIn,
        Self::InProgress,
        Self::Completed,
        Self::Cancelled,
        Self::NoShow,
        Self::Rejected,
        Self::Expired,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::CheckedIn => "checked_in",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// Whether it takes the time of the professional and the room.
    #[must_use]
    pub const fn blocks(self) -> bool {
        matches!(
            self,
            Self::Held | Self::Requested | Self::Confirmed | Self::CheckedIn | Self::InProgress
        )
    }
}

impl fmt::Display for AppointmentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AppointmentStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or("not a status of an appointment")
    }
}

/// Who changes an appointment; not everybody may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// The client itself, through the assistant or a page.
    Client,
    /// A person of the workspace.
    Staff(OwnerId),
    /// The calendar that the professional keeps elsewhere.
    Calendar,
    /// The clock: holds that expire.
    Clock,
}

impl Actor {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Staff(_) => "staff",
            Self::Calendar => "calendar",
            Self::Clock => "clock",
        }
    }

    /// The person of the workspace, when it is one.
    #[must_use]
    pub const fn person(self) -> Option<OwnerId> {
        match self {
            Self::Staff(id) => Some(id),
            Self::Client | Self::Calendar | Self::Clock => None,
        }
    }

    pub(super) fn from_columns(kind: &str, person: Option<OwnerId>) -> Result<Self, &'static str> {
        match (kind, person) {
            ("client", _) => Ok(Self::Client),
            ("staff", Some(id)) => Ok(Self::Staff(id)),
            ("calendar", _) => Ok(Self::Calendar),
            ("clock", _) => Ok(Self::Clock),
            _ => Err("not somebody who changes appointments"),
        }
    }
}
