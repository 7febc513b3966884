use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a document is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reference", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// Written for this.
    Manual,
    /// A page. It is not fetched: whoever brings the document has.
    Url(String),
    /// A file of the workspace.
    File(Uuid),
    /// A conversation of the workspace.
    Conversation(Uuid),
    /// What somebody put in place of a wrong answer.
    Correction,
}

impl Source {
    /// A page at an address.
    #[must_use]
    pub fn url(address: impl Into<String>) -> Self {
        Self::Url(address.into())
    }

    /// Which kind of place.
    #[must_use]
    pub const fn kind(&self) -> SourceKind {
        match self {
            Self::Manual => SourceKind::Manual,
            Self::Url(_) => SourceKind::Url,
            Self::File(_) => SourceKind::File,
            Self::Conversation(_) => SourceKind::Conversation,
            Self::Correction => SourceKind::Correction,
        }
    }

    pub(super) fn reference(&self) -> Option<String> {
        match self {
            Self::Url(url) => Some(url.trim().to_owned()),
            Self::File(id) | Self::Conversation(id) => Some(id.as_simple().to_string()),
            Self::Manual | Self::Correction => None,
        }
    }

    pub(super) fn read(kind: &str, reference: Option<String>) -> Option<Self> {
        let uuid = |text: &Option<String>| text.as_deref().and_then(|text| Uuid::parse_str(text).ok());
        Some(match kind.parse().ok()? {
            SourceKind::Manual => Self::Manual,
            SourceKind::Url => Self::Url(reference?),
            SourceKind::File => Self::File(uuid(&reference)?),
            SourceKind::Conversation => Self::Conversation(uuid(&reference)?),
            SourceKind::Correction => Self::Correction,
        })
    }
}

/// The kinds of places that documents are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// Written for this.
    Manual,
    /// A page.
    Url,
    /// A file of the workspace.
    File,
    /// A conversation of the workspace.
    Conversation,
    /// What somebody put in place of a wrong answer.
    Correction,
}

impl SourceKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Url => "url",
            Self::File => "file",
            Self::Conversation => "conversation",
            Self::Correction => "correction",
        }
    }
}

impl FromStr for SourceKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Manual,
            Self::Url,
            Self::File,
            Self::Conversation,
            Self::Correction,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or("a source is manual, url, file, conversation or correction")
    }
}
