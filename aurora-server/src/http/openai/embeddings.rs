//! `POST /v1/embeddings`.

use aurora_llm::wire::openai_embeddings::server::{decode_request, encode_response};
use axum::extract::State;
use axum::response::Response;

use super::{OpenAiError, failure, json_answer};
use crate::http::access::Caller;
use crate::http::extract::JsonText;
use crate::http::llm::gateway::Asker;
use crate::state::AppState;

/// Turns texts into vectors as OpenAI does.
#[utoipa::path(post, path = "/embeddings", tag = "openai", operation_id = "openai_embeddings",
    request_body(content = Object, content_type = "application/json",
        description = "OpenAI's request for embeddings; `encoding_format` may be `float` or `base64`"),
    responses(
        (status = 200, description = "The vectors in the order of the texts", body = Object),
        (status = 400, description = "The request is wrong", body = OpenAiError),
        (status = 403, description = "The key does not carry this, or not this model", body = OpenAiError),
        (status = 404, description = "No provider serves the model", body = OpenAiError),
        (status = 502, description = "No provider answered", body = OpenAiError),
        (status = 504, description = "No provider answered in time", body = OpenAiError),
    ))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    JsonText(body): JsonText,
) -> Response {
    let asked = match decode_request(&body) {
        Ok(asked) => asked,
        Err(error) => return failure(error),
    };
    match state.gateway.embed(asked.request, &Asker::of(&caller)).await {
        Ok(answered) => json_answer(encode_response(answered.value(), asked.encoding)),
        Err(error) => failure(error),
    }
}
