//! The JSON of what messages say, as the domain writes and reads it.

#![expect(dead_code, reason = "describes what the domain writes and reads")]

use serde_json::Value;
use utoipa::ToSchema;

/// What a message says; `type` tells which.
///
/// `text`, `media`, `location`, `contacts`, `buttons`, `list`, `reaction` and `template` can be sent; `chosen`, `notice` and
/// `unsupported` come in alone.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Content, example = json!({"type": "text", "body": "Bom dia!"}))]
pub(crate) enum ContentView {
    /// Words.
    Text {
        /// Up to 4096 characters.
        body: String,
    },
    /// A picture, a recording, a film, a document or a sticker.
    Media {
        /// `image`, `video`, `audio`, `voice`, `document` or `sticker`.
        kind: String,
        /// Where the bytes are.
        media: MediaView,
        /// Words with it, up to 1024 characters.
        caption: Option<String>,
        /// What the file is called.
        file_name: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
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
        /// Up to 1024 characters.
        body: String,
        /// Titles up to 20 characters.
        choices: Vec<ChoiceView>,
    },
    /// A question with a list of up to ten rows.
    List {
        /// Up to 1024 characters.
        body: String,
        /// What opens the list, up to 20 characters.
        button: String,
        /// The rows.
        sections: Vec<SectionView>,
    },
    /// A button or row that the contact has chosen.
    Chosen {
        /// The id that it was offered with.
        id: String,
        /// What it said.
        title: String,
    },
    /// A sign on another message; null takes it away.
    Reaction {
        /// The provider's name of that message.
        to: String,
        /// The sign.
        emoji: Option<String>,
    },
    /// A text that the provider has approved; goes out also when the window is closed.
    Template {
        /// Its name at the provider.
        name: String,
        /// Its language, such as `pt_BR`.
        language: String,
        /// What its places are filled with, in order.
        body: Vec<String>,
        /// The payloads of its quick-reply buttons, in order.
        payloads: Vec<String>,
        /// The text as a person reads it, for the history.
        text: String,
    },
    /// What the channel told, not a person.
    Notice {
        /// A word for it.
        kind: String,
        /// What the channel wrote.
        raw: Value,
    },
    /// A kind that is not understood.
    Unsupported {
        /// What the channel calls it.
        kind: String,
        /// What the channel wrote.
        raw: Value,
    },
}

/// Where the bytes of media are. To send, name one of `file_id`, `link` and `provider_id`.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = MediaRef)]
pub(crate) struct MediaView {
    /// The channel's name of them.
    provider_id: Option<String>,
    /// An `https` address that the provider can fetch them from.
    link: Option<String>,
    /// The file, `fil_…`.
    file_id: Option<String>,
    /// Such as `image/jpeg`.
    mime_type: Option<String>,
    /// Their SHA-256 as the channel writes it.
    sha256: Option<String>,
}

/// Something that a contact can choose.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Choice)]
pub(crate) struct ChoiceView {
    /// Comes back when it is chosen, up to 200 characters.
    id: String,
    /// What it says.
    title: String,
    /// More words, in lists alone.
    description: Option<String>,
}

/// Rows under one title.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = ListSection)]
pub(crate) struct SectionView {
    /// Needed when there is more than one section.
    title: Option<String>,
    /// The rows.
    rows: Vec<ChoiceView>,
}
