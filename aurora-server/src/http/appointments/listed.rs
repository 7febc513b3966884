//! Appointments and entries of the waiting list as they are read: with names, and with what may become of them.

use std::collections::HashMap;

use aurora_core::time::Timestamp;
use aurora_crm::appointments::{Appointment, AppointmentStatus, WaitingEntry};
use aurora_crm::clients::{ClientId, OwnerId};
use aurora_crm::scheduling::{CatalogueNames, ProfessionalId, ServiceId};
use aurora_crm::workspaces::CrmPermission;
use serde::Serialize;
use utoipa::ToSchema;

use super::person;
use super::views::{AppointmentView, StatusView, WaitingView};
use crate::http::access::{Caller, also};
use crate::http::clients;
use crate::http::problem::Problem;
use crate::state::AppState;

/// An appointment with the names of whom and what it is about, and what the caller may make of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedAppointment)]
pub(crate) struct ListedAppointmentView {
    #[serde(flatten)]
    #[schema(value_type = AppointmentView)]
    appointment: Appointment,
    /// What the client is called; null where it is deleted or its data may not be used, and for whoever may not see clients.
    client_name: Option<String>,
    /// What the service is called, also when it cannot be booked any more.
    service_name: Option<String>,
    /// What the professional is called, also when it cannot be booked any more.
    professional_name: Option<String>,
    /// The states that the caller may give it now; none when it is over, and for whoever may not change appointments. `requested` and
    /// `expired` are never among them: clients and time bring them about.
    #[schema(value_type = Vec<StatusView>)]
    allowed: Vec<AppointmentStatus>,
    /// Whether the caller may put it to another time.
    may_move: bool,
}

/// Somebody on the waiting list, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedWaitingEntry)]
pub(crate) struct ListedWaitingView {
    #[serde(flatten)]
    #[schema(value_type = WaitingView)]
    entry: WaitingEntry,
    /// What the client is called; null where it is deleted or its data may not be used, and for whoever may not see clients.
    client_name: Option<String>,
    /// What the service is called, also when it cannot be booked any more.
    service_name: Option<String>,
    /// What the professional is called, also when it cannot be booked any more; null when anybody will do.
    professional_name: Option<String>,
}

/// What the answers of a call are told with, looked up for all of them at once.
#[derive(Debug)]
pub(super) struct Around {
    clients: HashMap<ClientId, String>,
    names: CatalogueNames,
    /// In whose name they may be changed; nobody's where the caller may not.
    person: Option<OwnerId>,
    now: Timestamp,
}

impl Around {
    /// For these appointments.
    pub(super) async fn appointments(
        state: &AppState,
        caller: &Caller,
        found: &[Appointment],
    ) -> Result<Self, Problem> {
        let clients: Vec<ClientId> = found.iter().map(|it| it.client_id).collect();
        let services: Vec<ServiceId> = found.iter().map(|it| it.service_id).collect();
        let professionals: Vec<ProfessionalId> = found.iter().map(|it| it.professional_id).collect();
        Self::read(state, caller, &clients, (&services, &professionals)).await
    }

    /// For these entries of the waiting list.
    pub(super) async fn waiting(
        state: &AppState,
        caller: &Caller,
        found: &[WaitingEntry],
    ) -> Result<Self, Problem> {
        let clients: Vec<ClientId> = found.iter().map(|it| it.client_id).collect();
        let services: Vec<ServiceId> = found.iter().map(|it| it.service_id).collect();
        let professionals: Vec<ProfessionalId> = found.iter().filter_map(|it| it.professional_id).collect();
        Self::read(state, caller, &clients, (&services, &professionals)).await
    }

    async fn read(
        state: &AppState,
        caller: &Caller,
        clients: &[ClientId],
        (services, professionals): (&[ServiceId], &[ProfessionalId]),
    ) -> Result<Self, Problem> {
        let scheduling = state.crm.scheduling();
        let may_change = also(state, CrmPermission::AppointmentWrite, caller).is_ok();
        Ok(Self {
            clients: clients::names(state, caller, clients).await?,
            names: scheduling
                .names(&caller.context(), services, professionals)
                .await?,
            person: may_change.then(|| person(caller)).transpose()?,
            now: state.clock.now(),
        })
    }

    /// One of the appointments.
    pub(super) fn appointment(&self, appointment: Appointment) -> ListedAppointmentView {
        let allowed = self
            .person
            .map(|person| appointment.allowed_to(person, self.now))
            .unwrap_or_default();
        ListedAppointmentView {
            client_name: self.clients.get(&appointment.client_id).cloned(),
            service_name: self.names.services.get(&appointment.service_id).cloned(),
            professional_name: self
                .names
                .professionals
                .get(&appointment.professional_id)
                .cloned(),
            allowed,
            may_move: self.person.is_some() && appointment.status.may_move(),
            appointment,
        }
    }

    /// One of the entries.
    pub(super) fn entry(&self, entry: WaitingEntry) -> ListedWaitingView {
        let professional = entry.professional_id;
        ListedWaitingView {
            client_name: self.clients.get(&entry.client_id).cloned(),
            service_name: self.names.services.get(&entry.service_id).cloned(),
            professional_name: professional.and_then(|id| self.names.professionals.get(&id).cloned()),
            entry,
        }
    }
}
