//! Ollama: models on a machine of one's own, or at ollama.com.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::chat::{ChatResponse, ChatStream};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::{Error, ErrorKind};
use crate::provider::{
    Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ModelInfo, ProviderId,
};
use crate::wire::ollama::{self, DEFAULT_NUM_CTX, OllamaChat};

const KIND: &str = "ollama";

/// Where Ollama listens unless told otherwise.
pub const BASE_URL: &str = "http://127.0.0.1:11434";

/// Texts of one request. Ollama sets no limit; this keeps one request from occupying it for long.
const MAX_INPUTS: usize = 256;

/// Ollama, by its own API: chat, embeddings and the models that are there.
///
/// Its default context is small, and what does not fit is cut without a word. So the size is always asked for
/// ([`OllamaBuilder::num_ctx`]), and a conversation that does not fit is an error where the server is new enough
/// (version 0.12.6) to be told so.
///
/// # Examples
/// ```
/// use aurora_llm::provider::LlmProvider as _;
/// use aurora_llm::providers::ollama::Ollama;
///
/// let ollama = Ollama::builder().num_ctx(32_768).build()?;
/// assert_eq!(ollama.capabilities("qwen3:8b").context_tokens, Some(32_768));
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Ollama {
    endpoint: Endpoint,
    codec: OllamaChat,
    capabilities: Capabilities,
}

impl Ollama {
    /// Ollama on this machine, called `ollama`.
    ///
    /// # Errors
    /// As [`OllamaBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Ollama with other than the usual settings.
    #[must_use]
    pub fn builder() -> OllamaBuilder {
        OllamaBuilder {
            id: ProviderId::new(KIND),
            auth: Auth::none(),
            has_key: false,
            base_url: BASE_URL.to_owned(),
            num_ctx: DEFAULT_NUM_CTX,
            capabilities: None,
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Ollama {
    fn id(&self) -> &ProviderId {
        self.endpoint.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.endpoint.keys()
    }

    /// What Ollama has words for, with the context that is asked for. A model that lacks something of it, such as
    /// tools, says so when it is called, which is [`Unsupported`](ErrorKind::Unsupported).
    fn capabilities(&self, _model: &str) -> Capabilities {
        self.capabilities
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        Some(self)
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.endpoint.chat(call, &self.capabilities).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.endpoint.chat_stream(call, &self.capabilities).await
    }
}

#[async_trait]
impl EmbeddingProvider for Ollama {
    fn max_inputs(&self, _model: &str) -> usize {
        MAX_INPUTS
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = self.codec.encode_embeddings(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        ollama::decode_embeddings(&body, call).map_err(blame)
    }
}

#[async_trait]
impl ModelCatalog for Ollama {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        let (_, body) = self.endpoint.ask(&ollama::encode_models(), key).await?;
        let mut models = ollama::decode_models(&body).map_err(|error| self.endpoint.blame(error, ""))?;
        models.truncate(10_000);
        Ok(models)
    }
}

/// Settings of an [`Ollama`].
#[derive(Debug, Clone)]
pub struct OllamaBuilder {
    id: ProviderId,
    auth: Auth,
    has_key: bool,
    base_url: String,
    num_ctx: u32,
    capabilities: Option<Capabilities>,
    connection: Connection,
}

impl OllamaBuilder {
    /// Calls with this key, for ollama.com or a proxy that asks for one; further ones are used in turn.
    #[must_use]
    pub fn key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = if std::mem::replace(&mut self.has_key, true) {
            self.auth.another(key)
        } else {
            Auth::bearer(key)
        };
        self
    }

    /// Names the instance. `ollama` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls another address; with or without `/api`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Asks for a context of this many tokens, input and output together. 8,192 unless told otherwise, at least 1; it
    /// costs the server memory, and the model's own limit stands above it.
    #[must_use]
    pub const fn num_ctx(mut self, tokens: u32) -> Self {
        self.num_ctx = tokens;
        self
    }

    /// Says what the models can do, where it is known better; the context is that of [`Self::num_ctx`] in any case.
    #[must_use]
    pub const fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// Sets time limits and headers. A model that is not loaded yet takes its time to the first byte.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the address, the context or a time limit cannot be used.
    pub fn build(self) -> Result<Ollama, Error> {
        if self.num_ctx == 0 {
            return Err(Error::new(ErrorKind::Config).with_context("num_ctx must be at least 1"));
        }
        let codec = OllamaChat::default().num_ctx(self.num_ctx);
        let base_url = self.base_url.trim().trim_end_matches('/');
        let base_url = base_url.strip_suffix("/api").unwrap_or(base_url);
        let endpoint = Endpoint::new(self.id, base_url, Prefix::Bare, self.auth, codec, self.connection)?;
        let usual = Capabilities {
            documents: false,
            audio: false,
            media_urls: false,
            speech: false,
            prefill: false,
            prompt_cache: false,
            ..Capabilities::ALL
        };
        let capabilities = Capabilities {
            context_tokens: Some(self.num_ctx),
            ..self.capabilities.unwrap_or(usual)
        };
        Ok(Ollama {
            endpoint,
            codec,
            capabilities,
        })
    }
}
