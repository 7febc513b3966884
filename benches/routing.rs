//! What it costs to find the way of a request, and to hand out the events of a stream.
//!
//! Targets: 10 µs for the way with ten targets, whatever the strategy, with an alias and ten rules that do not hold; 2 µs
//! for each event of a stream. The provider answers at once, and a whole call is measured, so that `one target` is to
//! be taken off for the way alone. No metrics recorder and no tracing subscriber is installed.
//!
//! `cargo bench --bench routing`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;

use aurora::llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use aurora::llm::client::{CallOptions, ClientBuilder, Condition, LlmTarget, Rule, Strategy};
use aurora::llm::pricing::Price;
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora::llm::usage::Usage;
use aurora::llm::{Error, LlmClient};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt as _;
use tokio::runtime::Builder;

/// Events of the stream that is measured.
const EVENTS: usize = 1_000;

/// Answers, and does nothing else.
#[derive(Debug)]
struct AtOnce(ProviderId);

#[async_trait::async_trait]
impl LlmProvider for AtOnce {
    fn id(&self) -> &ProviderId {
        &self.0
    }

    fn kind(&self) -> &'static str {
        "nothing"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let message = Message::assistant("Because of Rayleigh scattering.");
        let usage = Some(Usage::new(9, 6));
        Ok(ChatResponse::new(
            "1",
            &*call.model,
            message,
            FinishReason::Stop,
            usage,
        ))
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        let words = (0..EVENTS - 1).map(|_| StreamEvent::Text(" blue".into()));
        let finish = StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage: Some(Usage::new(9, 6)),
        };
        Ok(futures::stream::iter(words.chain([finish]).map(Ok)).boxed())
    }
}

fn builder(targets: usize, strategy: Strategy) -> ClientBuilder {
    let price = Price::per_million("3".parse().unwrap(), "15".parse().unwrap());
    (0..targets).fold(LlmClient::builder().strategy(strategy), |builder, at| {
        let provider = AtOnce(ProviderId::new(format!("provider-{at}")));
        builder.target(LlmTarget::new(provider, "m").price(price))
    })
}

fn way(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let plain = Arc::new(ChatRequest::user("Why is the sky blue?"));
    let aliased = Arc::new(ChatRequest::user("Why is the sky blue?").model("fast"));
    let mut group = criterion.benchmark_group("routing/way");
    let mut measure = |name: &str, client: &LlmClient, request: &Arc<ChatRequest>, options: &CallOptions| {
        group.bench_function(name, |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(client.chat_with(Arc::clone(request), options).await.unwrap()) });
        });
    };
    let none = CallOptions::default();
    let sticky = CallOptions::default().sticky("conversation-5");
    measure(
        "one target",
        &builder(1, Strategy::Priority).build().unwrap(),
        &plain,
        &none,
    );
    for (name, strategy) in [
        ("ten by priority", Strategy::Priority),
        ("ten by weight", Strategy::Weighted),
        ("ten by latency", Strategy::LowestLatency),
        ("ten by cost", Strategy::LowestCost),
    ] {
        measure(name, &builder(10, strategy).build().unwrap(), &plain, &none);
    }
    let weighted = builder(10, Strategy::Weighted).build().unwrap();
    measure("ten that stick", &weighted, &plain, &sticky);
    let names: Vec<String> = (0..10).rev().map(|at| format!("provider-{at}/m")).collect();
    let rules = (0..10).fold(
        builder(10, Strategy::Priority).alias("fast", names),
        |builder, at| {
            let somebody = Condition::tenant(format!("wsp_{at}*")).and(Condition::InputTokensAbove(1_000));
            builder.rule(Rule::when(somebody).to_alias("fast"))
        },
    );
    measure(
        "ten of an alias behind ten rules",
        &rules.build().unwrap(),
        &aliased,
        &none,
    );
    group.finish();
}

fn events(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let request = Arc::new(ChatRequest::user("Why is the sky blue?"));
    let mut group = criterion.benchmark_group("routing/events");
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (name, guarded) in [("a stream", false), ("a stream with a throughput guard", true)] {
        let mut client = builder(2, Strategy::Priority);
        if guarded {
            client = client.min_throughput(10, std::time::Duration::from_secs(1));
        }
        let client = client.build().unwrap();
        group.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let mut stream = client.stream(Arc::clone(&request)).await.unwrap();
                while let Some(event) = stream.next().await {
                    black_box(event.unwrap());
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, way, events);
criterion_main!(benches);
