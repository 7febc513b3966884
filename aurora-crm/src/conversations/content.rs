use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a message says, in the words of no provider.
///
/// `Debug` shows the kind alone.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Content {
    /// Words, up to 4096 characters.
    Text {
        /// The words.
        body: String,
    },
    /// A picture, a recording, a film, a document or a sticker.
    Media {
        /// Which.
        kind: MediaKind,
        /// Where the bytes are.
        media: MediaRef,
        /// Words with it, up to 1024 characters.
        caption: Option<String>,
        /// What the file is called.
        file_name: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north, -90 to 90.
        latitude: f64,
        /// Degrees east, -180 to 180.
        longitude: f64,
        /// What it is called.
        name: Option<String>,
        /// Its address.
        address: Option<String>,
    },
    /// Cards of people, as the channel writes them.
    Contacts {
        /// The cards.
        cards: Value,
    },
    /// A question with up to three buttons.
    Buttons {
        /// The question, up to 1024 characters.
        body: String,
        /// The buttons; titles up to 20 characters.
        choices: Vec<Choice>,
    },
    /// A question with a list of up to ten rows in all.
    List {
        /// The question, up to 1024 characters.
        body: String,
        /// What opens the list, up to 20 characters.
        button: String,
        /// The rows; titles up to 24 characters, descriptions up to 72.
        sections: Vec<ListSection>,
    },
    /// A button or row that the contact has chosen.
    Chosen {
        /// The id that the choice was offered with.
        id: String,
        /// What it said.
        title: String,
    },
    /// A sign on another message; none takes it away.
    Reaction {
        /// The provider's name of that message.
        to: String,
        /// The sign.
        emoji: Option<String>,
    },
    /// A text that the provider has approved ahead of time; goes out also when the window is closed.
    Template {
        /// Its name at the provider.
        name: String,
        /// Its language, such as `pt_BR`.
        language: String,
        /// What its body's places are filled with, in order.
        body: Vec<String>,
        /// What the payload of each of its quick-reply buttons is, in order.
        payloads: Vec<String>,
        /// The text as a person reads it, for the history.
        text: String,
    },
    /// What the channel told, not a person: a changed number, a deleted message.
    Notice {
        /// A word for it, such as `user_changed_number`.
        kind: String,
        /// What the channel wrote.
        raw: Value,
    },
    /// A kind that is not understood; nothing of it is lost.
    Unsupported {
        /// What the channel calls it.
        kind: String,
        /// What the channel wrote.
        raw: Value,
    },
}

impl Content {
    /// Words.
    pub fn text(body: impl Into<String>) -> Self {
        Self::Text { body: body.into() }
    }

    /// What it is called, as in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { .. } => "media",
            Self::Location { .. } => "location",
            Self::Contacts { .. } => "contacts",
            Self::Buttons { .. } => "buttons",
            Self::List { .. } => "list",
            Self::Chosen { .. } => "chosen",
            Self::Reaction { .. } => "reaction",
            Self::Template { .. } => "template",
            Self::Notice { .. } => "notice",
            Self::Unsupported { .. } => "unsupported",
        }
    }

    /// What a person reads of it, for search and for a model; empty when there are no words.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Text { body } | Self::Buttons { body, .. } | Self::List { body, .. } => body,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
            Self::Location { name, .. } => name.as_deref().unwrap_or_default(),
            Self::Chosen { title, .. } => title,
            Self::Template { text, .. } => text,
            Self::Contacts { .. }
            | Self::Reaction { .. }
            | Self::Notice { .. }
            | Self::Unsupported { .. } => "",
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.kind()).finish()
    }
}

/// Which kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording.
    Audio,
    /// A spoken message.
    Voice,
    /// A document.
    Document,
    /// A sticker.
    Sticker,
}

/// Where the bytes of media are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediaRef {
    /// The channel's name of them.
    pub provider_id: Option<String>,
    /// An `https` address that the provider can fetch them from.
    pub link: Option<String>,
    /// The file that they were stored as, `fil_…`, when they were.
    pub file_id: Option<String>,
    /// What the channel says they are, such as `image/jpeg`.
    pub mime_type: Option<String>,
    /// Their SHA-256 as the channel writes it.
    pub sha256: Option<String>,
}

impl MediaRef {
    /// Bytes that the channel holds.
    pub fn at_provider(id: impl Into<String>) -> Self {
        Self {
            provider_id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Bytes behind an address.
    pub fn link(url: impl Into<String>) -> Self {
        Self {
            link: Some(url.into()),
            ..Self::default()
        }
    }
}

/// Something that a contact can choose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Comes back when it is chosen, up to 200 characters.
    pub id: String,
    /// What it says.
    pub title: String,
    /// More words, in lists alone.
    pub description: Option<String>,
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Rows under one title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSection {
    /// The title, up to 24 characters; needed when there is more than one section.
    pub title: Option<String>,
    /// The rows.
    pub rows: Vec<Choice>,
}
