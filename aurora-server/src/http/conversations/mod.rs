//! `/api/v1/conversations`: what contacts write, who answers, and what changes while one looks.

mod contacts;
pub(super) mod content;
mod desk;
mod events;
mod input;
mod messages;
mod reading;
mod settings;
mod views;

#[cfg(test)]
mod tests;

use aurora_crm::conversations::Author;
use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::access::Caller;
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/conversations", routes),
    Mount::streams("/api/v1/conversations/events", streams),
];

fn routes() -> Routes {
    const READ: CrmPermission = CrmPermission::ConversationRead;
    const WRITE: CrmPermission = CrmPermission::ConversationWrite;
    const CHANNEL: CrmPermission = CrmPermission::ChannelWrite;
    Routes::new()
        .route(READ, routes!(reading::list))
        .route(WRITE, routes!(messages::start))
        .route(READ, routes!(reading::search))
        .route(READ, routes!(reading::unread))
        .route(READ, routes!(reading::tags))
        .route(READ, routes!(settings::read))
        .route(CHANNEL, routes!(settings::write))
        .route(READ, routes!(settings::paused))
        .route(CHANNEL, routes!(settings::resume))
        .route(READ, routes!(contacts::read))
        .route(WRITE, routes!(contacts::link))
        .route(WRITE, routes!(contacts::unlink))
        .route(WRITE, routes!(contacts::block))
        .route(WRITE, routes!(contacts::unblock))
        .route(READ, routes!(messages::read))
        .route(READ, routes!(reading::get))
        .route(READ, routes!(messages::list))
        .route(READ, routes!(messages::timeline))
        .route(WRITE, routes!(messages::send))
        .route(WRITE, routes!(messages::note))
        .route(WRITE, routes!(desk::mark_read))
        .route(WRITE, routes!(desk::assign))
        .route(WRITE, routes!(desk::hand_over))
        .route(WRITE, routes!(desk::hand_back))
        .route(WRITE, routes!(desk::close))
        .route(WRITE, routes!(desk::reopen))
        .route(WRITE, routes!(desk::set_pending))
        .route(WRITE, routes!(desk::tag))
        .route(WRITE, routes!(desk::untag))
}

fn streams() -> Routes {
    Routes::new().listened(CrmPermission::ConversationRead, routes!(events::events))
}

/// Who writes: the person that calls, or a program, which speaks as the house does in reminders.
fn author(caller: &Caller) -> Author {
    caller.person().map_or(Author::System, Author::Person)
}
