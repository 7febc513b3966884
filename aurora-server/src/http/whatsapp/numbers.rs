//! Numbers of a workspace.

use aurora_crm::channels::Channel;
use aurora_crm::channels::whatsapp::{NewNumber, NumberChange, WhatsAppNumber};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{NewNumberInput, NumberChangeInput, NumberView, StatusView};
use crate::http::access::Caller;
use crate::http::answers::{Listed, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

fn shown(number: &WhatsAppNumber) -> Response {
    tagged(StatusCode::OK, number.version, number)
}

/// Whether this server reaches WhatsApp, and which address to enter at Meta.
#[utoipa::path(get, path = "/", tag = "whatsapp", operation_id = "whatsapp_status",
    responses((status = 200, description = "How it is set", body = StatusView)))]
pub(super) async fn status(State(state): State<AppState>, _caller: Caller) -> Response {
    let settings = &state.settings.whatsapp;
    let base = state.settings.server.public_url.as_deref();
    axum::Json(StatusView {
        is_configured: settings.app_secret.is_some() && settings.verify_token.is_some(),
        app: settings.app_id.clone(),
        graph_version: settings.graph_version.clone(),
        webhook_url: base.map(|base| format!("{}/webhook/whatsapp", base.trim_end_matches('/'))),
    })
    .into_response()
}

/// One page of numbers, the oldest first.
#[utoipa::path(get, path = "/numbers", tag = "whatsapp", operation_id = "list_whatsapp_numbers",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<NumberView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let found = state.reception.whatsapp.list(&caller.context(), &page).await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// Adds a number; one installation has it once.
#[utoipa::path(post, path = "/numbers", tag = "whatsapp", operation_id = "add_whatsapp_number",
    request_body = NewNumberInput,
    responses(
        (status = 201, description = "Added", body = NumberView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the number is to be found"),
        )),
        (status = 409, description = "It belongs to this installation already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewNumberInput>,
) -> Result<Response, Problem> {
    let app = new.app.unwrap_or_else(|| state.settings.whatsapp.app_id.clone());
    let mut number = NewNumber::new(new.number_id, new.display_number, app, new.token);
    if let Some(account) = new.account_id {
        number = number.account(account);
    }
    if let Some(name) = new.name {
        number = number.name(name);
    }
    let number = state.reception.whatsapp.add(&caller.context(), number).await?;
    Ok(created(&uri, number.id, Some(number.version), &number))
}

/// One number.
#[utoipa::path(get, path = "/numbers/{id}", tag = "whatsapp", operation_id = "get_whatsapp_number",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "The number", body = NumberView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    Ok(shown(&state.reception.whatsapp.get(&caller.context(), id).await?))
}

/// Changes what a number is called, or its token.
#[utoipa::path(patch, path = "/numbers/{id}", tag = "whatsapp", operation_id = "update_whatsapp_number",
    request_body = NumberChangeInput,
    params(
        ("id" = String, Path, description = "`chn_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Changed", body = NumberView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
pub(super) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
    if_match: IfMatch,
    Json(input): Json<NumberChangeInput>,
) -> Result<Response, Problem> {
    let mut change = NumberChange::new();
    if let Some(name) = input.name {
        change = change.name(name);
    }
    if let Some(token) = input.token {
        change = change.token(token);
    }
    let (context, whatsapp) = (caller.context(), &state.reception.whatsapp);
    Ok(shown(
        &whatsapp.update(&context, id, if_match.expected(), change).await?,
    ))
}

/// Removes a number with its token; what comes in on it is not taken any more.
#[utoipa::path(delete, path = "/numbers/{id}", tag = "whatsapp", operation_id = "remove_whatsapp_number",
    params(
        ("id" = String, Path, description = "`chn_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (context, whatsapp) = (caller.context(), &state.reception.whatsapp);
    whatsapp.remove(&context, id, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends nothing from a number until it is resumed; what comes in is taken.
#[utoipa::path(post, path = "/numbers/{id}/pause", tag = "whatsapp", operation_id = "pause_whatsapp_number",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "Paused", body = NumberView)))]
pub(super) async fn pause(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    Ok(shown(
        &state.reception.whatsapp.pause(&caller.context(), id).await?,
    ))
}

/// Sends from a number again, also after Meta had told a problem of its account.
#[utoipa::path(post, path = "/numbers/{id}/resume", tag = "whatsapp", operation_id = "resume_whatsapp_number",
    params(("id" = String, Path, description = "`chn_…`")),
    responses((status = 200, description = "It sends again", body = NumberView)))]
pub(super) async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Channel>,
) -> Result<Response, Problem> {
    Ok(shown(
        &state.reception.whatsapp.resume(&caller.context(), id).await?,
    ))
}
