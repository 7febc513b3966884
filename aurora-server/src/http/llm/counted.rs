//! A call under way, and how it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::failure::Failure as _;
use aurora_core::monitor::{Monitor, Timing};
use aurora_core::time::Clock;
use aurora_llm::Error;
use aurora_llm::chat::StreamEvent;
use aurora_llm::client::{AnswerStream, Attempt, Task};
use aurora_llm::usage::Usage;
use futures::{Stream, StreamExt as _};

use super::books::{Asker, Pass};
use super::gateway::{CACHED, provider_name};
use super::recent::{Call, End, Recent};

/// Says what a call used to whoever holds its limits.
pub(super) fn settled<T>(
    mut pass: Pass,
    outcome: Result<T, Error>,
    usage: impl FnOnce(&T) -> Option<Usage>,
) -> Result<T, Error> {
    match &outcome {
        Ok(answer) => pass.settle(usage(answer).as_ref()),
        Err(error) => match error.usage() {
            Some(usage) => pass.settle(Some(usage)),
            None => pass.unused(),
        },
    }
    outcome
}

/// A call under way. Dropped without an end, it was given up.
#[derive(Debug)]
pub(super) struct Started(Option<Begun>);

/// What is known when a call begins.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) timing: Timing,
    /// Where it is counted when the cache answers it.
    pub(super) calls: Monitor,
    pub(super) recent: Recent,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) began: Duration,
    pub(super) asker: Asker,
    pub(super) task: Task,
    pub(super) is_stream: bool,
    /// The model that was asked for.
    pub(super) asked: Option<String>,
}

impl Started {
    pub(super) const fn new(begun: Begun) -> Self {
        Self(Some(begun))
    }

    /// How it ended.
    pub(super) fn end(mut self, end: Result<(End, &[Attempt]), &Error>) {
        self.tell(end);
    }

    fn tell(&mut self, end: Result<(End, &[Attempt]), &Error>) {
        let Some(begun) = self.0.take() else { return };
        let (end, attempts) = match end {
            Ok((end, attempts)) => {
                match &end {
                    End::GivenUp => drop(begun.timing),
                    _ => begun.timing.succeeded(),
                }
                if matches!(end, End::Served { is_cached: true, .. }) {
                    begun.calls.record_request_success(CACHED, Duration::ZERO);
                }
                (end, attempts)
            }
            Err(error) => {
                begun.timing.failed(error.class());
                (End::Failed(error.kind()), error.attempts())
            }
        };
        begun.recent.add(Call {
            at: begun.clock.now(),
            request_id: begun.asker.request_id,
            caller: begun.asker.client,
            task: begun.task,
            is_stream: begun.is_stream,
            asked: begun.asked,
            elapsed: begun.clock.elapsed().saturating_sub(begun.began),
            attempts: attempts.to_vec(),
            end,
        });
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.tell(Ok((End::GivenUp, &[])));
    }
}

/// A streamed answer whose end is counted; one that the client gives up is counted apart.
#[derive(Debug)]
pub(crate) struct CountedStream {
    stream: AnswerStream,
    pass: Pass,
    started: Option<Started>,
}

impl CountedStream {
    pub(super) const fn new(stream: AnswerStream, pass: Pass, started: Started) -> Self {
        Self {
            stream,
            pass,
            started: Some(started),
        }
    }

    pub(crate) const fn answer(&self) -> &AnswerStream {
        &self.stream
    }

    fn finish(&mut self, usage: Option<&Usage>) {
        let usage = usage.or_else(|| self.stream.usage()).cloned();
        self.pass.settle(usage.as_ref());
        if let Some(started) = self.started.take() {
            let served = End::Served {
                target: self.stream.target().to_owned(),
                provider: provider_name(self.stream.kind(), self.stream.provider()),
                model: self.stream.model().to_owned(),
                usage,
                cost: self.stream.cost(),
                is_cached: self.stream.cache().is_free(),
            };
            started.end(Ok((served, self.stream.attempts())));
        }
    }
}

impl Stream for CountedStream {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.stream.poll_next_unpin(cx));
        match &item {
            Some(Ok(StreamEvent::Finish { usage, .. })) => self.finish(usage.as_ref()),
            Some(Err(error)) => {
                self.pass.settle(error.usage());
                if let Some(started) = self.started.take() {
                    started.end(Err(error));
                }
            }
            _ => {}
        }
        Poll::Ready(item)
    }
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        if let Some(started) = self.started.take() {
            started.end(Ok((End::GivenUp, self.stream.attempts())));
        }
    }
}
