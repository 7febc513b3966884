//! Chats on pages: `/api/v1/webchats` for those who set them up, `/api/v1/webchat` for the visitors of a page.

mod ends;
mod line;
mod views;
mod visitors;

#[cfg(test)]
mod tests;

use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::access::Access;
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/webchats", routes),
    Mount::streams("/api/v1/webchat", visits).plain(),
];

fn routes() -> Routes {
    const CHANNEL: CrmPermission = CrmPermission::ChannelWrite;
    Routes::new()
        .route(CrmPermission::ConversationRead, routes!(ends::list))
        .route(CHANNEL, routes!(ends::create))
        .route(CHANNEL, routes!(ends::key))
        .route(CHANNEL, routes!(ends::enable))
        .route(CHANNEL, routes!(ends::disable))
}

/// A visitor has no account: what it shows is the key of its page, and then the token of its session.
fn visits() -> Routes {
    Routes::new()
        .route(Access::Public, routes!(visitors::begin))
        .route(Access::Public, routes!(visitors::renew))
        .route(Access::Public, routes!(visitors::poll))
        .route(Access::Public, routes!(visitors::post))
        .route(Access::Public, routes!(line::open))
}
