//! `/api/v1/analytics`: figures of the workspace over a period.

#[cfg(test)]
mod tests;
mod views;

use std::time::Duration;

use aurora_core::time::Timestamp;
use aurora_crm::analytics::{Bucket, Period};
use aurora_crm::leads::PipelineId;
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::Caller;
use super::extract::Params;
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{
    AppointmentsView, OverviewView, OwnerView, PointView, ResponseTimesView, SourceView, StageValueView,
    StageView, UsageView,
};

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/analytics", routes)];

/// How far a period reaches back unless told.
const USUAL: Duration = Duration::from_secs(30 * 24 * 3_600);
const TIME: &str = "an RFC 3339 time such as 2026-07-01T00:00:00-03:00";
const PIPELINE: &str = "the id of a pipeline, pip_…";

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::AnalyticsRead, routes!(overview))
        .route(CrmPermission::AnalyticsRead, routes!(series))
        .route(CrmPermission::AnalyticsRead, routes!(funnel))
        .route(CrmPermission::AnalyticsRead, routes!(pipeline_value))
        .route(CrmPermission::AnalyticsRead, routes!(sources))
        .route(CrmPermission::AnalyticsRead, routes!(owners))
        .route(CrmPermission::AnalyticsRead, routes!(response_times))
        .route(CrmPermission::AnalyticsRead, routes!(appointments))
        .route(CrmPermission::AnalyticsRead, routes!(usage))
}

/// Figures, and the period that they are of.
#[derive(Debug, Serialize, ToSchema)]
struct Figures<T: ToSchema> {
    /// The first instant of the period: RFC 3339, UTC.
    #[schema(format = DateTime)]
    from: String,
    /// The instant at which it ends, which is not part of it.
    #[schema(format = DateTime)]
    to: String,
    /// The figures.
    figures: T,
}

impl<T: ToSchema + Serialize> Figures<T> {
    fn answer(period: Period, figures: T) -> Response {
        axum::Json(Self {
            from: period.from().to_string(),
            to: period.to().to_string(),
            figures,
        })
        .into_response()
    }
}

/// Takes `from` and `to`: the last 30 days unless told.
fn period(state: &AppState, params: &mut Params) -> (Timestamp, Timestamp) {
    let from = params.take::<Timestamp>("from", TIME);
    let to = params.take::<Timestamp>("to", TIME);
    let to = to.unwrap_or_else(|| state.clock.now());
    (from.unwrap_or_else(|| to - USUAL), to)
}

fn checked((from, to): (Timestamp, Timestamp)) -> Result<Period, Problem> {
    Period::new(from, to).map_err(of_parameters)
}

/// The period, where nothing beside it may be asked for.
fn only_period(state: &AppState, mut params: Params) -> Result<Period, Problem> {
    let period = period(state, &mut params);
    params.finish()?;
    checked(period)
}

fn of_parameters(error: aurora_crm::Error) -> Problem {
    Problem::from(error).of_parameters()
}

/// Clients, leads, tasks, files and webhooks of a period, at a glance.
#[utoipa::path(get, path = "/overview", tag = "analytics", operation_id = "analytics_overview",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The figures", body = Figures<OverviewView>)))]
async fn overview(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let found = state.crm.analytics().overview(&caller.context(), period).await?;
    Ok(Figures::answer(period, OverviewView::from(found)))
}

/// Clients and leads of a period by day, week or month of the workspace's time zone.
#[utoipa::path(get, path = "/series", tag = "analytics", operation_id = "analytics_series",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
        ("bucket" = Option<String>, Query, description = "`day` (unless told), `week` (from Monday) or `month`; at most 400 pieces"),
    ),
    responses((status = 200, description = "The pieces, in order and without a gap", body = Figures<Vec<PointView>>)))]
async fn series(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let period = period(&state, &mut params);
    let bucket = params.word::<Bucket>("bucket", "day, week or month");
    params.finish()?;
    let period = checked(period)?;
    let analytics = state.crm.analytics();
    let bucket = bucket.unwrap_or(Bucket::Day);
    let found = analytics.series(&caller.context(), period, bucket).await;
    let found = found.map_err(of_parameters)?;
    let points: Vec<PointView> = found.into_iter().map(Into::into).collect();
    Ok(Figures::answer(period, points))
}

/// What happened in each stage of a pipeline.
#[utoipa::path(get, path = "/funnel", tag = "analytics", operation_id = "analytics_funnel",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
        ("pipeline" = String, Query, description = "`pip_…`"),
    ),
    responses((status = 200, description = "The stages, in their order", body = Figures<Vec<StageView>>)))]
async fn funnel(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let period = period(&state, &mut params);
    let pipeline = pipeline(&mut params);
    params.finish()?;
    let period = checked(period)?;
    let context = caller.context();
    // Of a pipeline that is not there every figure would be nothing.
    let pipeline = state.crm.pipelines().get(&context, pipeline).await?.id;
    let found = state.crm.analytics().funnel(&context, pipeline, period).await?;
    let stages: Vec<StageView> = found.into_iter().map(Into::into).collect();
    Ok(Figures::answer(period, stages))
}

/// What open leads are worth.
#[derive(Debug, Serialize, ToSchema)]
struct PipelineValue {
    /// By stage and currency.
    items: Vec<StageValueView>,
}

/// What the open leads of a pipeline are worth now, by stage and currency, and what is to be expected of it.
#[utoipa::path(get, path = "/pipeline-value", tag = "analytics", operation_id = "analytics_pipeline_value",
    params(("pipeline" = String, Query, description = "`pip_…`")),
    responses((status = 200, description = "The values, by stage", body = PipelineValue)))]
async fn pipeline_value(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let pipeline = pipeline(&mut params);
    params.finish()?;
    let context = caller.context();
    let pipeline = state.crm.pipelines().get(&context, pipeline).await?.id;
    let found = state.crm.analytics().pipeline_value(&context, pipeline).await?;
    let items = found.into_iter().map(Into::into).collect();
    Ok(axum::Json(PipelineValue { items }).into_response())
}

/// Where leads came from and what became of them.
#[utoipa::path(get, path = "/sources", tag = "analytics", operation_id = "analytics_sources",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The sources, the most productive first", body = Figures<Vec<SourceView>>)))]
async fn sources(State(state): State<AppState>, caller: Caller, params: Params) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let found = state.crm.analytics().sources(&caller.context(), period).await?;
    let sources: Vec<SourceView> = found.into_iter().map(Into::into).collect();
    Ok(Figures::answer(period, sources))
}

/// What owners of leads have won and lost, by currency.
#[utoipa::path(get, path = "/owners", tag = "analytics", operation_id = "analytics_owners",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The owners; who has won the most comes first", body = Figures<Vec<OwnerView>>)))]
async fn owners(State(state): State<AppState>, caller: Caller, params: Params) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let found = state.crm.analytics().owners(&caller.context(), period).await?;
    let owners: Vec<OwnerView> = found.into_iter().map(Into::into).collect();
    Ok(Figures::answer(period, owners))
}

/// How long leads that were created in the period waited for the first activity on them.
#[utoipa::path(get, path = "/response-times", tag = "analytics", operation_id = "analytics_response_times",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The times", body = Figures<ResponseTimesView>)))]
async fn response_times(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let analytics = state.crm.analytics();
    let found = analytics.response_times(&caller.context(), period).await?;
    Ok(Figures::answer(period, ResponseTimesView::from(found)))
}

/// What became of the appointments that begin in the period.
#[utoipa::path(get, path = "/appointments", tag = "analytics", operation_id = "analytics_appointments",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The figures", body = Figures<AppointmentsView>)))]
async fn appointments(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let analytics = state.crm.analytics();
    let found = analytics.appointments(&caller.context(), period).await?;
    Ok(Figures::answer(period, AppointmentsView::from(found)))
}

/// What the assistant used of things that cost, by metric and label, with its cost.
///
/// What all calls of models cost the workspace, the assistant's among them, is told by `GET /api/v1/llm/usage`.
#[utoipa::path(get, path = "/usage", tag = "analytics", operation_id = "analytics_usage",
    params(
        ("from" = Option<String>, Query, description = "The first instant (RFC 3339); 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "The instant at which the period ends, which is not part of it; now unless told"),
    ),
    responses((status = 200, description = "The sums", body = Figures<UsageView>)))]
async fn usage(State(state): State<AppState>, caller: Caller, params: Params) -> Result<Response, Problem> {
    let period = only_period(&state, params)?;
    let found = state.crm.analytics().usage(&caller.context(), period).await?;
    Ok(Figures::answer(period, UsageView::from(found)))
}

/// Takes `pipeline`; a refusal is told when the parameters end.
fn pipeline(params: &mut Params) -> PipelineId {
    let nobody = || PipelineId::new(Timestamp::UNIX_EPOCH);
    params.need("pipeline", PIPELINE).unwrap_or_else(nobody)
}
