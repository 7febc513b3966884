mod bounds;
mod flights;
mod interleavings;
mod keeping;
mod keys;
mod modes;
mod replays;
#[cfg(feature = "semantic-cache")]
mod similar;
mod tenants;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use aurora_core::cache::CacheStore;
use aurora_core::rng::Random;
use aurora_core::time::ManualClock;
use futures::{Stream, StreamExt as _};

use super::*;
use crate::LlmClient;
use crate::chat::{ChatResponse, ChatStream, FinishReason, StreamCollector, StreamEvent};
use crate::client::{AnswerStream, Caller, LlmTarget};
use crate::pricing::{Cost, Price};
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::usage::Usage;

/// A provider that says what the test lets it say, event by event. Clones are the same provider.
#[derive(Debug, Clone)]
struct Faucet {
    id: ProviderId,
    shared: Arc<FaucetShared>,
}

#[derive(Debug, Default)]
struct FaucetShared {
    calls: AtomicUsize,
    /// Calls that are under way.
    open: AtomicUsize,
    flow: Mutex<Flow>,
}

#[derive(Debug, Default)]
struct Flow {
    script: Vec<StreamEvent>,
    /// How many events of the script may be said.
    released: usize,
    /// What the next calls fail with, after how many events.
    failures: std::collections::VecDeque<(usize, ErrorKind)>,
    wakers: Vec<Waker>,
}

impl Faucet {
    /// Says these words, all at once.
    fn says(words: &[&str]) -> Self {
        let script = script(words);
        let faucet = Self {
            id: "faucet".into(),
            shared: Arc::default(),
        };
        faucet.flow().released = script.len();
        faucet.flow().script = script;
        faucet
    }

    /// Says nothing before it is told to.
    fn closed(self) -> Self {
        self.flow().released = 0;
        self
    }

    fn fails(self, after: usize, kind: ErrorKind) -> Self {
        self.flow().failures.push_back((after, kind));
        self
    }

    /// Lets every call say this many more events.
    fn release(&self, events: usize) {
        let wakers = {
            let mut flow = self.flow();
            flow.released = (flow.released + events).min(flow.script.len());
            std::mem::take(&mut flow.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn release_all(&self) {
        self.release(usize::MAX / 2);
    }

    fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }

    fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    fn flow(&self) -> MutexGuard<'_, Flow> {
        self.shared.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Jet {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        self.shared.open.fetch_add(1, Ordering::SeqCst);
        Jet {
            failure: self.flow().failures.pop_front(),
            shared: Arc::clone(&self.shared),
            said: 0,
        }
    }
}

/// One call at a faucet.
struct Jet {
    shared: Arc<FaucetShared>,
    said: usize,
    failure: Option<(usize, ErrorKind)>,
}

impl Stream for Jet {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let shared = Arc::clone(&self.shared);
        let mut flow = shared.flow.lock().unwrap();
        if self.said >= flow.script.len() {
            return Poll::Ready(None);
        }
        if let Some((after, kind)) = self.failure
            && self.said >= after
        {
            return Poll::Ready(Some(Err(Error::new(kind))));
        }
        if self.said >= flow.released {
            flow.wakers.push(cx.waker().clone());
            return Poll::Pending;
        }
        self.said += 1;
        Poll::Ready(flow.script.get(self.said - 1).cloned().map(Ok))
    }
}

impl Drop for Jet {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl LlmProvider for Faucet {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "faucet"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, _: &Call) -> Result<ChatResponse, Error> {
        let mut jet = self.begin();
        let mut collector = StreamCollector::default();
        while let Some(event) = jet.next().await {
            collector.push(&event?);
        }
        collector
            .finish()
            .ok_or_else(|| Error::new(ErrorKind::StreamTruncated))
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        let jet = self.begin();
        if let Some((0, kind)) = jet.failure {
            return Err(Error::new(kind));
        }
        Ok(jet.boxed())
    }
}

fn script(words: &[&str]) -> Vec<StreamEvent> {
    let start = StreamEvent::Start {
        id: "answer".into(),
        model: "m-2026".into(),
    };
    let text = words.iter().map(|word| StreamEvent::Text((*word).to_owned()));
    let mut script: Vec<_> = std::iter::once(start).chain(text).collect();
    script.push(StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: Some(Usage::new(1_000_000, 0)),
    });
    script
}

/// A store in this process without the feature for it; counts and can be out of order.
#[derive(Debug, Clone, Default)]
struct Shelf(Arc<ShelfShared>);

#[derive(Debug, Default)]
struct ShelfShared {
    entries: Mutex<std::collections::BTreeMap<String, (bytes::Bytes, Duration)>>,
    reads: AtomicUsize,
    is_down: std::sync::atomic::AtomicBool,
    hangs: std::sync::atomic::AtomicBool,
}

impl Shelf {
    fn len(&self) -> usize {
        self.0.entries.lock().unwrap().len()
    }

    fn keys(&self) -> Vec<String> {
        self.0.entries.lock().unwrap().keys().cloned().collect()
    }

    fn ttls(&self) -> Vec<Duration> {
        self.0
            .entries
            .lock()
            .unwrap()
            .values()
            .map(|(_, ttl)| *ttl)
            .collect()
    }

    async fn state(&self) -> Result<(), aurora_core::cache::Error> {
        if self.0.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.0.is_down.load(Ordering::SeqCst) {
            // The only error that can be made out here.
            return aurora_core::cache::check_entry(&[], Duration::ZERO);
        }
        Ok(())
    }
}

#[async_trait]
impl CacheStore for Shelf {
    async fn get(
        &self,
        key: &aurora_core::cache::Key,
    ) -> Result<Option<bytes::Bytes>, aurora_core::cache::Error> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        self.state().await?;
        let entries = self.0.entries.lock().unwrap();
        Ok(entries.get(key.as_str()).map(|(value, _)| value.clone()))
    }

    async fn set(
        &self,
        key: &aurora_core::cache::Key,
        value: bytes::Bytes,
        ttl: Duration,
    ) -> Result<(), aurora_core::cache::Error> {
        self.state().await?;
        aurora_core::cache::check_entry(&value, ttl)?;
        let mut entries = self.0.entries.lock().unwrap();
        entries.insert(key.as_str().to_owned(), (value, ttl));
        Ok(())
    }

    async fn set_if_absent(
        &self,
        _: &aurora_core::cache::Key,
        _: bytes::Bytes,
        _: Duration,
    ) -> Result<bool, aurora_core::cache::Error> {
        unreachable!("an answer is kept in place of an earlier one")
    }

    async fn remove(&self, key: &aurora_core::cache::Key) -> Result<bool, aurora_core::cache::Error> {
        Ok(self.0.entries.lock().unwrap().remove(key.as_str()).is_some())
    }
}

/// One client, what it asks, and what it keeps in.
struct Setting {
    client: LlmClient,
    faucet: Faucet,
    shelf: Shelf,
    clock: ManualClock,
}

fn setting(faucet: &Faucet) -> Setting {
    setting_with(faucet, |cache| cache)
}

fn setting_with(faucet: &Faucet, change: impl FnOnce(ResponseCache) -> ResponseCache) -> Setting {
    let (shelf, clock) = (Shelf::default(), ManualClock::default());
    let dollar = "1".parse().unwrap();
    let target = LlmTarget::new(faucet.clone(), "m").price(Price::per_million(dollar, dollar));
    let at_once = aurora_core::resilience::RetryPolicy::default()
        .attempts(1)
        .base(Duration::ZERO);
    let client = LlmClient::builder()
        .target(target)
        .retry(at_once)
        .cache(change(ResponseCache::new(shelf.clone())))
        .clock(clock.clone())
        .random(Random::seeded(1))
        .build()
        .unwrap();
    Setting {
        client,
        faucet: faucet.clone(),
        shelf,
        clock,
    }
}

impl Setting {
    fn under_way(&self) -> usize {
        self.client.inner.cache.as_ref().unwrap().under_way()
    }

    async fn ask(&self, options: &CallOptions) -> Answer {
        self.client.chat_with(question(), options).await.unwrap()
    }

    async fn stream(&self, options: &CallOptions) -> AnswerStream {
        self.client.stream_with(question(), options).await.unwrap()
    }
}

fn question() -> ChatRequest {
    ChatRequest::user("Why is the sky blue?")
}

fn of(tenant: &str) -> CallOptions {
    CallOptions::default().caller(Caller::tenant(tenant))
}

fn dollars(amount: &str) -> Cost {
    Cost::Priced(amount.parse().unwrap())
}

/// All events up to the terminal.
async fn read(mut stream: AnswerStream) -> Result<Vec<StreamEvent>, Error> {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event?);
    }
    Ok(events)
}
