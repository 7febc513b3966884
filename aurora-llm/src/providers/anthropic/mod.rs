//! Anthropic.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::wire::anthropic::{AnthropicMessages, Thinking};

/// What it is called in the catalog.
const KIND: &str = "anthropic";

/// Where Anthropic is reached.
pub const BASE_URL: &str = "https://api.anthropic.com";

/// Anthropic, by its Messages.
///
/// # Examples
/// ```
/// use aurora_llm::providers::anthropic::Anthropic;
///
/// let anthropic = Anthropic::new("sk-ant-123")?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Anthropic {
    endpoint: Endpoint,
}

impl Anthropic {
    /// Anthropic with its usual address, called `anthropic`.
    ///
    /// # Errors
    /// As [`AnthropicBuilder::build`].
    pub fn new(key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// Anthropic with other than the usual settings.
    #[must_use]
    pub fn builder(key: impl Into<Secret>) -> AnthropicBuilder {
        AnthropicBuilder {
            id: ProviderId::new("anthropic"),
            auth: Auth::header("x-api-key", key),
            base_url: BASE_URL.to_owned(),
            thinking: Thinking::default(),
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Anthropic {
    fn id(&self) -> &ProviderId {
        self.endpoint.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.endpoint.keys()
    }

    /// As the [catalog](catalog) has it; a new model is taken for one that can do what the latest can.
    fn capabilities(&self, model: &str) -> Capabilities {
        catalog::capabilities(KIND, model).unwrap_or(Capabilities::NONE)
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

/// Settings of an [`Anthropic`].
#[derive(Debug, Clone)]
pub struct AnthropicBuilder {
    id: ProviderId,
    auth: Auth,
    base_url: String,
    thinking: Thinking,
    connection: Connection,
}

impl AnthropicBuilder {
    /// Adds a key: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(key);
        self
    }

    /// Names the instance. `anthropic` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls another address, such as that of a proxy; with or without `/v1`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Says how a reasoning effort is put. As a budget unless told otherwise.
    #[must_use]
    pub const fn thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = thinking;
        self
    }

    /// Sets time limits and headers, such as `anthropic-beta`.
    #[must_use]
    pub fn connection(mut self, connection: Connection) -> Self {
        self.connection = connection;
        self
    }

    /// Checks the settings. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the address or a time limit cannot be used.
    pub fn build(self) -> Result<Anthropic, Error> {
        let codec = AnthropicMessages::new(self.id.clone()).thinking(self.thinking);
        let endpoint = Endpoint::new(
            self.id,
            &self.base_url,
            Prefix::Bare,
            self.auth,
            codec,
            self.connection,
        )?;
        Ok(Anthropic { endpoint })
    }
}
