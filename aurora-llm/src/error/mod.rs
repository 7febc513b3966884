//! What can go wrong with a model call, and what can be done about it.

mod kind;

use std::fmt;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};

use crate::chat::Message;
use crate::client::Attempt;
use crate::provider::ProviderId;

pub use self::kind::{ErrorKind, TimeoutStage};

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
        self.0.kind.class()
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
        f.write_str(self.0.kind.words())?;
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
