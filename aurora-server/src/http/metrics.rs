//! `/metrics`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa_axum::routes;

use super::Routes;
use super::access::{Access, Right};
use super::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;
use crate::telemetry;

pub(super) fn routes() -> Routes {
    Routes::new().route(Access::Nearby(Right::MetricsRead), routes!(metrics))
}

/// What the process has measured, as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "metrics", responses(
    (status = 200, description = "Prometheus text exposition 0.0.4", body = String, content_type = "text/plain"),
    (status = 501, description = "The application around this server records its metrics elsewhere",
        body = ProblemBody, content_type = "application/problem+json"),
))]
async fn metrics(State(state): State<AppState>) -> Response {
    let Some(handle) = &state.metrics else {
        return Problem::new(ProblemKind::NoMetrics).into_response();
    };
    state.process.collect();
    telemetry::open_connections(state.connections.open());
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    )
        .into_response()
}
