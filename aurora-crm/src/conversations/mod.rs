//! Conversations (`conversas`): messages with contacts on channels, who answers them, and how far answers have come.

mod beside;
mod content;
mod desk;
mod entity;
mod fallback;
mod feed;
mod filter;
mod handle;
mod identity;
mod input;
mod limits;
mod reading;
mod sender;
mod settings;
mod sql;
#[cfg(test)]
mod tests;

pub use self::content::{Choice, Content, ListSection, MediaKind, MediaRef};
pub use self::entity::{
    Assignee, Author, Contact, ContactId, Conversation, ConversationId, ConversationStatus, Direction,
    Message, MessageId, Reactions,
};
pub use self::feed::{Change, Changes, Seen};
pub use self::filter::{ConversationFilter, LabelCount, UnreadCount};
pub use self::handle::Conversations;
pub use self::input::{Burst, Ingested, NewMessage, Recipient, Turn};
pub use self::sender::{MESSAGES, Sender};
pub use self::settings::{ChannelPause, ConversationSettings, FallbackTemplate, FirstAssignee};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;

/// The queue of the outbox that turns of the assistant wait in, each a [`Turn`] as JSON, one conversation's one at a time.
pub const TURNS: &str = "crm.turns";
