//! Vectors by `aurora_llm`: its fallbacks, retries and budgets hold here too.

use std::fmt;

use async_trait::async_trait;
use aurora_core::failure::Failure as _;
use aurora_llm::LlmClient;
use aurora_llm::embed::{EmbedPurpose as Purpose, EmbedRequest};

use super::{EmbedFailure, EmbedPurpose, Embedder};

/// An [`Embedder`] that asks an [`LlmClient`].
///
/// The vectors of two models do not compare: name one model that all targets for it serve, not a list to fall back along.
#[derive(Clone)]
pub struct LlmEmbedder {
    client: LlmClient,
    model: String,
    dimensions: u16,
    choose: bool,
}

impl LlmEmbedder {
    /// Asks `client` for `model`, a name or an alias of the client's, whose vectors have `dimensions` numbers.
    #[must_use]
    pub fn new(client: LlmClient, model: impl Into<String>, dimensions: u16) -> Self {
        Self {
            client,
            model: model.into(),
            dimensions,
            choose: false,
        }
    }

    /// Asks the provider for that many dimensions, where the model lets it be chosen.
    #[must_use]
    pub const fn shortened(mut self) -> Self {
        self.choose = true;
        self
    }
}

impl fmt::Debug for LlmEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmEmbedder")
            .field("model", &self.model)
            .field("dimensions", &self.dimensions)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Embedder for LlmEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimensions(&self) -> usize {
        usize::from(self.dimensions)
    }

    async fn embed(&self, purpose: EmbedPurpose, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        let mut request = EmbedRequest::new(texts.iter().cloned())
            .model(self.model.as_str())
            .purpose(match purpose {
                EmbedPurpose::Document => Purpose::Document,
                EmbedPurpose::Query => Purpose::Query,
            });
        if self.choose {
            request = request.dimensions(u32::from(self.dimensions));
        }
        let answered = self
            .client
            .embed(request)
            .await
            .map_err(|error| EmbedFailure::new(error.class(), error.kind().as_str()))?;
        Ok(answered.into_value().embeddings)
    }
}
