//! OpenAI.

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection};
use super::openai_compatible::OpenAiCompatible;
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::Error;
use crate::provider::{Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ProviderId};

pub use super::openai_compatible::Api;

/// What it is called in the catalog.
const KIND: &str = "openai";

/// Where OpenAI is reached.
pub const BASE_URL: &str = "https://api.openai.com/v1";

/// OpenAI, by its Chat Completions or its Responses.
///
/// # Examples
/// ```
/// use aurora_llm::providers::openai::OpenAi;
///
/// let openai = OpenAi::new("sk-123")?;
/// let european = OpenAi::builder("sk-456").id("openai/eu").base_url("https://eu.api.openai.com/v1").build()?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct OpenAi(OpenAiCompatible);

impl OpenAi {
    /// OpenAI with its usual address, called `openai`.
    ///
    /// # Errors
    /// As [`OpenAiBuilder::build`].
    pub fn new(key: impl Into<Secret>) -> Result<Self, Error> {
        Self::builder(key).build()
    }

    /// OpenAI with other than the usual settings.
    #[must_use]
    pub fn builder(key: impl Into<Secret>) -> OpenAiBuilder {
        OpenAiBuilder {
            id: ProviderId::new("openai"),
            auth: Auth::bearer(key),
            base_url: BASE_URL.to_owned(),
            organization: None,
            project: None,
            api: Api::default(),
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for OpenAi {
    fn id(&self) -> &ProviderId {
        self.0.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.0.keys()
    }

    /// As the [catalog](catalog) has it; what a new model can do is left to OpenAI to judge.
    fn capabilities(&self, model: &str) -> Capabilities {
        let able = catalog::capabilities(KIND, model).unwrap_or_else(|| self.0.capabilities(model));
        self.0.limit(able)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        self.0.embeddings()
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        self.0.catalog()
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.0.chat_as(call, self.capabilities(&call.model)).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.0.stream_as(call, self.capabilities(&call.model)).await
    }
}

/// Settings of an [`OpenAi`].
#[derive(Debug, Clone)]
pub struct OpenAiBuilder {
    id: ProviderId,
    auth: Auth,
    base_url: String,
    organization: Option<String>,
    project: Option<String>,
    api: Api,
    connection: Connection,
}

impl OpenAiBuilder {
    /// Adds a key: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(key);
        self
    }

    /// Names the instance. `openai` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Calls another address, such as that of a region or a proxy; with or without `/v1`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Calls on behalf of this organization.
    #[must_use]
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.organization = Some(organization.into());
        self
    }

    /// Calls on behalf of this project.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Says which interface is spoken. [`Api::ChatCompletions`] unless told otherwise.
    #[must_use]
    pub const fn api(mut self, api: Api) -> Self {
        self.api = api;
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
    pub fn build(self) -> Result<OpenAi, Error> {
        let mut connection = self.connection;
        for (name, value) in [
            ("openai-organization", self.organization),
            ("openai-project", self.project),
        ] {
            if let Some(value) = value {
                connection = connection.header(name, value);
            }
        }
        OpenAiCompatible::builder(self.id, self.base_url)
            .genuine()
            .auth(self.auth)
            .api(self.api)
            .connection(connection)
            .build()
            .map(OpenAi)
    }
}
