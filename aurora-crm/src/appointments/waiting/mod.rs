//! Who wants to come when a time becomes free (`lista de espera`).

mod handle;
mod input;
pub(super) mod part_of_day;

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::input::NewWaitingEntry;
use super::AppointmentId;
use crate::clients::ClientId;
use crate::scheduling::{PartOfDay, ProfessionalId, ServiceId};

/// Names an entry of the waiting list: `wai_` and 32 hexadecimal digits.
pub type WaitingEntryId = Id<WaitingEntry>;

/// Somebody who would come to a service if a time became free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WaitingEntry {
    /// Its name for programs.
    pub id: WaitingEntryId,
    /// Who waits.
    pub client_id: ClientId,
    /// For what.
    pub service_id: ServiceId,
    /// With whom; anybody unless told.
    pub professional_id: Option<ProfessionalId>,
    /// Beginning at this time or later.
    pub wanted_from: Timestamp,
    /// Beginning before this time.
    pub wanted_until: Timestamp,
    /// At which time of the day, where the professional works; any unless told.
    pub part_of_day: Option<PartOfDay>,
    /// Who comes first: 1 before 5. Within one priority who waits longest.
    pub priority: u8,
    /// Where it stands.
    pub status: WaitingStatus,
    /// The time that is held as an offer, or that was taken.
    pub appointment_id: Option<AppointmentId>,
    /// Until when the offer stands.
    pub offer_expires_at: Option<Timestamp>,
    /// Of how many offers the client was told.
    pub offers: i64,
    /// When it was told of the offer that stands, or that was taken.
    pub told_at: Option<Timestamp>,
    /// When an offer last ended that the client could not be told of. Within an hour of that it is offered nothing.
    pub untold_at: Option<Timestamp>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for WaitingEntry {
    const PREFIX: &'static str = "wai";
}

/// Where an entry of the waiting list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitingStatus {
    /// It waits.
    Waiting,
    /// A time is held for it.
    Offered,
    /// It took a time.
    Booked,
    /// It was taken off the list.
    Removed,
    /// It let as many offers pass as are made.
    Lapsed,
}

impl WaitingStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Booked => "booked",
            Self::Removed => "removed",
            Self::Lapsed => "lapsed",
        }
    }
}

impl FromStr for WaitingStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "offered" => Ok(Self::Offered),
            "booked" => Ok(Self::Booked),
            "removed" => Ok(Self::Removed),
            "lapsed" => Ok(Self::Lapsed),
            _ => Err("not a status of the waiting list"),
        }
    }
}
