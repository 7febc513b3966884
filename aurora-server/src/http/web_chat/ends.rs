//! Chats of a workspace.

use aurora_crm::channels::{Channel, ChannelId};
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse as _, Response};

use super::views::{EndView, KeyView, NewEndInput};
use crate::http::access::Caller;
use crate::http::answers::{Whole, created};
use crate::http::extract::{Json, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// The chats of the workspace, up to 200.
#[utoipa::path(get, path = "/", tag = "web chat", operation_id = "list_web_chats",
    responses((status = 200, description = "The chats", body = Whole<EndView>)))]
pub(super) async fn list(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let items = state.reception.web_chat.list(&caller.context()).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Makes a chat for a page.
#[utoipa::path(post, path = "/", tag = "web chat", operation_id = "create_web_chat", request_body = NewEndInput,
    responses((status = 201, description = "Made", body = EndView)))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewEndInput>,
) -> Result<Response, Problem> {
    let end = state
        .reception
        .web_chat
        .create(&caller.context(), &new.name)
        .await?;
    Ok(created(&uri, end.id, None, &end))
}

/// What the page carries, so that visitors can begin.
#[utoipa::path(get, path = "/{id}/key", tag = "web chat", operation_id = "get_web_chat_key",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "The key", body = KeyView)))]
pub(super) async fn key(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    let page_key = state.reception.web_chat.page_key(&caller.context(), id).await?;
    Ok(axum::Json(KeyView { page_key }).into_response())
}

/// Takes visitors.
#[utoipa::path(post, path = "/{id}/enable", tag = "web chat", operation_id = "enable_web_chat",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "It takes visitors", body = EndView)))]
pub(super) async fn enable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    switch(&state, &caller, id, true).await
}

/// Takes no visitors: the chat answers as if there were none.
#[utoipa::path(post, path = "/{id}/disable", tag = "web chat", operation_id = "disable_web_chat",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "It takes none", body = EndView)))]
pub(super) async fn disable(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    switch(&state, &caller, id, false).await
}

async fn switch(state: &AppState, caller: &Caller, id: ChannelId, on: bool) -> Result<Response, Problem> {
    let end = state
        .reception
        .web_chat
        .set_enabled(&caller.context(), id, on)
        .await?;
    Ok(axum::Json(end).into_response())
}
