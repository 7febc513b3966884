//! What the client adds to a call: route, plan, breaker, budget, limits, trail, counts and telemetry.
//!
//! Target: a median of 20 µs a call on the 2-core development machine, with one healthy target and with a first target
//! that fails. The provider answers at once, so that what is measured is the client; `provider alone` is to be taken
//! off. No metrics recorder and no tracing subscriber is installed. Measured there in 2026-11, while it was compiling
//! other things: 1.3 µs with a healthy target, 1.9 µs with one that fails first, 1.7 µs for a stream.
//!
//! `cargo bench --bench fallback`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;

use aurora::llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora::llm::usage::Usage;
use aurora::llm::{Error, ErrorKind, LlmClient};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt as _;
use tokio::runtime::Builder;

/// Answers or fails, and does nothing else.
#[derive(Debug)]
struct AtOnce {
    id: ProviderId,
    fails: Option<ErrorKind>,
}

impl AtOnce {
    fn new(name: &str, fails: Option<ErrorKind>) -> Self {
        let id = name.into();
        Self { id, fails }
    }

    fn outcome<T>(&self, answer: T) -> Result<T, Error> {
        match self.fails {
            Some(kind) => Err(Error::new(kind)),
            None => Ok(answer),
        }
    }
}

#[async_trait::async_trait]
impl LlmProvider for AtOnce {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "nothing"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let (message, usage) = (
            Message::assistant("Because of Rayleigh scattering."),
            Usage::new(9, 6),
        );
        self.outcome(ChatResponse::new(
            "1",
            &*call.model,
            message,
            FinishReason::Stop,
            Some(usage),
        ))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let events = [
            StreamEvent::Start {
                id: "1".into(),
                model: call.model.to_string(),
            },
            StreamEvent::Text("Because of Rayleigh scattering.".into()),
            StreamEvent::Finish {
                reason: FinishReason::Stop,
                usage: Some(Usage::new(9, 6)),
            },
        ];
        self.outcome(futures::stream::iter(events.map(Ok)).boxed())
    }
}

fn client(first_fails: Option<ErrorKind>) -> LlmClient {
    LlmClient::builder()
        .provider(AtOnce::new("first", first_fails), "m")
        .provider(AtOnce::new("second", None), "m")
        .build()
        .unwrap()
}

fn overhead(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let request = Arc::new(ChatRequest::user("Why is the sky blue?"));
    let mut group = criterion.benchmark_group("fallback/overhead");
    group.throughput(Throughput::Elements(1));

    let alone = AtOnce::new("alone", None);
    group.bench_function("provider alone", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let call = Call::new(Arc::clone(&request), "m");
            black_box(alone.chat(&call).await.unwrap())
        });
    });
    // A missing model leads to the next target at every call; a refused key opens the circuit at the first.
    for (name, fails) in [
        ("one healthy target", None),
        ("first target fails", Some(ErrorKind::ModelNotFound)),
        ("first target held back", Some(ErrorKind::Authentication)),
    ] {
        let client = client(fails);
        group.bench_function(name, |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(client.chat(Arc::clone(&request)).await.unwrap()) });
        });
    }
    let streaming = client(None);
    group.bench_function("a stream of three events", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let stream = streaming.stream(Arc::clone(&request)).await.unwrap();
            black_box(stream.collect_answer().await.unwrap())
        });
    });
    group.finish();
}

criterion_group!(benches, overhead);
criterion_main!(benches);
