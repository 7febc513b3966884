use std::fmt;

use serde::{Deserialize, Serialize};

use super::document::{Chunk, ChunkId, DocumentId, DocumentStatus};
use super::language::Language;
use super::lexical;
use super::source::{Source, SourceKind};
use crate::clients::ClientId;
use crate::error::Error;
use crate::fields::Fields;

/// The longest question, in characters.
const MAX_TEXT: usize = 2_000;
/// The most hits of a search.
const MAX_HITS: u32 = 50;
/// The most documents that a search is narrowed to.
const MAX_DOCUMENTS: usize = 200;

/// A question, as somebody types it.
///
/// # Examples
/// ```
/// use aurora_crm::knowledge::{DocumentFilter, Query, SourceKind};
///
/// let query = Query::new("quanto custa a limpeza?").most(5);
/// let narrowed = query.clone().filter(DocumentFilter::default().source(SourceKind::Url));
/// assert_ne!(query, narrowed);
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a query finds nothing until it is given to `Knowledge::search`"]
pub struct Query {
    pub(super) text: String,
    pub(super) most: u32,
    pub(super) about: Option<ClientId>,
    pub(super) filter: DocumentFilter,
    pub(super) diversity: Option<f64>,
    pub(super) vectors: bool,
    pub(super) feedback: bool,
}

impl Query {
    /// A question of 1 to 2,000 characters; five passages unless told.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            most: 5,
            about: None,
            filter: DocumentFilter::default(),
            diversity: None,
            vectors: true,
            feedback: true,
        }
    }

    /// How many passages at most, 1 to 50.
    pub const fn most(mut self, passages: u32) -> Self {
        self.most = passages;
        self
    }

    /// Searches what is about this client as well. Without it only what is about nobody in particular is found.
    pub const fn about(mut self, client: ClientId) -> Self {
        self.about = Some(client);
        self
    }

    /// Only documents that the filter lets through.
    pub fn filter(mut self, filter: DocumentFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Prefers passages that say different things (maximal marginal relevance): 1 looks at relevance alone, 0 at difference
    /// alone; 0.7 is a good beginning. Not done unless told.
    pub const fn diverse(mut self, relevance: f64) -> Self {
        self.diversity = Some(relevance);
        self
    }

    /// Ranks by words alone, without asking the embedder.
    pub const fn words_only(mut self) -> Self {
        self.vectors = false;
        self
    }

    /// Ranks as if nobody had ever rated or corrected anything: what [`evaluation`](super::evaluation) compares with.
    pub const fn without_feedback(mut self) -> Self {
        self.feedback = false;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        if self.text.trim().is_empty() {
            fields.refuse("text", "required", "must not be empty");
        } else if self.text.chars().nth(MAX_TEXT).is_some() {
            fields.refuse(
                "text",
                "too_long",
                format_args!("must have at most {MAX_TEXT} characters"),
            );
        }
        if !(1..=MAX_HITS).contains(&self.most) {
            fields.refuse("most", "invalid", format_args!("must be within 1 to {MAX_HITS}"));
        }
        if self.filter.documents.len() > MAX_DOCUMENTS {
            fields.refuse(
                "documents",
                "too_many",
                format_args!("must be at most {MAX_DOCUMENTS}"),
            );
        }
        if self
            .diversity
            .is_some_and(|relevance| !(0.0..=1.0).contains(&relevance))
        {
            fields.refuse("diversity", "invalid", "must be within 0 to 1");
        }
        fields.finish(())
    }
}

impl fmt::Debug for Query {
    /// Without the question, in which anything can be said about anybody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("most", &self.most)
            .field("about", &self.about)
            .field("filter", &self.filter)
            .field("vectors", &self.vectors)
            .finish_non_exhaustive()
    }
}

/// Which documents are searched or listed; all unless told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DocumentFilter {
    /// Only these, up to 200; all when empty.
    pub documents: Vec<DocumentId>,
    /// Only those from there.
    pub source: Option<SourceKind>,
    /// Only those in this language.
    pub language: Option<Language>,
}

impl DocumentFilter {
    /// One more document to search in.
    #[must_use]
    pub fn document(mut self, id: DocumentId) -> Self {
        self.documents.push(id);
        self
    }

    /// Only documents from there.
    #[must_use]
    pub const fn source(mut self, kind: SourceKind) -> Self {
        self.source = Some(kind);
        self
    }

    /// Only documents in this language.
    #[must_use]
    pub const fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    pub(super) fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Which documents a list shows; all unless told.
///
/// # Examples
/// ```
/// use aurora_crm::knowledge::{DocumentFilter, DocumentStatus, ListFilter, SourceKind};
///
/// let pages = ListFilter::from(DocumentFilter::default().source(SourceKind::Url));
/// assert_eq!(pages.clone().title(" "), pages);
/// assert_ne!(pages.clone().title("preço").status(DocumentStatus::Ready), pages);
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ListFilter {
    /// Only documents from there and in this language; its list of documents is not looked at.
    pub documents: DocumentFilter,
    /// Only those that can be found this far.
    pub status: Option<DocumentStatus>,
    /// The words that titles are looked through for, folded.
    title: Vec<String>,
}

impl ListFilter {
    /// Only documents whose title has, for each word of this text, one that begins with it. Case and accents do not matter.
    #[must_use]
    pub fn title(mut self, words: &str) -> Self {
        self.title = lexical::folded(words);
        self
    }

    /// Only documents that can be found this far.
    #[must_use]
    pub const fn status(mut self, status: DocumentStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether rows have to be looked at one by one.
    pub(super) fn looks_within(&self) -> bool {
        !self.title.is_empty()
    }

    /// Whether a document of this title stands in the list, as far as titles tell it.
    pub(super) fn shows(&self, title: &str) -> bool {
        if self.title.is_empty() {
            return true;
        }
        let words = lexical::folded(title);
        let mut wanted = self.title.iter();
        wanted.all(|wanted| words.iter().any(|word| word.starts_with(wanted.as_str())))
    }

    /// What tells this list from others.
    pub(super) fn scope(&self) -> String {
        format!("{:?}/{:?}/{}", self.documents, self.status, self.title.join(" "))
    }
}

impl From<DocumentFilter> for ListFilter {
    fn from(documents: DocumentFilter) -> Self {
        Self {
            documents,
            ..Self::default()
        }
    }
}

impl fmt::Debug for ListFilter {
    /// Without the words, in which anybody can be named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListFilter")
            .field("documents", &self.documents)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The passage.
    pub chunk: Chunk,
    /// How it came to its place.
    pub score: Score,
    /// What to show as its source.
    pub citation: Citation,
}

/// The parts of a passage's place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Score {
    /// What hits are sorted by: the fused score times the weight of feedback. Only scores of one search compare.
    pub total: f64,
    /// Its place by words, from 1, and its BM25 score there.
    pub words: Option<(u32, f64)>,
    /// Its place by vectors, from 1, and the cosine there.
    pub vector: Option<(u32, f64)>,
    /// What ratings do to it: 1 when nobody rated, within [`Fusion::feedback`](super::Fusion) of it always.
    pub feedback: f64,
    /// It is a correction of an answer to this very question.
    pub is_pinned: bool,
}

/// Where a passage is from, exact to the byte.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Citation {
    /// The document.
    pub document_id: DocumentId,
    /// The version that was read.
    pub version: i64,
    /// The passage.
    pub chunk_id: ChunkId,
    /// What the document is called.
    pub title: String,
    /// Where the document is from.
    pub source: Source,
    /// The headings that the passage stands under, outermost first. Of a PDF the first is its page: `p. 3`.
    pub headings: Vec<String>,
    /// Where it begins in the text of that version, in bytes of UTF-8.
    pub start: usize,
    /// Where it ends there.
    pub end: usize,
    /// What it says: the text of that version from `start` to `end`.
    pub quote: String,
}

impl fmt::Debug for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Citation")
            .field("document_id", &self.document_id)
            .field("version", &self.version)
            .field("chunk_id", &self.chunk_id)
            .field("start", &self.start)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
