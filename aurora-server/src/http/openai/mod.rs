//! The OpenAI face: `/v1/chat/completions`, `/v1/responses`, `/v1/embeddings` and `/v1/models`, so that OpenAI's own clients
//! work by changing their base URL.
//!
//! Errors have OpenAI's form. A provider that refuses *our* key is passed on as 401 `invalid_api_key`, as the proof of
//! this face wants it, but only when every target that was asked refused. A key of a caller that is not good is a 401 of
//! the same code.

mod embeddings;
mod models;
mod responses;

use std::sync::Arc;

use aurora_core::time::Clock;
use aurora_llm::Error;
use aurora_llm::chat::StreamEvent;
use aurora_llm::wire::ErrorAnswer;
use aurora_llm::wire::openai_chat::server::{StreamEncoder, decode_request, encode_error, encode_response};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::extract::JsonText;
use super::llm::gateway::{Asker, CountedStream, NO_PROVIDER};
use super::llm::told;
use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes, sse};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[Mount::streams("/v1", routes).for_models().errors("OpenAiError")];

fn routes() -> Routes {
    const USE: Access = Access::Server(Right::LlmUse);
    Routes::new()
        .route(USE, routes!(completions))
        .route(USE, routes!(responses::create))
        .route(USE, routes!(embeddings::create))
        .route(USE, routes!(models::list))
        .route(USE, routes!(models::one))
}

/// An error in OpenAI's form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenAiError {
    /// What went wrong.
    #[schema(value_type = Object)]
    error: Value,
}

/// Answers a chat completion as OpenAI does.
#[utoipa::path(post, path = "/chat/completions", tag = "openai", operation_id = "openai_chat_completions",
    request_body(content = Object, content_type = "application/json",
        description = "OpenAI's chat completion; `stream` and `stream_options.include_usage` are understood"),
    responses(
        (status = 200, description = "A chat completion, or its chunks", content(
            (Object = "application/json"), (String = "text/event-stream"),
        )),
        (status = 400, description = "The request is wrong, or too long for the model", body = OpenAiError),
        (status = 401, description = "The caller's key is not good, or every target refused the key that this server is configured with", body = OpenAiError),
        (status = 403, description = "The key does not carry this, or not this model", body = OpenAiError),
        (status = 404, description = "No provider serves the model", body = OpenAiError),
        (status = 429, description = "A limit or a budget (`insufficient_quota`) is used up; `retry-after` tells when to come back", body = OpenAiError),
        (status = 500, description = "The server failed", body = OpenAiError),
        (status = 502, description = "No provider answered", body = OpenAiError),
        (status = 503, description = "No provider is configured, or none takes calls", body = OpenAiError),
        (status = 504, description = "No provider answered in time", body = OpenAiError),
    ))]
async fn completions(State(state): State<AppState>, caller: Caller, JsonText(body): JsonText) -> Response {
    let asked = match decode_request(&body) {
        Ok(asked) => asked,
        Err(error) => return failure(error),
    };
    let (created, asker) = (state.clock.now(), Asker::of(&caller));
    if asked.streaming.is_on() {
        let encoder = StreamEncoder::new(created).include_usage(asked.include_usage);
        return match state.gateway.stream(asked.request, &asker).await {
            Ok(stream) => streamed(stream, encoder, Arc::clone(&state.clock)),
            Err(error) => failure(error),
        };
    }
    match state.gateway.chat(asked.request, &asker).await {
        Ok(answer) => json_answer(encode_response(answer.response(), created)),
        Err(error) => failure(error),
    }
}

/// A whole answer in JSON.
pub(super) fn json_answer(body: Bytes) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, json)], body).into_response()
}

/// A problem in OpenAI's form, for what goes wrong before and around the handlers.
pub(super) fn form(problem: &Problem, _request_id: &str) -> Response {
    let status = problem.status();
    let (kind, code) = match problem.kind() {
        ProblemKind::Unauthenticated => ("invalid_request_error", "invalid_api_key"),
        ProblemKind::Forbidden => ("invalid_request_error", "permission_denied"),
        ProblemKind::TooManyRequests => ("rate_limit_error", "rate_limit_exceeded"),
        ProblemKind::BodyTooLarge => ("invalid_request_error", "request_too_large"),
        kind if status.is_server_error() => ("server_error", kind.code()),
        kind => ("invalid_request_error", kind.code()),
    };
    let first = problem.field_errors().first().map(|error| error.field.clone());
    let error = json!({"message": problem.text(), "type": kind, "param": first, "code": code});
    (status, axum::Json(OpenAiError { error })).into_response()
}

fn failure(error: Error) -> Response {
    if error.code() == Some(NO_PROVIDER) {
        return Problem::new(ProblemKind::NoProvider).into_response();
    }
    let error = told(error);
    let answer = encode_error(&error);
    let status = status_of(&answer, &error);
    let body = answer.body.clone();
    with_headers((status, body).into_response(), answer)
}

/// The status of an error that a codec wrote.
pub(super) fn status_of(answer: &ErrorAnswer, error: &Error) -> StatusCode {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::warn!(kind = error.kind().as_str(), %error, "model call failed");
    }
    status
}

/// The headers that tell the vendors' clients whether and when to try again.
pub(super) fn with_headers(mut response: Response, answer: ErrorAnswer) -> Response {
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// What writes the events of a dialect.
pub(super) trait Encoder: Send + 'static {
    fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>);

    /// Ends with an error.
    fn fail(&mut self, error: &Error, out: &mut Vec<u8>);
}

impl Encoder for StreamEncoder {
    fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        Self::push(self, event, out);
    }

    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        Self::fail(self, error, out);
    }
}

/// An answer in the events of a dialect, handed out while it is written.
pub(super) fn streamed(stream: CountedStream, encoder: impl Encoder, clock: Arc<dyn Clock>) -> Response {
    let chunks = unfold(Some((stream, encoder)), |open| async move {
        let (mut stream, mut encoder) = open?;
        let mut chunk = Vec::new();
        while let Some(event) = stream.next().await {
            let last = match event {
                Ok(event) => {
                    encoder.push(&event, &mut chunk);
                    event.is_terminal()
                }
                Err(error) => {
                    tracing::warn!(kind = error.kind().as_str(), "an answer broke off");
                    encoder.fail(&told(error), &mut chunk);
                    true
                }
            };
            if last {
                return Some((Bytes::from(chunk), None));
            }
            if !chunk.is_empty() {
                return Some((Bytes::from(chunk), Some((stream, encoder))));
            }
        }
        None
    });
    sse::answer(chunks, clock)
}

#[cfg(test)]
mod tests;
