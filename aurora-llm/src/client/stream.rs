//! An answer that is handed out while it is being written.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::time::Clock;
use futures::{Stream, StreamExt as _};

use super::cache::CacheStatus;
use super::told::Told;
use super::trail::Attempt;
use crate::chat::{ChatResponse, StreamCollector, StreamEvent};
use crate::error::{Error, ErrorKind};
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::telemetry::{self, Chunks, Served};
use crate::usage::Usage;

/// Where the events of an answer come from: a provider, or a cache.
pub(super) trait Source: Send {
    /// Who answers; it may change until the end.
    fn told(&self) -> &Told;

    /// The next event; `None` after the only terminal item, be it the end or an error. `so_far` is what was handed out.
    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        so_far: &StreamCollector,
    ) -> Poll<Option<Result<StreamEvent, Error>>>;
}

/// The events of one answer, from its first to its only terminal item.
///
/// Ends after [`StreamEvent::Finish`] or after the first error. An error carries what was said before it
/// ([`Error::partial`]).
///
/// # Cancel safety
/// `next()` may be dropped and called again. Dropping the stream ends the call at the provider; it says nothing
/// about the provider's health, and its duration is recorded with `error.type` = `cancelled`.
#[must_use = "an answer is only written while it is read"]
pub struct AnswerStream {
    source: Box<dyn Source>,
    collector: StreamCollector,
    clock: Arc<dyn Clock>,
    /// Until it has ended.
    trace: Option<(tracing::Span, Duration)>,
    chunks: Chunks,
}

impl AnswerStream {
    pub(super) fn new(
        source: Box<dyn Source>,
        clock: Arc<dyn Clock>,
        span: tracing::Span,
        started: Duration,
    ) -> Self {
        Self {
            source,
            collector: StreamCollector::default(),
            clock,
            trace: Some((span, started)),
            chunks: Chunks::default(),
        }
    }

    /// The provider instance that answers.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        &self.source.told().provider
    }

    /// What stands behind that provider; see [`LlmProvider::kind`](crate::provider::LlmProvider::kind).
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.source.told().kind
    }

    /// The model that was asked for, by the provider's own name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.source.told().model
    }

    /// The name of the target that answers.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.source.told().target
    }

    /// Every attempt in order; the last one serves.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.source.told().attempts
    }

    /// What has been consumed, as far as the provider said so far.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.collector.usage()
    }

    /// What the answer costs, all attempts together; final once the stream has ended.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.source.told().total_with(self.usage())
    }

    /// What the attempt costs that serves, without those before it; final once the stream has ended.
    #[must_use]
    pub fn served_cost(&self) -> Cost {
        self.source.told().cost(self.usage())
    }

    /// What the cache had to do with the answer.
    #[must_use]
    pub fn cache(&self) -> CacheStatus {
        self.source.told().cache
    }

    /// What a cached or shared answer would have cost; zero for one that is paid for.
    #[must_use]
    pub fn saved_cost(&self) -> Cost {
        self.source.told().saved(self.usage())
    }

    /// Reads to the end and puts the whole answer together.
    ///
    /// # Errors
    /// The error with which the stream ended.
    pub async fn collect_answer(mut self) -> Result<ChatResponse, Error> {
        while let Some(event) = self.next().await {
            event?;
        }
        let collector = std::mem::take(&mut self.collector);
        collector
            .finish()
            .ok_or_else(|| Error::new(ErrorKind::StreamTruncated))
    }

    fn take(&mut self, event: StreamEvent) -> StreamEvent {
        self.collector.push(&event);
        if let Some((span, started)) = &self.trace
            && event.is_content()
            && !self.source.told().cache.is_free()
        {
            let told = self.source.told();
            let by = (&told.provider, told.kind);
            self.chunks.came(span, by, *started, self.clock.elapsed());
        }
        if let StreamEvent::Finish { reason, .. } = &event
            && let Some((span, started)) = self.trace.take()
        {
            let elapsed = self.clock.elapsed().saturating_sub(started);
            let told = self.source.told();
            let served = Served {
                provider: &told.provider,
                kind: told.kind,
                model: &told.model,
            };
            telemetry::finished(&span, reason);
            if told.cache.is_free() {
                telemetry::reused(&span, served, told.cache);
            } else {
                telemetry::served(telemetry::CHAT, &span, served, self.usage(), elapsed);
                telemetry::cost(served, told.cost(self.usage()));
            }
        }
        event
    }

    fn fail(&mut self, error: Error) -> Error {
        if let Some((span, started)) = self.trace.take() {
            let elapsed = self.clock.elapsed().saturating_sub(started);
            telemetry::failed(telemetry::CHAT, &span, &error, Some(self.kind()), elapsed);
        }
        let attempts = self.attempts().to_vec();
        error
            .with_partial(self.collector.partial())
            .with_attempts(attempts)
    }
}

impl Stream for AnswerStream {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.source
            .poll_event(cx, &this.collector)
            .map(|event| match event? {
                Ok(event) => Some(Ok(this.take(event))),
                Err(error) => Some(Err(this.fail(error))),
            })
    }
}

impl Drop for AnswerStream {
    fn drop(&mut self) {
        if let Some((span, started)) = self.trace.take() {
            let elapsed = self.clock.elapsed().saturating_sub(started);
            let by = (self.provider(), self.kind());
            telemetry::abandoned(telemetry::CHAT, &span, Some(by), elapsed);
        }
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerStream")
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}
