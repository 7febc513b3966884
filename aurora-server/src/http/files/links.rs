//! Signed links: whoever has one can fetch, or send, one file for a while.

use std::time::Duration;

use aurora_core::time::Timestamp;
use aurora_crm::Context;
use aurora_crm::files::{Disposition, File, FileAction, FileGrant, FileId, FileLinks};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::views::{LinkView, NewLink, UploadLinkView};
use super::{receive, serve, views};
use crate::http::Routes;
use crate::http::access::{Access, Caller, Visitor, also};
use crate::http::extract::{Json, Params, PathId, Upload};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

const LIFE: Duration = Duration::from_secs(3_600);

pub(super) fn public() -> Routes {
    Routes::new()
        .route(Access::Public, routes!(fetch))
        .route(Access::Public, routes!(send))
}

/// Makes a link by which anybody can fetch the file for a while. What ends it early is deleting the file.
///
/// Takes `file:read`, too: whoever has a link has the file.
#[utoipa::path(post, path = "/{id}/links", tag = "files", operation_id = "create_file_link", request_body = NewLink,
    params(("id" = String, Path, description = "`fil_…`")),
    responses((status = 201, description = "Made; it is shown this once", body = LinkView)))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<File>,
    Json(new): Json<NewLink>,
) -> Result<Response, Problem> {
    also(&state, CrmPermission::FileRead, &caller)?;
    let file = super::shown(&state, &caller, id).await?;
    let now = state.clock.now();
    let mut grant = FileGrant::download(caller.workspace(), file.id, end(new.expires_in, now)?);
    if let Some(disposition) = new.disposition {
        grant = grant.disposition(disposition.into());
    }
    let link = signed(&state, &grant, now)?;
    Ok((StatusCode::CREATED, axum::Json(link)).into_response())
}

/// Makes a link by which anybody can send one file, once, within a while: `PUT` it with its name in `x-filename`.
#[utoipa::path(post, path = "/upload-links", tag = "files", operation_id = "create_upload_link", request_body = NewLink,
    responses((status = 201, description = "Made; it is shown this once", body = UploadLinkView)))]
pub(super) async fn create_upload(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewLink>,
) -> Result<Response, Problem> {
    let now = state.clock.now();
    if new.disposition.is_some() {
        let error = FieldError::new("disposition", "not_allowed", "belongs to links that fetch");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let id = FileId::new(now);
    let grant = FileGrant::upload(caller.workspace(), id, end(new.expires_in, now)?);
    let link = signed(&state, &grant, now)?;
    let link = UploadLinkView {
        file_id: id.to_string(),
        link,
    };
    Ok((StatusCode::CREATED, axum::Json(link)).into_response())
}

/// Fetches the file of a link.
#[utoipa::path(get, path = "/{token}", tag = "files", operation_id = "fetch_linked_file",
    params(
        ("token" = String, Path, description = "What the link was made with"),
        ("Range" = Option<String>, Header, description = "One range, such as `bytes=0-1023`"),
    ),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "It is there already"),
        (status = 416, description = "The range lies behind the end", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn fetch(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let grant = granted(&state, &token, FileAction::Download)?;
    let context = of_link(&visitor, &grant);
    let disposition = grant.disposition.unwrap_or(Disposition::Attachment);
    serve::file(&state, &context, grant.file, disposition, &headers).await
}

/// Sends the file of a link.
#[utoipa::path(put, path = "/{token}", tag = "files", operation_id = "send_linked_file",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(
        ("token" = String, Path, description = "What the link was made with"),
        ("x-filename" = String, Header, description = "Its name, percent-encoded where it is not ASCII"),
    ),
    responses(
        (status = 201, description = "Stored", body = views::FileView),
        (status = 409, description = "Somebody has sent it already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn send(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(token): Path<String>,
    params: Params,
    upload: Upload,
) -> Result<Response, Problem> {
    let grant = granted(&state, &token, FileAction::Upload)?;
    let context = of_link(&visitor, &grant);
    let file = receive::file(&state, &context, params, upload, Some(grant.file)).await?;
    Ok(views::stored(file))
}

/// What a link allows. Nobody learns what is wrong with one that allows nothing.
fn granted(state: &AppState, token: &str, wanted: FileAction) -> Result<FileGrant, Problem> {
    let grant = state.library.links.verify(token, state.clock.now());
    grant
        .ok()
        .filter(|grant| grant.action == wanted)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound))
}

fn of_link(visitor: &Visitor, grant: &FileGrant) -> Context {
    let context = Context::new(grant.workspace, "file link").request_id(visitor.request_id.as_str());
    match visitor.origin {
        Some(address) => context.origin(address),
        None => context,
    }
}

/// When a link stops counting that is made now. Whole seconds are signed: the end is rounded up, so that none is too short.
fn end(seconds: Option<u64>, now: Timestamp) -> Result<Timestamp, Problem> {
    let life = seconds.map_or(LIFE, Duration::from_secs);
    if !(FileLinks::MIN_LIFETIME..=FileLinks::MAX_LIFETIME).contains(&life) {
        let error = FieldError::new("expires_in", "invalid", "must be 1 to 604800 seconds");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let end = now + life;
    let rounded = Timestamp::from_secs(end.as_secs().saturating_add(1));
    let is_too_long = rounded.since(now) > FileLinks::MAX_LIFETIME;
    Ok(if is_too_long {
        Timestamp::from_secs(end.as_secs())
    } else {
        rounded
    })
}

fn signed(state: &AppState, grant: &FileGrant, now: Timestamp) -> Result<LinkView, Problem> {
    let token = state.library.links.sign(grant, now);
    let token = token.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    let base = state.settings.server.public_url.as_deref().unwrap_or_default();
    Ok(LinkView {
        url: format!("{}/files/{token}", base.trim_end_matches('/')),
        expires_at: grant.expires_at.to_string(),
    })
}
