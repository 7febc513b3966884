use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::channels::{Address, ChannelId, ChannelKind, DeliveryState};
use crate::clients::{ClientId, OwnerId};

/// Names a conversation: `cnv_` and 32 hexadecimal digits.
pub type ConversationId = Id<Conversation>;

/// Names a message: `msg_` and 32 hexadecimal digits.
pub type MessageId = Id<Message>;

/// Names a contact: `ctc_` and 32 hexadecimal digits.
pub type ContactId = Id<Contact>;

/// Somebody who writes on a channel. It is a client once somebody, or a number that only one client has, says so.
///
/// `Debug` shows neither name nor addresses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contact {
    /// Its name for programs.
    pub id: ContactId,
    /// What it calls itself on the channel.
    pub name: Option<String>,
    /// Where it can be reached, the address that answers go to first.
    pub addresses: Vec<Address>,
    /// The client that it is.
    pub client_id: Option<ClientId>,
    /// Since when nothing is sent to it and nothing of it begins a turn.
    pub blocked_at: Option<Timestamp>,
    /// When it was first heard of.
    pub created_at: Timestamp,
}

impl IdKind for Contact {
    const PREFIX: &'static str = "ctc";
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Who answers a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Assignee {
    /// Nobody yet: it waits for a person.
    Nobody,
    /// The assistant.
    Assistant,
    /// A person.
    Person(OwnerId),
}

/// Whether a conversation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// It goes on.
    Open,
    /// It waits for the contact.
    Pending,
    /// It has ended; the contact's next message opens it again.
    Closed,
}

impl ConversationStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Closed => "closed",
        }
    }
}

impl FromStr for ConversationStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "pending" => Ok(Self::Pending),
            "closed" => Ok(Self::Closed),
            _ => Err("a conversation is open, pending or closed"),
        }
    }
}

/// All messages with one contact on one end of a channel.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conversation {
    /// Its name for programs.
    pub id: ConversationId,
    /// The kind of its channel.
    pub channel_kind: ChannelKind,
    /// The workspace's end of it.
    pub channel_id: ChannelId,
    /// Who writes.
    pub contact: Contact,
    /// Whether it goes on.
    pub status: ConversationStatus,
    /// Who answers.
    pub assignee: Assignee,
    /// Labels.
    pub tags: Vec<String>,
    /// Messages of the contact that nobody has read.
    pub unread: i64,
    /// When the contact last wrote, by the provider's clock.
    pub last_inbound_at: Option<Timestamp>,
    /// When a message was last written down here; lists go by it.
    pub last_message_at: Timestamp,
    /// Until when free texts may be sent; `None` where they always may.
    pub window_expires_at: Option<Timestamp>,
    /// Grows by one with each change of status, assignee or tags; messages do not change it, unless they open it again.
    pub version: i64,
    /// When it began.
    pub created_at: Timestamp,
}

impl IdKind for Conversation {
    const PREFIX: &'static str = "cnv";
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("assignee", &self.assignee)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the contact.
    In,
    /// To the contact.
    Out,
    /// Neither: a note among the people who answer. Never sent.
    Note,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Author {
    /// The contact.
    Contact,
    /// The assistant.
    Assistant,
    /// A person of the workspace.
    Person(OwnerId),
    /// The program: a reminder, a notice.
    System,
}

/// The signs on a message: each side has at most one, the last that it gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reactions {
    /// Of the contact.
    pub contact: Option<String>,
    /// Of the workspace.
    pub workspace: Option<String>,
}

/// One message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Its name for programs.
    pub id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its place in the order in which messages were written down here; grows, with gaps.
    pub position: i64,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: Content,
    /// How far it has come; `None` for messages of the contact and notes.
    pub delivery: Option<DeliveryState>,
    /// Why it failed, as `code: detail`.
    pub failure: Option<String>,
    /// Its name at the provider, once it has one.
    pub provider_id: Option<String>,
    /// The provider's name of the message that it answers.
    pub reply_to: Option<String>,
    /// The signs that stand on it.
    pub reactions: Reactions,
    /// When it was sent: by the provider's clock for messages of the contact, by ours for others.
    pub sent_at: Timestamp,
    /// When it was written down here.
    pub created_at: Timestamp,
}

impl IdKind for Message {
    const PREFIX: &'static str = "msg";
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("content", &self.content)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}
