//! The policy, and the rules of reminders.

use aurora_crm::appointments::{AppointmentPolicy, NewReminderRule, ReminderRule};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{NewRuleInput, PolicyView, RuleView};
use crate::http::access::Caller;
use crate::http::answers::{Whole, created, tagged};
use crate::http::extract::{IfMatch, Json, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// What the workspace allows its clients; the defaults at version 0 as long as it has said nothing.
#[utoipa::path(get, path = "/policy", tag = "appointments", operation_id = "get_appointment_policy",
    responses((status = 200, description = "The policy", body = PolicyView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn policy(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let policy = state.crm.appointments().policy(&caller.context()).await?;
    Ok(tagged(StatusCode::OK, policy.version, &policy))
}

/// Puts a policy in the place of the one that was read; what is not named is as usual.
#[utoipa::path(put, path = "/policy", tag = "appointments", operation_id = "set_appointment_policy", request_body = PolicyView,
    params(("If-Match" = String, Header, description = "The etag that was read")),
    responses((status = 200, description = "Set", body = PolicyView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
pub(super) async fn set_policy(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(mut policy): Json<AppointmentPolicy>,
) -> Result<Response, Problem> {
    policy.version = if_match.expected();
    let policy = state
        .crm
        .appointments()
        .set_policy(&caller.context(), policy)
        .await?;
    Ok(tagged(StatusCode::OK, policy.version, &policy))
}

/// All rules of reminders: those of every service first.
#[utoipa::path(get, path = "/reminder_rules", tag = "appointments", operation_id = "list_reminder_rules",
    responses((status = 200, description = "The rules", body = Whole<RuleView>)))]
pub(super) async fn rules(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let items = state.crm.appointments().reminder_rules(&caller.context()).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// Makes a rule; up to 10. It holds for what is confirmed or moved from then on.
#[utoipa::path(post, path = "/reminder_rules", tag = "appointments", operation_id = "add_reminder_rule", request_body = NewRuleInput,
    responses(
        (status = 201, description = "Made", body = RuleView),
        (status = 409, description = "There is one at that time already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn add_rule(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewReminderRule>,
) -> Result<Response, Problem> {
    let rule = state
        .crm
        .appointments()
        .add_reminder_rule(&caller.context(), new)
        .await?;
    Ok(created(&uri, rule.id, None, &rule))
}

/// Removes a rule. Reminders that were planned by it are not sent.
#[utoipa::path(delete, path = "/reminder_rules/{id}", tag = "appointments", operation_id = "remove_reminder_rule",
    params(("id" = String, Path, description = "`rrl_…`")),
    responses((status = 204, description = "Removed")))]
pub(super) async fn remove_rule(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ReminderRule>,
) -> Result<StatusCode, Problem> {
    state
        .crm
        .appointments()
        .remove_reminder_rule(&caller.context(), id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
