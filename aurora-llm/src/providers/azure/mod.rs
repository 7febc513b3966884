//! OpenAI's models by Microsoft Azure (Azure OpenAI, Foundry Models).
//!
//! A model is called by the name of its *deployment*, which its owner chose. The list of models is not offered: Azure
//! lists what could be deployed, not what is. A token of Microsoft Entra ID lasts about an hour; whoever calls by one
//! builds the provider anew with the next.
//!
//! A deployment's name says nothing of its model. What it can do is known once
//! [`AzureBuilder::deployment`] tells; what it costs, once
//! [`PriceBook::same`](crate::pricing::PriceBook::same) gives the deployment, of the kind `azure.ai.openai`, the
//! prices of its model; until then its calls are unpriced.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aurora_core::secret::Secret;

use super::endpoint::{Auth, Connection};
use super::openai_compatible::{OpenAiCompatible, Paths};
use crate::catalog;
use crate::chat::{ChatResponse, ChatStream};
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, Capabilities, EmbeddingProvider, LlmProvider, ProviderId};

pub use super::openai_compatible::Api;

/// What OpenTelemetry calls it.
const KIND: &str = "azure.ai.openai";

/// Which form the addresses have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `/openai/v1/…`, with the deployment in the body.
    #[default]
    V1,
    /// `/openai/deployments/{deployment}/…?api-version=…`, with a version such as `2024-10-21`.
    Dated(String),
}

/// OpenAI's models by Azure.
///
/// # Examples
/// ```
/// use aurora_llm::providers::azure::{ApiVersion, Azure};
///
/// let azure = Azure::builder("https://my-resource.openai.azure.com", "key-1")
///     .deployment("prod-chat", "gpt-5-mini")
///     .api_version(ApiVersion::Dated("2024-10-21".into()))
///     .build()?;
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct Azure {
    inner: OpenAiCompatible,
    deployments: BTreeMap<String, String>,
}

impl Azure {
    /// The resource at `endpoint`, called by a key of its own.
    #[must_use]
    pub fn builder(endpoint: impl Into<String>, key: impl Into<Secret>) -> AzureBuilder {
        AzureBuilder {
            id: ProviderId::new("azure"),
            endpoint: endpoint.into(),
            auth: Auth::header("api-key", key),
            version: ApiVersion::default(),
            api: Api::default(),
            deployments: BTreeMap::new(),
            connection: Connection::default(),
        }
    }
}

#[async_trait]
impl LlmProvider for Azure {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    fn keys(&self) -> usize {
        self.inner.keys()
    }

    /// Those of the model behind a [deployment](AzureBuilder::deployment) that is known; of others Azure judges.
    fn capabilities(&self, model: &str) -> Capabilities {
        let able = self
            .deployments
            .get(model)
            .and_then(|model| catalog::capabilities("openai", model));
        self.inner
            .limit(able.unwrap_or_else(|| self.inner.capabilities(model)))
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        self.inner.embeddings()
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.inner.chat_as(call, self.capabilities(&call.model)).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        self.inner.stream_as(call, self.capabilities(&call.model)).await
    }
}

/// Settings of an [`Azure`].
#[derive(Debug, Clone)]
pub struct AzureBuilder {
    id: ProviderId,
    endpoint: String,
    auth: Auth,
    version: ApiVersion,
    api: Api,
    deployments: BTreeMap<String, String>,
    connection: Connection,
}

impl AzureBuilder {
    /// Adds a key: the client spreads calls over all of them and rotates when one is refused.
    #[must_use]
    pub fn another_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth = self.auth.another(key);
        self
    }

    /// Calls by a token of Microsoft Entra ID, in place of keys.
    #[must_use]
    pub fn entra_token(mut self, token: impl Into<Secret>) -> Self {
        self.auth = Auth::bearer(token);
        self
    }

    /// Names the instance. `azure` unless told otherwise.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Says which form the addresses have. [`ApiVersion::V1`] unless told otherwise.
    #[must_use]
    pub fn api_version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Says which interface is spoken. [`Api::ChatCompletions`] unless told otherwise; [`Api::Responses`] is offered
    /// with [`ApiVersion::V1`] alone.
    #[must_use]
    pub const fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Says which model stands behind a deployment, so that what it can do is known before a call.
    #[must_use]
    pub fn deployment(mut self, name: impl Into<String>, model: impl Into<String>) -> Self {
        self.deployments.insert(name.into(), model.into());
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
    /// [`ErrorKind::Config`] when the address or a time limit cannot be used, the version is empty, or
    /// [`Api::Responses`] is asked for with a dated version.
    pub fn build(self) -> Result<Azure, Error> {
        let config = |context: &str| Err(Error::new(ErrorKind::Config).with_context(context));
        let paths = match self.version {
            ApiVersion::V1 => Paths::Under("/openai/v1"),
            ApiVersion::Dated(version) if version.trim().is_empty() => {
                return config("the API version is empty; it is a date such as 2024-10-21");
            }
            ApiVersion::Dated(_) if self.api == Api::Responses => {
                return config("Responses are offered under version V1 alone");
            }
            ApiVersion::Dated(version) => Paths::Deployments(version),
        };
        // People paste any of the forms that Azure shows.
        let endpoint = self.endpoint.trim().trim_end_matches('/');
        let endpoint = endpoint.strip_suffix("/v1").unwrap_or(endpoint);
        let endpoint = endpoint.strip_suffix("/openai").unwrap_or(endpoint);
        let inner = OpenAiCompatible::builder(self.id, endpoint)
            .genuine()
            .paths(paths)
            .auth(self.auth)
            .api(self.api)
            .connection(self.connection)
            .build()?;
        Ok(Azure {
            inner,
            deployments: self.deployments,
        })
    }
}
