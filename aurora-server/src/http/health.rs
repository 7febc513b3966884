//! `/health` and `/ready`.

use std::time::Duration;

use aurora_core::health::{Criticality, Report};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use super::access::{Access, Right};
use super::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(Access::Public, routes!(health))
        .route(Access::Public, routes!(ready))
        .route(Access::Installation(Right::StatusRead), routes!(details))
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
    /// Its own state: `ok`, `degraded` or `down`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What its failure means for the whole: `critical` or `degraded`.
    #[schema(example = "critical")]
    criticality: &'static str,
    /// Why it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// How long the last check took, in milliseconds.
    latency_ms: f64,
    /// When it was checked (RFC 3339).
    checked_at: String,
    /// Since when it is in this state, as far as checks have seen it (RFC 3339).
    since: String,
    /// When a check last found it well (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ok_at: Option<String>,
}

/// Whether requests should be sent here.
#[utoipa::path(get, path = "/ready", tag = "operation", operation_id = "ready", responses(
    (status = 200, description = "Requests are welcome; a component may be degraded", body = Readiness),
    (status = 503, description = "A component that everything needs is down, or the server is stopping; \
        the problem's member `components` lists them", body = ProblemBody,
        content_type = "application/problem+json"),
))]
async fn ready(State(state): State<AppState>) -> Response {
    let report = state.health.report().await;
    if report.draining {
        return Problem::new(ProblemKind::NotReady)
            .with("reason", "stopping")
            .retry_after(Duration::from_secs(5))
            .into_response();
    }
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

/// The report of every component with what the process uses; 200 also where something is down.
#[utoipa::path(get, path = "/health/details", tag = "operation", operation_id = "health_details", responses(
    (status = 200, description = "Every component, the process, the alert engine", body = HealthDetails),
))]
async fn details(State(state): State<AppState>) -> Json<HealthDetails> {
    let report = state.health.report().await;
    Json(HealthDetails {
        readiness: readiness(&report),
        stopping: report.draining,
        uptime_seconds: state.uptime().as_secs(),
        process: serde_json::to_value(state.process.snapshot()).unwrap_or_default(),
        alerts: AlertsHealth {
            leads: state.alerts.leads(),
            refused_samples: state.alerts.refused(),
            lost_samples: state.alerts.lost(),
            failed_conditions: state.alerts.failed_conditions(),
        },
    })
}

/// Everything that is known of the health of this process.
#[derive(Debug, Serialize, ToSchema)]
struct HealthDetails {
    #[serde(flatten)]
    readiness: Readiness,
    /// Whether it takes no more requests because it stops.
    stopping: bool,
    /// Seconds since the server was started.
    uptime_seconds: u64,
    /// CPU, memory, threads and files; what the system does not tell is null.
    #[schema(value_type = Object)]
    process: serde_json::Value,
    /// The alert engine.
    alerts: AlertsHealth,
}

/// How the alert engine of this process is doing.
#[derive(Debug, Serialize, ToSchema)]
struct AlertsHealth {
    /// Whether this process judges and delivers; one of several servers on a database does.
    leads: bool,
    /// Samples that were refused: no finite number, or too many series.
    refused_samples: u64,
    /// Samples that were lost because more came than are kept.
    lost_samples: u64,
    /// Conditions that could not be judged.
    failed_conditions: u64,
}

fn readiness(report: &Report) -> Readiness {
    let components = report.components.iter().map(|component| ComponentState {
        name: component.name.clone(),
        status: component.status.as_str(),
        criticality: match component.criticality {
            Criticality::Critical => "critical",
            Criticality::Degraded => "degraded",
        },
        detail: component.detail,
        latency_ms: (component.latency.as_secs_f64() * 1e6).round() / 1e3,
        checked_at: component.checked_at.to_string(),
        since: component.since.to_string(),
        last_ok_at: component.last_ok_at.map(|at| at.to_string()),
    });
    Readiness {
        status: report.status.as_str(),
        components: components.collect(),
    }
}
