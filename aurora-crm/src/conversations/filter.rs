use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Assignee, ConversationStatus};
use crate::channels::ChannelId;
use crate::clients::ClientId;

/// Which conversations to list, the one with the newest message first. What is set must all be true.
///
/// # Examples
/// ```
/// use aurora_crm::conversations::{Assignee, ConversationFilter, ConversationStatus};
///
/// let waiting = ConversationFilter::all().status(ConversationStatus::Open).assignee(Assignee::Nobody).unread();
/// # drop(waiting);
/// ```
///
/// `Debug` shows nothing of what a contact is looked for by.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ConversationFilter {
    /// Of this status.
    pub status: Option<ConversationStatus>,
    /// Answered by this one.
    pub assignee: Option<Assignee>,
    /// With this label.
    pub tag: Option<String>,
    /// On this end of a channel.
    pub channel: Option<ChannelId>,
    /// With this client.
    pub client: Option<ClientId>,
    /// With messages that nobody has read.
    pub unread: bool,
    /// With a contact that has words beginning with each of these, up to eight, in its name or its numbers; case and accents do
    /// not matter.
    pub contact: Option<String>,
}

impl ConversationFilter {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Of this status.
    #[must_use]
    pub const fn status(mut self, status: ConversationStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Answered by this one.
    #[must_use]
    pub const fn assignee(mut self, assignee: Assignee) -> Self {
        self.assignee = Some(assignee);
        self
    }

    /// With this label.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// On this end of a channel.
    #[must_use]
    pub const fn channel(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }

    /// With this client.
    #[must_use]
    pub const fn client(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// With a contact that has words beginning with each of these in its name or its numbers.
    #[must_use]
    pub fn contact(mut self, text: impl Into<String>) -> Self {
        self.contact = Some(text.into());
        self
    }

    /// With messages that nobody has read.
    #[must_use]
    pub const fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// What tells this list from others.
    pub(super) fn scope(&self) -> String {
        format!("{self:?}/{:?}", self.contact)
    }
}

impl fmt::Debug for ConversationFilter {
    /// Without the name or the number of a contact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationFilter")
            .field("status", &self.status)
            .field("assignee", &self.assignee)
            .field("tag", &self.tag)
            .field("channel", &self.channel)
            .field("client", &self.client)
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

/// A label, and how many conversations carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LabelCount {
    /// The label.
    pub tag: String,
    /// How many conversations carry it, closed ones among them.
    pub conversations: i64,
}

/// What one assignee has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadCount {
    /// Who answers.
    pub assignee: Assignee,
    /// Conversations with messages that nobody has read.
    pub conversations: i64,
    /// Those messages.
    pub messages: i64,
}
