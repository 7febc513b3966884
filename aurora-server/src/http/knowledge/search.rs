//! Passages that answer a question, each with what to cite.

use aurora_crm::knowledge::{DocumentFilter, Query};
use axum::extract::State;

use super::views::{HitList, HitView, KnowledgeSettings, QuestionInput};
use crate::http::access::{Access, Caller, Right, also};
use crate::http::extract::{Json, Params};
use crate::http::problem::Problem;
use crate::state::AppState;

/// Passages that answer a question, the best first: by their words, and by their meaning where a model embeds.
///
/// A model costs money: for callers without `llm:use` words alone are compared.
#[utoipa::path(post, path = "/search", tag = "knowledge", operation_id = "search_knowledge", request_body = QuestionInput,
    responses((status = 200, description = "What was found, perhaps nothing", body = HitList)))]
pub(super) async fn search(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<QuestionInput>,
) -> Result<axum::Json<HitList>, Problem> {
    let mut query = query(&input);
    if also(&state, Access::Server(Right::LlmUse), &caller).is_err() {
        query = query.words_only();
    }
    let knowledge = &state.library.knowledge;
    let hits = Box::pin(knowledge.search(&caller.context(), &query)).await?;
    let items = hits.into_iter().map(HitView::from).collect();
    Ok(axum::Json(HitList { items, next: None }))
}

/// The question as the domain takes it.
fn query(input: &QuestionInput) -> Query {
    let mut filter = DocumentFilter::default();
    filter.documents.clone_from(&input.documents);
    filter.source = input.source;
    filter.language = input.language;
    let mut query = Query::new(input.question.as_str()).filter(filter);
    if let Some(most) = input.limit {
        query = query.most(most);
    }
    if let Some(client) = input.client_id {
        query = query.about(client);
    }
    if let Some(relevance) = input.diversity {
        query = query.diverse(relevance);
    }
    if input.words_only {
        query = query.words_only();
    }
    query
}

/// How documents are searched here, and what one may be at most.
#[utoipa::path(get, path = "/settings", tag = "knowledge", operation_id = "knowledge_settings",
    responses((status = 200, description = "What is in force", body = KnowledgeSettings)))]
pub(super) async fn settings(
    State(state): State<AppState>,
    _caller: Caller,
    params: Params,
) -> Result<axum::Json<KnowledgeSettings>, Problem> {
    params.finish()?;
    Ok(axum::Json(KnowledgeSettings::of(
        state.library.embedding.as_ref(),
    )))
}
