//! How long records are kept.

use aurora_crm::privacy::RetentionClass;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::views::{KeepInput, RetainedList, RetainedView, RuleList, RuleView};
use crate::http::access::Caller;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How long the workspace keeps records, for the classes that have a rule; what has none is kept for good.
#[utoipa::path(get, path = "/retention", tag = "privacy", operation_id = "list_retention_rules",
    responses((status = 200, description = "The rules", body = RuleList)))]
pub(super) async fn rules(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<RuleList>, Problem> {
    params.finish()?;
    let rules = state.library.privacy.retention(&caller.context()).await?;
    let items = rules.into_iter().map(RuleView::from).collect();
    Ok(axum::Json(RuleList { items, next: None }))
}

/// Says how long records of a class are kept; `null` keeps them for good. Applied once a day.
#[utoipa::path(put, path = "/retention/{class}", tag = "privacy", operation_id = "set_retention_rule", request_body = KeepInput,
    params(("class" = String, Path, description = "`deleted_clients`, `lost_leads`, `events` or `webhook_deliveries`")),
    responses((status = 204, description = "In force")))]
pub(super) async fn set(
    State(state): State<AppState>,
    caller: Caller,
    Path(class): Path<String>,
    Json(input): Json<KeepInput>,
) -> Result<StatusCode, Problem> {
    let class: Result<RetentionClass, _> = serde_json::from_value(class.into());
    let class = class.map_err(|_| Problem::new(ProblemKind::NotFound))?;
    let privacy = &state.library.privacy;
    privacy
        .set_retention(&caller.context(), class, input.keep_days)
        .await?;
    Ok(StatusCode::NO_CONTENT)
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
