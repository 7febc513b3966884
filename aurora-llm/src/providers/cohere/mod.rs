//! Cohere.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::{
    Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ModelInfo, ProviderId, RerankProvider,
};
use crate::rerank::{RerankRequest, RerankResponse};
use crate::wire::cohere::{self, CohereChat};

/// What it is called in the catalog.
const KIND: &str = "cohere";

/// Where Cohere is reached.
pub const BASE_URL: &str = "https://api.cohere.com";

/// More models than this are not listed.
const MOST_MODELS: usize = 10_000;

/// Cohere, by version 2 of its API: chat, embeddings, rerank and the list of models.
///
/// # Examples
/// ```
/// use aurora_llm::provider::LlmProvider as _;
/// use aurora_llm::providers::cohere::Cohere;
///
/// let cohere = Cohere::builder("key-1").another_key("key-2").build()?;
/// assert_eq!(cohere.keys(), 2);
/// assert!(cohere.reranker().is_some());
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Cohere {
    endpoint: Endpoint,
}

impl Cohere {
    /// Cohere with its usual address, called `cohere`.
    ///
    /// # Errors
    /// As [`CohereBuilder::build`].
    pub fn new(key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// Cohere with other than the usual settings.
    #[must_use]
    pub fn builder(key: impl Into<Secret>) -> CohereBuilder {
        CohereBuilder {
            id: ProviderId::new(KIND),
            auth: Auth::bearer(key),
            base_url: BASE_URL.to_owned(),
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Cohere {
    fn id(&self) -> &ProviderId {
        self.endpoint.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.endpoint.keys()
    }

    /// As the [catalog] has it. Documents are texts and JSON objects; others are refused as
    /// [`Unsupported`](crate::ErrorKind::Unsupported) before anything is sent.
    fn capabilities(&self, model: &str) -> Capabilities {
        catalog::capabilities(KIND, model).unwrap_or(Capabilities::NONE)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }

    fn reranker(&self) -> Option<&dyn RerankProvider> {
        Some(self)
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        Some(self)
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.endpoint.chat(call, &self.capabilities(&call.model)).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.endpoint
            .chat_stream(call, &self.capabilities(&call.model))
            .await
    }
}

#[async_trait]
impl EmbeddingProvider for Cohere {
    fn max_inputs(&self, _model: &str) -> usize {
        cohere::MAX_INPUTS
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = cohere::encode_embeddings(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        cohere::decode_embeddings(&body, call).map_err(blame)
    }
}

#[async_trait]
impl RerankProvider for Cohere {
    fn max_documents(&self, _model: &str) -> usize {
        cohere::MAX_DOCUMENTS
    }

    async fn rerank(&self, call: &Call<RerankRequest>) -> Result<RerankResponse, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = cohere::encode_rerank(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        cohere::decode_rerank(&body, call).map_err(blame)
    }
}

#[async_trait]
impl ModelCatalog for Cohere {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        let mut models = Vec::new();
        let mut next = None;
        loop {
            let (_, body) = self
                .endpoint
                .ask(&cohere::encode_models(next.as_deref()), key)
                .await?;
            let page = cohere::decode_models(&body).map_err(|error| self.endpoint.blame(error, ""))?;
            // A page that repeats itself, or holds nothing, would otherwise be asked for without end.
            let ends = page.next.is_none() || page.next == next || page.models.is_empty();
            models.extend(page.models);
            if ends || models.len() >= MOST_MODELS {
                models.truncate(MOST_MODELS);
                return Ok(models);
            }
            next = page.next;
        }
    }
}

/// Settings of a [`Cohere`].
#[derive(Debug, Clone)]
pub struct CohereBuilder {
    id: ProviderId,
    auth: Auth,
    base_url: String,
    connection: Connection,
}

impl CohereBuilder {
    /// Adds a key: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(key);
        self
    }

    /// Names the instance. `cohere` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls another address, such as that of a private deployment; with or without `/v2`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Sets time limits and headers, such as `x-client-name`.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<Cohere, Error> {
        let endpoint = Endpoint::new(
            self.id,
            &self.base_url,
            Prefix::Bare,
            self.auth,
            CohereChat,
            self.connection,
        )?;
        Ok(Cohere { endpoint })
    }
}
