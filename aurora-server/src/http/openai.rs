//! The OpenAI face: `/v1/chat/completions` and `/v1/models`, so that OpenAI's own clients work by changing their base URL.
//!
//! Errors have OpenAI's form. A provider that refuses *our* key is passed on as 401 `invalid_api_key`, as the proof of
//! this face wants it, but only when every target that was asked refused; this server asks its own clients for no
//! key yet.

use std::sync::Arc;

use aurora_core::time::Clock;
use aurora_llm::client::{Attempt, AttemptOutcome};
use aurora_llm::wire::openai_chat::server::{StreamEncoder, decode_request, encode_error, encode_response};
use aurora_llm::{Error, ErrorKind};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::JsonText;
use super::llm::gateway::{CountedStream, NO_PROVIDER};
use super::problem::{Problem, ProblemKind};
use super::{Routes, sse};
use crate::state::AppState;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(completions))
        .routes(routes!(models))
        .routes(routes!(model))
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
        (status = 401, description = "Every target refused the key that this server is configured with", body = OpenAiError),
        (status = 404, description = "No provider serves the model", body = OpenAiError),
        (status = 429, description = "The provider wants fewer calls; `retry-after` tells when", body = OpenAiError),
        (status = 500, description = "The server failed", body = OpenAiError),
        (status = 502, description = "No provider answered", body = OpenAiError),
        (status = 503, description = "No provider is configured, or none takes calls", body = OpenAiError),
        (status = 504, description = "No provider answered in time", body = OpenAiError),
    ))]
async fn completions(State(state): State<AppState>, JsonText(body): JsonText) -> Response {
    let asked = match decode_request(&body) {
        Ok(asked) => asked,
        Err(error) => return failure(error),
    };
    let created = state.clock.now();
    if asked.streaming.is_on() {
        let encoder = StreamEncoder::new(created).include_usage(asked.include_usage);
        return match state.gateway.stream(asked.request).await {
            Ok(stream) => streamed(stream, encoder, Arc::clone(&state.clock)),
            Err(error) => failure(error),
        };
    }
    match state.gateway.chat(asked.request).await {
        Ok(answer) => {
            let json = HeaderValue::from_static("application/json");
            (
                [(CONTENT_TYPE, json)],
                encode_response(answer.response(), created),
            )
                .into_response()
        }
        Err(error) => failure(error),
    }
}

/// The models and aliases that a request may name.
#[utoipa::path(get, path = "/models", tag = "openai", operation_id = "openai_models", responses(
    (status = 200, description = "A list as OpenAI gives it", body = Object),
))]
async fn models(State(state): State<AppState>) -> axum::Json<Value> {
    let data: Vec<Value> = names(&state).iter().map(|name| card(name, &state)).collect();
    axum::Json(json!({"object": "list", "data": data}))
}

/// One model.
#[utoipa::path(get, path = "/models/{*model}", tag = "openai", operation_id = "openai_model",
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Object),
        (status = 404, description = "No provider serves it", body = OpenAiError),
    ))]
async fn model(State(state): State<AppState>, Path(model): Path<String>) -> Response {
    if names(&state).contains(&model) {
        return axum::Json(card(&model, &state)).into_response();
    }
    failure(Error::new(ErrorKind::ModelNotFound).with_context("no target serves this model"))
}

fn names(state: &AppState) -> Vec<String> {
    state
        .gateway
        .client()
        .map(aurora_llm::LlmClient::models)
        .unwrap_or_default()
}

fn card(name: &str, state: &AppState) -> Value {
    let since = state.clock.now() - state.uptime();
    json!({"id": name, "object": "model", "created": since.as_secs(), "owned_by": "aurora"})
}

/// A problem in OpenAI's form, for what goes wrong before and around the handlers.
pub(super) fn form(problem: &Problem, _request_id: &str) -> Response {
    let status = problem.status();
    let kind = if status.is_server_error() {
        "server_error"
    } else {
        "invalid_request_error"
    };
    let first = problem.field_errors().first().map(|error| error.field.clone());
    let error =
        json!({"message": problem.text(), "type": kind, "param": first, "code": problem.kind().code()});
    (status, axum::Json(OpenAiError { error })).into_response()
}

fn failure(error: Error) -> Response {
    if error.code() == Some(NO_PROVIDER) {
        return Problem::new(ProblemKind::NoProvider).into_response();
    }
    let error = told(error);
    let answer = encode_error(&error);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::warn!(kind = error.kind().as_str(), %error, "model call failed");
    }
    let mut response = (status, answer.body).into_response();
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The error as a client may see it. What a provider says about our account is not for our clients: OpenAI's 401
/// repeats a part of the key.
fn told(error: Error) -> Error {
    let words = match error.kind() {
        ErrorKind::Config if error.code() == Some(NO_PROVIDER) => {
            "no model provider is configured on this server"
        }
        ErrorKind::Authentication | ErrorKind::Permission if !all_refused(error.attempts()) => {
            return Error::new(ErrorKind::ServerError)
                .with_context("no provider answered")
                .with_source(error);
        }
        ErrorKind::Authentication => "the provider refused the key that this server is configured with",
        ErrorKind::Permission => {
            "the provider does not allow this to the key that this server is configured with"
        }
        ErrorKind::QuotaExhausted => "the quota of this server's account at the provider is used up",
        _ => return error,
    };
    error.with_provider_message(words)
}

/// Whether nobody failed for another reason than our credentials.
fn all_refused(attempts: &[Attempt]) -> bool {
    attempts.iter().all(|attempt| {
        matches!(
            attempt.outcome,
            AttemptOutcome::Failed {
                kind: ErrorKind::Authentication | ErrorKind::Permission,
                ..
            }
        )
    })
}

fn streamed(stream: CountedStream, encoder: StreamEncoder, clock: Arc<dyn Clock>) -> Response {
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
