//! `/api/v1/assistant`: what a workspace tells its assistant, and what that did.

mod views;

#[cfg(test)]
mod tests;

use aurora_crm::assistant::{Assistant, AssistantSettings};
use aurora_crm::conversations::{Conversation, Message};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::Caller;
use super::answers::{Listed, Whole, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use views::{CitationView, SettingsView, StepView};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/assistant", routes)];

fn routes() -> Routes {
    const READ: CrmPermission = CrmPermission::ConversationRead;
    Routes::new()
        .route(READ, routes!(read))
        .route(CrmPermission::AssistantWrite, routes!(configure))
        .route(READ, routes!(steps))
        .route(READ, routes!(citations))
}

/// Without a model there is nobody to be told anything.
fn of(state: &AppState) -> Result<&Assistant, Problem> {
    let assistant = state.reception.assistant.as_ref();
    assistant.ok_or_else(|| Problem::new(ProblemKind::NoProvider))
}

/// What the workspace has told its assistant; one that was never told anything (version 0) answers nobody.
#[utoipa::path(get, path = "/", tag = "assistant", operation_id = "get_assistant",
    responses((status = 200, description = "The settings", body = SettingsView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
async fn read(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let stored = of(&state)?.settings(&caller.context()).await?;
    Ok(tagged(StatusCode::OK, stored.version, &stored.settings))
}

/// Tells the assistant anew, as a whole; what is not named is as usual. It holds from the next message on.
#[utoipa::path(put, path = "/", tag = "assistant", operation_id = "configure_assistant", request_body = SettingsView,
    params(("If-Match" = String, Header, description = "The etag that was read; `\"v0\"` for the first time")),
    responses((status = 200, description = "Told", body = SettingsView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
async fn configure(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(settings): Json<AssistantSettings>,
) -> Result<Response, Problem> {
    let (context, assistant) = (caller.context(), of(&state)?);
    let stored = assistant
        .configure(&context, if_match.expected(), &settings)
        .await?;
    Ok(tagged(StatusCode::OK, stored.version, &stored.settings))
}

/// What the assistant did in a conversation, the latest step first.
#[utoipa::path(get, path = "/conversations/{id}/steps", tag = "assistant", operation_id = "list_assistant_steps",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<StepView>)))]
async fn steps(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let context = caller.context();
    let conversation = state.crm.conversations().get(&context, id).await?;
    let found = of(&state)?.steps(&context, conversation.id, &page).await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// The passages that a reply of the assistant rests on, as they were when it was written.
#[utoipa::path(get, path = "/messages/{id}/citations", tag = "assistant", operation_id = "list_citations",
    params(("id" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The passages", body = Whole<CitationView>)))]
async fn citations(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Message>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let message = state.crm.conversations().message(&context, id).await?;
    let items = of(&state)?.citations(&context, message.id).await?;
    Ok(axum::Json(Whole { items }).into_response())
}
