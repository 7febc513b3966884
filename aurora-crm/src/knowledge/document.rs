use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::language::Language;
use super::source::Source;
use crate::clients::ClientId;

/// Names a document: `kdo_` and 32 hexadecimal digits.
pub type DocumentId = Id<Document>;

/// Names a chunk of a document: `kch_` and 32 hexadecimal digits. It is made from what the chunk says and from the
/// document's external id, so that a chunk which a new version leaves as it was keeps its name, vector and ratings.
pub type ChunkId = Id<Chunk>;

/// A document that is searched.
///
/// `Debug` shows neither title nor source: they can be about people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Document {
    /// Its name for programs.
    pub id: DocumentId,
    /// Its name at whoever brought it, unique in the workspace; the id itself unless told.
    pub external_id: String,
    /// What it is called.
    pub title: String,
    /// Where it is from.
    pub source: Source,
    /// The client that it is about: it is found only by queries about that client.
    pub client_id: Option<ClientId>,
    /// The language that its words are read in.
    pub language: Language,
    /// How far it can be found.
    pub status: DocumentStatus,
    /// How many chunks it has.
    pub chunks: u32,
    /// SHA-256 of title, source and content as they came, in hexadecimal digits.
    pub content_hash: String,
    /// Grows by one with each version; 1 when new.
    pub version: i64,
    /// When it was first brought.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Document {
    const PREFIX: &'static str = "kdo";
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("chunks", &self.chunks)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// How far a document can be found. Words are found from the moment it is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// By its words: no embedder has seen it, and none is asked to.
    Words,
    /// By its words, and some of its vectors are still to come.
    Embedding,
    /// By words and vectors of the embedder in use.
    Ready,
}

impl DocumentStatus {
    /// The name used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Embedding => "embedding",
            Self::Ready => "ready",
        }
    }
}

impl FromStr for DocumentStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "words" => Ok(Self::Words),
            "embedding" => Ok(Self::Embedding),
            "ready" => Ok(Self::Ready),
            _ => Err("a status is words, embedding or ready"),
        }
    }
}

/// A passage of a document: what is found and quoted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chunk {
    /// Its name for programs.
    pub id: ChunkId,
    /// The document that it is of.
    pub document_id: DocumentId,
    /// Its place among the chunks of the document, from 0.
    pub ordinal: u32,
    /// Where it begins in the document's text, in bytes of UTF-8.
    pub start: usize,
    /// Where it ends, in bytes of UTF-8; that byte is no longer part of it.
    pub end: usize,
    /// The headings that it stands under, outermost first.
    pub headings: Vec<String>,
    /// What it says: the document's text from `start` to `end`.
    pub text: String,
}

impl IdKind for Chunk {
    const PREFIX: &'static str = "kch";
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk")
            .field("id", &self.id)
            .field("ordinal", &self.ordinal)
            .field("start", &self.start)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// One version of a document. The text of the last ten is kept, so that citations in older answers can be shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DocumentVersion {
    /// Its number.
    pub version: i64,
    /// SHA-256 of what was brought, in hexadecimal digits.
    pub content_hash: String,
    /// The text that offsets of citations count in.
    pub text: String,
    /// When it was brought.
    pub created_at: Timestamp,
}

impl fmt::Debug for DocumentVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentVersion")
            .field("version", &self.version)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// What bringing a document did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ingested {
    /// It is new.
    Created(Document),
    /// It is a new version of one that there was.
    Updated(Document),
    /// It is what there was; nothing was written.
    Unchanged(Document),
}

impl Ingested {
    /// The document as it is now.
    #[must_use]
    pub const fn document(&self) -> &Document {
        match self {
            Self::Created(document) | Self::Updated(document) | Self::Unchanged(document) => document,
        }
    }
}
