//! How a workspace works with conversations, and which ends of channels are paused.

use aurora_crm::channels::{Channel, ChannelId};
use aurora_crm::conversations::ConversationSettings;
use aurora_crm::{Context, ErrorKind};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{PauseView, SettingsView};
use crate::http::access::Caller;
use crate::http::answers::{Whole, tagged};
use crate::http::extract::{IfMatch, Json, PathId};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// How the workspace works with conversations.
#[utoipa::path(get, path = "/settings", tag = "conversations", operation_id = "get_conversation_settings",
    responses((status = 200, description = "The settings", body = SettingsView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let conversations = state.crm.conversations();
    let (settings, version) = conversations.stored_settings(&caller.context()).await?;
    Ok(tagged(StatusCode::OK, version, &settings))
}

/// Sets how the workspace works with conversations, as a whole.
#[utoipa::path(put, path = "/settings", tag = "conversations", operation_id = "set_conversation_settings",
    request_body = SettingsView,
    params(("If-Match" = String, Header, description = "The etag that was read; `\"v0\"` for the first time")),
    responses((status = 200, description = "Set", body = SettingsView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
pub(super) async fn write(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(settings): Json<ConversationSettings>,
) -> Result<Response, Problem> {
    let context = caller.context();
    if let Some(end) = settings.notices_from
        && !is_theirs(&state, &context, end).await?
    {
        let error = FieldError::new(
            "notices_from",
            "unknown",
            "the workspace has no such end of a channel",
        );
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let conversations = state.crm.conversations();
    let version = conversations
        .configure_at(&context, if_match.expected(), &settings)
        .await?;
    Ok(tagged(StatusCode::OK, version, &settings))
}

/// Whether an end of a channel belongs to the workspace.
async fn is_theirs(state: &AppState, context: &Context, end: ChannelId) -> Result<bool, Problem> {
    let pages = state.reception.web_chat.list(context).await?;
    if pages.iter().any(|page| page.id == end) {
        return Ok(true);
    }
    match state.reception.whatsapp.get(context, end).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
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
