//! What a provider is: small, object-safe, and to be implemented outside this crate.

mod call;
mod capabilities;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::chat::{ChatResponse, ChatStream};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::rerank::{RerankRequest, RerankResponse};
use crate::tokens::TokenCount;

pub use call::Call;
pub(crate) use call::Ear;
pub use capabilities::Capabilities;

/// The name of one configured provider instance, such as `openai` or `openai/eu`; not of a vendor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ProviderId(Arc<str>);

impl ProviderId {
    /// A name; keep it short and stable, it labels metrics and records.
    #[must_use]
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Arc::from(name.as_ref()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ProviderId {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl From<&str> for ProviderId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The [`kind`](LlmProvider::kind) of a provider whose answers are made up.
pub const SIMULATED: &str = "simulated";

/// Somebody who answers chat requests.
///
/// An implementation makes exactly one attempt: it neither retries nor falls back nor waits for limits. That is the
/// client's work, done once for all providers.
#[async_trait]
pub trait LlmProvider: fmt::Debug + Send + Sync + 'static {
    /// The name of this instance.
    fn id(&self) -> &ProviderId;

    /// What stands behind it, in the words of OpenTelemetry's `gen_ai.provider.name` where it has one: `openai`,
    /// `anthropic`. [`SIMULATED`] tells that its answers are made up.
    fn kind(&self) -> &'static str;

    /// What it can do with `model`. Must be cheap: it is asked before every call.
    fn capabilities(&self, model: &str) -> Capabilities;

    /// How many keys it has; the client spreads calls over them and rotates when one is refused ([`Call::key`]).
    fn keys(&self) -> usize {
        1
    }

    /// Its embeddings, if it has any.
    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        None
    }

    /// Its reranking, if it has any.
    fn reranker(&self) -> Option<&dyn RerankProvider> {
        None
    }

    /// Its counting of tokens, if it has any.
    fn token_counter(&self) -> Option<&dyn TokenCounter> {
        None
    }

    /// The list of its models, if it has one; also the way to ask after its health that costs nothing.
    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        None
    }

    /// Answers in one piece.
    ///
    /// # Errors
    /// [`Error`] says what went wrong and what can be done about it.
    ///
    /// # Cancel safety
    /// Dropping the future must end the call at the provider.
    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error>;

    /// Answers while the model writes.
    ///
    /// # Errors
    /// As [`Self::chat`], for what goes wrong before the first event; later failures are items of the stream.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream must end the call at the provider.
    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error>;
}

/// A provider of a type that is not known here, such as one made from settings, is a provider like any other.
#[async_trait]
impl<P: LlmProvider + ?Sized> LlmProvider for Arc<P> {
    fn id(&self) -> &ProviderId {
        (**self).id()
    }

    fn kind(&self) -> &'static str {
        (**self).kind()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        (**self).capabilities(model)
    }

    fn keys(&self) -> usize {
        (**self).keys()
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        (**self).embeddings()
    }

    fn reranker(&self) -> Option<&dyn RerankProvider> {
        (**self).reranker()
    }

    fn token_counter(&self) -> Option<&dyn TokenCounter> {
        (**self).token_counter()
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        (**self).catalog()
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        (**self).chat(call).await
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        (**self).chat_stream(call).await
    }
}

/// Somebody who turns texts into vectors. As with [`LlmProvider`], exactly one attempt.
#[async_trait]
pub trait EmbeddingProvider: Send + Sync {
    /// Most texts of one request; more are split by the client.
    fn max_inputs(&self, model: &str) -> usize;

    /// The vectors, in the order of the texts.
    ///
    /// # Errors
    /// As [`LlmProvider::chat`].
    ///
    /// # Cancel safety
    /// As [`LlmProvider::chat`].
    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error>;
}

/// Somebody who sorts documents by how well they answer a query. As with [`LlmProvider`], exactly one attempt.
#[async_trait]
pub trait RerankProvider: Send + Sync {
    /// Most documents of one request; the client refuses more, since scores of several requests do not compare.
    fn max_documents(&self, model: &str) -> usize;

    /// The documents by index, best first.
    ///
    /// # Errors
    /// As [`LlmProvider::chat`].
    ///
    /// # Cancel safety
    /// As [`LlmProvider::chat`].
    async fn rerank(&self, call: &Call<RerankRequest>) -> Result<RerankResponse, Error>;
}

/// Somebody who counts the tokens of a request as the model will. Exactly one attempt.
#[async_trait]
pub trait TokenCounter: Send + Sync {
    /// How many input tokens the request has.
    ///
    /// # Errors
    /// As [`LlmProvider::chat`].
    ///
    /// # Cancel safety
    /// As [`LlmProvider::chat`].
    async fn count_tokens(&self, call: &Call) -> Result<TokenCount, Error>;
}

/// Somebody who lists models. Exactly one attempt.
#[async_trait]
pub trait ModelCatalog: Send + Sync {
    /// The models that `key` may use, all pages of the list; at most 10,000.
    ///
    /// # Errors
    /// As [`LlmProvider::chat`].
    ///
    /// # Cancel safety
    /// As [`LlmProvider::chat`].
    async fn models(&self, key: usize) -> Result<Vec<ModelInfo>, Error>;
}

/// What a provider tells about one of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The provider's own name of it, as a request has it.
    pub id: String,
    /// A name to show.
    pub name: Option<String>,
    /// Most tokens of input and output together, where it is told.
    pub context_tokens: Option<u32>,
    /// Most tokens of an answer, where it is told.
    pub max_output_tokens: Option<u32>,
}

impl ModelInfo {
    /// A model of which only the name is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            context_tokens: None,
            max_output_tokens: None,
        }
    }
}
