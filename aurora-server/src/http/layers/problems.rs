//! Writes every error answer in the form that its address promises.

use std::any::Any;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderName, Response as HttpResponse};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::RequestId;
use crate::http::language::Language;
use crate::http::problem::{Form, Problem, ProblemKind};

/// Headers of an error answer that hold whatever it says: what the address knows, and the pace of whoever calls.
const KEPT: [HeaderName; 3] = [
    ALLOW,
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("ratelimit"),
];

pub(crate) async fn write(id: RequestId, request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let form = crate::http::form_of(request.uri().path(), request.headers());
    let response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    match response.extensions().get::<Problem>() {
        Some(problem) => {
            let problem = problem.clone().in_language(language);
            log(&problem);
            finish(&problem, form, &id, &response)
        }
        None if is_finished(&response) => response,
        // From the router or a library: an empty or plain text answer.
        None => {
            let problem = Problem::new(ProblemKind::of_status(response.status())).in_language(language);
            finish(&problem, form, &id, &response)
        }
    }
}

fn finish(problem: &Problem, form: Form, id: &RequestId, original: &Response) -> Response {
    let mut response = form(problem, id.as_str());
    problem.write_headers(&mut response);
    for name in KEPT {
        if let Some(value) = original.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Whether a handler wrote the error in a form of its own, as the vendors' faces do.
fn is_finished(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let finished = ["text/event-stream", "text/html"];
    kind.is_some_and(|kind| kind.contains("json") || finished.iter().any(|form| kind.starts_with(form)))
}

fn log(problem: &Problem) {
    let (code, cause) = (problem.kind().code(), problem.causes());
    if problem.status().is_server_error() {
        tracing::error!(code, cause, "request failed");
    } else {
        tracing::debug!(code, cause, "request refused");
    }
}

/// The answer to a handler that panicked. What it said goes to the log alone.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub(crate) fn of_panic(panic: Box<dyn Any + Send>) -> HttpResponse<Body> {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("nothing that can be shown");
    tracing::error!(panic = said, "a handler panicked");
    Problem::new(ProblemKind::Internal).into_response()
}
