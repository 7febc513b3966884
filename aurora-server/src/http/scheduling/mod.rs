//! What can be booked, with whom, where and when: `/api/v1/services`, `/api/v1/professionals`, `/api/v1/rooms`, and
//! `/api/v1/schedule` for exceptions and holidays.

mod holidays;
mod hours;
mod offered;
mod professionals;
mod rooms;
mod views;

#[cfg(test)]
mod tests;

use aurora_crm::scheduling::Listed as Which;
use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::extract::Params;
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/services", of_services),
    Mount::answers("/api/v1/professionals", of_professionals),
    Mount::answers("/api/v1/rooms", of_rooms),
    Mount::answers("/api/v1/schedule", of_the_house),
];

const READ: CrmPermission = CrmPermission::AppointmentRead;
const WRITE: CrmPermission = CrmPermission::ScheduleWrite;

fn of_services() -> Routes {
    Routes::new()
        .route(READ, routes!(offered::list))
        .route(WRITE, routes!(offered::create))
        .route(READ, routes!(offered::read))
        .route(WRITE, routes!(offered::update))
        .route(WRITE, routes!(offered::delete))
        .route(WRITE, routes!(offered::activate))
        .route(WRITE, routes!(offered::deactivate))
}

fn of_professionals() -> Routes {
    Routes::new()
        .route(READ, routes!(professionals::list))
        .route(WRITE, routes!(professionals::create))
        .route(READ, routes!(professionals::read))
        .route(WRITE, routes!(professionals::update))
        .route(WRITE, routes!(professionals::delete))
        .route(WRITE, routes!(professionals::activate))
        .route(WRITE, routes!(professionals::deactivate))
        .route(READ, routes!(hours::read))
        .route(WRITE, routes!(hours::set))
}

fn of_rooms() -> Routes {
    Routes::new()
        .route(READ, routes!(rooms::list))
        .route(WRITE, routes!(rooms::create))
        .route(READ, routes!(rooms::read))
        .route(WRITE, routes!(rooms::update))
        .route(WRITE, routes!(rooms::delete))
        .route(WRITE, routes!(rooms::activate))
        .route(WRITE, routes!(rooms::deactivate))
}

fn of_the_house() -> Routes {
    Routes::new()
        .route(READ, routes!(hours::exceptions))
        .route(WRITE, routes!(hours::except))
        .route(WRITE, routes!(hours::lift))
        .route(READ, routes!(holidays::list))
        .route(WRITE, routes!(holidays::add))
        .route(WRITE, routes!(holidays::remove))
        .route(READ, routes!(holidays::rules))
        .route(WRITE, routes!(holidays::set_closing))
}

/// Whether a list holds what can be booked, or what cannot.
fn which(params: &mut Params) -> Which {
    match params.take::<bool>("active", "true or false") {
        Some(false) => Which::Inactive,
        None | Some(true) => Which::Active,
    }
}
