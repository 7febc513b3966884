//! What can go wrong with a model call, and what can be done about it.

mod extent;
mod kind;
mod with;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};

use crate::chat::Message;
use crate::client::Attempt;
use crate::provider::ProviderId;
use crate::usage::Usage;

pub use self::extent::{Scope, Sent, Stage};
pub use self::kind::{ErrorKind, TimeoutStage};

/// A model call that failed.
///
/// `Display` says what failed, without secrets, addresses or prompts; the provider's own words are in
/// [`Error::provider_message`], for the caller to show or to keep to himself. `Debug` leaves them out too, and what was
/// said before a stream broke.
pub struct Error(Box<Inner>);

#[derive(Clone)]
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
    sent: Option<Sent>,
    stage: Option<Stage>,
    scope: Option<Scope>,
    usage: Option<Usage>,
    context: Option<String>,
    partial: Option<Message>,
    attempts: Vec<Attempt>,
    /// Shared by those who waited for the same call.
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
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
            sent: None,
            stage: None,
            scope: None,
            usage: None,
            context: None,
            partial: None,
            attempts: Vec::new(),
            source: None,
        }))
    }

    /// The same failure for another who waited for the same call.
    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
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

    /// How much of the call the provider has seen.
    #[must_use]
    pub fn sent(&self) -> Sent {
        let inner = &*self.0;
        if inner.partial.is_some() {
            return Sent::Partial;
        }
        let known = inner.sent.or(inner.usage.is_some().then_some(Sent::Maybe));
        known.unwrap_or_else(|| Sent::of(inner.kind, inner.status))
    }

    /// How far the attempt had come; `None` when it was not begun.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        let inner = &*self.0;
        if inner.partial.is_some() {
            return Some(Stage::Streaming);
        }
        inner.stage.or_else(|| Stage::of(inner.kind, inner.status))
    }

    /// What the failure concerns.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.0.scope.unwrap_or_else(|| Scope::of(self.0.kind))
    }

    /// What the failed attempt consumed, as far as the provider said: it is billed all the same. Of a question that took
    /// several calls, such as one with tools, what all of them consumed.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.0.usage.as_ref()
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
}

impl Failure for Error {
    fn class(&self) -> FailureClass {
        self.0.kind.class()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    fn not_executed(&self) -> bool {
        self.sent().is_nothing()
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
            .field("sent", &self.sent())
            .field("stage", &self.stage())
            .field("scope", &self.scope())
            .field("usage", &inner.usage)
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
    fn what_was_refused_was_not_carried_out() {
        let is_certain = |error: Error| error.not_executed();
        for kind in [
            ErrorKind::Connect,
            ErrorKind::RateLimited,
            ErrorKind::LocalRateLimited,
        ] {
            assert!(is_certain(Error::new(kind)), "{kind:?}");
        }
        for status in [429, 503, 529] {
            assert!(is_certain(Error::new(ErrorKind::Overloaded).with_status(status)));
        }
        assert!(
            !is_certain(Error::new(ErrorKind::Overloaded)),
            "it came within an answer"
        );
        for kind in [
            ErrorKind::ServerError,
            ErrorKind::StreamTruncated,
            ErrorKind::Timeout(TimeoutStage::Total),
        ] {
            assert!(!is_certain(Error::new(kind)), "{kind:?}");
        }
        let consumed = Error::new(ErrorKind::RateLimited).with_usage(Usage::new(5, 0));
        assert!(!is_certain(consumed), "whoever counts tokens has worked");
        let partial = Error::new(ErrorKind::RateLimited).with_partial(Message::assistant("Half"));
        assert_eq!(
            (partial.sent(), partial.stage()),
            (Sent::Partial, Some(Stage::Streaming))
        );
    }

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
