use std::fmt;
use std::str::FromStr;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, ChannelId, SendError};
use crate::conversations::{Content, MessageId};

/// Who a message comes from, as the channel tells.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Every address that the message names, the one to answer first. At least one.
    pub addresses: Vec<Address>,
    /// What the person calls itself there.
    pub name: Option<String>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

/// A message that a contact has sent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// Where it came in.
    pub channel: ChannelId,
    /// Who sent it.
    pub from: Sender,
    /// Its name at the provider (WhatsApp: `wamid.…`). The same one again is the same message, delivered twice.
    pub provider_id: String,
    /// When the contact sent it, by the provider's clock.
    pub sent_at: Timestamp,
    /// What it says.
    pub content: Content,
    /// The provider's name of the message that it answers.
    pub reply_to: Option<String>,
    /// What else the provider told (referral of an advertisement, forwarded), as it came; kept for what is not understood yet.
    pub extra: Option<Value>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("channel", &self.channel)
            .field("provider_id", &self.provider_id)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

/// How far an outgoing message has come. The order is the rank: a state is never followed by a lower one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// Written down here, to be sent.
    Queued,
    /// Sent without an answer: the provider may have it or not.
    Unknown,
    /// The provider took it.
    Accepted,
    /// On its way to the contact.
    Sent,
    /// On the contact's device.
    Delivered,
    /// Seen.
    Read,
    /// Listened to.
    Played,
    /// Not delivered, and will not be. Reached from `queued`, `unknown`, `accepted` and `sent` alone.
    Failed,
}

impl DeliveryState {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }

    /// Whether the channel has the message.
    pub(crate) const fn is_taken(self) -> bool {
        !matches!(self, Self::Queued | Self::Unknown | Self::Failed)
    }

    /// Whether a message in this state takes `next`.
    #[must_use]
    pub fn takes(self, next: Self) -> bool {
        match (self, next) {
            (Self::Failed, _) => false,
            (_, Self::Failed) => self <= Self::Sent,
            _ => next > self,
        }
    }
}

impl FromStr for DeliveryState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "queued" => Self::Queued,
            "unknown" => Self::Unknown,
            "accepted" => Self::Accepted,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            _ => return Err("not a state of delivery"),
        })
    }
}

/// What a channel tells of an outgoing message.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryUpdate {
    /// Where it was sent.
    pub channel: ChannelId,
    /// The provider's name of the message.
    pub provider_id: String,
    /// Our own name of it, where the provider gives it back (WhatsApp: `biz_opaque_callback_data`); it finds messages whose sending
    /// had no answer.
    pub message: Option<MessageId>,
    /// How far it has come.
    pub state: DeliveryState,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// Why it failed.
    pub error: Option<SendError>,
}
