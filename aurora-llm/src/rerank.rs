//! Rerank: documents by how well they answer a query.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::usage::Usage;

/// A query and the documents that may answer it.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct RerankRequest {
    /// A model name or an alias of the client's; `None` lets the client's targets decide.
    pub model: Option<String>,
    /// Only targets of this provider, by its instance or its kind; `None` is any.
    pub provider: Option<String>,
    /// What is looked for.
    pub query: String,
    /// Where it may be.
    pub documents: Vec<String>,
    /// How many of the best are wanted; `None` is all.
    pub top_n: Option<u32>,
    /// Options of one dialect alone; see [`ChatRequest::options`](crate::chat::ChatRequest::options).
    pub options: BTreeMap<String, Map<String, Value>>,
}

impl RerankRequest {
    /// These documents, by `query`.
    #[must_use]
    pub fn new<T: Into<String>>(query: impl Into<String>, documents: impl IntoIterator<Item = T>) -> Self {
        Self {
            query: query.into(),
            documents: documents.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Asks for this model or alias.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Asks only targets of this provider, by its instance or its kind.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Asks for this many of the best.
    #[must_use]
    pub const fn top_n(mut self, top_n: u32) -> Self {
        self.top_n = Some(top_n);
        self
    }
}

/// The documents of one request in a new order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RerankResponse {
    /// The model that sorted, as the provider names it, or as it was asked for.
    pub model: String,
    /// The documents, best first.
    pub results: Vec<Ranked>,
    /// What was consumed; `None` when the provider did not say.
    pub usage: Option<Usage>,
}

impl RerankResponse {
    /// What a provider answered.
    #[must_use]
    pub fn new(model: impl Into<String>, results: Vec<Ranked>, usage: Option<Usage>) -> Self {
        Self {
            model: model.into(),
            results,
            usage,
        }
    }
}

/// One document in its new place.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Ranked {
    /// Which document of the request, from 0.
    pub index: usize,
    /// How well it answers the query: usually 0 to 1, comparable only within one answer.
    pub score: f64,
}

impl Ranked {
    /// The document `index` with its score.
    #[must_use]
    pub const fn new(index: usize, score: f64) -> Self {
        Self { index, score }
    }
}
