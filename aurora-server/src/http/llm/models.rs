//! What can be asked for, and what it costs.

use aurora_core::money::NanoUsd;
use aurora_llm::client::Task;
use aurora_llm::pricing::{Price, PriceBook, Rates};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::gateway::{Asker, provider_name};
use super::problem_of;
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

/// What a request may name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModelsAnswer {
    /// Models and aliases for a chat.
    chat: Vec<String>,
    /// Models for vectors.
    embeddings: Vec<String>,
    /// Models that sort documents.
    rerank: Vec<String>,
    /// What is asked, in the order in which it is tried: of it what the caller may name, by itself or by its model.
    targets: Vec<TargetView>,
}

/// A provider with a model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmTarget)]
struct TargetView {
    /// Its name.
    name: String,
    /// The provider; `simulated` when its answers are made up.
    provider: String,
    /// The model that it is asked for unless a request names another.
    model: String,
    /// `chat`, `embeddings` or `rerank`.
    task: &'static str,
}

/// The models and aliases that the caller may name.
#[utoipa::path(get, path = "/models", tag = "llm", operation_id = "llm_models", responses(
    (status = 200, description = "What a request may name", body = ModelsAnswer),
))]
pub(super) async fn models(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<ModelsAnswer>, Problem> {
    let (gateway, asker) = (&state.gateway, Asker::of(&caller));
    let targets = gateway.targets_of(&asker).await.map_err(problem_of)?;
    let targets = targets.into_iter().map(|info| TargetView {
        name: info.name.clone(),
        provider: provider_name(info.kind, &info.provider),
        model: info.model.clone(),
        task: task_name(info.task),
    });
    Ok(axum::Json(ModelsAnswer {
        chat: gateway.models(Task::Chat, &asker).await.map_err(problem_of)?,
        embeddings: gateway
            .models(Task::Embeddings, &asker)
            .await
            .map_err(problem_of)?,
        rerank: gateway.models(Task::Rerank, &asker).await.map_err(problem_of)?,
        targets: targets.collect(),
    }))
}

pub(crate) const fn task_name(task: Task) -> &'static str {
    match task {
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
        _ => "chat",
    }
}

/// What models cost now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PricesAnswer {
    /// The last day on which a published price was read.
    date: Option<String>,
    /// One entry for each model.
    items: Vec<PriceView>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmPrice)]
struct PriceView {
    /// The target, or null for a model that was asked for by name.
    target: Option<String>,
    /// What stands behind it: `openai`, `anthropic` …
    kind: String,
    /// The model, as the provider names it.
    model: String,
    /// Null when no price is known: its calls cost nothing that can be counted, and hard budgets of money refuse them.
    rates: Option<RatesView>,
    /// Where the price was read.
    source: Option<String>,
    /// The day on which it was read there.
    read: Option<String>,
}

/// US dollars for a million tokens, as decimals.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmRates)]
struct RatesView {
    /// Input at its full price.
    input: String,
    /// Input read from the provider's cache; as `input` when null.
    cache_read: Option<String>,
    /// Input written to the provider's cache; as `input` when null.
    cache_write: Option<String>,
    /// Output.
    output: String,
    /// Output spent on reasoning; as `output` when null.
    reasoning: Option<String>,
}

impl RatesView {
    fn of(rates: &Rates) -> Self {
        let text = |amount: NanoUsd| amount.to_string();
        Self {
            input: text(rates.input),
            cache_read: rates.cache_read.map(text),
            cache_write: rates.cache_write.map(text),
            output: text(rates.output),
            reasoning: rates.reasoning.map(text),
        }
    }
}

/// What the models cost: those of the targets, or one by `kind` and `model`.
#[utoipa::path(get, path = "/prices", tag = "llm", operation_id = "llm_prices",
    params(
        ("kind" = Option<String>, Query, description = "`openai`, `anthropic` …: with `model`, the published price of this model"),
        ("model" = Option<String>, Query, description = "A model, as the provider names it"),
    ),
    responses((status = 200, description = "The prices", body = PricesAnswer)))]
pub(super) async fn prices(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<axum::Json<PricesAnswer>, Problem> {
    let kind: Option<String> = params.take("kind", "what stands behind a provider, such as openai");
    let model: Option<String> = params.take("model", "the name of a model");
    if kind.is_some() != model.is_some() {
        let missing = if kind.is_some() { "model" } else { "kind" };
        params.refuse(missing, "given together with the other");
    }
    params.finish()?;
    let (book, now) = (PriceBook::built_in(), state.clock.now());
    let view = |target: Option<&str>, kind: &str, model: &str, price: Option<Price>| {
        let entry = book.entry(kind, model, now);
        // A price of the settings has no source of the book.
        let entry = entry.filter(|entry| price.is_none_or(|price| price == entry.price));
        let price = price.or_else(|| entry.map(|entry| entry.price));
        PriceView {
            target: target.map(str::to_owned),
            kind: kind.to_owned(),
            model: model.to_owned(),
            rates: price.map(|price| RatesView::of(&price.rates)),
            source: entry.and_then(|entry| entry.source.as_deref().map(str::to_owned)),
            read: entry.and_then(|entry| entry.read.as_deref().map(str::to_owned)),
        }
    };
    let items = match (kind, model) {
        (Some(kind), Some(model)) => vec![view(None, &kind, &model, None)],
        _ => {
            let targets = state.gateway.targets().iter();
            targets
                .map(|info| view(Some(&info.name), info.kind, &info.model, info.price))
                .collect()
        }
    };
    Ok(axum::Json(PricesAnswer {
        date: book.date().map(str::to_owned),
        items,
    }))
}
