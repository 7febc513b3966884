//! How long records are kept.

use aurora_crm::privacy::RetentionClass;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse as _, Response};

use super::views::{KeepInput, RetainedList, RetainedView, RuleList, RuleView};
use crate::http::access::Caller;
use crate::http::answers::tagged;
use crate::http::extract::{IfMatch, Json, Params, etag};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How long the workspace keeps records, for the classes that have a rule; what has none is kept for good.
#[utoipa::path(get, path = "/retention", tag = "privacy", operation_id = "list_retention_rules",
    responses((status = 200, description = "The rules", body = RuleList, headers(
        ("ETag" = String, description = "The version of the rules together, for `If-Match`"),
    ))))]
pub(super) async fn rules(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let privacy = &state.library.privacy;
    let (rules, version) = privacy.stored_retention(&caller.context()).await?;
    let items = rules.into_iter().map(RuleView::from).collect();
    Ok(tagged(StatusCode::OK, version, &RuleList { items, next: None }))
}

/// Says how long records of a class are kept; `null` keeps them for good. Applied once a day.
#[utoipa::path(put, path = "/retention/{class}", tag = "privacy", operation_id = "set_retention_rule", request_body = KeepInput,
    params(
        ("class" = String, Path, description = "`deleted_clients`, `lost_leads`, `events` or `webhook_deliveries`"),
        ("If-Match" = String, Header, description = "The etag of the list of rules that was read; `\"v0\"` for the first time"),
    ),
    responses((status = 204, description = "In force", headers(
        ("ETag" = String, description = "The new version of the rules together"),
    ))))]
pub(super) async fn set(
    State(state): State<AppState>,
    caller: Caller,
    Path(class): Path<String>,
    if_match: IfMatch,
    Json(input): Json<KeepInput>,
) -> Result<Response, Problem> {
    let class: Result<RetentionClass, _> = serde_json::from_value(class.into());
    let class = class.map_err(|_| Problem::new(ProblemKind::NotFound))?;
    let privacy = &state.library.privacy;
    let version = privacy
        .set_retention_at(&caller.context(), if_match.expected(), class, input.keep_days)
        .await?;
    Ok((StatusCode::NO_CONTENT, [(ETAG, etag(version))]).into_response())
}

/// What applying the rules would remove now.
#[utoipa::path(get, path = "/retention/preview", tag = "privacy", operation_id = "preview_retention",
    responses((status = 200, description = "Counts and some ids of each class", body = RetainedList)))]
pub(super) async fn preview(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<RetainedList>, Problem> {
    params.finish()?;
    let found = state.library.privacy.preview_retention(&caller.context()).await?;
    let items = found.into_iter().map(RetainedView::from).collect();
    Ok(axum::Json(RetainedList { items, next: None }))
}

/// Removes and makes anonymous what the rules no longer keep, now. What is under a legal hold stays.
#[utoipa::path(post, path = "/retention/apply", tag = "privacy", operation_id = "apply_retention",
    responses((status = 200, description = "What was done", body = RetainedList)))]
pub(super) async fn apply(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<RetainedList>, Problem> {
    let privacy = &state.library.privacy;
    let done = Box::pin(privacy.apply_retention(&caller.context())).await?;
    let items = done.into_iter().map(RetainedView::from).collect();
    Ok(axum::Json(RetainedList { items, next: None }))
}
