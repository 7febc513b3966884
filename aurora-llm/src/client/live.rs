//! The answer of one provider while it is being written.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::failure::Failure as _;
use aurora_core::fallback::Lease;
use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;
use futures::StreamExt as _;

use super::open::Opened;
use super::stream::Source;
use super::target::Member;
use super::told::Told;
use super::walk::Found;
use crate::chat::{ChatStream, StreamCollector, StreamEvent};
use crate::error::{Error, ErrorKind, Sent, Stage, TimeoutStage};

/// No model answers with more than this many bytes; an upstream that does would fill the memory.
const MAX_ANSWER: usize = 16 << 20;

/// A stream of a provider within its time limits, from its first content on.
pub(super) struct Live {
    waiting: VecDeque<StreamEvent>,
    stream: Option<ChatStream>,
    idle: Option<Idle>,
    idle_limit: Duration,
    deadline: Deadline,
    clock: Arc<dyn Clock>,
    lease: Option<Lease<Member>>,
    told: Told,
}

/// The wait for the next event, and which limit it is that runs out with it.
type Idle = (Pin<Box<dyn Future<Output = ()> + Send>>, TimeoutStage);

impl Live {
    pub(super) fn new(
        found: Found<Opened>,
        idle_limit: Duration,
        deadline: Deadline,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            waiting: found.value.events,
            stream: Some(found.value.stream),
            idle: None,
            idle_limit,
            deadline,
            clock,
            lease: Some(found.lease),
            told: found.told,
        }
    }

    fn take(&mut self, event: StreamEvent, so_far: &StreamCollector) -> StreamEvent {
        if let StreamEvent::Finish { usage, .. } = &event {
            self.told.served(usage.as_ref().or(so_far.usage()));
            self.stream = None;
            self.idle = None;
            if let Some(lease) = self.lease.take() {
                lease.succeeded();
            }
        }
        event
    }

    fn fail(&mut self, error: Error, so_far: &StreamCollector) -> Error {
        let error = match so_far.usage() {
            Some(usage) if error.usage().is_none() => error.with_usage(usage.clone()),
            _ => error,
        };
        let error = match error.sent() {
            Sent::Partial => error,
            _ => error.with_sent(Sent::Partial).with_stage(Stage::Streaming),
        };
        self.told.broke(&error, None);
        self.stream = None;
        self.idle = None;
        self.waiting.clear();
        if let Some(lease) = self.lease.take() {
            lease.failed(error.class(), error.retry_after());
        }
        if error.provider().is_some() {
            error
        } else {
            error.with_provider(self.told.provider.clone(), &*self.told.model)
        }
    }

    /// How long the next event may take, and what it means when it does not come.
    fn patience(&self) -> (Duration, TimeoutStage) {
        match self.deadline.remaining(&*self.clock) {
            Some(left) if left <= self.idle_limit => (left, TimeoutStage::Total),
            _ => (self.idle_limit, TimeoutStage::Idle),
        }
    }
}

impl Source for Live {
    fn told(&self) -> &Told {
        &self.told
    }

    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        so_far: &StreamCollector,
    ) -> Poll<Option<Result<StreamEvent, Error>>> {
        if let Some(event) = self.waiting.pop_front() {
            return Poll::Ready(Some(Ok(self.take(event, so_far))));
        }
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        match stream.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(event))) => {
                self.idle = None;
                if so_far.size().saturating_add(event.size()) > MAX_ANSWER {
                    let error = Error::new(ErrorKind::Malformed).with_context("an answer without end");
                    return Poll::Ready(Some(Err(self.fail(error, so_far))));
                }
                return Poll::Ready(Some(Ok(self.take(event, so_far))));
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(self.fail(error, so_far)))),
            Poll::Ready(None) => {
                return Poll::Ready(Some(Err(
                    self.fail(Error::new(ErrorKind::StreamTruncated), so_far)
                )));
            }
            Poll::Pending => {}
        }
        if self.idle.is_none() {
            let (limit, stage) = self.patience();
            let clock = Arc::clone(&self.clock);
            self.idle = Some((Box::pin(async move { clock.sleep(limit).await }), stage));
        }
        if let Some((wait, stage)) = &mut self.idle
            && wait.as_mut().poll(cx).is_ready()
        {
            let error = Error::new(ErrorKind::Timeout(*stage));
            return Poll::Ready(Some(Err(self.fail(error, so_far))));
        }
        Poll::Pending
    }
}
