//! What Meta posts: who it comes from, and what is in it. Nothing here reads or writes anything but its arguments.
//!
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview>, and Meta's
//! OpenAPI description (`facebook/openapi`, v23.0).

mod content;
mod envelope;
mod handshake;
mod identity;
mod message;
mod node;
mod reading;
mod signature;
mod status;

use std::fmt;

use serde_json::Value;

pub use self::content::{
    Content, FlowReply, Location, Media, MediaKind, Order, OrderItem, SharedContact, SystemChange,
};
pub use self::envelope::{MAX_BODY, Unreadable};
pub use self::handshake::{Handshake, HandshakeRefused};
pub use self::identity::Party;
pub(super) use self::identity::is_user_id;
pub use self::message::{InboundMessage, Referral, ReplyContext};
pub use self::signature::{SIGNATURE_HEADER, SignatureRefused, sign, verify};
pub use self::status::{ReceivedStatus, StatusUpdate};

/// Everything that one request carries, in its order: all entries, changes, messages, statuses and errors.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Notification {
    /// Each thing with the number that it is about.
    pub items: Vec<Received>,
}

/// One thing, and the number that it is about.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Received {
    /// The WhatsApp Business Account (WABA).
    pub account_id: Option<String>,
    /// The id of the business's number (`phone_number_id`); `None` for what is about an account.
    pub number_id: Option<String>,
    /// The field of the subscription: `messages`, `smb_message_echoes`, `account_update`, …
    pub field: String,
    /// What it is.
    pub item: Item,
}

/// What a notification tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item {
    /// Somebody wrote.
    Message(Box<InboundMessage>),
    /// The business wrote with the WhatsApp Business app, beside the API.
    Echo(Box<InboundMessage>),
    /// What became of a message that was sent.
    Status(Box<StatusUpdate>),
    /// Something is wrong with the number, apart from any one message.
    Error(WebhookError),
    /// Something that is not read further: an account's update, a template's, a call, or what came after this program.
    Other(Raw),
    /// A message or status without what it takes to know it by; its siblings are not lost with it.
    Malformed {
        /// What is missing.
        reason: &'static str,
        /// All of it.
        raw: Raw,
    },
}

impl Notification {
    /// Reads the body of a request whose signature was verified.
    ///
    /// Each item is read for itself: what is missing or odd in one does not lose another, and fields and types that this
    /// program does not know are kept as they came.
    ///
    /// # Errors
    /// When the body is larger than [`MAX_BODY`], no JSON, or nested deeper than 128 levels.
    ///
    /// # Examples
    /// ```
    /// use aurora_crm::channels::whatsapp::webhook::{Content, Item, Notification};
    ///
    /// let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"419561257915477","changes":[{"field":"messages",
    ///   "value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},
    ///   "contacts":[{"profile":{"name":"Sheena Nelson"},"wa_id":"16505551234"}],
    ///   "messages":[{"from":"16505551234","id":"wamid.1","timestamp":"1749416383","type":"text","text":{"body":"Ol\u00e1"}}]}}]}]}"#;
    /// let notification = Notification::read(body)?;
    /// let [received] = &notification.items[..] else { unreachable!() };
    /// assert_eq!(received.number_id.as_deref(), Some("106540352242922"));
    /// let Item::Message(message) = &received.item else { unreachable!() };
    /// assert_eq!(message.content, Content::Text { body: "Olá".to_owned() });
    /// # Ok::<(), aurora_crm::channels::whatsapp::webhook::Unreadable>(())
    /// ```
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        envelope::read(body)
    }
}

/// JSON as it came. `Debug` shows its size alone: it can hold personal data.
#[derive(Clone, PartialEq)]
pub struct Raw(pub Value);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Value::Object(_) => "Raw({…})",
            Value::Array(_) => "Raw([…])",
            _ => "Raw(…)",
        })
    }
}

/// An error that Meta tells in a webhook: of a number, a message or a status.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookError {
    /// What decides; see [`super::graph::advice()`].
    pub code: i64,
    /// What the code is called.
    pub title: Option<String>,
    /// What happened. It can repeat parts of the request.
    pub details: Option<String>,
}

impl WebhookError {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let details = value
            .get("error_data")
            .and_then(|data| node::text(data, "details"));
        Some(Self {
            code: node::integer(value, "code")?,
            title: node::text(value, "title").or_else(|| node::text(value, "message")),
            details,
        })
    }

    pub(super) fn all(value: &Value) -> Vec<Self> {
        node::items(value, "errors").filter_map(Self::read).collect()
    }
}

impl fmt::Debug for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookError")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
