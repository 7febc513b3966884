//! Channels (`canais`): the ways on which messages come and go. Each carries the words of its provider to and from the
//! vocabulary here; conversations know no provider.

mod address;
#[cfg(feature = "google-calendar")]
pub mod google_calendar;
mod inbound;
mod messenger;
#[cfg(feature = "web-chat")]
pub mod web_chat;
#[cfg(feature = "whatsapp")]
pub mod whatsapp;

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use serde::{Deserialize, Serialize};

pub use self::address::{Address, AddressKind};
pub use self::inbound::{DeliveryState, DeliveryUpdate, Inbound, Sender};
pub use self::messenger::{Messenger, Outgoing, Receipt, SendError, SendErrorKind};

/// Names a workspace's own end of a channel, such as one of its WhatsApp numbers: `chn_` and 32 hexadecimal digits.
pub type ChannelId = Id<Channel>;

/// What a [`ChannelId`] names.
#[derive(Debug)]
pub struct Channel;

impl IdKind for Channel {
    const PREFIX: &'static str = "chn";
}

/// Which way messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChannelKind {
    /// A number of the WhatsApp Business Platform.
    Whatsapp,
    /// The chat on a page of the workspace.
    WebChat,
}

impl ChannelKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::WebChat => "web_chat",
        }
    }

    /// How long after the last message of the contact free texts may be sent; `None` where they always may.
    ///
    /// WhatsApp: 24 hours (customer service window, developers.facebook.com/docs/whatsapp).
    #[must_use]
    pub const fn window(self) -> Option<std::time::Duration> {
        match self {
            Self::Whatsapp => Some(std::time::Duration::from_hours(24)),
            Self::WebChat => None,
        }
    }
}

impl FromStr for ChannelKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "whatsapp" => Ok(Self::Whatsapp),
            "web_chat" => Ok(Self::WebChat),
            _ => Err("a channel is whatsapp or web_chat"),
        }
    }
}
