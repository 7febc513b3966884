//! What people wrote down about a client, and what happened with it.

use aurora_crm::activities::Subject;
use aurora_crm::clients::{Client, ClientId, ClientNote, ClientNoteId};
use aurora_crm::workspaces::CrmPermission;
use aurora_crm::{Context, Error};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::views::{NoteText, NoteView};
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::activities::views::TimelineEntryView;
use crate::http::answers::{Listed, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId, PathIds};
use crate::http::problem::Problem;
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::ClientRead, routes!(list))
        .route(CrmPermission::ClientWrite, routes!(create))
        .route(CrmPermission::ClientRead, routes!(read))
        .route(CrmPermission::ClientWrite, routes!(update))
        .route(CrmPermission::ClientWrite, routes!(delete))
        .route(CrmPermission::TaskRead, routes!(timeline))
}

/// One page of the notes about a client, the newest first.
#[utoipa::path(get, path = "/{id}/notes", tag = "clients", operation_id = "list_client_notes",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<NoteView>)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let notes = state.crm.clients().notes(&caller.context(), client, &page).await;
    let notes = notes.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::<NoteView>::from(notes)).into_response())
}

/// Adds a note; its author is whoever calls.
#[utoipa::path(post, path = "/{id}/notes", tag = "clients", operation_id = "add_client_note", request_body = NoteText,
    params(("id" = String, Path, description = "`cli_…`")),
    responses((status = 201, description = "Added", body = NoteView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where the note is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    PathId(client): PathId<Client>,
    Json(new): Json<NoteText>,
) -> Result<Response, Problem> {
    let clients = state.crm.clients();
    let note = clients.add_note(&caller.context(), client, &new.text).await?;
    let (id, version) = (note.id, note.version);
    Ok(created(&uri, id, Some(version), &NoteView::from(note)))
}

/// One note.
#[utoipa::path(get, path = "/{id}/notes/{note}", tag = "clients", operation_id = "get_client_note",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("note" = String, Path, description = "`cno_…`"),
    ),
    responses((status = 200, description = "The note", body = NoteView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathIds(client, note): PathIds<Client, ClientNote>,
) -> Result<Response, Problem> {
    let note = of_client(&state, &caller.context(), client, note).await?;
    Ok(view(note))
}

/// Changes the text of a note.
#[utoipa::path(patch, path = "/{id}/notes/{note}", tag = "clients", operation_id = "update_client_note",
    request_body = NoteText,
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("note" = String, Path, description = "`cno_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = NoteView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathIds(client, note): PathIds<Client, ClientNote>,
    if_match: IfMatch,
    Json(new): Json<NoteText>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let note = of_client(&state, &context, client, note).await?.id;
    let clients = state.crm.clients();
    let note = clients
        .change_note(&context, note, if_match.expected(), &new.text)
        .await?;
    Ok(view(note))
}

/// Removes a note.
#[utoipa::path(delete, path = "/{id}/notes/{note}", tag = "clients", operation_id = "delete_client_note",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("note" = String, Path, description = "`cno_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Removed")))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathIds(client, note): PathIds<Client, ClientNote>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let context = caller.context();
    let note = of_client(&state, &context, client, note).await?.id;
    let clients = state.crm.clients();
    clients.delete_note(&context, note, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One page of what happened with a client, the latest first: its activities and those of its leads.
///
/// Takes `client:read`, too; those of its leads are left out without `lead:read`.
#[utoipa::path(get, path = "/{id}/timeline", tag = "clients", operation_id = "client_timeline",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<TimelineEntryView>)))]
async fn timeline(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    params: Params,
) -> Result<Response, Problem> {
    crate::http::activities::timeline_of(&state, &caller, Subject::Client(client), params).await
}

/// A note that is one of this client, also when the client came into it by a merge.
async fn of_client(
    state: &AppState,
    context: &Context,
    client: ClientId,
    note: ClientNoteId,
) -> Result<ClientNote, Problem> {
    let clients = state.crm.clients();
    let note = clients.note(context, note).await?;
    if note.client == client || clients.get(context, client).await?.id == note.client {
        Ok(note)
    } else {
        Err(Error::not_found("note").into())
    }
}

fn view(note: ClientNote) -> Response {
    tagged(StatusCode::OK, note.version, &NoteView::from(note))
}
