//! Calls of a client that search needs: texts to vectors, and documents in order.

use std::sync::Arc;

use tracing::Instrument as _;

use super::{Answered, CallOptions, LlmClient, embeddings, reranking};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::rerank::{RerankRequest, RerankResponse};
use crate::telemetry::{self, Served, UnderWay};

impl LlmClient {
    /// Turns texts into vectors, split to what the provider takes at once.
    ///
    /// Asked are targets made by [`LlmTarget::embeddings`](super::LlmTarget::embeddings). Vectors of two models do not
    /// compare, so the call falls back only to targets with the model of the first.
    ///
    /// # Errors
    /// As [`chat`](Self::chat); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for no text, an empty one, or more than
    /// 100,000.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    ///
    /// # Examples
    /// ```
    /// use aurora_llm::{LlmClient, client::LlmTarget, embed::EmbedRequest, providers::simulated::Simulated};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
    /// let model = LlmTarget::embeddings(Simulated::new("sim"), "embed");
    /// let client = LlmClient::builder().target(model).build()?;
    /// let answered = client.embed(EmbedRequest::new(["rain", "snow"])).await?;
    /// assert_eq!(answered.value().embeddings.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn embed(
        &self,
        request: impl Into<Arc<EmbedRequest>> + Send,
    ) -> Result<Answered<EmbedResponse>, Error> {
        self.embed_with(request, &CallOptions::default()).await
    }

    /// As [`embed`](Self::embed), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`embed`](Self::embed).
    ///
    /// # Cancel safety
    /// As [`embed`](Self::embed).
    pub async fn embed_with(
        &self,
        request: impl Into<Arc<EmbedRequest>> + Send,
        options: &CallOptions,
    ) -> Result<Answered<EmbedResponse>, Error> {
        let request = request.into();
        let asked = Box::pin(embeddings::embed(&self.inner, Arc::clone(&request), options));
        self.told(telemetry::EMBEDDINGS, request.model.as_deref(), asked)
            .await
    }

    /// Sorts documents by how well they answer a query; asked are targets made by
    /// [`LlmTarget::rerank`](super::LlmTarget::rerank).
    ///
    /// # Errors
    /// As [`chat`](Self::chat); [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for more documents than a
    /// provider takes at once, since scores of several requests do not compare.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    pub async fn rerank(
        &self,
        request: impl Into<Arc<RerankRequest>> + Send,
    ) -> Result<Answered<RerankResponse>, Error> {
        self.rerank_with(request, &CallOptions::default()).await
    }

    /// As [`rerank`](Self::rerank), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`rerank`](Self::rerank).
    ///
    /// # Cancel safety
    /// As [`rerank`](Self::rerank).
    pub async fn rerank_with(
        &self,
        request: impl Into<Arc<RerankRequest>> + Send,
        options: &CallOptions,
    ) -> Result<Answered<RerankResponse>, Error> {
        let request = request.into();
        let asked = Box::pin(reranking::rerank(&self.inner, Arc::clone(&request), options));
        self.told(telemetry::RERANK, request.model.as_deref(), asked)
            .await
    }

    /// Records how a call went that is not chat.
    async fn told<V: Send>(
        &self,
        operation: &'static str,
        model: Option<&str>,
        asked: impl Future<Output = Result<Answered<V>, Error>> + Send,
    ) -> Result<Answered<V>, Error> {
        let span = telemetry::span(operation, model);
        let call = UnderWay::begin(operation, &span, &*self.inner.clock);
        let outcome = asked.instrument(span.clone()).await;
        let elapsed = call.end();
        match &outcome {
            Ok(answered) => {
                let served = Served {
                    provider: answered.provider(),
                    kind: answered.kind(),
                    model: answered.model(),
                };
                telemetry::served(operation, &span, served, answered.usage(), elapsed);
                telemetry::cost(served, answered.cost());
            }
            Err(error) => telemetry::failed(operation, &span, error, self.kind_of(error), elapsed),
        }
        outcome
    }
}
