//! What else is asked of models: vectors, an order of documents, counts of tokens.

use aurora_llm::client::Answered;
use aurora_llm::embed::{EmbedPurpose, EmbedRequest};
use aurora_llm::rerank::RerankRequest;
use aurora_llm::tokens::CountSource;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{AttemptView, CostView, UsageView, attempts};
use super::body;
use super::gateway::{Asker, provider_name};
use super::problem_of;
use crate::http::access::Caller;
use crate::http::extract::Json;
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// The most texts of one request.
const MOST_TEXTS: usize = 2_048;
const MOST_DIMENSIONS: u32 = 65_536;

/// Texts to be turned into vectors.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmbedInput {
    /// 1 to 2048 texts.
    input: Vec<String>,
    /// The model or alias; without one the first that is configured.
    model: Option<String>,
    /// The provider to ask, and no other.
    provider: Option<String>,
    /// `document` (unless told), `query`, `classification`, `clustering` or `similarity`.
    purpose: Option<Purpose>,
    /// Length of the vectors, where the model lets it be chosen.
    dimensions: Option<u32>,
}

/// What vectors are for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmbedPurpose)]
enum Purpose {
    /// To be found.
    Document,
    /// To find with.
    Query,
    /// To sort into classes.
    Classification,
    /// To find groups.
    Clustering,
    /// To compare with each other.
    Similarity,
}

/// Who answered, and what it took.
#[derive(Debug, Serialize, ToSchema)]
struct CallEnd {
    /// The provider that answered.
    provider: String,
    /// The target that answered.
    target: String,
    /// The model that answered, as the provider names it.
    model: String,
    /// What was consumed; null when the provider did not say.
    usage: Option<UsageView>,
    /// What it cost; null when the model has no known price.
    cost: Option<CostView>,
    /// Every attempt in order; the last one served.
    attempts: Vec<AttemptView>,
}

impl CallEnd {
    fn of<V>(answered: &Answered<V>) -> Self {
        Self {
            provider: provider_name(answered.kind(), answered.provider()),
            target: answered.target().to_owned(),
            model: answered.model().to_owned(),
            usage: answered.usage().map(UsageView::of),
            cost: CostView::of(answered.cost()),
            attempts: attempts(answered.attempts()),
        }
    }
}

/// Vectors in the order of the texts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmbedAnswer {
    /// One vector for each text, all of the same length.
    embeddings: Vec<Vec<f32>>,
    #[serde(flatten)]
    end: CallEnd,
}

/// Turns texts into vectors.
#[utoipa::path(post, path = "/embeddings", tag = "llm", operation_id = "llm_embeddings", request_body = EmbedInput,
    responses(
        (status = 200, description = "The vectors", body = EmbedAnswer),
        (status = 404, description = "No provider serves the model", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No provider answered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No provider answered in time", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn embeddings(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<EmbedInput>,
) -> Result<axum::Json<EmbedAnswer>, Problem> {
    let mut errors = Vec::new();
    count_of(&input.input, "input", &mut errors);
    if input
        .dimensions
        .is_some_and(|it| !(1..=MOST_DIMENSIONS).contains(&it))
    {
        errors.push(FieldError::new("dimensions", "invalid", "must be 1 to 65536"));
    }
    refuse(errors)?;
    if let Some(provider) = &input.provider {
        body::known(provider, &state.gateway)?;
    }
    let mut request = EmbedRequest::new(input.input);
    request.model = input.model;
    request.provider = input.provider;
    request.dimensions = input.dimensions;
    request.purpose = match input.purpose {
        None | Some(Purpose::Document) => EmbedPurpose::Document,
        Some(Purpose::Query) => EmbedPurpose::Query,
        Some(Purpose::Classification) => EmbedPurpose::Classification,
        Some(Purpose::Clustering) => EmbedPurpose::Clustering,
        Some(Purpose::Similarity) => EmbedPurpose::Similarity,
    };
    let answered = state.gateway.embed(request, &Asker::of(&caller)).await;
    let answered = answered.map_err(problem_of)?;
    let end = CallEnd::of(&answered);
    Ok(axum::Json(EmbedAnswer {
        embeddings: answered.into_value().embeddings,
        end,
    }))
}

/// Documents to be sorted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RerankInput {
    /// What is looked for.
    query: String,
    /// Where it may be: 1 to 2048 texts.
    documents: Vec<String>,
    /// How many of the best are wanted; all unless told.
    top_n: Option<u32>,
    /// The model or alias; without one the first that is configured.
    model: Option<String>,
    /// The provider to ask, and no other.
    provider: Option<String>,
}

/// Documents, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RerankAnswer {
    results: Vec<RankedView>,
    #[serde(flatten)]
    end: CallEnd,
}

/// One document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ranked)]
struct RankedView {
    /// Which document of the request, from 0.
    index: usize,
    /// How well it answers the query; comparable only within one answer.
    score: f64,
}

/// Sorts documents by how well they answer a query.
#[utoipa::path(post, path = "/rerank", tag = "llm", operation_id = "llm_rerank", request_body = RerankInput,
    responses(
        (status = 200, description = "The documents, best first", body = RerankAnswer),
        (status = 404, description = "No provider serves the model", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No provider answered", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No provider answered in time", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn rerank(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<RerankInput>,
) -> Result<axum::Json<RerankAnswer>, Problem> {
    let mut errors = Vec::new();
    count_of(&input.documents, "documents", &mut errors);
    if input.query.trim().is_empty() {
        errors.push(FieldError::new("query", "required", "must not be empty"));
    }
    if input.top_n == Some(0) {
        errors.push(FieldError::new("top_n", "invalid", "must be 1 or more"));
    }
    refuse(errors)?;
    if let Some(provider) = &input.provider {
        body::known(provider, &state.gateway)?;
    }
    let mut request = RerankRequest::new(input.query, input.documents);
    request.model = input.model;
    request.provider = input.provider;
    request.top_n = input.top_n;
    let answered = state.gateway.rerank(request, &Asker::of(&caller)).await;
    let answered = answered.map_err(problem_of)?;
    let end = CallEnd::of(&answered);
    let results = answered.into_value().results.into_iter();
    Ok(axum::Json(RerankAnswer {
        results: results
            .map(|ranked| RankedView {
                index: ranked.index,
                score: ranked.score,
            })
            .collect(),
        end,
    }))
}

/// A count of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokensAnswer {
    /// How many input tokens the request has.
    tokens: u64,
    /// Who counted: `vocabulary` (the model's own), `provider` or `estimate`.
    source: &'static str,
}

/// Counts the input tokens of a chat without asking for it; the body is that of `POST /llm/chat`.
#[utoipa::path(post, path = "/tokens/count", tag = "llm", operation_id = "llm_count_tokens",
    request_body(content = Object, content_type = "application/json", description = "A chat, as `POST /llm/chat` takes it"),
    responses(
        (status = 200, description = "How many there are", body = TokensAnswer),
        (status = 404, description = "No provider serves the model", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn tokens(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<Map<String, Value>>,
) -> Result<axum::Json<TokensAnswer>, Problem> {
    let asked = body::read(body, &state.gateway)?;
    let count = state.gateway.count(asked.request, &Asker::of(&caller)).await;
    let count = count.map_err(problem_of)?;
    Ok(axum::Json(TokensAnswer {
        tokens: count.tokens,
        source: match count.source {
            CountSource::Vocabulary => "vocabulary",
            CountSource::Provider => "provider",
            _ => "estimate",
        },
    }))
}

fn count_of(texts: &[String], field: &'static str, errors: &mut Vec<FieldError>) {
    if !(1..=MOST_TEXTS).contains(&texts.len()) {
        errors.push(FieldError::new(field, "invalid", "must hold 1 to 2048 texts"));
    }
    for (at, text) in texts.iter().enumerate().take(MOST_TEXTS) {
        if text.is_empty() && errors.len() < 100 {
            errors.push(FieldError::new(
                format!("{field}[{at}]"),
                "required",
                "must not be empty",
            ));
        }
    }
}

fn refuse(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::new(ProblemKind::Invalid).errors(errors))
    }
}
