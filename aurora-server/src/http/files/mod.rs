//! `/api/v1/files`, `/files/upload`, and the signed links of `/files/{token}`.

mod links;
mod receive;
mod serve;
#[cfg(test)]
mod tests;
mod views;

use aurora_core::id::IdKind as _;
use aurora_core::page::Page;
use aurora_crm::Error;
use aurora_crm::activities::Activity;
use aurora_crm::appointments::{Appointment, WaitingEntry};
use aurora_crm::clients::{Client, ClientNote};
use aurora_crm::conversations::{Contact, Conversation, Message};
use aurora_crm::files::{File, FileFilter, FileId, FileSubject};
use aurora_crm::leads::Lead;
use aurora_crm::tasks::Task;
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::{Access, Caller, also};
use super::extract::{Params, PathId, Upload};
use super::problem::{Problem, ProblemBody};
use super::{Mount, Routes};
use crate::state::AppState;
use views::{FilePage, FileUsage, FileView, UploadForm};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/files", routes),
    Mount::streams("/api/v1/files", content).for_uploads(),
    Mount::streams("/api/v1/files", upload_route).for_uploads(),
    Mount::streams("/files", upload_route)
        .for_uploads()
        .alias("published"),
    Mount::streams("/files", links::public).for_uploads(),
];

/// Files of these belong to what takes a right of its own: contacts send theirs in conversations.
const WITH_THEIRS: [(&str, CrmPermission); 10] = [
    (Activity::PREFIX, CrmPermission::TaskRead),
    (Appointment::PREFIX, CrmPermission::AppointmentRead),
    (Client::PREFIX, CrmPermission::ClientRead),
    (Contact::PREFIX, CrmPermission::ConversationRead),
    (Conversation::PREFIX, CrmPermission::ConversationRead),
    (Message::PREFIX, CrmPermission::ConversationRead),
    (Lead::PREFIX, CrmPermission::LeadRead),
    (ClientNote::PREFIX, CrmPermission::ClientRead),
    (Task::PREFIX, CrmPermission::TaskRead),
    (WaitingEntry::PREFIX, CrmPermission::AppointmentRead),
];

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::FileRead, routes!(list))
        .route(CrmPermission::FileRead, routes!(usage))
        .route(CrmPermission::FileRead, routes!(read))
        .route(CrmPermission::FileDelete, routes!(delete))
        .route(CrmPermission::FileWrite, routes!(links::create))
        .route(CrmPermission::FileWrite, routes!(links::create_upload))
}

fn content() -> Routes {
    Routes::new()
        .route(CrmPermission::FileWrite, routes!(create))
        .route(CrmPermission::FileRead, routes!(download))
}

fn upload_route() -> Routes {
    Routes::new().route(Access::from(CrmPermission::FileWrite), routes!(upload))
}

/// The kinds of subjects whose files the caller may not see.
fn hidden(state: &AppState, caller: &Caller) -> impl Iterator<Item = &'static str> {
    let theirs = WITH_THEIRS.into_iter();
    theirs.filter_map(|(kind, permission)| also(state, permission, caller).is_err().then_some(kind))
}

/// A file, if the caller may see it.
///
/// # Errors
/// `NotFound` as for one that is not there.
pub(super) async fn shown(state: &AppState, caller: &Caller, id: FileId) -> Result<File, Problem> {
    let file = state.library.files.get(&caller.context(), id).await?;
    let kind = file.subject.as_ref().map(FileSubject::kind);
    if hidden(state, caller).any(|hidden| kind == Some(hidden)) {
        return Err(Error::not_found("file").into());
    }
    Ok(file)
}

/// One page of files, the newest first.
///
/// Those of clients are there for callers with `client:read` alone, those of leads for callers with `lead:read`, of contacts,
/// conversations and messages with `conversation:read`, of appointments with `appointment:read`, of tasks and activities with
/// `task:read`, here as everywhere.
#[utoipa::path(get, path = "/", tag = "files", operation_id = "list_files",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("subject" = Option<String>, Query, description = "Only files of this: the id of a client, lead, conversation"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = FilePage),
    ))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = FileFilter::all();
    if let Some(subject) = params.take::<FileSubject>("subject", "an id such as cli_…") {
        filter = filter.subject(subject);
    }
    params.finish()?;
    filter.without = hidden(&state, &caller).collect();
    let files = &state.library.files;
    let Page { items, next } = files
        .list(&caller.context(), &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(FilePage {
        items: items.into_iter().map(FileView::from).collect(),
        next: next.map(|next| next.to_string()),
    })
    .into_response())
}

/// Stores a file: the whole body with its name in `x-filename` or `content-disposition`, or the one file of a form.
///
/// The content decides what it is; the fields `subject` and `sha256` of a form stand before its file.
#[utoipa::path(post, path = "/", tag = "files", operation_id = "create_file",
    request_body(content((UploadForm = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    params(
        ("x-filename" = Option<String>, Header, description = "The name of a file that is the whole body, percent-encoded where it is not ASCII"),
        ("subject" = Option<String>, Query, description = "What it belongs to, such as `cli_…`"),
        ("sha256" = Option<String>, Query, description = "Its hash in hexadecimal digits; another content is refused"),
    ),
    responses(
        (status = 201, description = "Stored", body = FileView, headers(
            ("ETag" = String, description = "The hash of the content"),
            ("Location" = String, description = "Where the file is to be found"),
        )),
    ))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
    upload: Upload,
) -> Result<Response, Problem> {
    let file = receive::file(&state, &caller.context(), params, upload, None).await?;
    Ok(views::stored(file))
}

/// Stores a file, under the published address.
#[utoipa::path(post, path = "/upload", tag = "files", operation_id = "upload_file",
    request_body(content((UploadForm = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    params(
        ("x-filename" = Option<String>, Header, description = "The name of a file that is the whole body, percent-encoded where it is not ASCII"),
        ("subject" = Option<String>, Query, description = "What it belongs to, such as `cli_…`"),
        ("sha256" = Option<String>, Query, description = "Its hash in hexadecimal digits; another content is refused"),
    ),
    responses(
        (status = 201, description = "Stored", body = FileView, headers(
            ("ETag" = String, description = "The hash of the content"),
            ("Location" = String, description = "Where the file is to be found"),
        )),
    ))]
async fn upload(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
    upload: Upload,
) -> Result<Response, Problem> {
    let file = receive::file(&state, &caller.context(), params, upload, None).await?;
    Ok(views::stored(file))
}

/// How many bytes the workspace stores; equal contents count once.
#[utoipa::path(get, path = "/usage", tag = "files", operation_id = "file_usage",
    responses((status = 200, description = "The sum and the limits", body = FileUsage)))]
async fn usage(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<FileUsage>, Problem> {
    params.finish()?;
    let bytes = state.library.files.usage(&caller.context()).await?;
    Ok(axum::Json(FileUsage::new(bytes, &state.settings.files)))
}

/// What is known of a file.
#[utoipa::path(get, path = "/{id}", tag = "files", operation_id = "get_file",
    params(("id" = String, Path, description = "`fil_…`")),
    responses((status = 200, description = "The file", body = FileView, headers(
        ("ETag" = String, description = "The hash of the content"),
    ))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<File>,
) -> Result<Response, Problem> {
    let file = shown(&state, &caller, id).await?;
    Ok(([(ETAG, views::etag(&file))], axum::Json(FileView::from(file))).into_response())
}

/// The content of a file, or a part of it.
#[utoipa::path(get, path = "/{id}/content", tag = "files", operation_id = "download_file",
    params(
        ("id" = String, Path, description = "`fil_…`"),
        ("disposition" = Option<String>, Query, description = "`attachment` (unless told) or `inline`; what can run scripts is always an attachment"),
        ("Range" = Option<String>, Header, description = "One range, such as `bytes=0-1023`"),
        ("If-Range" = Option<String>, Header, description = "The etag of what is there already; another one gets the whole"),
        ("If-None-Match" = Option<String>, Header, description = "The etag of what is there already"),
    ),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is there already"),
        (status = 416, description = "The range lies behind the end", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn download(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<File>,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let disposition = serve::disposition(&mut params);
    params.finish()?;
    let id = shown(&state, &caller, id).await?.id;
    serve::file(&state, &caller.context(), id, disposition, &headers).await
}

/// Deletes a file. Its content goes with the last file that has it.
#[utoipa::path(delete, path = "/{id}", tag = "files", operation_id = "delete_file",
    params(("id" = String, Path, description = "`fil_…`")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 422, description = "The law keeps it: `legal_hold`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<File>,
) -> Result<StatusCode, Problem> {
    let id = shown(&state, &caller, id).await?.id;
    // Bytes that the store did not remove are swept later.
    let _removed = state.library.files.delete(&caller.context(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
