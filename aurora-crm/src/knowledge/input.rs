use std::fmt;

use aurora_core::time::Timestamp;
use sha2::{Digest as _, Sha256};

use super::language::Language;
use super::limits::Limits;
use super::source::Source;
use crate::clients::ClientId;
use crate::error::Error;
use crate::fields::Fields;

const MAX_TITLE: usize = 300;
const MAX_EXTERNAL_ID: usize = 200;
const MAX_URL: usize = 2_000;
const MAX_SPEAKER: usize = 100;

/// A document to be found.
///
/// # Examples
/// ```
/// use aurora_crm::knowledge::{Content, NewDocument, Source};
///
/// let prices = NewDocument::new("Preços", Content::Markdown("# Limpeza\n\nR$ 250".into()))
///     .external_id("prices")
///     .source(Source::url("https://clinica.example/precos"));
/// ```
#[derive(Clone)]
#[must_use = "a document is found once it is given to `Knowledge::ingest`"]
pub struct NewDocument {
    pub(super) title: String,
    pub(super) source: Source,
    pub(super) language: Option<Language>,
    pub(super) content: Content,
    pub(super) external_id: Option<String>,
    pub(super) client: Option<ClientId>,
}

impl NewDocument {
    /// A document with a title of 1 to 300 characters.
    pub fn new(title: impl Into<String>, content: Content) -> Self {
        Self {
            title: title.into(),
            source: Source::Manual,
            language: None,
            content,
            external_id: None,
            client: None,
        }
    }

    /// Its name at whoever brings it, up to 200 characters: bringing another document under the same name makes a new
    /// version of this one, and bringing the same one again does nothing. One of its own unless told.
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Where it is from; written by hand unless told.
    pub fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Its language; told from its words unless told.
    pub const fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Says that it is about this client, such as a conversation with them: only queries about that client find it, and it
    /// goes when the client is made anonymous.
    pub const fn about(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// Every field that is wrong; the title and the external id as they are stored.
    pub(super) fn check(&self, limits: &Limits) -> Result<(String, Option<String>), Error> {
        let mut fields = Fields::default();
        let title = fields.line("title", &self.title, MAX_TITLE);
        let external = fields.optional_line("external_id", self.external_id.as_deref(), MAX_EXTERNAL_ID);
        match &self.source {
            Source::Url(url) => drop(fields.line("source", url, MAX_URL)),
            Source::Correction => fields.refuse(
                "source",
                "not_allowed",
                "corrections are made by `Knowledge::correct`",
            ),
            Source::Manual | Source::File(_) | Source::Conversation(_) => {}
        }
        let bytes = self.content.bytes();
        if bytes == 0 {
            fields.refuse("content", "required", "must not be empty");
        } else if bytes > limits.bytes {
            fields.refuse(
                "content",
                "too_large",
                format_args!("must have at most {} bytes", limits.bytes),
            );
        }
        if let Content::Conversation(turns) = &self.content {
            for (index, turn) in turns.iter().enumerate() {
                fields.line(&format!("turns[{index}].speaker"), &turn.speaker, MAX_SPEAKER);
            }
        }
        fields.finish((title, external))
    }

    /// What makes another document of the same name a new version.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        add(self.title.trim().as_bytes());
        add(self.source.kind().as_str().as_bytes());
        add(self.source.reference().unwrap_or_default().as_bytes());
        add(self.language.map_or("", Language::as_str).as_bytes());
        add(self
            .client
            .map(|id| id.to_string())
            .unwrap_or_default()
            .as_bytes());
        add(self.content.format().as_bytes());
        match &self.content {
            Content::Text(text) | Content::Markdown(text) | Content::Html(text) => add(text.as_bytes()),
            #[cfg(feature = "knowledge-pdf")]
            Content::Pdf(bytes) => add(bytes),
            Content::Conversation(turns) => {
                for turn in turns {
                    add(turn.speaker.as_bytes());
                    add(turn.text.as_bytes());
                }
            }
        }
        hash.finalize().into()
    }
}

impl fmt::Debug for NewDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDocument")
            .field("content", &self.content)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

/// What a document says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Plain text: paragraphs between empty lines.
    Text(String),
    /// CommonMark with tables.
    Markdown(String),
    /// A page; its scripts and styles are dropped, its headings, lists and tables kept.
    Html(String),
    /// The bytes of a PDF with text in it (feature `knowledge-pdf`). Scanned pages have none.
    #[cfg(feature = "knowledge-pdf")]
    Pdf(Vec<u8>),
    /// What was said, in order.
    Conversation(Vec<Turn>),
}

impl Content {
    pub(super) const fn format(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Markdown(_) => "markdown",
            Self::Html(_) => "html",
            #[cfg(feature = "knowledge-pdf")]
            Self::Pdf(_) => "pdf",
            Self::Conversation(_) => "conversation",
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Markdown(text) | Self::Html(text) => text.len(),
            #[cfg(feature = "knowledge-pdf")]
            Self::Pdf(bytes) => bytes.len(),
            Self::Conversation(turns) => turns
                .iter()
                .map(|turn| turn.speaker.len() + turn.text.len())
                .sum(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.format(), self.bytes())
    }
}

/// What one speaker said.
#[derive(Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who, as it is shown: `Recepção`, `Paciente`. One line of up to 100 characters.
    pub speaker: String,
    /// What was said.
    pub text: String,
    /// When.
    pub at: Option<Timestamp>,
}

impl Turn {
    /// What a speaker said.
    #[must_use]
    pub fn new(speaker: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            speaker: speaker.into(),
            text: text.into(),
            at: None,
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}
