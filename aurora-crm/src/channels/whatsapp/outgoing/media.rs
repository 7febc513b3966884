//! Files.

use std::fmt;

use serde_json::{Map, Value};

use super::encode::{Writer, set};
use super::limits;
use crate::channels::whatsapp::webhook::MediaKind;

/// A file to send.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMedia {
    kind: MediaKind,
    source: Source,
    caption: Option<String>,
    filename: Option<String>,
    is_voice: bool,
}

/// Where a file is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Uploaded to WhatsApp, which keeps it for 30 days.
    Id(String),
    /// At an address from which WhatsApp fetches it.
    Link(String),
}

impl OutgoingMedia {
    /// A file of this kind.
    #[must_use]
    pub const fn new(kind: MediaKind, source: Source) -> Self {
        Self {
            kind,
            source,
            caption: None,
            filename: None,
            is_voice: false,
        }
    }

    /// What is written to it, up to 1,024 characters; not of sound and stickers.
    #[must_use]
    pub fn caption(mut self, text: impl Into<String>) -> Self {
        self.caption = Some(text.into());
        self
    }

    /// The name of a document, whose ending WhatsApp takes its symbol from.
    #[must_use]
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.filename = Some(name.into());
        self
    }

    /// Shows sound (OGG with Opus) as a voice message.
    #[must_use]
    pub const fn voice(mut self) -> Self {
        self.is_voice = true;
        self
    }

    /// What kind of file.
    #[must_use]
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }
}

/// The object of a file, under its name in the request.
pub(super) fn write(media: &OutgoingMedia, path: &str, writer: &mut Writer) -> Value {
    let field = |key: &str| format!("{path}.{key}");
    let mut object = source(&media.source, path, writer);
    if matches!(media.kind, MediaKind::Audio | MediaKind::Sticker) && media.caption.is_some() {
        writer.refuse(
            field("caption"),
            "not_allowed",
            "sound and stickers have no caption",
        );
    }
    if media.kind != MediaKind::Document && media.filename.is_some() {
        writer.refuse(field("filename"), "not_allowed", "only a document has a name");
    }
    if media.kind != MediaKind::Audio && media.is_voice {
        writer.refuse(field("voice"), "not_allowed", "only sound can be a voice message");
    }
    let caption = media.caption.as_ref();
    let caption = caption.map(|text| writer.text(&field("caption"), text, limits::CAPTION));
    set(&mut object, "caption", caption);
    let name = media.filename.as_ref();
    let name = name.map(|name| writer.line(&field("filename"), name, limits::FILENAME));
    set(&mut object, "filename", name);
    set(&mut object, "voice", media.is_voice.then(|| true.into()));
    Value::Object(object)
}

/// `id` or `link`.
pub(super) fn source(source: &Source, path: &str, writer: &mut Writer) -> Map<String, Value> {
    let mut object = Map::new();
    match source {
        Source::Id(id) => object.insert("id".to_owned(), writer.id(&format!("{path}.id"), id)),
        Source::Link(link) => object.insert("link".to_owned(), writer.link(&format!("{path}.link"), link)),
    };
    object
}

impl fmt::Debug for OutgoingMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMedia")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id(…)",
            Self::Link(_) => "Link(…)",
        })
    }
}
