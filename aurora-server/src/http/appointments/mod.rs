//! `/api/v1/appointments`: who comes when to what, free times, the waiting list, reminders and the rules of booking.

mod booking;
mod input;
mod listed;
mod reading;
mod reminders;
mod slots;
mod steps;
mod views;
mod waiting;

#[cfg(test)]
mod tests;

use aurora_crm::appointments::Actor;
use aurora_crm::clients::OwnerId;
use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::access::Caller;
use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/appointments", routes)];

/// Stands for a program where the domain names a person, as it does itself where nobody can tell who it was.
const NOBODY: &str = "usr_00000000000000000000000000000000";

fn routes() -> Routes {
    const READ: CrmPermission = CrmPermission::AppointmentRead;
    const WRITE: CrmPermission = CrmPermission::AppointmentWrite;
    const SCHEDULE: CrmPermission = CrmPermission::ScheduleWrite;
    Routes::new()
        .route(READ, routes!(reading::list))
        .route(WRITE, routes!(booking::book))
        .route(READ, routes!(slots::free))
        .route(READ, routes!(reading::day))
        .route(READ, routes!(reminders::policy))
        .route(SCHEDULE, routes!(reminders::set_policy))
        .route(READ, routes!(reminders::rules))
        .route(SCHEDULE, routes!(reminders::add_rule))
        .route(SCHEDULE, routes!(reminders::remove_rule))
        .route(READ, routes!(waiting::list))
        .route(WRITE, routes!(waiting::add))
        .route(READ, routes!(waiting::read))
        .route(WRITE, routes!(waiting::remove))
        .route(READ, routes!(reading::get))
        .route(READ, routes!(reading::history))
        .route(WRITE, routes!(booking::reschedule))
        .route(WRITE, routes!(steps::cancel))
        .route(WRITE, routes!(steps::reject))
        .route(WRITE, routes!(steps::confirm))
        .route(WRITE, routes!(steps::acknowledge))
        .route(WRITE, routes!(steps::check_in))
        .route(WRITE, routes!(steps::start))
        .route(WRITE, routes!(steps::complete))
        .route(WRITE, routes!(steps::no_show))
        .route(WRITE, routes!(steps::correct))
}

/// The person that calls, or nobody in particular when it is a program.
fn person(caller: &Caller) -> Result<OwnerId, Problem> {
    match caller.person() {
        Some(person) => Ok(person),
        None => NOBODY.parse().map_err(|_| Problem::new(ProblemKind::Internal)),
    }
}

/// A person of the workspace, or a program in its name.
fn staff(caller: &Caller) -> Result<Actor, Problem> {
    person(caller).map(Actor::Staff)
}
