//! What a message says, of every type that Meta documents.

use std::fmt;

use serde_json::Value;

/// What a message says. What is not known is [`Unknown`](Self::Unknown), and stays whole in the message's `raw`.
///
/// `Debug` shows the kind alone.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Text.
    Text {
        /// Up to 4,096 characters.
        body: String,
    },
    /// A file: download it with its id.
    Media(Media),
    /// A place.
    Location(Location),
    /// Cards of people.
    Contacts(Vec<SharedContact>),
    /// A tap on a quick-reply button of a template.
    Button {
        /// What the sender put behind it.
        payload: Option<String>,
        /// What is on it.
        text: Option<String>,
    },
    /// A tap on a button of an interactive message.
    ButtonReply {
        /// What the sender put behind it.
        id: String,
        /// What is on it.
        title: Option<String>,
    },
    /// A choice from a list.
    ListReply {
        /// What the sender put behind it.
        id: String,
        /// What is on it.
        title: Option<String>,
        /// What is below it.
        description: Option<String>,
    },
    /// A form (Flow) that was filled in.
    FlowReply(FlowReply),
    /// An answer to the question whether the business may call.
    CallPermission {
        /// Whether it may.
        is_granted: bool,
    },
    /// A reaction to a message; without an emoji it was taken back.
    Reaction {
        /// The message that it is for.
        message_id: String,
        /// The emoji.
        emoji: Option<String>,
    },
    /// An order out of a catalogue.
    Order(Order),
    /// Something happened to the person's account. Nobody wrote.
    System(SystemChange),
    /// An earlier message says something else now.
    Edited {
        /// Which.
        original_id: String,
        /// What it says.
        content: Box<Self>,
    },
    /// An earlier message was taken back.
    Revoked {
        /// Which.
        original_id: String,
    },
    /// Somebody opened the chat for the first time, and wrote nothing yet.
    RequestWelcome,
    /// WhatsApp does not hand it on (a poll, a message that is seen once, …).
    Unsupported {
        /// What it is, where that is told.
        kind: Option<String>,
    },
    /// A type that this program does not know, or one that lacks what it is made of.
    Unknown,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound, or a voice message.
    Audio,
    /// Any other file.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// The name that Meta uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// A file, by its id.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// What kind of file.
    pub kind: MediaKind,
    /// To download it with, for 30 days.
    pub id: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// SHA-256 of its bytes, base64.
    pub sha256: Option<String>,
    /// What was written to it.
    pub caption: Option<String>,
    /// The name of a document.
    pub filename: Option<String>,
    /// Whether sound was recorded as a voice message.
    pub is_voice: bool,
    /// Whether a sticker moves.
    pub is_animated: bool,
}

/// A place.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What it is called.
    pub name: Option<String>,
    /// Its postal address.
    pub address: Option<String>,
    /// Its page.
    pub url: Option<String>,
}

/// The card of a person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedContact {
    /// The name as a whole.
    pub name: Option<String>,
    /// Phone numbers as they are written, each with its WhatsApp id, if it has one.
    pub phones: Vec<(String, Option<String>)>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Where the person works.
    pub company: Option<String>,
}

/// A form that was filled in.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct FlowReply {
    /// The name of the action.
    pub name: Option<String>,
    /// What is shown of it.
    pub body: Option<String>,
    /// What was filled in; `None` where that is no JSON.
    pub response: Option<Value>,
}

/// An order out of a catalogue.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Order {
    /// The catalogue.
    pub catalog_id: Option<String>,
    /// What was written to it.
    pub text: Option<String>,
    /// What was ordered.
    pub items: Vec<OrderItem>,
}

/// One line of an order.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct OrderItem {
    /// The item in the catalogue.
    pub product_id: String,
    /// How many.
    pub quantity: Option<f64>,
    /// What one costs, in units of the currency.
    pub price: Option<f64>,
    /// The currency (ISO 4217).
    pub currency: Option<String>,
}

/// What happened to a person's account.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemChange {
    /// The person has another number now, or another user id.
    Moved {
        /// The new number.
        wa_id: Option<String>,
        /// The new user id.
        user_id: Option<String>,
        /// The new user id within the portfolio.
        parent_user_id: Option<String>,
    },
    /// The person's device or keys have changed: be careful with what is confidential.
    IdentityChanged,
    /// Something else.
    Other,
}

impl Content {
    /// A short name of its kind, for records.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => media.kind.as_str(),
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Button { .. } => "button",
            Self::ButtonReply { .. } => "button_reply",
            Self::ListReply { .. } => "list_reply",
            Self::FlowReply(_) => "flow_reply",
            Self::CallPermission { .. } => "call_permission",
            Self::Reaction { .. } => "reaction",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::Edited { .. } => "edited",
            Self::Revoked { .. } => "revoked",
            Self::RequestWelcome => "request_welcome",
            Self::Unsupported { .. } => "unsupported",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({})", self.name())
    }
}

/// Kinds that hold what people say or who they are: `Debug` shows the name of the type.
macro_rules! hidden {
    ($($name:ident)+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
hidden!(Media Location SharedContact FlowReply Order OrderItem SystemChange);
