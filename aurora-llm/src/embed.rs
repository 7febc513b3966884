//! Embeddings: texts as vectors.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::usage::Usage;

/// Texts to be turned into vectors.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct EmbedRequest {
    /// A model name or an alias of the client's; `None` lets the client's targets decide.
    pub model: Option<String>,
    /// Only targets of this provider, by its instance or its kind; `None` is any.
    pub provider: Option<String>,
    /// The texts.
    pub inputs: Vec<String>,
    /// What the vectors are for; providers that tell texts apart (Cohere, Gemini) embed by it.
    pub purpose: EmbedPurpose,
    /// Length of the vectors, where the model lets it be chosen.
    pub dimensions: Option<u32>,
    /// An opaque id of the end user, for the provider's abuse detection. Never a name or an address.
    pub user: Option<String>,
    /// Options of one dialect alone; see [`ChatRequest::options`](crate::chat::ChatRequest::options).
    pub options: BTreeMap<String, Map<String, Value>>,
}

impl EmbedRequest {
    /// These texts, as documents.
    #[must_use]
    pub fn new<T: Into<String>>(inputs: impl IntoIterator<Item = T>) -> Self {
        Self {
            inputs: inputs.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same for other texts.
    pub(crate) fn with_inputs(&self, inputs: Vec<String>) -> Self {
        Self {
            model: self.model.clone(),
            provider: self.provider.clone(),
            inputs,
            purpose: self.purpose,
            dimensions: self.dimensions,
            user: self.user.clone(),
            options: self.options.clone(),
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

    /// Says what the vectors are for.
    #[must_use]
    pub const fn purpose(mut self, purpose: EmbedPurpose) -> Self {
        self.purpose = purpose;
        self
    }

    /// Chooses the length of the vectors.
    #[must_use]
    pub const fn dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }
}

/// What vectors are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EmbedPurpose {
    /// To be found.
    #[default]
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

/// The vectors of one request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EmbedResponse {
    /// The model that made them, as the provider names it.
    pub model: String,
    /// One vector for each text, in the same order, all of the same length.
    pub embeddings: Vec<Vec<f32>>,
    /// What was consumed; `None` when the provider did not say.
    pub usage: Option<Usage>,
}

impl EmbedResponse {
    /// What a provider answered.
    #[must_use]
    pub fn new(model: impl Into<String>, embeddings: Vec<Vec<f32>>, usage: Option<Usage>) -> Self {
        Self {
            model: model.into(),
            embeddings,
            usage,
        }
    }
}
