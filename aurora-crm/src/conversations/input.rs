use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Author, Content, ConversationId, Message, MessageId, limits};
use crate::channels::Address;
use crate::clients::{ClientId, words_of_query};
use crate::error::Error;
use crate::fields::Fields;
use crate::store::words::MAX_WORDS;
use crate::workspaces::WorkspaceId;

const MAX_KEY: usize = 200;
const MAX_REASON: usize = 500;
const MAX_TAG: usize = 50;

/// A message that is to be sent.
///
/// `Debug` shows no text of it.
#[derive(Clone, PartialEq)]
#[must_use = "a message is sent by `Conversations::post`"]
pub struct NewMessage {
    pub(super) author: Author,
    pub(super) content: Content,
    pub(super) reply_to: Option<MessageId>,
    pub(super) idempotency_key: Option<String>,
    pub(super) closes: bool,
}

impl NewMessage {
    /// A message of somebody who answers.
    pub const fn new(author: Author, content: Content) -> Self {
        Self {
            author,
            content,
            reply_to: None,
            idempotency_key: None,
            closes: false,
        }
    }

    /// Words.
    pub fn text(author: Author, body: impl Into<String>) -> Self {
        Self::new(author, Content::text(body))
    }

    /// Answers a message of the same conversation.
    pub const fn reply_to(mut self, message: MessageId) -> Self {
        self.reply_to = Some(message);
        self
    }

    /// What makes a second message of the conversation a repetition of the first, 1 to 200 bytes: it is then not written again.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Closes the conversation with it. What else is still to be sent in a closed conversation is not; this one is.
    pub const fn closing(mut self) -> Self {
        self.closes = true;
        self
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMessage")
            .field("author", &self.author)
            .field("content", &self.content)
            .field("closes", &self.closes)
            .finish_non_exhaustive()
    }
}

/// To whom a conversation is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipient {
    /// Who is known by an address, or will be.
    Address(Address),
    /// A client: at the address of a channel that it was last heard on, or else at its WhatsApp id, or else at its first mobile
    /// number.
    Client(ClientId),
}

impl From<Address> for Recipient {
    fn from(address: Address) -> Self {
        Self::Address(address)
    }
}

impl From<ClientId> for Recipient {
    fn from(client: ClientId) -> Self {
        Self::Client(client)
    }
}

/// What became of a message that came in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ingested {
    /// The message as it is stored.
    pub message: Message,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Whether it is there through this call; otherwise it came before.
    pub fresh: bool,
}

/// How much may come in from one contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    pub(super) most: u32,
    pub(super) span: Duration,
}

impl Burst {
    /// So many messages within this time.
    #[must_use]
    pub const fn new(most: u32, span: Duration) -> Self {
        Self { most, span }
    }
}

/// A turn of the assistant, as it waits in the queue [`TURNS`](super::TURNS): the contact has written and the assistant answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Whose conversation.
    pub workspace: WorkspaceId,
    /// Which.
    pub conversation: ConversationId,
    /// What the contact wrote.
    pub message: MessageId,
}

/// A message whose every field was checked.
#[derive(Debug)]
pub(super) struct Checked(pub(super) NewMessage);

pub(super) fn check(message: NewMessage) -> Result<Checked, Error> {
    let mut fields = Fields::default();
    limits::check(&mut fields, &message.content);
    if message.author == Author::Contact {
        fields.refuse(
            "author",
            "not_allowed",
            "what a contact writes comes in, and is not sent",
        );
    }
    if let Some(key) = &message.idempotency_key
        && (!(1..=MAX_KEY).contains(&key.len()) || key.chars().any(char::is_control))
    {
        fields.refuse(
            "idempotency_key",
            "invalid",
            "must be 1 to 200 bytes without control characters",
        );
    }
    fields.finish(Checked(message))
}

pub(super) fn check_note(text: &str) -> Result<String, Error> {
    let mut fields = Fields::default();
    limits::text(&mut fields, "text", text, limits::MAX_TEXT);
    fields.finish(text.to_owned())
}

pub(super) fn check_reason(text: &str) -> Result<String, Error> {
    let mut fields = Fields::default();
    limits::text(&mut fields, "reason", text, MAX_REASON);
    fields.finish(text.to_owned())
}

pub(super) fn check_tag(tag: &str) -> Result<String, Error> {
    let mut fields = Fields::default();
    let tag = fields.line("tag", tag, MAX_TAG);
    fields.finish(tag)
}

/// The words that are looked for.
pub(super) fn check_query(text: &str) -> Result<Vec<String>, Error> {
    let words = words_of_query(text);
    let mut fields = Fields::default();
    if words.is_empty() {
        fields.refuse("text", "required", "must have a word");
    } else if words.len() > MAX_WORDS {
        fields.refuse(
            "text",
            "too_many",
            format_args!("must have at most {MAX_WORDS} words"),
        );
    }
    fields.finish(words)
}
