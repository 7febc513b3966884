//! What can be sent, checked against every limit that Meta documents before anything leaves.
//!
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages>, and Meta's
//! OpenAPI description (`facebook/openapi`, v23.0), whose examples the tests hold.

mod card;
mod encode;
mod interactive;
mod limits;
mod media;
mod template;

use std::fmt;

use serde_json::Value;

use self::encode::Writer;
use super::webhook::Party;
use crate::error::Error;

pub use self::card::{ContactCard, Labelled};
pub use self::interactive::{Header, Interactive, Reply, Row, Section};
pub use self::media::{OutgoingMedia, Source};
pub use self::template::{Parameter, Template, TemplateButton};

/// A message on its way to one person.
///
/// `Debug` shows neither what it says nor to whom.
///
/// # Examples
/// ```
/// use aurora_crm::channels::whatsapp::outgoing::{Body, Interactive, Outgoing, Recipient, Reply};
///
/// let question = Interactive::buttons("Confirma a consulta de amanhã às 10h?")
///     .button(Reply::new("yes", "Confirmo"))
///     .button(Reply::new("no", "Quero remarcar"));
/// let message = Outgoing::new(Recipient::number("5511987654321"), Body::Interactive(question))
///     .callback_data("out_019a");
/// assert_eq!(message.to_json()?["interactive"]["action"]["buttons"][1]["reply"]["id"], "no");
/// # Ok::<(), aurora_crm::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Outgoing {
    to: Recipient,
    body: Body,
    reply_to: Option<String>,
    callback_data: Option<String>,
}

/// To whom a message goes.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recipient {
    /// A number: the `wa_id` as WhatsApp told it, or digits with the country code.
    Number(String),
    /// A business-scoped user id, of a person whose number is not known. Authentication templates cannot go there.
    User(String),
}

/// What a message says.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// Text of 1 to 4,096 characters.
    Text {
        /// The text.
        text: String,
        /// Whether WhatsApp shows a preview of the first link in it.
        preview_url: bool,
    },
    /// A file.
    Media(OutgoingMedia),
    /// A template that Meta approved: the only thing that may be sent when the person wrote nothing for 24 hours.
    Template(Template),
    /// Buttons, a list or a link.
    Interactive(Interactive),
    /// A place.
    Location {
        /// Degrees north, −90 to 90.
        latitude: f64,
        /// Degrees east, −180 to 180.
        longitude: f64,
        /// What it is called.
        name: Option<String>,
        /// Its postal address.
        address: Option<String>,
    },
    /// Cards of 1 to 257 people.
    Contacts(Vec<ContactCard>),
    /// A reaction to a message; an empty emoji takes it back.
    Reaction {
        /// Which message.
        message_id: String,
        /// One emoji, or nothing.
        emoji: String,
    },
}

impl Outgoing {
    /// A message to somebody.
    #[must_use]
    pub const fn new(to: Recipient, body: Body) -> Self {
        Self {
            to,
            body,
            reply_to: None,
            callback_data: None,
        }
    }

    /// A text without preview of links.
    #[must_use]
    pub fn text(to: Recipient, text: impl Into<String>) -> Self {
        let body = Body::Text {
            text: text.into(),
            preview_url: false,
        };
        Self::new(to, body)
    }

    /// Shows it as the answer to a message (`wamid.…`).
    #[must_use]
    pub fn reply_to(mut self, message_id: impl Into<String>) -> Self {
        self.reply_to = Some(message_id.into());
        self
    }

    /// What every status of the message carries back, 1 to 512 characters: by it a message is found whose answer was lost.
    #[must_use]
    pub fn callback_data(mut self, data: impl Into<String>) -> Self {
        self.callback_data = Some(data.into());
        self
    }

    /// To whom it goes.
    #[must_use]
    pub const fn recipient(&self) -> &Recipient {
        &self.to
    }

    /// Whether it may be sent when the person wrote nothing for 24 hours.
    #[must_use]
    pub const fn is_template(&self) -> bool {
        matches!(self.body, Body::Template(_))
    }

    /// The body of the request.
    ///
    /// # Errors
    /// `Invalid` with every field that is wrong, as paths in the request: `interactive.action.buttons[1].reply.title`.
    pub fn to_json(&self) -> Result<Value, Error> {
        let mut writer = Writer::default();
        let body = encode::message(self, &mut writer);
        writer.finish(body)
    }
}

/// The request that marks a message as read, and all before it; with `is_typing` the person sees that somebody writes, for
/// up to 25 s or until an answer comes.
///
/// # Errors
/// `Invalid` without a message.
pub fn read_mark(message_id: &str, is_typing: bool) -> Result<Value, Error> {
    let mut writer = Writer::default();
    let body = encode::read_mark(message_id, is_typing, &mut writer);
    writer.finish(body)
}

impl Recipient {
    /// A number; a `+` before it is left out.
    #[must_use]
    pub fn number(wa_id: impl AsRef<str>) -> Self {
        Self::Number(wa_id.as_ref().trim().trim_start_matches('+').to_owned())
    }

    /// Whoever wrote: by the number as WhatsApp told it, and where there is none by the user id.
    #[must_use]
    pub fn of(party: &Party) -> Option<Self> {
        let number = party.wa_id.clone().map(Self::Number);
        number.or_else(|| {
            Some(Self::User(
                party.user_id.clone().or_else(|| party.parent_user_id.clone())?,
            ))
        })
    }

    /// What the limit per pair counts by.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Number(id) | Self::User(id) => id,
        }
    }
}

impl Body {
    /// The name that Meta uses.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => media.kind().as_str(),
            Self::Template(_) => "template",
            Self::Interactive(_) => "interactive",
            Self::Location { .. } => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction { .. } => "reaction",
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("to", &self.to)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number(…)",
            Self::User(_) => "User(…)",
        })
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({})", self.kind())
    }
}
