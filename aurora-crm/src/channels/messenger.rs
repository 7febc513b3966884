use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{Address, ChannelId, ChannelKind};
use crate::context::Context;
use crate::conversations::{Content, MessageId};

/// Sends messages of one kind of channel.
#[async_trait]
pub trait Messenger: fmt::Debug + Send + Sync + 'static {
    /// Which kind.
    fn kind(&self) -> ChannelKind;

    /// Sends one message. Called outside of any transaction, by the sender of the outbox alone, again for the same message only when the
    /// one before ended in [`SendErrorKind::Retry`] or [`SendErrorKind::Throttled`], or in [`SendErrorKind::Unknown`] and the channel
    /// has not told of it since.
    ///
    /// # Errors
    /// What is to be done about it: see [`SendErrorKind`].
    async fn send(&self, context: &Context, outgoing: &Outgoing) -> Result<Receipt, SendError>;

    /// Tells the contact that its message `provider_id` was read and, with `typing`, that an answer is being written. Channels that do
    /// not show it answer `Ok`.
    ///
    /// # Errors
    /// As [`Messenger::send`]; nobody depends on it.
    async fn mark_read(
        &self,
        context: &Context,
        channel: ChannelId,
        provider_id: &str,
        typing: bool,
    ) -> Result<(), SendError>;
}

/// A message to be sent.
#[derive(Clone, PartialEq)]
pub struct Outgoing {
    /// Our name of it; given to providers that give it back.
    pub message: MessageId,
    /// From which of the workspace's ends.
    pub channel: ChannelId,
    /// The contact's addresses, the one that answers go to first.
    pub to: Vec<Address>,
    /// What it says.
    pub content: Content,
    /// The provider's name of the message that it answers.
    pub reply_to: Option<String>,
    /// How often the sender has come to it, this time and those included at which its channel was held.
    pub attempt: u32,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("message", &self.message)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// The provider took a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its name at the provider.
    pub provider_id: String,
    /// The contact's address as the provider knows it, when it is another one (WhatsApp: ninth digit).
    pub address: Option<Address>,
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("provider_id", &self.provider_id)
            .finish_non_exhaustive()
    }
}

/// What is to be done about a message that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// It was not taken; try again, not before this much time if given.
    Retry(Option<Duration>),
    /// The end of the channel, or the provider as a whole, wants fewer calls: try again, not before this much time if given.
    Throttled(Option<Duration>),
    /// Nobody knows whether it was taken: wait for the channel to tell before sending it again.
    Unknown,
    /// The contact wrote too long ago: only a template can be sent.
    WindowClosed,
    /// Never will be: this message or this contact.
    Rejected,
    /// Nothing can be sent from this end until somebody has seen to it: token, payment, blocked account.
    Account,
}

/// Why a message was not taken. Holds no text of it and no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct SendError {
    /// What is to be done.
    pub kind: SendErrorKind,
    /// The provider's code, such as `131047`, or a word of ours.
    pub code: String,
    /// In words, for operators.
    pub detail: String,
}

impl SendError {
    /// An error.
    pub fn new(kind: SendErrorKind, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            detail: detail.into(),
        }
    }
}
