use std::ops::Range;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::AppointmentStatus;
use crate::clients::ClientId;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};

/// Which appointments to list, in the order in which they begin. What is set must all be true.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::appointments::{AppointmentFilter, AppointmentStatus};
///
/// let midnight = Timestamp::parse("2027-03-08T00:00:00-03:00").unwrap();
/// let next = Timestamp::parse("2027-03-09T00:00:00-03:00").unwrap();
/// let waiting = AppointmentFilter::all().begins(midnight..next).status(AppointmentStatus::Requested);
/// # drop(waiting);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AppointmentFilter {
    /// With this professional.
    pub professional: Option<ProfessionalId>,
    /// In this room.
    pub room: Option<RoomId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Of this service.
    pub service: Option<ServiceId>,
    /// In this state.
    pub status: Option<AppointmentStatus>,
    /// Only those that take time: no cancelled, rejected, expired, missed or completed ones.
    pub blocking: bool,
    /// Beginning at this time or later.
    pub from: Option<Timestamp>,
    /// Beginning before this time.
    pub until: Option<Timestamp>,
}

impl AppointmentFilter {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// With this professional.
    #[must_use]
    pub const fn professional(mut self, id: ProfessionalId) -> Self {
        self.professional = Some(id);
        self
    }

    /// In this room.
    #[must_use]
    pub const fn room(mut self, id: RoomId) -> Self {
        self.room = Some(id);
        self
    }

    /// Of this client.
    #[must_use]
    pub const fn client(mut self, id: ClientId) -> Self {
        self.client = Some(id);
        self
    }

    /// Of this service.
    #[must_use]
    pub const fn service(mut self, id: ServiceId) -> Self {
        self.service = Some(id);
        self
    }

    /// In this state.
    #[must_use]
    pub const fn status(mut self, status: AppointmentStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those that take time.
    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Beginning from the first time on and before the second.
    #[must_use]
    pub const fn begins(mut self, range: Range<Timestamp>) -> Self {
        self.from = Some(range.start);
        self.until = Some(range.end);
        self
    }
}
