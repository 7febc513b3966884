//! `GET /v1/models`, which both vendors' clients ask: the header `anthropic-version` tells them apart.

use aurora_llm::client::Task;
use aurora_llm::provider::ModelInfo;
use aurora_llm::wire::openai_models::{encode_model, encode_response};
use aurora_llm::{Error, ErrorKind};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{OpenAiError, failure, json_answer};
use crate::http::access::Caller;
use crate::http::anthropic;
use crate::http::extract::Params;
use crate::http::llm::gateway::Asker;
use crate::state::AppState;

const OWNER: &str = "aurora";

/// The models and aliases that the caller may name.
///
/// A client that sends `anthropic-version` gets Anthropic's list, page by page with `limit`, `after_id` and `before_id`.
#[utoipa::path(get, path = "/models", tag = "openai", operation_id = "openai_models", responses(
    (status = 200, description = "A list as the vendor of the client gives it", body = Object),
))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let models = match names(&state, &caller).await {
        Ok(models) => models,
        Err(error) if anthropic::is_asked(&headers) => return anthropic::failure(error, caller.request_id()),
        Err(error) => return failure(error),
    };
    if anthropic::is_asked(&headers) {
        return anthropic::models(models, params, caller.request_id());
    }
    let since = state.clock.now() - state.uptime();
    json_answer(encode_response(&models, since, OWNER))
}

/// One model.
#[utoipa::path(get, path = "/models/{*model}", tag = "openai", operation_id = "openai_model",
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Object),
        (status = 404, description = "No provider serves it, or the key may not use it", body = OpenAiError),
    ))]
pub(super) async fn one(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Path(model): Path<String>,
) -> Response {
    let found = names(&state, &caller).await.and_then(|models| {
        let found = models.into_iter().find(|known| known.id == model);
        found.ok_or_else(|| Error::new(ErrorKind::ModelNotFound).with_context("no target serves this model"))
    });
    let is_anthropic = anthropic::is_asked(&headers);
    match found {
        Ok(model) if is_anthropic => anthropic::model(&model, caller.request_id()),
        Ok(model) => json_answer(encode_model(&model, state.clock.now() - state.uptime(), OWNER)),
        Err(error) if is_anthropic => anthropic::failure(error, caller.request_id()),
        Err(error) => failure(error),
    }
}

/// What can be asked by name, whatever for, sorted.
async fn names(state: &AppState, caller: &Caller) -> Result<Vec<ModelInfo>, Error> {
    let asker = Asker::of(caller);
    let mut names = state.gateway.models(Task::Chat, &asker).await?;
    names.extend(state.gateway.models(Task::Embeddings, &asker).await?);
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(ModelInfo::new).collect())
}
