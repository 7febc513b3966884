//! An answer that is handed out while it is being written.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::failure::Failure as _;
use aurora_core::fallback::Lease;
use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;
use futures::{Stream, StreamExt as _};

use super::answer::cost;
use super::open::Opened;
use super::target::Member;
use super::trail::Attempt;
use crate::chat::{ChatResponse, ChatStream, StreamCollector, StreamEvent};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::pricing::Cost;
use crate::provider::ProviderId;
use crate::telemetry::{self, Served};
use crate::usage::Usage;

/// No model answers with more than this many bytes; an upstream that does would fill the memory.
const MAX_ANSWER: usize = 16 << 20;

/// The events of one answer, from its first to its only terminal item.
///
/// Ends after [`StreamEvent::Finish`] or after the first error. An error carries what was said before it
/// ([`Error::partial`]).
///
/// # Cancel safety
/// `next()` may be dropped and called again. Dropping the stream ends the call at the provider; it says nothing
/// about the provider's health.
#[must_use = "an answer is only written while it is read"]
pub struct AnswerStream {
    waiting: VecDeque<StreamEvent>,
    stream: Option<ChatStream>,
    idle: Option<Idle>,
    idle_limit: Duration,
    deadline: Deadline,
    clock: Arc<dyn Clock>,
    collector: StreamCollector,
    lease: Option<Lease<Member>>,
    member: Member,
    model: String,
    attempts: Vec<Attempt>,
    trace: Option<(tracing::Span, Duration)>,
}

/// The wait for the next event, and which limit it is that runs out with it.
type Idle = (Pin<Box<dyn Future<Output = ()> + Send>>, TimeoutStage);

impl AnswerStream {
    #[expect(clippy::too_many_arguments, reason = "one caller, which has them all at hand")]
    pub(super) fn new(
        opened: Opened,
        member: Member,
        model: String,
        attempts: Vec<Attempt>,
        lease: Lease<Member>,
        idle_limit: Duration,
        deadline: Deadline,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            waiting: opened.events,
            stream: Some(opened.stream),
            idle: None,
            idle_limit,
            deadline,
            clock,
            collector: StreamCollector::default(),
            lease: Some(lease),
            member,
            model,
            attempts,
            trace: None,
        }
    }

    pub(super) fn traced(mut self, span: tracing::Span, started: Duration) -> Self {
        self.trace = Some((span, started));
        self
    }

    /// The provider instance that answers.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        self.member.provider_id()
    }

    /// What stands behind that provider; see [`LlmProvider::kind`](crate::provider::LlmProvider::kind).
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.member.kind()
    }

    /// The model that was asked for, by the provider's own name.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The name of the target that answers.
    #[must_use]
    pub fn target(&self) -> &str {
        self.member.name()
    }

    /// Every attempt in order; the last one serves.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What has been consumed, as far as the provider said so far.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.collector.usage()
    }

    /// What the answer costs; final once the stream has ended.
    #[must_use]
    pub fn cost(&self) -> Cost {
        cost(&self.member, &self.model, self.usage())
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
        if event.is_terminal() {
            self.stream = None;
            self.idle = None;
            if let Some(lease) = self.lease.take() {
                lease.succeeded();
            }
            if let Some((span, started)) = self.trace.take() {
                let elapsed = self.clock.elapsed().saturating_sub(started);
                let served = Served {
                    provider: self.provider(),
                    kind: self.kind(),
                    model: &self.model,
                };
                telemetry::served(&span, served, self.usage(), elapsed);
            }
        }
        event
    }

    fn fail(&mut self, error: Error) -> Error {
        self.stream = None;
        self.idle = None;
        self.waiting.clear();
        if let Some(lease) = self.lease.take() {
            lease.failed(error.class(), error.retry_after());
        }
        let error = if error.provider().is_some() {
            error
        } else {
            error.with_provider(self.provider().clone(), &self.model)
        };
        if let Some((span, started)) = self.trace.take() {
            let elapsed = self.clock.elapsed().saturating_sub(started);
            telemetry::failed(&span, &error, Some(self.kind()), elapsed);
        }
        error
            .with_partial(self.collector.partial())
            .with_attempts(self.attempts.clone())
    }

    /// How long the next event may take, and what it means when it does not come.
    fn patience(&self) -> (Duration, TimeoutStage) {
        match self.deadline.remaining(&*self.clock) {
            Some(left) if left <= self.idle_limit => (left, TimeoutStage::Total),
            _ => (self.idle_limit, TimeoutStage::Idle),
        }
    }
}

impl Stream for AnswerStream {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(event) = this.waiting.pop_front() {
            return Poll::Ready(Some(Ok(this.take(event))));
        }
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(None);
        };
        match stream.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(event))) => {
                this.idle = None;
                let event = this.take(event);
                if this.collector.size() > MAX_ANSWER {
                    let error = Error::new(ErrorKind::Malformed);
                    return Poll::Ready(Some(Err(this.fail(error.with_context("an answer without end")))));
                }
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(this.fail(error)))),
            Poll::Ready(None) => {
                return Poll::Ready(Some(Err(this.fail(Error::new(ErrorKind::StreamTruncated)))));
            }
            Poll::Pending => {}
        }
        if this.idle.is_none() {
            let (limit, stage) = this.patience();
            let clock = Arc::clone(&this.clock);
            this.idle = Some((Box::pin(async move { clock.sleep(limit).await }), stage));
        }
        if let Some((wait, stage)) = &mut this.idle
            && wait.as_mut().poll(cx).is_ready()
        {
            let error = Error::new(ErrorKind::Timeout(*stage));
            return Poll::Ready(Some(Err(this.fail(error))));
        }
        Poll::Pending
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerStream")
            .field("target", &self.target())
            .finish_non_exhaustive()
    }
}
