//! What is posted.

use aurora_core::time::Timestamp;
use aurora_crm::appointments::{Actor, AppointmentStatus};
use aurora_crm::clients::ClientId;
use aurora_crm::scheduling::{ProfessionalId, RoomId, ServiceId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::staff;
use super::views::StatusView;
use crate::http::access::Caller;
use crate::http::problem::Problem;

/// In whose name something is done; clients may do less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AppointmentActor)]
pub(super) enum ActorInput {
    /// In that of the workspace.
    #[default]
    Staff,
    /// In that of the client, such as by a page on which it books: notice times and working hours bind it.
    Client,
}

impl ActorInput {
    pub(super) fn of(self, caller: &Caller) -> Result<Actor, Problem> {
        match self {
            Self::Staff => staff(caller),
            Self::Client => Ok(Actor::Client),
        }
    }
}

/// What is needed to book.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAppointment)]
pub(super) struct BookingInput {
    /// Who comes, `cli_…`.
    #[schema(value_type = String)]
    pub(super) client_id: ClientId,
    /// To what, `svc_…`.
    #[schema(value_type = String)]
    pub(super) service_id: ServiceId,
    /// With whom, `pro_…`.
    #[schema(value_type = String)]
    pub(super) professional_id: ProfessionalId,
    /// Where, `rom_…`; one of the service's rooms that is free unless told.
    #[schema(value_type = Option<String>)]
    pub(super) room_id: Option<RoomId>,
    /// From when. RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub(super) starts_at: Timestamp,
    /// In whose name.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) actor: ActorInput,
    /// Holds the time for so many seconds, 60 to 86,400, and books nothing yet; 0 for as long as the policy says.
    pub(super) hold_seconds: Option<u64>,
    /// Up to 2,000 characters.
    pub(super) note: Option<String>,
    /// Also outside of working hours (`encaixe`); not in the name of a client.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) outside_hours: bool,
}

/// Another time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentMove)]
pub(super) struct MoveInput {
    /// From when. RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub(super) starts_at: Timestamp,
    /// With another professional, `pro_…`.
    #[schema(value_type = Option<String>)]
    pub(super) professional_id: Option<ProfessionalId>,
    /// In whose name.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) actor: ActorInput,
}

/// Why, and in whose name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentReason)]
pub(super) struct ReasonInput {
    /// Up to 500 characters; it stays in the history.
    pub(super) reason: Option<String>,
    /// In whose name.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) actor: ActorInput,
}

/// What is put right after it was over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppointmentCorrection)]
pub(super) struct CorrectionInput {
    /// What it was in truth.
    #[schema(value_type = StatusView)]
    pub(super) to: AppointmentStatus,
    /// 3 to 500 characters; it stays in the history.
    pub(super) reason: String,
}
