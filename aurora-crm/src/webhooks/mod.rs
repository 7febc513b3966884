//! Webhooks: the events of a workspace, sent to addresses of its choice, signed, retried and replayable.
//!
//! Whatever changes something in a workspace writes an event in the same transaction, and with it one delivery for each
//! endpoint that wants it. A worker sends them after [Standard Webhooks](https://www.standardwebhooks.com): the receiver
//! verifies with [`aurora_core::webhook`] or any library of that standard.
//!
//! | call | for |
//! | --- | --- |
//! | `Crm::webhooks` | the settings, with the keys that secrets are sealed with |
//! | `Webhooks::create`, `update`, `enable`, `disable`, `rotate_secret`, `delete`, `get`, `list` | endpoints |
//! | `Webhooks::worker` | sends what is due |
//! | `Webhooks::deliveries`, `attempts` | what became of it |
//! | `Webhooks::replay`, `replay_failed`, `send_test`, `purge` | operation |
//!
//! Everything but the writing of deliveries needs the features `http` and `access`. The body is thin: the type of the
//! event, when it happened, the id of what it happened to and harmless values; whoever wants more asks for it by the id.

#[cfg(all(feature = "access", feature = "http"))]
mod builder;
#[cfg(all(feature = "access", feature = "http"))]
mod delivery;
#[cfg(all(feature = "access", feature = "http"))]
mod endpoint;
mod event_types;
mod fan_out;
#[cfg(all(feature = "access", feature = "http"))]
mod handle;
#[cfg(all(feature = "access", feature = "http"))]
mod input;
#[cfg(all(feature = "access", feature = "http"))]
mod log;
#[cfg(all(feature = "access", feature = "http"))]
mod secrets;
#[cfg(all(feature = "access", feature = "http"))]
mod sending;
#[cfg(all(feature = "access", feature = "http"))]
mod slots;
mod sql;
#[cfg(test)]
#[cfg(all(feature = "access", feature = "http"))]
mod tests;
#[cfg(all(feature = "access", feature = "http"))]
mod worker;

use aurora_core::id::{Id, IdKind};

/// The page whose example is compiled and run with the documentation tests.
#[cfg(all(doctest, feature = "access", feature = "http", feature = "sqlite"))]
#[doc = include_str!("../../../docs/crm/webhooks.md")]
mod guide {}

#[cfg(all(feature = "access", feature = "http"))]
pub use self::builder::WebhooksBuilder;
#[cfg(all(feature = "access", feature = "http"))]
pub use self::delivery::{Attempt, Delivery, DeliveryFilter, DeliveryState};
#[cfg(all(feature = "access", feature = "http"))]
pub use self::endpoint::{Disabled, DisabledReason, Endpoint};
pub use self::event_types::{EventTypes, InvalidEventType};
pub(crate) use self::fan_out::fan_out;
#[cfg(all(feature = "access", feature = "http"))]
pub use self::handle::{NewSecret, Webhooks};
#[cfg(all(feature = "access", feature = "http"))]
pub use self::input::{EndpointChange, NewEndpoint};
#[cfg(test)]
pub(crate) use self::sql::statements;
pub use crate::journal::{Event, EventId};

/// The queue of the outbox that deliveries go through.
pub const QUEUE: &str = "crm.webhooks";

/// The type of the event that [`send_test`](Webhooks::send_test) sends.
#[cfg(all(feature = "access", feature = "http"))]
pub const TEST_EVENT: &str = "webhook.test";

/// Names an endpoint: `whe_` and 32 hexadecimal digits.
pub type EndpointId = Id<EndpointKind>;

/// What a secret of an endpoint is sealed for.
#[cfg(feature = "access")]
pub(crate) fn place(
    workspace: crate::workspaces::WorkspaceId,
    endpoint: EndpointId,
    field: &'static str,
) -> aurora_core::access::seal::Place {
    aurora_core::access::seal::Place::new("webhook_endpoints", workspace, endpoint, field)
}

/// Marks the id of an endpoint.
#[derive(Debug)]
pub struct EndpointKind;

impl IdKind for EndpointKind {
    const PREFIX: &'static str = "whe";
}

/// Names a delivery, and is its `webhook-id` at every attempt: `whd_` and 32 hexadecimal digits.
pub type DeliveryId = Id<DeliveryKind>;

/// Marks the id of a delivery.
#[derive(Debug)]
pub struct DeliveryKind;

impl IdKind for DeliveryKind {
    const PREFIX: &'static str = "whd";
}
