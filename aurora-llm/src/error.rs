//! What can go wrong with a model call, and what can be done about it.

use std::fmt;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};

use crate::chat::Message;
use crate::client::Attempt;
use crate::provider::ProviderId;

/// What went wrong. Our own limits are kinds of their own, so that they are never taken for a provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider wants fewer calls for now.
    RateLimited,
    /// The account's quota, credit or spending limit is used up; waiting does not help.
    QuotaExhausted,
    /// The provider has too much to do: 503, 529.
    Overloaded,
    /// The provider failed: other 5xx.
    ServerError,
    /// No connection came about; the provider has not seen the call.
    Connect,
    /// No answer in time; which time is told.
    Timeout(TimeoutStage),
    /// The stream ended without its end.
    StreamTruncated,
    /// The answer was not in the provider's documented form.
    Malformed,
    /// The key is missing, wrong or withdrawn.
    Authentication,
    /// The key may not do this.
    Permission,
    /// The provider does not have this model.
    ModelNotFound,
    /// The conversation is longer than the model can take.
    ContextOverflow,
    /// The provider withheld the answer.
    ContentFiltered,
    /// The provider refuses the request as it is.
    InvalidRequest,
    /// No target can do what the request needs; found before the call.
    Unsupported,
    /// The circuit breaker of the target is open; nothing was sent.
    CircuitOpen,
    /// Our own limit was reached; nothing was sent.
    LocalRateLimited,
    /// The caller gave up.
    Cancelled,
    /// The client is set up wrongly.
    Config,
}

impl ErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Connect => "connect",
            Self::Timeout(TimeoutStage::Connect) => "timeout_connect",
            Self::Timeout(TimeoutStage::FirstToken) => "timeout_first_token",
            Self::Timeout(TimeoutStage::Idle) => "timeout_idle",
            Self::Timeout(TimeoutStage::Total) => "timeout_total",
            Self::StreamTruncated => "stream_truncated",
            Self::Malformed => "malformed",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::ModelNotFound => "model_not_found",
            Self::ContextOverflow => "context_overflow",
            Self::ContentFiltered => "content_filtered",
            Self::InvalidRequest => "invalid_request",
            Self::Unsupported => "unsupported",
            Self::CircuitOpen => "circuit_open",
            Self::LocalRateLimited => "local_rate_limited",
            Self::Cancelled => "cancelled",
            Self::Config => "config",
        }
    }
}

/// Which wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutStage {
    /// Until a connection stood.
    Connect,
    /// Until the first content of the answer.
    FirstToken,
    /// Between two pieces of the answer.
    Idle,
    /// For the whole call.
    Total,
}

/// A model call that failed.
///
/// `Display` says what failed, without secrets, addresses or prompts; the provider's own words are in
/// [`Error::provider_message`], for the caller to show or to keep to himself. `Debug` leaves them out too, and what was
/// said before a stream broke.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: Option<u16>,
    provider: Option<ProviderId>,
    model: Option<String>,
    code: Option<String>,
    provider_message: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    no_retry: bool,
    context: Option<String>,
    partial: Option<Message>,
    attempts: Vec<Attempt>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            status: None,
            provider: None,
            model: None,
            code: None,
            provider_message: None,
            request_id: None,
            retry_after: None,
            no_retry: false,
            context: None,
            partial: None,
            attempts: Vec::new(),
            source: None,
        }))
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the provider's answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The provider instance that failed; for a call that several refused, the last.
    #[must_use]
    pub const fn provider(&self) -> Option<&ProviderId> {
        self.0.provider.as_ref()
    }

    /// The model that was called.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The provider's own code, such as `insufficient_quota`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The provider's own words, at most 2,000 characters. They may repeat parts of the request.
    #[must_use]
    pub fn provider_message(&self) -> Option<&str> {
        self.0.provider_message.as_deref()
    }

    /// The provider's id of the call, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the provider asked to be left alone.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What had been said before the stream broke.
    #[must_use]
    pub const fn partial(&self) -> Option<&Message> {
        self.0.partial.as_ref()
    }

    /// Every attempt of the call in order, those that were passed over included; empty when nothing was tried.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Whether the same call can succeed a moment later; `false` too when the provider said so.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !self.0.no_retry && self.class().is_retryable()
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets who failed.
    #[must_use]
    pub fn with_provider(mut self, provider: ProviderId, model: impl Into<String>) -> Self {
        self.0.provider = Some(provider);
        self.0.model = Some(model.into());
        self
    }

    /// Sets the provider's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the provider's own words; what exceeds 2,000 characters is cut.
    #[must_use]
    pub fn with_provider_message(mut self, message: impl AsRef<str>) -> Self {
        self.0.provider_message = Some(message.as_ref().chars().take(2_000).collect());
        self
    }

    /// Sets the provider's id of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Sets how long the provider asked to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Says that the provider told us not to try again, whatever the kind (`x-should-retry: false`).
    #[must_use]
    pub fn without_retry(mut self) -> Self {
        self.0.no_retry = true;
        self
    }

    /// Adds a few words of ours on what was expected. No secret, address or prompt.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.0.context = Some(context.into());
        self
    }

    /// Keeps what had been said before the stream broke.
    #[must_use]
    pub fn with_partial(mut self, partial: Message) -> Self {
        self.0.partial = Some(partial);
        self
    }

    /// Keeps the trail of attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        match self.kind() {
            ErrorKind::RateLimited | ErrorKind::Overloaded => FailureClass::Throttled,
            ErrorKind::ServerError
            | ErrorKind::Connect
            | ErrorKind::StreamTruncated
            | ErrorKind::Malformed
            | ErrorKind::CircuitOpen => FailureClass::Transient,
            ErrorKind::Timeout(_) => FailureClass::Timeout,
            ErrorKind::QuotaExhausted | ErrorKind::Authentication | ErrorKind::Permission => {
                FailureClass::Credential
            }
            ErrorKind::Cancelled => FailureClass::Cancelled,
            ErrorKind::ModelNotFound
            | ErrorKind::ContextOverflow
            | ErrorKind::ContentFiltered
            | ErrorKind::InvalidRequest
            | ErrorKind::Unsupported
            | ErrorKind::LocalRateLimited
            | ErrorKind::Config => FailureClass::Rejected,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("status", &inner.status)
            .field("provider", &inner.provider)
            .field("model", &inner.model)
            .field("code", &inner.code)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("no_retry", &inner.no_retry)
            .field("context", &inner.context)
            .field("attempts", &inner.attempts)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            ErrorKind::RateLimited => "rate limited",
            ErrorKind::QuotaExhausted => "quota used up",
            ErrorKind::Overloaded => "provider overloaded",
            ErrorKind::ServerError => "provider failed",
            ErrorKind::Connect => "could not connect",
            ErrorKind::Timeout(TimeoutStage::Connect) => "no connection in time",
            ErrorKind::Timeout(TimeoutStage::FirstToken) => "no first token in time",
            ErrorKind::Timeout(TimeoutStage::Idle) => "the answer stalled",
            ErrorKind::Timeout(TimeoutStage::Total) => "no whole answer in time",
            ErrorKind::StreamTruncated => "the stream ended without its end",
            ErrorKind::Malformed => "the answer was malformed",
            ErrorKind::Authentication => "authentication failed",
            ErrorKind::Permission => "permission denied",
            ErrorKind::ModelNotFound => "model not found",
            ErrorKind::ContextOverflow => "conversation too long for the model",
            ErrorKind::ContentFiltered => "content filtered",
            ErrorKind::InvalidRequest => "invalid request",
            ErrorKind::Unsupported => "not supported by any target",
            ErrorKind::CircuitOpen => "circuit open",
            ErrorKind::LocalRateLimited => "own rate limit reached",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Config => "client set up wrongly",
        };
        f.write_str(what)?;
        if let Some(context) = &self.0.context {
            write!(f, ": {context}")?;
        }
        if let Some(provider) = &self.0.provider {
            write!(f, " ({provider}")?;
            if let Some(model) = &self.0.model {
                write!(f, ", {model}")?;
            }
            if let Some(status) = self.0.status {
                write!(f, ", status {status}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_what_was_said_nor_the_providers_words() {
        let error = Error::new(ErrorKind::StreamTruncated)
            .with_provider("a".into(), "m")
            .with_status(200)
            .with_code("cut")
            .with_provider_message("prompt: Maria Silva")
            .with_partial(Message::assistant("Maria Silva has"))
            .with_source(std::io::Error::other("reset"));
        let shown = format!("{error:?} {error:#?}");
        assert!(!shown.contains("Maria"), "{shown}");
        for told in ["StreamTruncated", "200", "cut", "reset"] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
    }
}
