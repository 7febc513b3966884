//! Any server that speaks OpenAI's Chat Completions: vLLM, llama.cpp, LM Studio, Groq, OpenRouter, DeepSeek …

mod spoken;

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::chat::{ChatResponse, ChatStream};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::{
    Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ModelInfo, ProviderId,
};
use crate::wire::openai_chat::{MaxTokensField, OpenAiChat};
use crate::wire::openai_embeddings::{self, OpenAiEmbeddings};
use crate::wire::openai_models;
use crate::wire::openai_responses::OpenAiResponses;

pub use spoken::Api;
pub(super) use spoken::Paths;
use spoken::Spoken;

/// A server that speaks OpenAI's Chat Completions, or its Responses.
///
/// Its embeddings are asked for at `/embeddings`, its models at `/models`; a server that has none answers that nothing
/// is served there.
///
/// # Examples
/// ```
/// use aurora_llm::providers::openai_compatible::OpenAiCompatible;
///
/// let local = OpenAiCompatible::builder("local", "http://127.0.0.1:8000/v1").build()?;
/// let hosted = OpenAiCompatible::builder("hosted", "https://llm.example.com").key("sk-123").build()?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct OpenAiCompatible {
    endpoint: Endpoint,
    api: Api,
    paths: Paths,
    embeddings: OpenAiEmbeddings,
    capabilities: Capabilities,
}

impl OpenAiCompatible {
    /// A provider called `id` at `base_url`.
    ///
    /// The address may end in a slash, and where it has no path `/v1` is added.
    #[must_use]
    pub fn builder(id: impl Into<ProviderId>, base_url: impl Into<String>) -> OpenAiCompatibleBuilder {
        OpenAiCompatibleBuilder {
            id: id.into(),
            base_url: base_url.into(),
            prefix: Prefix::Version,
            auth: Auth::none(),
            api: Api::default(),
            chat: OpenAiChat::compatible(),
            paths: Paths::default(),
            embeddings: OpenAiEmbeddings::default(),
            capabilities: Capabilities::ALL,
            connection: Connection::default(),
        }
    }

    /// What is left of `able` in the interface that is spoken.
    pub(super) const fn limit(&self, able: Capabilities) -> Capabilities {
        self.api.limit(able)
    }

    pub(super) async fn chat_as(&self, call: &Call, able: Capabilities) -> Result<ChatResponse, Error> {
        self.endpoint.chat(call, &able).await
    }

    pub(super) async fn stream_as(&self, call: &Call, able: Capabilities) -> Result<ChatStream, Error> {
        self.endpoint.chat_stream(call, &able).await
    }
}

#[async_trait]
impl LlmProvider for OpenAiCompatible {
    fn id(&self) -> &ProviderId {
        self.endpoint.id()
    }

    fn kind(&self) -> &'static str {
        "openai_compatible"
    }

    fn keys(&self) -> usize {
        self.endpoint.keys()
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        self.limit(self.capabilities)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        Some(self)
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.chat_as(call, self.capabilities(&call.model)).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.stream_as(call, self.capabilities(&call.model)).await
    }
}

#[async_trait]
impl EmbeddingProvider for OpenAiCompatible {
    fn max_inputs(&self, _model: &str) -> usize {
        openai_embeddings::MAX_INPUTS
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = self.embeddings.encode(call);
        let wire = wire
            .and_then(|wire| self.paths.place(wire, &call.model))
            .map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        self.embeddings
            .decode(&body, call.request.inputs.len())
            .map_err(blame)
    }
}

#[async_trait]
impl ModelCatalog for OpenAiCompatible {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        let (_, body) = self.endpoint.ask(&openai_models::encode_request(), key).await?;
        openai_models::decode_response(&body).map_err(|error| self.endpoint.blame(error, ""))
    }
}

/// Settings of an [`OpenAiCompatible`].
#[derive(Debug, Clone)]
pub struct OpenAiCompatibleBuilder {
    id: ProviderId,
    base_url: String,
    prefix: Prefix,
    auth: Auth,
    api: Api,
    chat: OpenAiChat,
    paths: Paths,
    embeddings: OpenAiEmbeddings,
    capabilities: Capabilities,
    connection: Connection,
}

impl OpenAiCompatibleBuilder {
    /// Sends this key as `authorization: Bearer …`, in place of keys that were set before. None unless told otherwise.
    #[must_use]
    pub fn key(self, key: impl Into<Secret>) -> Self {
        self.auth(Auth::bearer(key))
    }

    /// Says how the server knows who calls, and by which keys.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Says which of OpenAI's interfaces the server is spoken to by. [`Api::ChatCompletions`] unless told otherwise.
    #[must_use]
    pub const fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Says which field limits the answer's tokens. `max_tokens` unless told otherwise.
    #[must_use]
    pub const fn max_tokens_field(mut self, field: MaxTokensField) -> Self {
        self.chat = self.chat.max_tokens_field(field);
        self
    }

    /// Says what the server can do. Everything unless told otherwise, so that the server decides.
    #[must_use]
    pub const fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Sets time limits and headers.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Says that the server is OpenAI's own.
    #[cfg(any(feature = "openai", feature = "azure"))]
    pub(super) const fn genuine(mut self) -> Self {
        self.chat = OpenAiChat::openai();
        self.embeddings = OpenAiEmbeddings::new(openai_embeddings::Encoding::Base64);
        self
    }

    /// Says where the paths stand, under the base address as it is.
    #[cfg(feature = "azure")]
    pub(super) fn paths(mut self, paths: Paths) -> Self {
        self.prefix = Prefix::AsIs;
        self.paths = paths;
        self
    }

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<OpenAiCompatible, Error> {
        let spoken = Spoken {
            api: self.api,
            chat: self.chat,
            responses: OpenAiResponses::new(self.id.clone()),
            paths: self.paths.clone(),
        };
        let (id, auth) = (self.id, self.auth);
        let endpoint = Endpoint::new(id, &self.base_url, self.prefix, auth, spoken, self.connection)?;
        Ok(OpenAiCompatible {
            endpoint,
            api: self.api,
            paths: self.paths,
            embeddings: self.embeddings,
            capabilities: self.capabilities,
        })
    }
}
