//! The JSON of searches, answers and feedback.

use aurora_crm::clients::ClientId;
use aurora_crm::knowledge::{
    ChunkId, Citation, CitedAnswer, DocumentId, FeedbackEntry, FeedbackState, Hit, Language, Limits, Rating,
    RatingKind, Score, SourceKind,
};
use aurora_llm::client::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SourceView;
use crate::http::llm::answer::{CostView, UsageView};
use crate::http::provider_name;
use crate::wiring::Embedding;

/// A question, as somebody types it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeQuestion, example = json!({"question": "quanto custa a limpeza?", "limit": 5}))]
pub(crate) struct QuestionInput {
    /// 1 to 2,000 characters.
    pub(crate) question: String,
    /// How many passages at most, 1 to 50; 5 unless told.
    #[serde(default)]
    pub(crate) limit: Option<u32>,
    /// Searches what is about this client as well.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) client_id: Option<ClientId>,
    /// Only in these documents, up to 200.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    pub(crate) documents: Vec<DocumentId>,
    /// Only in documents from there: `manual`, `url`, `file`, `conversation` or `correction`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) source: Option<SourceKind>,
    /// Only in documents in `pt` or `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) language: Option<Language>,
    /// Prefers passages that say different things: 1 looks at relevance alone, 0 at difference alone.
    #[serde(default)]
    pub(crate) diversity: Option<f64>,
    /// Compares words alone, without asking a model.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) words_only: bool,
}

/// A question to be answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeAsk, example = json!({"question": "quanto custa a limpeza?"}))]
pub(crate) struct AskInput {
    /// 1 to 2,000 characters.
    pub(crate) question: String,
    /// From how many passages at most, 1 to 50; 5 unless told.
    #[serde(default)]
    pub(crate) limit: Option<u32>,
    /// Answers from what is about this client as well.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) client_id: Option<ClientId>,
    /// A model or alias; the first one unless told.
    #[serde(default)]
    pub(crate) model: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeHits)]
pub(crate) struct HitList {
    /// The best first.
    pub(crate) items: Vec<HitView>,
    /// Null: there is one page.
    pub(crate) next: Option<String>,
}

/// A passage that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeHit)]
pub(crate) struct HitView {
    /// What to show as its source.
    citation: CitationView,
    /// How it came to its place.
    score: ScoreView,
}

impl From<Hit> for HitView {
    fn from(hit: Hit) -> Self {
        Self {
            citation: CitationView::from(&hit.citation),
            score: ScoreView::from(hit.score),
        }
    }
}

/// Where a passage is from, exact to the byte.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeCitation)]
pub(crate) struct CitationView {
    /// The document.
    document_id: String,
    /// The version that was read.
    version: i64,
    /// The passage; feedback names it.
    chunk_id: String,
    /// What the document is called.
    title: String,
    source: SourceView,
    /// The headings that it stands under, outermost first; of a PDF the first is its page.
    headings: Vec<String>,
    /// Where it begins in the text of that version, in bytes of UTF-8.
    start: usize,
    /// Where it ends there.
    end: usize,
    /// What it says.
    quote: String,
}

impl From<&Citation> for CitationView {
    fn from(citation: &Citation) -> Self {
        Self {
            document_id: citation.document_id.to_string(),
            version: citation.version,
            chunk_id: citation.chunk_id.to_string(),
            title: citation.title.clone(),
            source: SourceView::from(&citation.source),
            headings: citation.headings.clone(),
            start: citation.start,
            end: citation.end,
            quote: citation.quote.clone(),
        }
    }
}

/// The parts of a passage's place; only those of one search compare.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeScore)]
pub(crate) struct ScoreView {
    /// What passages are sorted by.
    total: f64,
    /// Its place by words, from 1; null when none of them matched.
    words_rank: Option<u32>,
    /// Its place by vectors, from 1; null where none were compared.
    vector_rank: Option<u32>,
    /// What ratings do to it: 1 when nobody rated.
    feedback: f64,
    /// It is a correction of an answer to this very question.
    is_pinned: bool,
}

impl From<Score> for ScoreView {
    fn from(score: Score) -> Self {
        Self {
            total: score.total,
            words_rank: score.words.map(|(rank, _)| rank),
            vector_rank: score.vector.map(|(rank, _)| rank),
            feedback: score.feedback,
            is_pinned: score.is_pinned,
        }
    }
}

/// An answer out of the documents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeAnswer)]
pub(crate) struct CitedAnswerView {
    /// What the model wrote; null when nothing was found to answer from.
    answer: Option<String>,
    /// Whether it cites something, and nothing that there is not.
    is_grounded: bool,
    /// What it cites, by the numbers in its text.
    citations: Vec<NumberedCitation>,
    /// Numbers in its text that stand for nothing: the model made them up.
    unknown: Vec<u32>,
    /// The provider that answered; `simulated` when the answer is made up.
    provider: Option<String>,
    /// The model that answered.
    model: Option<String>,
    /// What was consumed; null when the provider did not say.
    usage: Option<UsageView>,
    /// What it cost; null when the model has no known price.
    cost: Option<CostView>,
}

/// A citation by its number in the answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeNumberedCitation)]
pub(crate) struct NumberedCitation {
    /// As in `[1]`.
    number: u32,
    #[serde(flatten)]
    citation: CitationView,
}

impl CitedAnswerView {
    pub(crate) const fn nothing() -> Self {
        Self {
            answer: None,
            is_grounded: false,
            citations: Vec::new(),
            unknown: Vec::new(),
            provider: None,
            model: None,
            usage: None,
            cost: None,
        }
    }

    pub(crate) fn of(text: String, cited: &CitedAnswer, answer: &Answer) -> Self {
        let citations = cited.cited.iter().map(|(number, citation)| NumberedCitation {
            number: *number,
            citation: citation.into(),
        });
        Self {
            answer: Some(text),
            is_grounded: cited.is_grounded(),
            citations: citations.collect(),
            unknown: cited.unknown.clone(),
            provider: Some(provider_name(answer.kind(), answer.provider())),
            model: Some(answer.model().to_owned()),
            usage: answer.usage().map(UsageView::of),
            cost: CostView::of(answer.cost()),
        }
    }
}

/// What somebody thought of a passage as an answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKnowledgeRating, example = json!({"chunk_id": "kch_0190a8b0c0de7000800000000000000a",
    "question": "quanto custa a limpeza?", "kind": "up"}))]
pub(crate) struct RatingInput {
    /// The passage, as its citation names it.
    #[schema(value_type = String)]
    pub(crate) chunk_id: ChunkId,
    /// What was asked; of it only its terms are kept.
    pub(crate) question: String,
    /// `up`: it helped; `down`: it did not; `wrong`: what it says is wrong, whatever was asked.
    #[schema(value_type = String)]
    pub(crate) kind: RatingKind,
}

/// A rating that was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeRating)]
pub(crate) struct RatingView {
    /// `kfb_` and 32 hexadecimal digits.
    id: String,
    /// The passage.
    chunk_id: String,
    /// `up`, `down` or `wrong`.
    kind: &'static str,
    /// The version of the workspace's feedback that it made.
    version: i64,
    /// It was taken back.
    is_reverted: bool,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        Self {
            id: rating.id.to_string(),
            chunk_id: rating.chunk_id.to_string(),
            kind: rating.kind.as_str(),
            version: rating.version,
            is_reverted: rating.is_reverted,
            at: rating.at.to_string(),
        }
    }
}

/// The ratings of a passage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeRatingList)]
pub(crate) struct RatingList {
    /// The newest first.
    pub(crate) items: Vec<RatingView>,
    /// Null: there is one page.
    pub(crate) next: Option<String>,
}

/// The right answer to a question that was answered wrongly.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeCorrection)]
pub(crate) struct CorrectionInput {
    /// 1 to 300 characters.
    pub(crate) question: String,
    /// What is right.
    pub(crate) answer: String,
    /// The client that it is about.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) client_id: Option<ClientId>,
}

/// How far a workspace's feedback is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeFeedback)]
pub(crate) struct FeedbackView {
    /// Grows by one with each rating, correction, reversal and restoration.
    version: i64,
    /// How many ratings there are.
    ratings: i64,
    /// How many of them were taken back.
    reverted: i64,
}

impl From<FeedbackState> for FeedbackView {
    fn from(state: FeedbackState) -> Self {
        Self {
            version: state.version,
            ratings: state.ratings,
            reverted: state.reverted,
        }
    }
}

/// A rating or a correction: a version of the feedback that one can go back to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeFeedbackEntry)]
pub(crate) struct FeedbackEntryView {
    /// The version of the workspace's feedback that it made.
    version: i64,
    /// When it was given. RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who rated: a person, `usr_…`, or the name of a program; null of corrections.
    by: Option<String>,
    /// `up`, `down` or `wrong` of a rating, or `correction`.
    #[schema(example = "up")]
    kind: &'static str,
    /// The passage that was rated, `kch_…`; null of corrections.
    chunk_id: Option<String>,
    /// The document of the passage, or that of the correction, `kdo_…`.
    document_id: String,
    /// What that document is called; of a correction the question that it answers, as it was then.
    title: String,
    /// Whether it counts now: it was neither taken back nor replaced by a later one.
    is_in_force: bool,
}

impl From<FeedbackEntry> for FeedbackEntryView {
    fn from(entry: FeedbackEntry) -> Self {
        Self {
            version: entry.version,
            at: entry.at.to_string(),
            by: entry.by,
            kind: entry.rating.map_or("correction", RatingKind::as_str),
            chunk_id: entry.chunk_id.map(|chunk| chunk.to_string()),
            document_id: entry.document_id.to_string(),
            title: entry.title,
            is_in_force: entry.is_in_force,
        }
    }
}

/// A version of the feedback.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeFeedbackVersionInput)]
pub(crate) struct VersionInput {
    /// The version to go back to, or whose taking back is undone.
    pub(crate) version: i64,
}

/// The version that a change of the feedback made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeFeedbackVersion)]
pub(crate) struct FeedbackVersion {
    /// The new version.
    pub(crate) version: i64,
}

/// How documents are searched here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KnowledgeSettings {
    /// The model that turns passages into vectors; null where words alone are compared.
    embedding: Option<EmbeddingView>,
    /// Bytes of a document as it comes.
    max_bytes: usize,
    /// Bytes of text that it comes to.
    max_text_bytes: usize,
    /// Pages of a PDF.
    max_pages: usize,
    /// Passages of a document.
    max_chunks: usize,
}

/// A model that turns texts into vectors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeEmbedding)]
pub(crate) struct EmbeddingView {
    /// Whose it is.
    provider: String,
    /// Which.
    model: String,
    /// How many numbers a vector has.
    dimensions: u16,
}

impl KnowledgeSettings {
    pub(crate) fn of(embedding: Option<&Embedding>) -> Self {
        let limits = Limits::default();
        Self {
            embedding: embedding.map(|it| EmbeddingView {
                provider: it.provider.clone(),
                model: it.model.clone(),
                dimensions: it.dimensions,
            }),
            max_bytes: limits.bytes,
            max_text_bytes: limits.text,
            max_pages: limits.pages,
            max_chunks: limits.chunks,
        }
    }
}
