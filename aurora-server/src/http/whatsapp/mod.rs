//! `/webhook/whatsapp` exactly as Meta calls it, and `/api/v1/whatsapp`: numbers, and what came in and is in no conversation.

mod numbers;
mod unplaced;
mod views;
mod webhook;

#[cfg(test)]
mod tests;

use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::access::Access;
use super::{Mount, Routes};

/// As many bytes as the domain reads of a webhook.
const WEBHOOK_BYTES: u64 = 3 * 1024 * 1024;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/webhook/whatsapp", callbacks).body(WEBHOOK_BYTES),
    Mount::answers("/api/v1/whatsapp", routes),
];

fn callbacks() -> Routes {
    Routes::new()
        .route(Access::Public, routes!(webhook::handshake))
        .route(Access::Public, routes!(webhook::receive))
}

fn routes() -> Routes {
    const READ: CrmPermission = CrmPermission::ConversationRead;
    const CHANNEL: CrmPermission = CrmPermission::ChannelWrite;
    Routes::new()
        .route(READ, routes!(numbers::status))
        .route(READ, routes!(numbers::list))
        .route(CHANNEL, routes!(numbers::add))
        .route(READ, routes!(numbers::read))
        .route(CHANNEL, routes!(numbers::update))
        .route(CHANNEL, routes!(numbers::remove))
        .route(CHANNEL, routes!(numbers::pause))
        .route(CHANNEL, routes!(numbers::resume))
        .route(READ, routes!(unplaced::list))
        .route(CHANNEL, routes!(unplaced::retry))
}
