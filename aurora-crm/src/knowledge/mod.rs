//! Knowledge (`base de conhecimento`): documents of a workspace, found by words and by meaning, quoted exactly.
//!
//! | call | for |
//! | --- | --- |
//! | [`Knowledge::ingest`] | text, Markdown, HTML, PDF, conversations; again under the same external id for a new version |
//! | [`Knowledge::search`] | passages that answer a [`Query`], each with a [`Citation`] and the parts of its [`Score`] |
//! | [`AnswerContext`] | passages numbered for a prompt, and `[n]` in an answer back to citations |
//! | [`Knowledge::rate`], [`Knowledge::correct`] | feedback that changes later rankings, within bounds and reversibly |
//! | [`Knowledge::indexer`] | the worker that has chunks embedded, through the outbox |
//! | [`evaluation`] | recall and nDCG of judged queries |
//!
//! Words alone do: without an [`Embedder`] ranking is BM25 over ordinary rows, the same on both databases. With one, vectors
//! are compared as well, and both rankings are fused by reciprocal ranks.
//!
//! What a document says about one client is found only by a query about that client: see [`NewDocument::about`].

mod answer;
mod chunking;
mod document;
mod drafts;
mod embedder;
pub mod evaluation;
mod feedback;
mod handle;
mod indexer;
mod input;
mod language;
mod lexical;
mod limits;
mod query;
mod reading;
mod retrieval;
mod settings;
mod source;
mod sql;
#[cfg(test)]
mod tests;
mod vectors;

pub use self::answer::{AnswerContext, CitedAnswer};
pub use self::document::{Chunk, ChunkId, Document, DocumentId, DocumentStatus, DocumentVersion, Ingested};
#[cfg(feature = "assistant")]
pub use self::embedder::LlmEmbedder;
pub use self::embedder::{EmbedFailure, EmbedPurpose, Embedder};
pub use self::feedback::{
    Correction, FeedbackEntry, FeedbackId, FeedbackState, NewRating, Rating, RatingKind,
};
pub use self::handle::Knowledge;
pub use self::indexer::{Indexer, QUEUE};
pub use self::input::{Content, NewDocument, Turn};
pub use self::language::Language;
pub use self::limits::Limits;
pub use self::query::{Citation, DocumentFilter, Hit, ListFilter, Query, Score};
pub use self::settings::{Fusion, KnowledgeBuilder};
pub use self::source::{Source, SourceKind};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
