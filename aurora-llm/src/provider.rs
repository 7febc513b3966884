//! What a provider is: small, object-safe, and to be implemented outside this crate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::chat::{ChatRequest, ChatResponse, ChatStream};
use crate::error::Error;

/// The name of one configured provider instance, such as `openai` or `openai/eu`; not of a vendor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// What a provider can do with one model, or what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent capability of a provider"
)]
pub struct Capabilities {
    /// Streamed answers.
    pub streaming: bool,
    /// Tool calls.
    pub tools: bool,
    /// Answers held to a JSON Schema.
    pub json_schema: bool,
    /// Pictures in messages.
    pub images: bool,
    /// Documents in messages.
    pub documents: bool,
    /// Sound in messages.
    pub audio: bool,
    /// Repeatable sampling.
    pub seed: bool,
    /// Reasoning effort.
    pub reasoning: bool,
    /// Most tokens of input and output together; `None` when it is not known.
    pub context_tokens: Option<u32>,
}

impl Capabilities {
    /// Nothing but plain text.
    pub const NONE: Self = Self {
        streaming: false,
        tools: false,
        json_schema: false,
        images: false,
        documents: false,
        audio: false,
        seed: false,
        reasoning: false,
        context_tokens: None,
    };

    /// Everything, for a provider that passes all on and lets the other side decide.
    pub const ALL: Self = Self {
        streaming: true,
        tools: true,
        json_schema: true,
        images: true,
        documents: true,
        audio: true,
        seed: true,
        reasoning: true,
        context_tokens: None,
    };

    /// The first thing that is needed and not here, by name.
    #[must_use]
    pub fn missing(&self, needed: &Self) -> Option<&'static str> {
        [
            (needed.streaming, self.streaming, "streaming"),
            (needed.tools, self.tools, "tools"),
            (needed.json_schema, self.json_schema, "json_schema"),
            (needed.images, self.images, "images"),
            (needed.documents, self.documents, "documents"),
            (needed.audio, self.audio, "audio"),
            (needed.seed, self.seed, "seed"),
            (needed.reasoning, self.reasoning, "reasoning"),
        ]
        .into_iter()
        .find_map(|(needed, here, name)| (needed && !here).then_some(name))
    }
}

/// One attempt of one call at one provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// What is asked; shared, so that attempts copy nothing.
    pub request: Arc<ChatRequest>,
    /// The model by the provider's own name.
    pub model: Arc<str>,
    /// How long this attempt may take in all; `None` leaves the provider's own limits.
    pub timeout: Option<Duration>,
    /// Which attempt of the call this is, from 1.
    pub attempt: u32,
}

impl Call {
    /// The first attempt of `request` with `model`.
    #[must_use]
    pub fn new(request: impl Into<Arc<ChatRequest>>, model: impl AsRef<str>) -> Self {
        Self {
            request: request.into(),
            model: Arc::from(model.as_ref()),
            timeout: None,
            attempt: 1,
        }
    }

    /// Limits how long the attempt may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says which attempt this is.
    #[must_use]
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

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
