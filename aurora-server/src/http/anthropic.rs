//! The Anthropic face: `/v1/messages` and `/v1/messages/count_tokens`, and `/v1/models` for whoever sends
//! `anthropic-version`, so that Anthropic's own clients work by changing their base URL.
//!
//! Keys come as `x-api-key` or as `Authorization: Bearer`; any `anthropic-version` will do. Errors have Anthropic's form.

use std::sync::Arc;

use aurora_llm::Error;
use aurora_llm::chat::StreamEvent;
use aurora_llm::provider::ModelInfo;
use aurora_llm::wire::anthropic::server::{
    StreamEncoder, decode_count, decode_request, encode_count, encode_error, encode_model, encode_models,
    encode_response,
};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::extract::{JsonText, Params};
use super::llm::gateway::{Asker, NO_PROVIDER};
use super::llm::told;
use super::openai::{Encoder, json_answer, status_of, streamed, with_headers};
use super::problem::{Problem, ProblemKind};
use super::{Mount, RequestId, Routes};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[Mount::streams("/v1", routes)
    .for_models()
    .errors("AnthropicError")];

/// Anthropic's clients read the id of a request there.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// The largest page of models.
const MOST_MODELS: usize = 1_000;

fn routes() -> Routes {
    const USE: Access = Access::Server(Right::LlmUse);
    Routes::new()
        .route(USE, routes!(messages))
        .route(USE, routes!(count_tokens))
}

/// An error in Anthropic's form.
#[derive(Debug, Serialize, ToSchema)]
struct AnthropicError {
    /// Always `error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What went wrong: `type` and `message`.
    #[schema(value_type = Object)]
    error: Value,
    /// The id of the request, also in the header `request-id`.
    request_id: String,
}

/// Whether the client is one of Anthropic's.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.contains_key("anthropic-version")
}

/// Answers a message as Anthropic does.
#[utoipa::path(post, path = "/messages", tag = "anthropic", operation_id = "anthropic_messages",
    request_body(content = Object, content_type = "application/json",
        description = "Anthropic's request for a message; `max_tokens` is needed, `stream` is understood"),
    responses(
        (status = 200, description = "A message, or its events", content(
            (Object = "application/json"), (String = "text/event-stream"),
        )),
        (status = 400, description = "The request is wrong, or too long for the model", body = AnthropicError),
        (status = 403, description = "The key does not carry this, or not this model", body = AnthropicError),
        (status = 404, description = "No provider serves the model", body = AnthropicError),
        (status = 429, description = "A limit or a budget is used up; `retry-after` tells when to come back", body = AnthropicError),
        (status = 502, description = "No provider answered", body = AnthropicError),
        (status = 504, description = "No provider answered in time", body = AnthropicError),
        (status = 529, description = "No provider takes calls", body = AnthropicError),
    ))]
async fn messages(State(state): State<AppState>, caller: Caller, JsonText(body): JsonText) -> Response {
    let id = caller.request_id();
    let asked = match decode_request(&body) {
        Ok(asked) => asked,
        Err(error) => return failure(error, id),
    };
    let asker = Asker::of(&caller);
    if asked.streaming.is_on() {
        return match state.gateway.stream(asked.request, &asker).await {
            Ok(stream) => named(
                streamed(stream, StreamEncoder::default(), Arc::clone(&state.clock)),
                id,
            ),
            Err(error) => failure(error, id),
        };
    }
    match state.gateway.chat(asked.request, &asker).await {
        Ok(answer) => named(json_answer(encode_response(answer.response())), id),
        Err(error) => failure(error, id),
    }
}

/// Counts the input tokens of a message without asking for it.
#[utoipa::path(post, path = "/messages/count_tokens", tag = "anthropic", operation_id = "anthropic_count_tokens",
    request_body(content = Object, content_type = "application/json", description = "A message as Anthropic counts it"),
    responses(
        (status = 200, description = "`input_tokens`", body = Object),
        (status = 400, description = "The request is wrong", body = AnthropicError),
        (status = 404, description = "No provider serves the model", body = AnthropicError),
    ))]
async fn count_tokens(State(state): State<AppState>, caller: Caller, JsonText(body): JsonText) -> Response {
    let id = caller.request_id();
    let request = match decode_count(&body) {
        Ok(request) => request,
        Err(error) => return failure(error, id),
    };
    match state.gateway.count(request, &Asker::of(&caller)).await {
        Ok(count) => named(json_answer(encode_count(count)), id),
        Err(error) => failure(error, id),
    }
}

/// A page of models as Anthropic gives it.
pub(super) fn models(models: Vec<ModelInfo>, mut params: Params, id: &RequestId) -> Response {
    let limit = params
        .take::<usize>("limit", "a whole number from 1 to 1000")
        .unwrap_or(20);
    if !(1..=MOST_MODELS).contains(&limit) {
        params.refuse("limit", "a whole number from 1 to 1000");
    }
    let after: Option<String> = params.take("after_id", "the name of a model");
    let before: Option<String> = params.take("before_id", "the name of a model");
    if let Err(problem) = params.finish() {
        return problem.into_response();
    }
    let is_wanted = |model: &ModelInfo| {
        after.as_ref().is_none_or(|after| model.id > *after)
            && before.as_ref().is_none_or(|before| model.id < *before)
    };
    let mut wanted: Vec<ModelInfo> = models.into_iter().filter(is_wanted).collect();
    let has_more = wanted.len() > limit;
    if before.is_some() && has_more {
        wanted.drain(..wanted.len() - limit);
    }
    wanted.truncate(limit);
    named(json_answer(encode_models(&wanted, has_more)), id)
}

/// One model as Anthropic gives it.
pub(super) fn model(model: &ModelInfo, id: &RequestId) -> Response {
    named(json_answer(encode_model(model)), id)
}

/// A problem in Anthropic's form, for what goes wrong before and around the handlers.
pub(super) fn form(problem: &Problem, request_id: &str) -> Response {
    let status = problem.status();
    let kind = match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::NOT_FOUND => "not_found_error",
        StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "api_error",
        _ => "invalid_request_error",
    };
    let body = AnthropicError {
        kind: "error",
        error: json!({"type": kind, "message": problem.text()}),
        request_id: request_id.to_owned(),
    };
    with_id((status, axum::Json(body)).into_response(), request_id)
}

pub(super) fn failure(error: Error, id: &RequestId) -> Response {
    if error.code() == Some(NO_PROVIDER) {
        return Problem::new(ProblemKind::NoProvider).into_response();
    }
    let error = told(error);
    let answer = encode_error(&error);
    let status = status_of(&answer, &error);
    // The codec knows no request; its clients look for the id in the body too.
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("request_id".to_owned(), id.as_str().into());
    }
    let response = (status, axum::Json(body)).into_response();
    named(with_headers(response, answer), id)
}

fn named(response: Response, id: &RequestId) -> Response {
    with_id(response, id.as_str())
}

fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

impl Encoder for StreamEncoder {
    fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        Self::push(self, event, out);
    }

    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        Self::fail(self, error, out);
    }
}

#[cfg(test)]
mod tests;
