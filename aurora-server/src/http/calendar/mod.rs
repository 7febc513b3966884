//! `/api/v1/calendar`: calendars of professionals at Google; and `/webhook/google-calendar`, where Google tells of changes.

mod connect;
mod links;
mod notices;
mod views;

#[cfg(test)]
mod tests;

use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::access::Access;
use super::{Mount, Routes};

/// A notification has no body; somebody else's may be thrown away.
const NOTICE_BYTES: u64 = 16 * 1024;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/calendar", routes),
    Mount::answers("/webhook/google-calendar", notices).body(NOTICE_BYTES),
];

fn routes() -> Routes {
    const READ: CrmPermission = CrmPermission::AppointmentRead;
    const WRITE: CrmPermission = CrmPermission::CalendarWrite;
    Routes::new()
        .route(READ, routes!(links::list))
        .route(WRITE, routes!(links::create))
        .route(READ, routes!(links::read))
        .route(WRITE, routes!(links::remove))
        .route(WRITE, routes!(links::relink))
        .route(WRITE, routes!(links::sync))
        .route(READ, routes!(links::availability))
        .route(WRITE, routes!(connect::start))
        // The person comes back from Google without credentials of ours: what was sealed at the start stands for them.
        .route(Access::Public, routes!(connect::callback))
}

fn notices() -> Routes {
    Routes::new().route(Access::Public, routes!(notices::receive))
}
