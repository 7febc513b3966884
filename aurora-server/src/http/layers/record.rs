//! One span, one log line and one measurement per request.

use std::time::Duration;

use aurora_core::failure::FailureClass;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::RequestId;
use crate::state::AppState;
use crate::telemetry;

pub(crate) async fn request(
    State(state): State<AppState>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    let method = known(request.method());
    // The template and never the address: an address holds ids, and there is no end of them.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("http", request_id = id.as_str(), method, route);
    let started = state.clock.elapsed();
    async {
        let response = next.run(request).await;
        let elapsed = state.clock.elapsed().saturating_sub(started);
        finish(&state, method, &route, &response, elapsed);
        response
    }
    .instrument(span)
    .await
}

fn finish(state: &AppState, method: &'static str, route: &str, response: &Response, elapsed: Duration) {
    let status = response.status();
    let outcome = if status.is_server_error() {
        Err(FailureClass::Transient)
    } else {
        Ok(())
    };
    state.http.record(&format!("{method} {route}"), outcome, elapsed);
    telemetry::request(method, route, status, elapsed);
    tracing::info!(
        status = status.as_u16(),
        ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// The method as a label. HTTP allows any word there, so the unknown ones share a label.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
