//! Hugging Face: its router, which passes calls on to many inference providers, and servers of Text Generation
//! Inference.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection};
use super::openai_compatible::OpenAiCompatible;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;
use crate::provider::{Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ProviderId};

/// Where the router is reached.
pub const BASE_URL: &str = "https://router.huggingface.co/v1";

/// Hugging Face.
///
/// A model is called by `organization/name`, to which `:provider`, `:fastest` or `:cheapest` may be added. The router
/// offers no embeddings; a server of one's own is asked for them.
///
/// # Examples
/// ```
/// use aurora_llm::providers::huggingface::HuggingFace;
///
/// let router = HuggingFace::new("hf_123")?;
/// let own = HuggingFace::builder("hf_123").id("huggingface/own").base_url("https://x.endpoints.huggingface.cloud").build()?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct HuggingFace {
    inner: OpenAiCompatible,
    is_router: bool,
}

impl HuggingFace {
    /// The router, called `huggingface`.
    ///
    /// # Errors
    /// As [`HuggingFaceBuilder::build`].
    pub fn new(token: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(token).build()
    }

    /// Hugging Face with other than the usual settings.
    #[must_use]
    pub fn builder(token: impl Into<Secret>) -> HuggingFaceBuilder {
        HuggingFaceBuilder {
            id: ProviderId::new("huggingface"),
            auth: Auth::bearer(token),
            base_url: None,
            capabilities: Capabilities::ALL,
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for HuggingFace {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn kind(&self) -> &'static str {
        "huggingface"
    }

    fn keys(&self) -> usize {
        self.inner.keys()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.inner.capabilities(model)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        (!self.is_router).then_some(&self.inner)
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        self.inner.catalog()
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.inner.chat(call).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.inner.chat_stream(call).await
    }
}

/// Settings of a [`HuggingFace`].
#[derive(Debug, Clone)]
pub struct HuggingFaceBuilder {
    id: ProviderId,
    auth: Auth,
    base_url: Option<String>,
    capabilities: Capabilities,
    connection: Connection,
}

impl HuggingFaceBuilder {
    /// Adds a token: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, token: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(token);
        self
    }

    /// Names the instance. `huggingface` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls a server of one's own, such as a dedicated endpoint; with or without `/v1`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Says what the models can do. Everything unless told otherwise, so that the other side decides.
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

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<HuggingFace, Error> {
        let is_router = self.base_url.is_none();
        let inner = OpenAiCompatible::builder(self.id, self.base_url.as_deref().unwrap_or(BASE_URL))
            .auth(self.auth)
            .capabilities(self.capabilities)
            .connection(self.connection)
            .build()?;
        Ok(HuggingFace { inner, is_router })
    }
}
