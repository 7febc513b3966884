//! How a workspace works with conversations, and which ends of channels are paused.

use aurora_crm::channels::Channel;
use aurora_crm::conversations::ConversationSettings;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{PauseView, SettingsView};
use crate::http::access::Caller;
use crate::http::answers::Whole;
use crate::http::extract::{Json, PathId};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How the workspace works with conversations.
#[utoipa::path(get, path = "/settings", tag = "conversations", operation_id = "get_conversation_settings",
    responses((status = 200, description = "The settings", body = SettingsView)))]
pub(super) async fn read(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let settings = state.crm.conversations().settings(&caller.context()).await?;
    Ok(axum::Json(settings).into_response())
}

/// Sets how the workspace works with conversations, as a whole.
#[utoipa::path(put, path = "/settings", tag = "conversations", operation_id = "set_conversation_settings",
    request_body = SettingsView,
    responses((status = 200, description = "Set", body = SettingsView)))]
pub(super) async fn write(
    State(state): State<AppState>,
    caller: Caller,
    Json(settings): Json<ConversationSettings>,
) -> Result<Response, Problem> {
    state
        .crm
        .conversations()
        .configure(&caller.context(), &settings)
        .await?;
    Ok(axum::Json(settings).into_response())
}

/// The ends of channels from which nothing is sent, and why.
#[utoipa::path(get, path = "/paused", tag = "conversations", operation_id = "list_paused_channels",
    responses((status = 200, description = "Those that are paused", body = Whole<PauseView>)))]
pub(super) async fn paused(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let items = state
        .crm
        .conversations()
        .paused_channels(&caller.context())
        .await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Sends from an end of a channel again: what was wrong with it has been seen to.
#[utoipa::path(post, path = "/channels/{id}/resume", tag = "conversations", operation_id = "resume_channel",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 204, description = "It sends again")))]
pub(super) async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<StatusCode, Problem> {
    if state
        .crm
        .conversations()
        .resume_channel(&caller.context(), id)
        .await?
    {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(ProblemKind::NotFound).detail("no such end of a channel is paused"))
    }
}
