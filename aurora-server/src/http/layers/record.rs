//! One span, one log line and one measurement per request.

use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::telemetry::TraceContext;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

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
    let trace = trace(&state, request.headers());
    // Names of OpenTelemetry's conventions for HTTP servers.
    let span = tracing::info_span!(
        "http",
        otel.kind = "server",
        otel.name = format!("{method} {route}"),
        request_id = id.as_str(),
        trace_id = %trace.trace_id(),
        span_id = %trace.span_id(),
        "http.request.method" = method,
        "http.route" = route,
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    );
    let started = state.clock.elapsed();
    trace
        .scope(async {
            let response = next.run(request).await;
            let elapsed = state.clock.elapsed().saturating_sub(started);
            finish(&state, method, &route, &response, elapsed);
            response
        })
        .instrument(span)
        .await
}

/// A step of the caller's trace, or of a new one.
fn trace(state: &AppState, headers: &HeaderMap) -> TraceContext {
    let text = |name| {
        headers
            .get_all(name)
            .into_iter()
            .filter_map(|value: &HeaderValue| value.to_str().ok())
    };
    let mut parents = text("traceparent");
    match (parents.next(), parents.next()) {
        (Some(parent), None) => TraceContext::parse(parent, text("tracestate")),
        _ => None, // none, or several that contradict each other
    }
    .map_or_else(
        || TraceContext::new(&state.random),
        |caller| caller.child(&state.random),
    )
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
    Span::current().record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        Span::current().record("error.type", status.as_str());
    }
    tracing::info!(
        duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
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
