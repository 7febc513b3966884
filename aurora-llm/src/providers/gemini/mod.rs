//! Gemini, by Google's own API.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::{
    Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ModelInfo, ProviderId, TokenCounter,
};
use crate::tokens::TokenCount;
use crate::wire::gemini::{ApiVersion, GenerateContent, MAX_EMBEDDINGS};

pub use crate::wire::gemini::{Options, SafetySetting};

/// What it is called in the catalog, and by OpenTelemetry.
const KIND: &str = "gcp.gemini";

/// Where Gemini is reached.
pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";

/// Most pages of the list of models that are read, of 1,000 models each.
const MAX_PAGES: usize = 10;

/// Gemini: chat, embeddings, counts of tokens and the list of models.
///
/// # Examples
/// ```
/// use aurora_llm::providers::gemini::Gemini;
///
/// let gemini = Gemini::new("AIza-123")?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Gemini {
    endpoint: Endpoint,
    codec: GenerateContent,
}

impl Gemini {
    /// Gemini with its usual address, called `gemini`.
    ///
    /// # Errors
    /// As [`GeminiBuilder::build`].
    pub fn new(key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// Gemini with other than the usual settings.
    #[must_use]
    pub fn builder(key: impl Into<Secret>) -> GeminiBuilder {
        GeminiBuilder {
            id: ProviderId::new("gemini"),
            auth: Auth::header("x-goog-api-key", key),
            base_url: BASE_URL.to_owned(),
            version: ApiVersion::default(),
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Gemini {
    fn id(&self) -> &ProviderId {
        self.endpoint.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.endpoint.keys()
    }

    /// As the [catalog](catalog) has it; a new model is taken for one that can do what the latest can. Models that speak
    /// tell by their name.
    fn capabilities(&self, model: &str) -> Capabilities {
        let able = catalog::capabilities(KIND, model).unwrap_or(Capabilities::NONE);
        let speaks = model.contains("-tts");
        Capabilities {
            speech: speaks || model.contains("native-audio"),
            tools: able.tools && !speaks,
            parallel_tools: able.parallel_tools && !speaks,
            ..able
        }
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }

    fn token_counter(&self) -> Option<&dyn TokenCounter> {
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
impl EmbeddingProvider for Gemini {
    fn max_inputs(&self, _model: &str) -> usize {
        MAX_EMBEDDINGS
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = self.codec.encode_embed(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        self.codec.decode_embed(call, &body).map_err(blame)
    }
}

#[async_trait]
impl TokenCounter for Gemini {
    async fn count_tokens(&self, call: &Call) -> Result<TokenCount, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = self.codec.encode_count(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        self.codec.decode_count(&body).map_err(blame)
    }
}

#[async_trait]
impl ModelCatalog for Gemini {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let wire = self.codec.encode_models(token.as_deref());
            let (_, body) = self.endpoint.ask(&wire, key).await?;
            let page = self.codec.decode_models(&body);
            let (models, next) = page.map_err(|error| self.endpoint.blame(error, ""))?;
            all.extend(models);
            token = next;
            if token.is_none() {
                break;
            }
        }
        all.truncate(10_000);
        Ok(all)
    }
}

/// Settings of a [`Gemini`].
#[derive(Debug, Clone)]
pub struct GeminiBuilder {
    id: ProviderId,
    auth: Auth,
    base_url: String,
    version: ApiVersion,
    connection: Connection,
}

impl GeminiBuilder {
    /// Adds a key: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(key);
        self
    }

    /// Names the instance. `gemini` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls another address, such as that of a proxy; with or without `/v1beta`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Says which version of the API is spoken. `v1beta` unless told otherwise.
    #[must_use]
    pub const fn version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets time limits and headers.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<Gemini, Error> {
        let codec = GenerateContent::new(self.id.clone()).version(self.version);
        let endpoint = Endpoint::new(
            self.id,
            &self.base_url,
            Prefix::Bare,
            self.auth,
            codec.clone(),
            self.connection,
        )?;
        Ok(Gemini { endpoint, codec })
    }
}
