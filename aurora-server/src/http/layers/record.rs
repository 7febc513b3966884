//! One span, one log line and one measurement per request, also for one whose client goes away before the answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::telemetry::TraceContext;
use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::RequestId;
use crate::http::bus::Level;
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
    let waiting = Waiting {
        started: state.clock.elapsed(),
        request_id: id.as_str().to_owned(),
        state,
        method,
        route,
        is_answered: false,
    };
    let within = (span.clone(), trace.clone());
    let response = trace
        .scope(async {
            let response = next.run(request).await;
            waiting.answered(&response);
            response
        })
        .instrument(span)
        .await;
    let (span, trace) = within;
    if response.body().size_hint().exact().is_some() {
        return response; // it is there already
    }
    response.map(|body| {
        Body::new(Within {
            span,
            trace,
            body: Some(body),
        })
    })
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

/// A request that has no answer yet.
struct Waiting {
    state: AppState,
    method: &'static str,
    route: String,
    request_id: String,
    started: Duration,
    is_answered: bool,
}

impl Waiting {
    fn answered(mut self, response: &Response) {
        self.is_answered = true;
        let status = response.status();
        let elapsed = self.elapsed();
        let outcome = if status.is_server_error() {
            Err(FailureClass::Transient)
        } else {
            Ok(())
        };
        self.state.http.record(&self.target(), outcome, elapsed);
        telemetry::request(self.method, &self.route, status, elapsed);
        Span::current().record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            Span::current().record("error.type", status.as_str());
            self.tell(status.as_u16(), elapsed);
        }
        tracing::info!(duration_ms = millis(elapsed), "answered");
    }

    /// Whoever listens hears of failures; that the server is not ready yet, or stops, is none.
    fn tell(&self, status: u16, elapsed: Duration) {
        if self.route == "/ready" {
            return;
        }
        let data = json!({
            "method": self.method,
            "route": self.route,
            "status": status,
            "request_id": self.request_id,
            "duration_ms": millis(elapsed),
        });
        self.state.bus.publish_some("request.failed", Level::Error, data);
    }

    fn elapsed(&self) -> Duration {
        self.state.clock.elapsed().saturating_sub(self.started)
    }

    fn target(&self) -> String {
        format!("{} {}", self.method, self.route)
    }
}

/// Dropped without an answer: the client went away, or was cut off at the stop.
impl Drop for Waiting {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let elapsed = self.elapsed();
        let outcome = Err(FailureClass::Cancelled);
        self.state.http.record(&self.target(), outcome, elapsed);
        telemetry::given_up(self.method, &self.route);
        tracing::info!(duration_ms = millis(elapsed), "not answered");
    }
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// A body that is made while it is sent, long after the handler's return: what happens in it belongs to the request.
struct Within {
    span: Span,
    trace: TraceContext,
    body: Option<Body>,
}

impl HttpBody for Within {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { span, trace, body } = &mut *self;
        let Some(body) = body else {
            return Poll::Ready(None);
        };
        let _entered = span.enter();
        trace.sync_scope(|| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        let Self { span, trace, body } = self;
        let _entered = span.enter();
        trace.sync_scope(|| drop(body.take()));
    }
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
