//! Documents: brought as text or as files, listed, cut anew, deleted.

use aurora_core::page::Page;
use aurora_crm::Context;
use aurora_crm::clients::ClientId;
use aurora_crm::files::{FileId, MediaType};
use aurora_crm::knowledge::{
    Content, Document, DocumentFilter, DocumentStatus, Ingested, Language, Limits, ListFilter, NewDocument,
    Source, SourceKind, Turn,
};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use futures::TryStreamExt as _;

use super::views::{
    ChunkList, ChunkView, DocumentForm, DocumentPage, DocumentView, Format, NewDocumentInput, VersionList,
    VersionView,
};
use crate::http::access::{Caller, also};
use crate::http::extract::{IfMatch, Json, Params, PathId, Upload, etag};
use crate::http::files;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// The longest text that titles are looked through for, in characters.
const MAX_TITLE: usize = 200;
const TITLE: &str = "words of a title, 200 characters together at most";
const PDF: &[u8] = b"%PDF-";
/// Where a PDF begins at the latest, as readers have it.
const PDF_HEAD: usize = 1_024;

/// One page of documents, the newest first.
///
/// With `q` a page looks at the titles of up to 10,000 documents: it may hold fewer than `limit`, or none, and have a `next` all
/// the same.
#[utoipa::path(get, path = "/documents", tag = "knowledge", operation_id = "list_documents",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("source" = Option<String>, Query, description = "Only those from there: `manual` (also what was uploaded as a document), `url`, `file` (of the workspace), `conversation` or `correction`"),
        ("language" = Option<String>, Query, description = "Only those in `pt` or `en`"),
        ("status" = Option<String>, Query, description = "Only those that are `words`, `embedding` or `ready`"),
        ("q" = Option<String>, Query, description = "Only those whose title has words that begin with these; up to 200 characters"),
    ),
    responses((status = 200, description = "A page, with `q` perhaps a short one; `next` is null on the last", body = DocumentPage)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = DocumentFilter::default();
    if let Some(kind) = params.take::<SourceKind>("source", "manual, url, file, conversation or correction") {
        filter = filter.source(kind);
    }
    if let Some(language) = params.take::<Language>("language", "pt or en") {
        filter = filter.language(language);
    }
    let mut filter = ListFilter::from(filter);
    if let Some(status) = params.take::<DocumentStatus>("status", "words, embedding or ready") {
        filter = filter.status(status);
    }
    if let Some(words) = params.take::<String>("q", TITLE) {
        if words.chars().nth(MAX_TITLE).is_some() {
            params.refuse("q", TITLE);
        }
        filter = filter.title(&words);
    }
    params.finish()?;
    let knowledge = &state.library.knowledge;
    let Page { items, next } = knowledge
        .list_by(&caller.context(), &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(DocumentPage {
        items: items.into_iter().map(DocumentView::from).collect(),
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// Takes a document in: text, Markdown, HTML, a conversation, or a file of the workspace.
///
/// Under an `external_id` that is known it becomes a new version of that document; one that is the same changes nothing. A
/// `file_id` takes `file:read`, too.
#[utoipa::path(post, path = "/documents", tag = "knowledge", operation_id = "create_document", request_body = NewDocumentInput,
    responses(
        (status = 201, description = "Taken in", body = DocumentView, headers(
            ("ETag" = String, description = "The version"),
            ("Location" = String, description = "Where the document is to be found"),
        )),
        (status = 200, description = "A new version of a document, or the same as it was", body = DocumentView),
    ))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<NewDocumentInput>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let (content, source) = content_of(&state, &caller, &input).await?;
    let mut new = NewDocument::new(input.title, content).source(source);
    if let Some(id) = input.external_id {
        new = new.external_id(id);
    }
    if let Some(language) = input.language {
        new = new.language(language);
    }
    if let Some(client) = input.client_id {
        new = new.about(client);
    }
    ingest(&state, &context, new).await
}

/// Takes a file in as a document: PDF, HTML, Markdown or text, as the whole body or as the file of a form.
///
/// The source is `manual`: the file itself is not kept. What is called a PDF, by its name or its type, and has no `%PDF-` within
/// its first 1,024 bytes is refused (422 at `file`), and so is text with NUL bytes.
#[utoipa::path(post, path = "/documents/upload", tag = "knowledge", operation_id = "upload_document",
    request_body(content((DocumentForm = "multipart/form-data"), (Vec<u8> = "application/pdf"))),
    params(
        ("x-filename" = Option<String>, Header, description = "The name of a file that is the whole body; the title unless told"),
        ("title" = Option<String>, Query, description = "What it is called"),
        ("external_id" = Option<String>, Query, description = "Its name at whoever brings it"),
        ("language" = Option<String>, Query, description = "`pt` or `en`; told from its words unless told"),
        ("client_id" = Option<String>, Query, description = "The client that it is about"),
    ),
    responses(
        (status = 201, description = "Taken in", body = DocumentView),
        (status = 200, description = "A new version of a document, or the same as it was", body = DocumentView),
    ))]
pub(super) async fn upload(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
    mut upload: Upload,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let title = params.take::<String>("title", "a text");
    let external_id = params.take::<String>("external_id", "a text");
    let mut language = params.take::<Language>("language", "pt or en");
    let mut client = params.take::<ClientId>("client_id", "an id such as cli_…");
    params.finish()?;
    if let Some(text) = upload.take("language") {
        match text.parse() {
            Ok(it) => language = Some(it),
            Err(_) => errors.push(FieldError::new("language", "invalid", "must be pt or en")),
        }
    }
    if let Some(text) = upload.take("client_id") {
        match text.parse() {
            Ok(it) => client = Some(it),
            Err(_) => errors.push(FieldError::new(
                "client_id",
                "invalid",
                "must be an id such as cli_…",
            )),
        }
    }
    let title = upload.take("title").or(title);
    let external_id = upload.take("external_id").or(external_id);
    upload.finish_fields()?;
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    let name = upload.name.take();
    let declared = upload.media_type.take();
    let bytes = upload.collect(Limits::default().bytes).await?;
    let content = read_as("file", &bytes, name.as_deref(), declared.as_deref())?;
    let title = title.or(name).unwrap_or_default();
    let mut new = NewDocument::new(title, content);
    if let Some(id) = external_id {
        new = new.external_id(id);
    }
    if let Some(language) = language {
        new = new.language(language);
    }
    if let Some(client) = client {
        new = new.about(client);
    }
    ingest(&state, &caller.context(), new).await
}

async fn ingest(state: &AppState, context: &Context, new: NewDocument) -> Result<Response, Problem> {
    let ingested = Box::pin(state.library.knowledge.ingest(context, new)).await?;
    let status = match &ingested {
        Ingested::Created(_) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok(shown(status, ingested.document().clone()))
}

pub(super) fn shown(status: StatusCode, document: Document) -> Response {
    let location = HeaderValue::try_from(format!("/api/v1/knowledge/documents/{}", document.id));
    let tag = etag(document.version);
    let mut response = (status, [(ETAG, tag)], axum::Json(DocumentView::from(document))).into_response();
    if status == StatusCode::CREATED
        && let Ok(location) = location
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// What a document says, and where it is from.
async fn content_of(
    state: &AppState,
    caller: &Caller,
    input: &NewDocumentInput,
) -> Result<(Content, Source), Problem> {
    let refuse = |field: &str, code: &'static str, message: &'static str| {
        Err(Problem::new(ProblemKind::Invalid).errors([FieldError::new(field, code, message)]))
    };
    let source = input.url.clone().map_or(Source::Manual, Source::Url);
    match (&input.content, &input.turns, input.file_id) {
        (Some(text), None, None) => Ok((
            match input.format {
                Format::Text => Content::Text(text.clone()),
                Format::Markdown => Content::Markdown(text.clone()),
                Format::Html => Content::Html(text.clone()),
            },
            source,
        )),
        (None, Some(turns), None) => {
            let turns = turns.iter().map(|turn| Turn::new(&turn.speaker, &turn.text));
            Ok((Content::Conversation(turns.collect()), source))
        }
        (None, None, Some(_)) if input.url.is_some() => {
            refuse("url", "not_allowed", "a file of the workspace has no url")
        }
        (None, None, Some(id)) => Ok((stored(state, caller, id).await?, Source::File(id.uuid()))),
        (None, None, None) => refuse(
            "content",
            "required",
            "one of content, turns and file_id is required",
        ),
        _ => refuse(
            "content",
            "not_allowed",
            "only one of content, turns and file_id is allowed",
        ),
    }
}

/// The content of a file of the workspace.
async fn stored(state: &AppState, caller: &Caller, id: FileId) -> Result<Content, Problem> {
    also(state, CrmPermission::FileRead, caller)?;
    let file = files::shown(state, caller, id).await?;
    let most = Limits::default().bytes;
    if usize::try_from(file.size).map_or(true, |size| size > most) {
        let message = format!("must have at most {most} bytes");
        let error = FieldError::new("file_id", "too_large", message);
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let files = &state.library.files;
    let download = files.download(&caller.context(), id, None).await?;
    let reading = download
        .content
        .try_fold(BytesMut::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
    let bytes = reading
        .await
        .map_err(|error| Problem::new(ProblemKind::Unavailable).caused_by(error))?;
    read_as(
        "file_id",
        &bytes,
        Some(&file.name),
        Some(file.media_type.as_str()),
    )
}

/// What bytes say: by what they show first, then by what their sender says of them. What is wrong is told of `field`.
fn read_as(
    field: &str,
    bytes: &[u8],
    name: Option<&str>,
    declared: Option<&str>,
) -> Result<Content, Problem> {
    let refuse = |message: &'static str| {
        Err(Problem::new(ProblemKind::Invalid).errors([FieldError::new(field, "invalid", message)]))
    };
    let shows = MediaType::of_content(bytes.get(..bytes.len().min(8 * 1_024)).unwrap_or_default());
    let ends = |endings: &[&str]| {
        let name = name.unwrap_or_default().to_ascii_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let declared = declared.unwrap_or_default().to_ascii_lowercase();
    let head = bytes.get(..PDF_HEAD).unwrap_or(bytes);
    let is_called_pdf = declared.starts_with("application/pdf") || ends(&[".pdf"]);
    if shows == MediaType::Pdf || (is_called_pdf && head.windows(PDF.len()).any(|part| part == PDF)) {
        return Ok(Content::Pdf(bytes.to_vec()));
    }
    if is_called_pdf {
        return refuse("is called a PDF and is none");
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType)
            .detail("a document is a PDF, or HTML, Markdown or text in UTF-8"));
    };
    if text.contains('\0') {
        return refuse("holds NUL bytes, which no text does");
    }
    let text = text.to_owned();
    Ok(
        if declared.starts_with("text/html") || shows == MediaType::Html || ends(&[".html", ".htm"]) {
            Content::Html(text)
        } else if declared.starts_with("text/markdown") || ends(&[".md", ".markdown"]) {
            Content::Markdown(text)
        } else {
            Content::Text(text)
        },
    )
}

/// One document.
#[utoipa::path(get, path = "/documents/{id}", tag = "knowledge", operation_id = "get_document",
    params(("id" = String, Path, description = "`kdo_…`")),
    responses((status = 200, description = "The document", body = DocumentView, headers(
        ("ETag" = String, description = "The version"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Document>,
) -> Result<Response, Problem> {
    let document = state.library.knowledge.get(&caller.context(), id).await?;
    Ok(shown(StatusCode::OK, document))
}

/// Deletes a document with its versions, passages, words, vectors and ratings.
#[utoipa::path(delete, path = "/documents/{id}", tag = "knowledge", operation_id = "delete_document",
    params(
        ("id" = String, Path, description = "`kdo_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Deleted")))]
pub(super) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Document>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let knowledge = &state.library.knowledge;
    knowledge
        .delete(&caller.context(), id, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Cuts a document into passages anew and reads its words anew, after a release that reads better.
#[utoipa::path(post, path = "/documents/{id}/reindex", tag = "knowledge", operation_id = "reindex_document",
    params(("id" = String, Path, description = "`kdo_…`")),
    responses((status = 200, description = "Done", body = DocumentView)))]
pub(super) async fn reindex(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Document>,
) -> Result<Response, Problem> {
    let document = state.library.knowledge.reindex(&caller.context(), id).await?;
    Ok(shown(StatusCode::OK, document))
}

/// The passages of a document, in order.
#[utoipa::path(get, path = "/documents/{id}/chunks", tag = "knowledge", operation_id = "document_chunks",
    params(("id" = String, Path, description = "`kdo_…`")),
    responses((status = 200, description = "All of them", body = ChunkList)))]
pub(super) async fn chunks(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Document>,
) -> Result<axum::Json<ChunkList>, Problem> {
    let chunks = state.library.knowledge.chunks(&caller.context(), id).await?;
    let items = chunks.into_iter().map(ChunkView::from).collect();
    Ok(axum::Json(ChunkList { items, next: None }))
}

/// The last ten versions of a document with their texts, the newest first: what older citations count in.
#[utoipa::path(get, path = "/documents/{id}/versions", tag = "knowledge", operation_id = "document_versions",
    params(("id" = String, Path, description = "`kdo_…`")),
    responses((status = 200, description = "All that are kept", body = VersionList)))]
pub(super) async fn versions(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Document>,
) -> Result<axum::Json<VersionList>, Problem> {
    let versions = state.library.knowledge.versions(&caller.context(), id).await?;
    let items = versions.into_iter().map(VersionView::from).collect();
    Ok(axum::Json(VersionList { items, next: None }))
}
