//! Rules for scores, and the catalogue of reasons why leads are lost.

use aurora_crm::leads::{LeadId, LostReason, PipelineId, RuleScorer, RuleSet, ScoreRule};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::answers::{Listed, tagged};
use crate::http::extract::{IfMatch, Json, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::LeadRead, routes!(rules))
        .route(CrmPermission::PipelineWrite, routes!(set_rules))
        .route(CrmPermission::LeadWrite, routes!(rescore))
        .route(CrmPermission::LeadRead, routes!(reasons))
        .route(CrmPermission::PipelineWrite, routes!(add_reason))
        .route(CrmPermission::PipelineWrite, routes!(archive_reason))
}

/// The workspace's rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreRules)]
struct RulesView {
    /// 0 while there never were any; also in the header `ETag`.
    version: i64,
    /// The rules.
    #[schema(value_type = Vec<RuleInput>)]
    rules: Vec<ScoreRule>,
}

impl From<RuleSet> for RulesView {
    fn from(set: RuleSet) -> Self {
        Self {
            version: set.version,
            rules: set.rules,
        }
    }
}

/// The rules from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewScoreRules)]
struct Rules {
    /// Up to 100.
    #[schema(value_type = Vec<RuleInput>)]
    rules: Vec<ScoreRule>,
}

/// Points for a lead whose field fulfils a condition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreRule, example = json!({"name": "por indicação", "field": "source",
    "condition": {"equals": "referral"}, "points": 20}))]
struct RuleInput {
    /// What is told as the reason for the points, up to 100 characters.
    name: String,
    /// A field of leads, also `value_cents`, `age_days`, `stage_days`, `idle_days`, `close_days`, or `custom.<key>`.
    field: String,
    /// `"present"`, `"absent"`, or one of `equals`, `differs`, `contains`, `greater`, `less` with what it is compared to.
    #[schema(value_type = Object)]
    condition: Value,
    /// −1,000 to 1,000.
    points: i64,
}

/// The workspace's rules for scores.
#[utoipa::path(get, path = "/score-rules", tag = "leads", operation_id = "get_score_rules",
    responses((status = 200, description = "The rules", body = RulesView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn rules(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let set = state.crm.leads().score_rules(&caller.context()).await?;
    let view = set.map_or_else(
        || RulesView {
            version: 0,
            rules: Vec::new(),
        },
        Into::into,
    );
    Ok(tagged(StatusCode::OK, view.version, &view))
}

/// Puts these rules in the place of the present ones. From then on each change of a lead and each activity on it gives it
/// a new score.
#[utoipa::path(put, path = "/score-rules", tag = "leads", operation_id = "set_score_rules", request_body = Rules,
    params(("If-Match" = String, Header, description = "The etag that was read; `\"v0\"` while there are none")),
    responses((status = 200, description = "In force", body = RulesView, headers(("ETag" = String, description = "The new version")))))]
async fn set_rules(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(new): Json<Rules>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let set = leads
        .set_score_rules(&caller.context(), if_match.expected(), new.rules)
        .await?;
    let view = RulesView::from(set);
    Ok(tagged(StatusCode::OK, view.version, &view))
}

/// Which leads get new scores.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rescore {
    /// `pip_…`
    #[schema(value_type = String)]
    pipeline: PipelineId,
    /// `next` of the call before.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    after: Option<LeadId>,
}

/// What one batch of new scores has done.
#[derive(Debug, Serialize, ToSchema)]
struct Rescored {
    /// How many leads were looked at.
    seen: usize,
    /// How many have a new score.
    stored: usize,
    /// Where the next batch begins; null when this was the last.
    next: Option<String>,
}

/// Gives the next 100 leads of a pipeline new scores, for rules that depend on the day.
#[utoipa::path(post, path = "/rescore", tag = "leads", operation_id = "rescore_leads", request_body = Rescore,
    responses((status = 200, description = "Call again with `next` as `after` until it is null", body = Rescored)))]
async fn rescore(
    State(state): State<AppState>,
    caller: Caller,
    Json(which): Json<Rescore>,
) -> Result<Response, Problem> {
    let context = caller.context();
    state.crm.pipelines().get(&context, which.pipeline).await?;
    let leads = state.crm.leads();
    let done = leads
        .rescore(&context, which.pipeline, &RuleScorer, which.after)
        .await?;
    Ok(axum::Json(Rescored {
        seen: done.seen,
        stored: done.stored,
        next: done.next.map(|id| id.to_string()),
    })
    .into_response())
}

/// A reason why leads are lost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LostReason)]
struct ReasonView {
    /// `lrs_…`
    id: String,
    /// Its name for people.
    name: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<LostReason> for ReasonView {
    fn from(reason: LostReason) -> Self {
        Self {
            id: reason.id.to_string(),
            name: reason.name,
            created_at: reason.created_at.to_string(),
        }
    }
}

/// The name of a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLostReason, example = json!({"name": "Preço"}))]
struct NewReason {
    /// Up to 100 characters.
    name: String,
}

/// The catalogue of reasons why leads are lost (`motivos de perda`).
#[utoipa::path(get, path = "/lost-reasons", tag = "leads", operation_id = "list_lost_reasons",
    responses((status = 200, description = "Those that can be chosen, up to 200", body = Listed<ReasonView>)))]
async fn reasons(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let reasons = state.crm.leads().lost_reasons(&caller.context()).await?;
    Ok(axum::Json(Listed::<ReasonView>::whole(reasons)).into_response())
}

/// Adds a reason to the catalogue.
#[utoipa::path(post, path = "/lost-reasons", tag = "leads", operation_id = "add_lost_reason", request_body = NewReason,
    responses(
        (status = 201, description = "Added", body = ReasonView, headers(
            ("Location" = String, description = "What archives it when it is deleted"),
        )),
        (status = 409, description = "There is one of this name; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn add_reason(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewReason>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let reason = leads.add_lost_reason(&caller.context(), &new.name).await?;
    let location = format!("{}/{}", uri.path().trim_end_matches('/'), reason.id);
    let head = [(axum::http::header::LOCATION, location)];
    Ok((StatusCode::CREATED, head, axum::Json(ReasonView::from(reason))).into_response())
}

/// Takes a reason out of the catalogue; leads that have it keep it.
#[utoipa::path(delete, path = "/lost-reasons/{id}", tag = "leads", operation_id = "archive_lost_reason",
    params(("id" = String, Path, description = "`lrs_…`")),
    responses((status = 204, description = "It can be chosen no more")))]
async fn archive_reason(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<LostReason>,
) -> Result<StatusCode, Problem> {
    let leads = state.crm.leads();
    leads.archive_lost_reason(&caller.context(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
