mod budgets;
mod checkup;
mod continuing;
mod dropped;
mod hedging;
mod limits;
mod pacing;
mod prices;
mod quotas;
mod routing;
mod scopes;
mod scripts;
mod setup;
#[cfg(feature = "redis")]
mod shared;
mod strategies;
mod streams;
#[cfg(feature = "simulated")]
mod tasks;
mod trail;

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::ManualClock;
use futures::StreamExt as _;

use super::*;
use crate::chat::{ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use crate::error::ErrorKind;
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::usage::Usage;
use crate::wire::ResponseHead;

const SECOND: Duration = Duration::from_secs(1);

/// A provider that does what the test says and keeps what it was asked. Clones are the same provider.
#[derive(Debug, Clone)]
struct Puppet {
    id: ProviderId,
    capabilities: Capabilities,
    keys: usize,
    /// What stands in the head of each answer.
    head: Vec<(&'static str, &'static str)>,
    moves: Arc<Mutex<VecDeque<Move>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// What the puppet does with one call. Without any left it says its own name.
#[derive(Debug)]
enum Move {
    Says(&'static str),
    Fails(Error),
    /// Says its name after this time.
    Takes(ManualClock, Duration),
    /// Answers nothing, ever.
    Hangs,
    /// These items, and then the end of the input.
    Streams(Vec<Result<StreamEvent, Error>>),
    /// Each event after this time, and then the end of the input.
    Dribbles(ManualClock, Vec<(Duration, StreamEvent)>),
    /// These events, and then silence.
    StreamsAndStalls(Vec<StreamEvent>),
}

impl Puppet {
    fn new(name: &str) -> Self {
        Self {
            id: name.into(),
            capabilities: Capabilities::ALL,
            keys: 1,
            head: Vec::new(),
            moves: Arc::default(),
            calls: Arc::default(),
        }
    }

    fn can(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    fn with_keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    fn tells(mut self, head: impl IntoIterator<Item = (&'static str, &'static str)>) -> Self {
        self.head.extend(head);
        self
    }

    fn context(self, tokens: u32) -> Self {
        let capabilities = Capabilities {
            context_tokens: Some(tokens),
            ..self.capabilities
        };
        self.can(capabilities)
    }

    fn does(self, moves: impl IntoIterator<Item = Move>) -> Self {
        self.moves.lock().unwrap().extend(moves);
        self
    }

    fn fails(self, kind: ErrorKind) -> Self {
        self.does([Move::Fails(Error::new(kind))])
    }

    /// The models that it was asked for, in order.
    fn asked(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|call| call.model.to_string()).collect()
    }

    fn next_move(&self, call: &Call) -> Option<Move> {
        let headers = self.head.iter().map(|(name, value)| {
            let value = http::HeaderValue::from_static(value);
            (http::HeaderName::from_static(name), value)
        });
        call.heard(&ResponseHead::new(200, headers.collect()));
        self.calls.lock().unwrap().push(call.clone());
        self.moves.lock().unwrap().pop_front()
    }
}

#[async_trait]
impl LlmProvider for Puppet {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "puppet"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        self.capabilities
    }

    fn keys(&self) -> usize {
        self.keys
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let text = match self.next_move(call) {
            Some(Move::Fails(error)) => return Err(error),
            Some(Move::Hangs) => std::future::pending().await,
            Some(Move::Takes(clock, time)) => {
                clock.advance(time);
                self.id.to_string()
            }
            Some(Move::Says(text)) => text.to_owned(),
            _ => self.id.to_string(),
        };
        Ok(ChatResponse {
            id: "answer".into(),
            model: format!("{}-2026-01-01", call.model),
            message: Message::assistant(text),
            finish: FinishReason::Stop,
            usage: Some(Usage::new(1_000, 500)),
        })
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let items = match self.next_move(call) {
            Some(Move::Fails(error)) => return Err(error),
            Some(Move::Hangs) => std::future::pending().await,
            Some(Move::Streams(items)) => items,
            Some(Move::StreamsAndStalls(events)) => {
                let events = futures::stream::iter(events.into_iter().map(Ok));
                return Ok(events.chain(futures::stream::pending()).boxed());
            }
            Some(Move::Dribbles(clock, events)) => {
                let events = futures::stream::iter(events).then(move |(wait, event)| {
                    let clock = clock.clone();
                    async move {
                        clock.sleep(wait).await;
                        Ok(event)
                    }
                });
                return Ok(events.boxed());
            }
            Some(Move::Says(text)) => said(text),
            Some(Move::Takes(..)) | None => said(self.id.as_str()),
        };
        Ok(futures::stream::iter(items).boxed())
    }
}

fn start() -> StreamEvent {
    StreamEvent::Start {
        id: "answer".into(),
        model: "m-2026-01-01".into(),
    }
}

fn text(words: &str) -> StreamEvent {
    StreamEvent::Text(words.into())
}

fn finish() -> StreamEvent {
    StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: Some(Usage::new(1_000, 500)),
    }
}

/// A whole stream that says `words`.
fn said(words: &str) -> Vec<Result<StreamEvent, Error>> {
    vec![Ok(start()), Ok(text(words)), Ok(finish())]
}

/// A client whose retries do not wait and whose time stands still.
fn builder(clock: &ManualClock) -> ClientBuilder {
    let at_once = RetryPolicy::default()
        .base(Duration::ZERO)
        .throttle_base(Duration::ZERO);
    LlmClient::builder()
        .retry(at_once)
        .clock(clock.clone())
        .random(Random::seeded(1))
}

/// A client of these providers, each with the model `m`.
fn client_of<'a>(providers: impl IntoIterator<Item = &'a Puppet>) -> LlmClient {
    let clock = ManualClock::default();
    let add = |builder: ClientBuilder, puppet: &Puppet| builder.provider(puppet.clone(), "m");
    providers.into_iter().fold(builder(&clock), add).build().unwrap()
}

/// Runs `work` to its end and moves the clock in steps of 100 ms whenever it waits for it.
async fn in_time<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    for _ in 0..100_000 {
        if let std::task::Poll::Ready(done) = futures::poll!(&mut work) {
            return done;
        }
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(100));
    }
    panic!("it waits for something else than time")
}

/// Reads to the end: what was said, and with what it ended.
async fn read(stream: &mut AnswerStream) -> (Vec<StreamEvent>, Option<Error>) {
    let mut events = Vec::new();
    loop {
        match stream.next().await {
            Some(Ok(event)) => events.push(event),
            Some(Err(error)) => {
                assert!(stream.next().await.is_none(), "something follows the terminal");
                return (events, Some(error));
            }
            None => return (events, None),
        }
    }
}

/// Runs `work` until it waits for the clock, moves the clock, and gives the outcome.
async fn after<T>(clock: &ManualClock, by: Duration, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    tokio::select! {
        biased;
        early = &mut work => return early,
        () = tokio::task::yield_now() => {}
    }
    assert!(clock.sleepers() > 0, "it waits for something else than time");
    clock.advance(by);
    work.await
}
