//! A chat on a page of the workspace: visitors without an account, who are known by a signed token.

mod handle;
mod input;
mod messenger;
mod sql;
#[cfg(test)]
mod tests;
mod token;

use aurora_core::time::Timestamp;
use serde::Serialize;

use super::ChannelId;
use crate::conversations::{Content, MessageId};

pub use self::handle::WebChat;
pub use self::input::VisitorMessage;
pub use self::messenger::WebChatMessenger;
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub use self::token::{InvalidWebChatKey, WebChatKeys};

/// A chat on a page: an end of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebChatEnd {
    /// Its name for programs.
    pub id: ChannelId,
    /// What the workspace calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it takes no visitors.
    pub disabled_at: Option<Timestamp>,
}

/// What a visitor is known by.
///
/// `Debug` shows no token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VisitorSession {
    /// Kept by the page and given with each call; whoever has it is the visitor.
    pub token: String,
    /// When it stops counting.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for VisitorSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VisitorSession")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A message as a visitor sees it: without who of the workspace wrote it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VisitorView {
    /// Its name for programs.
    pub id: MessageId,
    /// Where it is shown, by size: the order in which messages were written.
    pub position: i64,
    /// Whether the visitor wrote it.
    pub own: bool,
    /// What it says.
    pub content: Content,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Messages for a page, in the order in which they came to be seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VisitorMessages {
    /// The messages.
    pub items: Vec<VisitorView>,
    /// What to ask with next.
    pub after: i64,
}
