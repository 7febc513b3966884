//! From a body that arrives in pieces to the events of an answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{self, BodyStream};
use aurora_core::time::Clock;
use futures::future::{Either, FutureExt as _, select};
use futures::{StreamExt as _, stream};

use crate::chat::{ChatStream, StreamEvent};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::wire::{StreamDecoder, Streaming};

struct Answer<B> {
    body: Option<BodyStream>,
    decoder: Box<dyn StreamDecoder>,
    /// The model that was asked, for dialects that do not repeat it.
    model: Arc<str>,
    ready: VecDeque<StreamEvent>,
    failure: Option<Error>,
    clock: Arc<dyn Clock>,
    ends_at: Duration,
    blame: B,
}

/// The events of the answer whose body is `body`, at most until `ends_at` on `clock`; errors go through `blame`.
pub(super) fn answer(
    body: BodyStream,
    decoder: Box<dyn StreamDecoder>,
    model: Arc<str>,
    clock: Arc<dyn Clock>,
    ends_at: Duration,
    blame: impl Fn(Error) -> Error + Send + 'static,
) -> ChatStream {
    let answer = Answer {
        body: Some(body),
        decoder,
        model,
        ready: VecDeque::new(),
        failure: None,
        clock,
        ends_at,
        blame,
    };
    let events = stream::unfold(answer, |mut answer| async move {
        answer.next().await.map(|event| (event, answer))
    });
    Box::pin(events.fuse())
}

impl<B: Fn(Error) -> Error> Answer<B> {
    async fn next(&mut self) -> Option<Result<StreamEvent, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if let Some(error) = self.failure.take() {
                return Some(Err((self.blame)(error)));
            }
            let body = self.body.as_mut()?;
            let left = self.ends_at.saturating_sub(self.clock.elapsed());
            let clock = Arc::clone(&self.clock);
            let piece = match select(body.next(), clock.sleep(left)).await {
                Either::Left((piece, _)) => Some(piece),
                Either::Right(_) => None,
            };
            let Some(piece) = piece else {
                self.fail(Error::new(ErrorKind::Timeout(TimeoutStage::Total)));
                continue;
            };
            let mut events = Vec::new();
            let outcome = match piece {
                Some(Ok(bytes)) => self.decoder.push(&bytes, &mut events),
                // A connection that breaks after the end, or lacks its closing words, does no harm.
                Some(Err(error)) if error.kind() == http::ErrorKind::Interrupted => {
                    self.body = None;
                    let outcome = self.decoder.finish(&mut events);
                    outcome.map_err(|truncated| truncated.with_source(error))
                }
                Some(Err(error)) => Err(Error::from_http(error, Streaming::Yes)),
                None => {
                    self.body = None;
                    self.decoder.finish(&mut events)
                }
            };
            if events.last().is_some_and(StreamEvent::is_terminal) {
                // Reading the end that has usually come along lets the connection be used again.
                if let Some(body) = &mut self.body {
                    drop(body.next().now_or_never());
                }
                self.body = None;
            }
            for event in &mut events {
                match event {
                    StreamEvent::Start { model, .. } if model.is_empty() => model.push_str(&self.model),
                    _ => {}
                }
            }
            self.ready.extend(events);
            if let Err(error) = outcome {
                self.fail(error);
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.body = None;
        self.failure = Some(error);
    }
}
