//! Anthropic.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection, Endpoint, Prefix};
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;
use crate::provider::{Call, Capabilities, LlmProvider, ModelCatalog, ModelInfo, ProviderId, TokenCounter};
use crate::tokens::TokenCount;
use crate::wire::anthropic::{AnthropicMessages, Thinking};

pub use crate::wire::anthropic::Options;

/// What it is called in the catalog.
const KIND: &str = "anthropic";

/// Where Anthropic is reached.
pub const BASE_URL: &str = "https://api.anthropic.com";

/// Most pages of the list of models that are read, of 1,000 models each.
const MAX_PAGES: usize = 10;

/// Anthropic: its Messages, counts of tokens and the list of models.
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
    codec: AnthropicMessages,
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
impl TokenCounter for Anthropic {
    async fn count_tokens(&self, call: &Call) -> Result<TokenCount, Error> {
        let blame = |error| self.endpoint.blame(error, &call.model);
        let wire = self.codec.encode_count(call).map_err(blame)?;
        let (_, body) = self.endpoint.exchange(call, &wire).await?;
        self.codec.decode_count(&body).map_err(blame)
    }
}

#[async_trait]
impl ModelCatalog for Anthropic {
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let wire = self.codec.encode_models(after.as_deref());
            let (_, body) = self.endpoint.ask(&wire, key).await?;
            let page = self.codec.decode_models(&body);
            let (models, next) = page.map_err(|error| self.endpoint.blame(error, ""))?;
            all.extend(models);
            after = next;
            if after.is_none() {
                break;
            }
        }
        all.truncate(10_000);
        Ok(all)
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

    /// Says how a reasoning effort is put. As the model takes it, by its name, unless told otherwise.
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
            codec.clone(),
            self.connection,
        )?;
        Ok(Anthropic { endpoint, codec })
    }
}
