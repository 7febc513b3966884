//! What is added to an error on its way to the caller.

use std::time::Duration;

use super::{Error, Scope, Sent, Stage};
use crate::chat::Message;
use crate::client::Attempt;
use crate::provider::ProviderId;
use crate::usage::Usage;

impl Error {
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

    /// Puts before it what earlier calls of the same question took and consumed.
    #[must_use]
    pub(crate) fn after(mut self, mut earlier: Vec<Attempt>) -> Self {
        let used = earlier.iter().filter_map(|attempt| attempt.usage.as_ref());
        let own = self.0.usage.take();
        self.0.usage = used.chain(own.as_ref()).fold(None, |sum: Option<Usage>, more| {
            Some(sum.map_or_else(|| more.clone(), |sum| sum.plus(more)))
        });
        earlier.append(&mut self.0.attempts);
        self.0.attempts = earlier;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// Says how much of the call the provider has seen, where the kind tells it wrongly.
    #[must_use]
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = Some(sent);
        self
    }

    /// Says how far the attempt had come, where the kind tells it wrongly.
    #[must_use]
    pub fn with_stage(mut self, stage: Stage) -> Self {
        self.0.stage = Some(stage);
        self
    }

    /// Says what the failure concerns, where the kind tells it wrongly.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.0.scope = Some(scope);
        self
    }

    /// Keeps what the failed attempt consumed.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.0.usage = Some(usage);
        self
    }
}
