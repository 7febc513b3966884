//! `/api/status`, `/api/performance`, `/api/fallback` and `/api/alerts`: how the server is doing.

pub(crate) mod snapshot;

use aurora_alerts::engine::ChannelStatus;
use aurora_alerts::{Alert, AlertEvent, Rule};
use aurora_core::monitor::Summary;
use aurora_core::time::Timestamp;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Right};
use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use snapshot::{Provider, Status, Totals};

/// How many changes and deliveries `/api/alerts` shows.
const RECENT: usize = 50;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api", routes),
    Mount::streams("/api", super::events::routes),
];

fn routes() -> Routes {
    const SEE: Access = Access::Installation(Right::StatusRead);
    const OPERATE: Access = Access::Installation(Right::OperationWrite);
    Routes::new()
        .route(SEE, routes!(status))
        .route(SEE, routes!(performance))
        .route(OPERATE, routes!(clear))
        .route(SEE, routes!(fallback))
        .route(OPERATE, routes!(reset))
        .route(OPERATE, routes!(reset_target))
        .route(Access::Installation(Right::AlertRead), routes!(alerts))
}

/// The server in short: traffic, providers, alerts, health.
#[utoipa::path(get, path = "/status", tag = "status", operation_id = "status", responses(
    (status = 200, description = "The server in short", body = StatusAnswer),
))]
async fn status(State(state): State<AppState>) -> Json<StatusAnswer> {
    let report = state.health.report().await;
    Json(StatusAnswer {
        status: Status::of(&state),
        health: serde_json::to_value(&report).unwrap_or_default(),
    })
}

/// The server in short, with the health of what it depends on.
#[derive(Debug, Serialize, ToSchema)]
struct StatusAnswer {
    #[serde(flatten)]
    status: Status,
    /// The report of `/ready`.
    #[schema(value_type = Object)]
    health: Value,
}

/// How calls and targets perform.
#[derive(Debug, Serialize, ToSchema)]
struct Performance {
    /// When this was so (RFC 3339, UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The model calls of all clients.
    totals: Totals,
    /// The attempts at each target.
    #[schema(value_type = Vec<Object>)]
    targets: Vec<Summary>,
    /// The routes of this server, by method and template.
    #[schema(value_type = Vec<Object>)]
    routes: Vec<Summary>,
}

/// How calls, targets and routes perform: totals of all time, rates and latencies of the last minute.
#[utoipa::path(get, path = "/performance", tag = "status", operation_id = "performance", responses(
    (status = 200, description = "The numbers", body = Performance),
))]
async fn performance(State(state): State<AppState>) -> Json<Performance> {
    Json(Performance {
        at: state.clock.now(),
        totals: Status::of(&state).totals,
        targets: state.monitor.summaries(),
        routes: state.http.summaries(),
    })
}

/// Forgets all measurements.
#[utoipa::path(post, path = "/performance/clear", tag = "status", operation_id = "clear_performance", responses(
    (status = 204, description = "Forgotten"),
))]
async fn clear(State(state): State<AppState>) -> StatusCode {
    state.monitor.clear();
    state.http.clear();
    state.gateway.clear();
    StatusCode::NO_CONTENT
}

/// Where each target stands.
#[derive(Debug, Serialize, ToSchema)]
struct FallbackAnswer {
    /// When this was so (RFC 3339, UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Calls that another than the first target answered.
    fallbacks: u64,
    /// The targets in the order in which they are tried.
    targets: Vec<Provider>,
}

/// Where each target stands: priority, circuit, counts.
#[utoipa::path(get, path = "/fallback", tag = "status", operation_id = "fallback", responses(
    (status = 200, description = "The targets in the order in which they are tried", body = FallbackAnswer),
))]
async fn fallback(State(state): State<AppState>) -> Json<FallbackAnswer> {
    Json(FallbackAnswer {
        at: state.clock.now(),
        fallbacks: state.gateway.fallbacks(),
        targets: snapshot::providers(&state),
    })
}

/// Closes every circuit and forgets the counts of the targets.
#[utoipa::path(post, path = "/fallback/reset", tag = "status", operation_id = "reset_fallback", responses(
    (status = 204, description = "Every target is presumed healthy"),
))]
async fn reset(State(state): State<AppState>) -> StatusCode {
    if let Some(client) = state.gateway.client() {
        client.reset();
    }
    StatusCode::NO_CONTENT
}

/// Closes the circuit of one target and forgets its counts; the others stay as they are.
#[utoipa::path(post, path = "/fallback/{target}/reset", tag = "status", operation_id = "reset_fallback_target",
    params(("target" = String, Path, description = "Its name, as `/api/fallback` tells it")),
    responses(
        (status = 204, description = "The target is presumed healthy"),
    ))]
async fn reset_target(
    State(state): State<AppState>,
    Path(target): Path<String>,
) -> Result<StatusCode, Problem> {
    let client = state.gateway.client();
    if client.is_some_and(|client| client.reset_target(&target)) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(ProblemKind::NotFound).detail("there is no such target"))
}

/// Alerts, notifications, channels and rules.
#[derive(Debug, Serialize, ToSchema)]
struct AlertsAnswer {
    /// When this was so (RFC 3339, UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Firing and pending alerts.
    #[schema(value_type = Vec<Object>)]
    active: Vec<Alert>,
    /// The latest changes, the newest first.
    #[schema(value_type = Vec<Object>)]
    history: Vec<AlertEvent>,
    /// The latest attempts to deliver, the newest first.
    #[schema(value_type = Vec<Object>)]
    notifications: Vec<Value>,
    /// How every channel is doing.
    #[schema(value_type = Vec<Object>)]
    channels: Vec<ChannelStatus>,
    /// The rules.
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
}

/// Active alerts, the latest notifications, the channels and the rules.
#[utoipa::path(get, path = "/alerts", tag = "status", operation_id = "alerts", responses(
    (status = 200, description = "Active alerts, notifications, channels and rules", body = AlertsAnswer),
))]
async fn alerts(State(state): State<AppState>) -> Json<AlertsAnswer> {
    let engine = &state.alerts;
    Json(AlertsAnswer {
        at: state.clock.now(),
        active: engine.active(),
        history: engine.history(RECENT),
        notifications: snapshot::notifications(engine, RECENT),
        channels: engine.channels(),
        rules: engine.rules().iter().map(rule).collect(),
    })
}

fn rule(rule: &Rule) -> Value {
    let threshold = rule.threshold();
    json!({
        "name": rule.name(),
        "metric": rule.metric(),
        "operator": threshold.map(|threshold| threshold.operator),
        "threshold": threshold.map(|threshold| threshold.value),
        "severity": rule.severity(),
        "description": rule.description(),
        "for_seconds": rule.for_().as_secs(),
        "cooldown_seconds": rule.cooldown().as_secs(),
    })
}

#[cfg(test)]
mod tests;
