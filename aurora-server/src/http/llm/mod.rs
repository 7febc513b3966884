//! `POST /llm/chat`: one question to whichever model is there; `/api/v1/llm` with what else is asked of models, what it
//! costs, and who may spend how much.

pub(crate) mod answer;
mod beside;
mod body;
mod books;
mod budgets;
mod counted;
pub(crate) mod gateway;
mod keys;
mod models;
mod recent;
mod requests;
mod spent;
mod stream;
mod told;
mod usage;
mod ws;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::extract::Json;
use super::problem::{Problem, ProblemBody, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
pub(crate) use answer::ChatAnswer;
pub(super) use books::{LEDGER_UNAVAILABLE, MODEL_NOT_ALLOWED};
use gateway::Asker;
pub(crate) use models::task_name;
pub(super) use told::told;
pub(crate) use ws::Sockets;

const USE: Access = Access::Server(Right::LlmUse);

pub(super) const MOUNTS: &[Mount] = &[
    Mount::streams("/llm", chats).for_models(),
    Mount::streams("/api/v1/llm", chats).alias("v1").for_models(),
    Mount::streams("/api/v1/llm", calls).for_models(),
    Mount::answers("/api/v1/llm", accounts),
];

fn chats() -> Routes {
    Routes::new()
        .route(USE, routes!(chat))
        .route(USE, routes!(ws::open))
}

/// Further calls to models, which take as long as those.
fn calls() -> Routes {
    Routes::new()
        .route(USE, routes!(beside::embeddings))
        .route(USE, routes!(beside::rerank))
        .route(USE, routes!(beside::tokens))
}

/// What can be asked for, what it costs, and who may spend how much.
fn accounts() -> Routes {
    const READ: Access = Access::Server(Right::LlmRead);
    const WRITE: Access = Access::Server(Right::LlmWrite);
    Routes::new()
        .route(USE, routes!(models::models))
        .route(READ, routes!(models::prices))
        .route(READ, routes!(usage::usage))
        .route(
            Access::Installation(Right::UsageRead),
            routes!(usage::installation),
        )
        .route(READ, routes!(usage::entries))
        .route(READ, routes!(requests::list))
        .route(READ, routes!(budgets::list))
        .route(READ, routes!(budgets::of_workspace))
        .route(WRITE, routes!(budgets::put_workspace))
        .route(READ, routes!(budgets::of_model))
        .route(WRITE, routes!(budgets::put_model))
        .route(READ, routes!(budgets::of_key))
        .route(WRITE, routes!(budgets::put_key))
        .route(READ, routes!(keys::list))
        .once(WRITE, routes!(keys::create))
        .route(READ, routes!(keys::read))
        .route(WRITE, routes!(keys::change))
        .route(WRITE, routes!(keys::revoke))
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
        (status = 429, description = "A limit of the minute, a budget (`budget_exceeded`) or the provider's limit is used up; `Retry-After` tells when", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No provider answered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No provider is configured, or none takes calls", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No provider answered in time", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn chat(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    // Before the body is looked at: without a provider no body is right.
    if state.gateway.client().is_none() {
        return Err(Problem::new(ProblemKind::NoProvider));
    }
    let asked = body::read(body, &state.gateway)?;
    let asker = Asker::of(&caller);
    if asked.streaming {
        let stream = state.gateway.stream(asked.request, &asker).await;
        return Ok(stream::answer(
            stream.map_err(problem_of)?,
            &state,
            caller.request_id(),
        ));
    }
    let answer = state
        .gateway
        .chat(asked.request, &asker)
        .await
        .map_err(problem_of)?;
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
mod accounts_tests;
#[cfg(test)]
mod tests;
