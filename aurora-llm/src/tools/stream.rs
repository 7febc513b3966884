//! The loop told while it happens.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};

use super::run::{After, CallRecord, Progress, ToolRun};
use super::{Tools, execute};
use crate::LlmClient;
use crate::chat::{ChatRequest, StreamCollector, StreamEvent, ToolCall};
use crate::client::{AnswerStream, CallOptions};
use crate::error::{Error, ErrorKind};

/// What happens in a loop of tools.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ToolEvent {
    /// The model says something; each of its answers ends with a [`StreamEvent::Finish`].
    Model(StreamEvent),
    /// A function has returned.
    Returned(CallRecord),
    /// The last answer is complete. Nothing follows.
    Done(Box<ToolRun>),
}

/// The events of a loop of tools, from the first word to the only terminal: [`ToolEvent::Done`], or an error.
///
/// # Cancel safety
/// `next()` may be dropped and called again. Dropping the stream ends the call at the provider and drops the
/// functions that are running.
#[must_use = "nothing happens until it is read"]
pub struct ToolStream(Pin<Box<dyn Stream<Item = Result<ToolEvent, Error>> + Send>>);

impl Stream for ToolStream {
    type Item = Result<ToolEvent, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for ToolStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolStream").finish_non_exhaustive()
    }
}

struct Loop {
    tools: Tools,
    client: LlmClient,
    options: CallOptions,
    progress: Progress,
    ready: VecDeque<ToolEvent>,
    answer: Option<(AnswerStream, StreamCollector)>,
    ended: bool,
    over: bool,
}

pub(super) fn start(
    tools: Tools,
    client: LlmClient,
    request: ChatRequest,
    options: CallOptions,
) -> ToolStream {
    let progress = Progress::new(&tools, request);
    let state = Loop {
        tools,
        client,
        options,
        progress,
        ready: VecDeque::new(),
        answer: None,
        ended: false,
        over: false,
    };
    let events = stream::unfold(state, |mut state| async move {
        if state.over && state.ready.is_empty() {
            return None;
        }
        let event = state.next().await.map_err(|error| state.progress.failed(error));
        state.over |= matches!(event, Err(_) | Ok(ToolEvent::Done(_)));
        Some((event, state))
    });
    ToolStream(Box::pin(events.fuse()))
}

impl Loop {
    async fn next(&mut self) -> Result<ToolEvent, Error> {
        // Only now, so that the end of an answer is told before its calls are run.
        if std::mem::take(&mut self.ended) {
            self.end_of_answer().await?;
        }
        if let Some(event) = self.ready.pop_front() {
            return Ok(event);
        }
        if self.answer.is_none() {
            let asked = self.progress.request.clone();
            let stream = self.client.stream_with(asked, &self.options).await?;
            self.answer = Some((stream, StreamCollector::default()));
        }
        let Some((stream, collector)) = &mut self.answer else {
            return Err(Error::new(ErrorKind::StreamTruncated));
        };
        let event = match stream.next().await {
            Some(event) => event?,
            None => return Err(Error::new(ErrorKind::StreamTruncated)),
        };
        collector.push(&event);
        self.ended = event.is_terminal();
        Ok(ToolEvent::Model(event))
    }

    /// The model has finished an answer: runs what it called, or ends.
    async fn end_of_answer(&mut self) -> Result<(), Error> {
        let Some((stream, collector)) = self.answer.take() else {
            return Ok(());
        };
        let (usage, cost) = (stream.usage().cloned(), stream.cost());
        self.progress.took(stream.attempts());
        let response = collector
            .finish()
            .ok_or_else(|| Error::new(ErrorKind::StreamTruncated))?;
        let said = response.message.clone();
        match self.progress.answered(&self.tools, said, usage.as_ref(), cost)? {
            After::Done(run) => self.ready.push_back(ToolEvent::Done(run)),
            After::Run => {
                let own = |call: &ToolCall| !self.progress.is_pending(call);
                let records = execute::all(&self.tools, self.client.clock(), &response, own).await;
                self.ready
                    .extend(records.iter().cloned().map(ToolEvent::Returned));
                if let After::Done(run) = self.progress.returned(records) {
                    self.ready.push_back(ToolEvent::Done(run));
                }
            }
        }
        Ok(())
    }
}
