//! A provider that does what a test says, as anybody could write it outside the crate.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::{Clock as _, ManualClock};
use aurora_llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use aurora_llm::client::{AnswerStream, CallOptions, Caller, ClientBuilder};
use aurora_llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora_llm::usage::Usage;
use aurora_llm::{Error, ErrorKind, LlmClient};
use futures::StreamExt as _;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// An event after some time, or the failure that ends the stream.
pub(crate) type Timed = (Duration, Result<StreamEvent, Error>);

/// What is done with one call.
#[derive(Debug)]
pub(crate) enum Act {
    /// Fails like this.
    Fail(ErrorKind),
    /// Asks to be left alone for so long.
    Busy(Duration),
    /// Brings these, then the input ends.
    Stream(Vec<Timed>),
}

/// Does its acts in turn, then says its own name after `takes`, for 1,000 and 500 tokens. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    id: ProviderId,
    clock: ManualClock,
    takes: Duration,
    acts: Arc<Mutex<VecDeque<Act>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Scripted {
    pub(crate) fn new(id: &str, clock: &ManualClock) -> Self {
        Self {
            id: id.into(),
            clock: clock.clone(),
            takes: Duration::ZERO,
            acts: Arc::default(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn takes(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }

    pub(crate) fn does(self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.acts.lock().unwrap().extend(acts);
        self
    }

    /// Fails like this, so often.
    pub(crate) fn fails(self, kind: ErrorKind, times: usize) -> Self {
        self.does(std::iter::repeat_with(|| Act::Fail(kind)).take(times))
    }

    pub(crate) fn asked(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// What the last call said.
    pub(crate) fn last(&self) -> Arc<ChatRequest> {
        self.calls.lock().unwrap().last().unwrap().request.clone()
    }

    fn next(&self, call: &Call) -> Option<Act> {
        self.calls.lock().unwrap().push(call.clone());
        self.acts.lock().unwrap().pop_front()
    }

    fn failure(&self, act: &Act, call: &Call) -> Error {
        let error = match act {
            Act::Fail(kind) => Error::new(*kind),
            Act::Busy(wait) => Error::new(ErrorKind::RateLimited).with_retry_after(*wait),
            Act::Stream(_) => panic!("it was to be streamed"),
        };
        error.with_provider(self.id.clone(), &*call.model)
    }

    fn usage() -> Usage {
        Usage::new(1_000, 500)
    }
}

#[async_trait]
impl LlmProvider for Scripted {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let act = self.next(call);
        self.clock.sleep(self.takes).await;
        if let Some(act) = act {
            return Err(self.failure(&act, call));
        }
        let said = Message::assistant(self.id.as_str());
        let usage = Some(Self::usage());
        Ok(ChatResponse::new(
            "1",
            &*call.model,
            said,
            FinishReason::Stop,
            usage,
        ))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let events = match self.next(call) {
            Some(Act::Stream(events)) => events,
            Some(act) => return Err(self.failure(&act, call)),
            None => vec![
                (self.takes, Ok(text(self.id.as_str()))),
                (Duration::ZERO, Ok(finish())),
            ],
        };
        let clock = self.clock.clone();
        let timed = futures::stream::iter(events).then(move |(wait, event)| {
            let clock = clock.clone();
            async move {
                clock.sleep(wait).await;
                event
            }
        });
        Ok(timed.boxed())
    }
}

pub(crate) fn text(words: &str) -> StreamEvent {
    StreamEvent::Text(words.to_owned())
}

pub(crate) fn finish() -> StreamEvent {
    StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: Some(Scripted::usage()),
    }
}

/// These events at once.
pub(crate) fn at_once(events: impl IntoIterator<Item = StreamEvent>) -> Vec<Timed> {
    events
        .into_iter()
        .map(|event| (Duration::ZERO, Ok(event)))
        .collect()
}

/// A client that lives by `clock` and does not wait between tries.
pub(crate) fn builder(clock: &ManualClock) -> ClientBuilder {
    let at_once = RetryPolicy::default()
        .base(Duration::ZERO)
        .throttle_base(Duration::ZERO);
    LlmClient::builder()
        .retry(at_once)
        .clock(clock.clone())
        .random(Random::seeded(1))
}

pub(crate) fn question() -> ChatRequest {
    ChatRequest::user("Why is the sky blue?")
}

pub(crate) fn of(tenant: &str) -> CallOptions {
    CallOptions::default().caller(Caller::tenant(tenant))
}

/// Reads to the end: what was said, and the error with which it ended.
pub(crate) async fn read(mut stream: AnswerStream) -> (String, Option<Error>, AnswerStream) {
    let mut said = String::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(StreamEvent::Text(words)) => said.push_str(&words),
            Ok(_) => {}
            Err(error) => return (said, Some(error), stream),
        }
    }
    (said, None, stream)
}

/// Does the work while time passes, a tenth of a second whenever it waits.
pub(crate) async fn in_time<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    for _ in 0..100_000 {
        if let std::task::Poll::Ready(done) = futures::poll!(&mut work) {
            return done;
        }
        tokio::task::yield_now().await;
        clock.advance(SECOND / 10);
    }
    panic!("it waits for something else than time")
}
