//! What became of a message that was sent.

use std::fmt;

use aurora_core::time::Timestamp;
use serde_json::Value;

use super::identity::Party;
use super::{Raw, WebhookError, node};
use crate::channels::DeliveryState;

/// One status of one message. They come at least once and in any order.
///
/// `Debug` does not show whom it was sent to.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct StatusUpdate {
    /// The message that was sent (`wamid.…`).
    pub message_id: String,
    /// How far it has come.
    pub status: ReceivedStatus,
    /// When, as Meta has it.
    pub at: Option<Timestamp>,
    /// To whom it was sent.
    pub recipient: Party,
    /// What was sent along with the message (`biz_opaque_callback_data`).
    pub callback_data: Option<String>,
    /// Whether it is paid for, where that is told.
    pub is_billable: Option<bool>,
    /// What it is paid as: `service`, `utility`, `marketing`, `authentication`, ….
    pub category: Option<String>,
    /// The conversation that it is counted in.
    pub conversation_id: Option<String>,
    /// Why it failed.
    pub errors: Vec<WebhookError>,
    /// All of it, as it came.
    pub raw: Raw,
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceivedStatus {
    /// WhatsApp took it (one tick).
    Sent,
    /// It cannot be delivered.
    Failed,
    /// It is on the person's device (two ticks).
    Delivered,
    /// The person has seen it (blue ticks).
    Read,
    /// The person has listened to the voice message.
    Played,
    /// Any other, such as `deleted` and `warning`: it says nothing about delivery.
    Other(String),
}

impl ReceivedStatus {
    fn read(text: &str) -> Self {
        match text {
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            other => Self::Other(other.chars().take(32).collect()),
        }
    }

    /// The name that Meta uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Other(name) => name,
        }
    }

    /// Where the message stands by it; [`DeliveryState::takes`] says which state follows which. `None` for what says nothing
    /// about delivery.
    #[must_use]
    pub const fn delivery(&self) -> Option<DeliveryState> {
        match self {
            Self::Sent => Some(DeliveryState::Sent),
            Self::Failed => Some(DeliveryState::Failed),
            Self::Delivered => Some(DeliveryState::Delivered),
            Self::Read => Some(DeliveryState::Read),
            Self::Played => Some(DeliveryState::Played),
            Self::Other(_) => None,
        }
    }
}

impl StatusUpdate {
    /// `None` without the message that it is about, or without a status.
    pub(super) fn read(value: &Value, recipient: Party) -> Option<Self> {
        let pricing = value.get("pricing").unwrap_or(&Value::Null);
        Some(Self {
            message_id: node::filled(value, "id")?,
            status: ReceivedStatus::read(&node::filled(value, "status")?),
            at: node::time(value, "timestamp"),
            recipient,
            callback_data: node::filled(value, "biz_opaque_callback_data"),
            is_billable: pricing.get("billable").and_then(Value::as_bool),
            category: node::filled(pricing, "category"),
            conversation_id: value
                .get("conversation")
                .and_then(|conversation| node::filled(conversation, "id")),
            errors: WebhookError::all(value),
            raw: Raw(value.clone()),
        })
    }
}

impl fmt::Debug for StatusUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusUpdate")
            .field("message_id", &self.message_id)
            .field("status", &self.status)
            .field("at", &self.at)
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}
