//! The JSON of documents.

mod found;

use aurora_crm::clients::ClientId;
use aurora_crm::files::FileId;
use aurora_crm::knowledge::{Chunk, Document, DocumentVersion, Language, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(in crate::http) use found::{
    AskInput, CitedAnswerView, CorrectionInput, FeedbackEntryView, FeedbackVersion, FeedbackView, HitList,
    HitView, KnowledgeSettings, QuestionInput, RatingInput, RatingList, RatingView, VersionInput,
};

/// A document that is searched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeDocument)]
pub(super) struct DocumentView {
    /// `kdo_` and 32 hexadecimal digits.
    #[schema(example = "kdo_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Its name at whoever brought it; the id itself unless told.
    external_id: String,
    /// What it is called.
    title: String,
    source: SourceView,
    /// The client that it is about: only queries about that client find it.
    client_id: Option<String>,
    /// `pt` or `en`.
    #[schema(example = "pt")]
    language: &'static str,
    /// `words`: found by its words; `embedding`: some vectors are still to come; `ready`: by words and vectors.
    #[schema(example = "words")]
    status: &'static str,
    /// How many passages it has.
    chunks: u32,
    /// SHA-256 of title, source and content as they came.
    content_hash: String,
    /// Grows by one with each version; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.to_string(),
            external_id: document.external_id,
            title: document.title,
            source: SourceView::from(&document.source),
            client_id: document.client_id.map(|id| id.to_string()),
            language: document.language.as_str(),
            status: document.status.as_str(),
            chunks: document.chunks,
            content_hash: document.content_hash,
            version: document.version,
            created_at: document.created_at.to_string(),
            updated_at: document.updated_at.to_string(),
        }
    }
}

/// Where a document is from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeSource)]
pub(super) struct SourceView {
    /// `manual`, also of what was uploaded as a document; `url`; `file`, one that the workspace keeps; `conversation` or `correction`.
    #[schema(example = "url")]
    kind: &'static str,
    /// The address, or the id of the file or conversation.
    reference: Option<String>,
}

impl From<&Source> for SourceView {
    fn from(source: &Source) -> Self {
        Self {
            kind: source.kind().as_str(),
            reference: match source {
                Source::Url(url) => Some(url.clone()),
                Source::File(id) => Some(FileId::from_uuid(*id).to_string()),
                Source::Conversation(id) => {
                    Some(aurora_crm::conversations::ConversationId::from_uuid(*id).to_string())
                }
                _ => None,
            },
        }
    }
}

/// One page of documents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeDocumentPage)]
pub(super) struct DocumentPage {
    /// The documents, the newest first.
    pub(super) items: Vec<DocumentView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// A passage of a document: what is found and quoted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeChunk)]
pub(super) struct ChunkView {
    /// `kch_` and 32 hexadecimal digits.
    id: String,
    /// The document that it is of.
    document_id: String,
    /// Its place in the document, from 0.
    ordinal: u32,
    /// Where it begins in the document's text, in bytes of UTF-8.
    start: usize,
    /// Where it ends; that byte is no longer part of it.
    end: usize,
    /// The headings that it stands under, outermost first.
    headings: Vec<String>,
    /// What it says.
    text: String,
}

impl From<Chunk> for ChunkView {
    fn from(chunk: Chunk) -> Self {
        Self {
            id: chunk.id.to_string(),
            document_id: chunk.document_id.to_string(),
            ordinal: chunk.ordinal,
            start: chunk.start,
            end: chunk.end,
            headings: chunk.headings,
            text: chunk.text,
        }
    }
}

/// The passages of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeChunkList)]
pub(super) struct ChunkList {
    /// All of them, in order.
    pub(super) items: Vec<ChunkView>,
    /// Null: there is one page.
    pub(super) next: Option<String>,
}

/// One version of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeVersion)]
pub(super) struct VersionView {
    /// Its number.
    version: i64,
    /// SHA-256 of what was brought.
    content_hash: String,
    /// The text that citations of it count in.
    text: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<DocumentVersion> for VersionView {
    fn from(version: DocumentVersion) -> Self {
        Self {
            version: version.version,
            content_hash: version.content_hash,
            text: version.text,
            created_at: version.created_at.to_string(),
        }
    }
}

/// The versions of a document that are kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnowledgeVersionList)]
pub(super) struct VersionList {
    /// The newest first.
    pub(super) items: Vec<VersionView>,
    /// Null: there is one page.
    pub(super) next: Option<String>,
}

/// What is needed to take a document in: one of `content`, `turns` and `file_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKnowledgeDocument, example = json!({"title": "Preços", "format": "markdown",
    "content": "# Limpeza\n\nA limpeza custa R$ 250.", "external_id": "prices"}))]
pub(super) struct NewDocumentInput {
    /// 1 to 300 characters.
    pub(super) title: String,
    /// How `content` is written; plain text unless told.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) format: Format,
    /// What it says, up to 4 MiB of text.
    #[serde(default)]
    pub(super) content: Option<String>,
    /// What was said, in order.
    #[serde(default)]
    pub(super) turns: Option<Vec<TurnInput>>,
    /// A file of the workspace: PDF, HTML, Markdown or text.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) file_id: Option<FileId>,
    /// Its name at whoever brings it, up to 200 characters: the same again is a new version.
    #[serde(default)]
    pub(super) external_id: Option<String>,
    /// The page that it is from; it is not fetched.
    #[serde(default)]
    pub(super) url: Option<String>,
    /// `pt` or `en`; told from its words unless told.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) language: Option<Language>,
    /// The client that it is about: only queries about that client find it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) client_id: Option<ClientId>,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KnowledgeFormat)]
pub(super) enum Format {
    /// Paragraphs between empty lines.
    #[default]
    Text,
    /// `CommonMark` with tables.
    Markdown,
    /// A page.
    Html,
}

/// What one speaker said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeTurn)]
pub(super) struct TurnInput {
    /// Who, as it is shown; up to 100 characters.
    pub(super) speaker: String,
    /// What was said.
    pub(super) text: String,
}

/// A document in a form; fields stand before the file.
#[derive(Debug, ToSchema)]
#[schema(as = KnowledgeDocumentForm)]
#[expect(dead_code, reason = "describes what is read piece by piece")]
pub(super) struct DocumentForm {
    /// What it is called; the name of the file unless told.
    title: Option<String>,
    /// Its name at whoever brings it.
    external_id: Option<String>,
    /// `pt` or `en`.
    language: Option<String>,
    /// The client that it is about.
    client_id: Option<String>,
    /// PDF, HTML, Markdown or text, up to 10 MiB; the last field.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}
