//! `/health` and `/ready`.

use std::time::Duration;

use aurora_core::health::{Report, Status};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
}

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
struct Alive {
    /// Always `ok`: a process that is not well does not answer.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the server.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Seconds since the server was started.
    uptime_seconds: u64,
}

/// Whether the process is alive; touches nothing that it depends on.
#[utoipa::path(get, path = "/health", tag = "operation", operation_id = "health", responses(
    (status = 200, description = "The process works", body = Alive),
))]
async fn health(State(state): State<AppState>) -> Json<Alive> {
    Json(Alive {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: state.uptime().as_secs(),
    })
}

/// What the server depends on.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// `ok`, `degraded` (it serves, but worse than it should) or `down`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Each component.
    components: Vec<ComponentState>,
}

/// The state of one component.
#[derive(Debug, Serialize, ToSchema)]
struct ComponentState {
    /// Its name.
    #[schema(example = "database")]
    name: String,
    /// `ok`, `degraded` or `down`: what its state means for the whole.
    #[schema(example = "ok")]
    status: &'static str,
    /// Why it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// How long the last check took, in milliseconds.
    latency_ms: f64,
    /// When it was checked (RFC 3339).
    checked_at: String,
}

/// Whether requests should be sent here.
#[utoipa::path(get, path = "/ready", tag = "operation", operation_id = "ready", responses(
    (status = 200, description = "Requests are welcome; a component may be degraded", body = Readiness),
    (status = 503, description = "A component that everything needs is down, or the server is stopping; \
        the problem's member `components` lists them", body = ProblemBody,
        content_type = "application/problem+json"),
))]
async fn ready(State(state): State<AppState>) -> Response {
    if state.stop.is_cancelled() {
        return Problem::new(ProblemKind::NotReady)
            .with("reason", "stopping")
            .retry_after(Duration::from_secs(5))
            .into_response();
    }
    let report = state.health.report().await;
    let readiness = readiness(&report);
    if report.is_ready() {
        return (StatusCode::OK, Json(readiness)).into_response();
    }
    let components = serde_json::to_value(&readiness.components).unwrap_or_default();
    Problem::new(ProblemKind::NotReady)
        .with("components", components)
        .retry_after(Duration::from_secs(2))
        .into_response()
}

fn readiness(report: &Report) -> Readiness {
    let components = report.components.iter().map(|component| ComponentState {
        name: component.name.clone(),
        status: name(component.status),
        detail: component.detail,
        latency_ms: (component.latency.as_secs_f64() * 1e6).round() / 1e3,
        checked_at: component.checked_at.to_string(),
    });
    Readiness {
        status: name(report.status),
        components: components.collect(),
    }
}

const fn name(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Degraded => "degraded",
        Status::Down => "down",
    }
}
