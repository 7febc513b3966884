//! `POST /llm/chat`: one question to whichever model is there.

mod answer;
mod body;
pub(crate) mod gateway;
mod stream;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Json;
use super::problem::{Problem, ProblemBody, ProblemKind};
use super::{RequestId, Routes};
use crate::state::AppState;
use answer::ChatAnswer;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(chat))
}

/// A question. Further fields are those of an OpenAI chat completion: `tools`, `tool_choice`, `response_format`,
/// `top_p`, `stop`, `seed`, `reasoning_effort`, `metadata`, `user`.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; the codec of the dialect reads it")]
struct ChatInput {
    /// The conversation, in OpenAI's form. Either this or `prompt`.
    messages: Option<Vec<Value>>,
    /// One text by the user. Either this or `messages`.
    #[schema(example = "Why is the sky blue?")]
    prompt: Option<String>,
    /// Instructions before the conversation.
    system: Option<String>,
    /// The model, target or alias to ask; without one the configured order decides.
    model: Option<String>,
    /// The provider to ask, and no other; 422 when it is not configured.
    provider: Option<String>,
    /// Whether to answer with server-sent events while the model writes.
    stream: Option<bool>,
    /// Most tokens of the answer.
    max_tokens: Option<u32>,
    /// Randomness, 0 to 2.
    temperature: Option<f64>,
}

/// Asks a model, whichever is there.
///
/// With `"stream": true` the answer is `text/event-stream`. Its events are `start`, `text`, `reasoning`, `refusal`,
/// `tool_call`, `tool_call_delta`, `tool_call_end` and `usage`, each with JSON, and at the end exactly one `finish`
/// (who answered, usage, cost, attempts) or `error` (a problem). A client that disconnects ends the call.
#[utoipa::path(post, path = "/chat", tag = "llm", operation_id = "chat",
    request_body(content = ChatInput),
    responses(
        (status = 200, description = "The answer, or its events", content(
            (ChatAnswer = "application/json"), (String = "text/event-stream"),
        )),
        (status = 400, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No provider serves the model", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong, the provider is unknown, or the conversation is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The provider wants fewer calls; `Retry-After` tells when", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No provider answered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No provider is configured, or none takes calls", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No provider answered in time", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn chat(
    State(state): State<AppState>,
    request_id: RequestId,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    // Before the body is looked at: without a provider no body is right.
    if state.gateway.client().is_none() {
        return Err(Problem::new(ProblemKind::NoProvider));
    }
    let asked = body::read(body, &state.gateway)?;
    if asked.streaming {
        let stream = state.gateway.stream(asked.request).await.map_err(problem_of)?;
        return Ok(stream::answer(stream, &state, request_id));
    }
    let answer = state.gateway.chat(asked.request).await.map_err(problem_of)?;
    Ok(axum::Json(ChatAnswer::of(&answer)).into_response())
}

/// A failed call with the trail of its attempts.
fn problem_of(error: aurora_llm::Error) -> Problem {
    if error.code() == Some(gateway::NO_PROVIDER) {
        return Problem::new(ProblemKind::NoProvider);
    }
    let attempts = serde_json::to_value(answer::attempts(error.attempts())).unwrap_or_default();
    Problem::from(error).with("attempts", attempts)
}

#[cfg(test)]
mod tests;
