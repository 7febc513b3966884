//! Any server that speaks OpenAI's Chat Completions: vLLM, llama.cpp, LM Studio, Groq, OpenRouter, DeepSeek …

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::wire::openai_chat::{MaxTokensField, OpenAiChat};

/// A server that speaks OpenAI's Chat Completions.
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
    pub(super) endpoint: Endpoint,
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
            auth: Auth::none(),
            codec: OpenAiChat::compatible(),
            capabilities: Capabilities::ALL,
            connection: Connection::default(),
        }
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
        self.capabilities
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.endpoint.chat(call, &self.capabilities).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.endpoint.chat_stream(call, &self.capabilities).await
    }
}

/// Settings of an [`OpenAiCompatible`].
#[derive(Debug, Clone)]
pub struct OpenAiCompatibleBuilder {
    id: ProviderId,
    base_url: String,
    auth: Auth,
    codec: OpenAiChat,
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

    /// Says which field limits the answer's tokens. `max_tokens` unless told otherwise.
    #[must_use]
    pub const fn max_tokens_field(mut self, field: MaxTokensField) -> Self {
        self.codec = self.codec.max_tokens_field(field);
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

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<OpenAiCompatible, Error> {
        let auth = self.auth;
        let endpoint = Endpoint::new(
            self.id,
            &self.base_url,
            Prefix::Version,
            auth,
            self.codec,
            self.connection,
        )?;
        Ok(OpenAiCompatible {
            endpoint,
            capabilities: self.capabilities,
        })
    }
}
