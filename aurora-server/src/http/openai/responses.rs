//! `POST /v1/responses`.

use std::sync::Arc;

use aurora_llm::Error;
use aurora_llm::chat::StreamEvent;
use aurora_llm::wire::openai_responses::server::{StreamEncoder, decode_request, encode_response};
use axum::extract::State;
use axum::response::Response;

use super::{Encoder, OpenAiError, failure, json_answer, streamed};
use crate::http::access::Caller;
use crate::http::extract::JsonText;
use crate::http::llm::gateway::Asker;
use crate::state::AppState;

/// Answers a response as OpenAI does. Nothing is stored: `previous_response_id` is refused.
#[utoipa::path(post, path = "/responses", tag = "openai", operation_id = "openai_responses",
    request_body(content = Object, content_type = "application/json",
        description = "OpenAI's request for a response; `stream` is understood, `store` is passed over"),
    responses(
        (status = 200, description = "A response, or its events", content(
            (Object = "application/json"), (String = "text/event-stream"),
        )),
        (status = 400, description = "The request is wrong, asks for what cannot be given, or is too long for the model", body = OpenAiError),
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
    let (created, asker) = (state.clock.now(), Asker::of(&caller));
    if asked.streaming.is_on() {
        return match state.gateway.stream(asked.request, &asker).await {
            Ok(stream) => streamed(stream, StreamEncoder::new(created), Arc::clone(&state.clock)),
            Err(error) => failure(error),
        };
    }
    match state.gateway.chat(asked.request, &asker).await {
        Ok(answer) => json_answer(encode_response(answer.response(), created)),
        Err(error) => failure(error),
    }
}

impl Encoder for StreamEncoder {
    fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        Self::push(self, event, out);
    }

    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        Self::fail(self, error, out);
    }
}
