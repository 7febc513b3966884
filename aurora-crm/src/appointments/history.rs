use std::fmt;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Actor, AppointmentStatus};
use crate::scheduling::{ProfessionalId, RoomId};

/// One change of an appointment; there is one for each of its versions.
///
/// `Debug` shows no reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppointmentChange {
    /// The version that it led to.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// What happened, as in the events: `appointment.rescheduled`.
    pub action: String,
    /// Who did it.
    pub actor: Actor,
    /// Where it stood; `None` when it was made.
    pub from: Option<AppointmentStatus>,
    /// Where it stood then.
    pub to: AppointmentStatus,
    /// From when it was then.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// With whom.
    pub professional_id: ProfessionalId,
    /// Where.
    pub room_id: Option<RoomId>,
    /// Why, where somebody said so.
    pub reason: Option<String>,
}

impl fmt::Debug for AppointmentChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppointmentChange")
            .field("version", &self.version)
            .field("action", &self.action)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
