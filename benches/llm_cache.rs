//! What answers cost that are kept or shared.
//!
//! Targets on the 2-core development machine: a hit in memory under 20 µs for a short request, under 40 µs for one of ten
//! messages of a kilobyte each, whose 256-bit key is most of it; 1,000 callers of one flight under 20 ms, and one call at
//! the provider. No metrics recorder and no tracing subscriber is installed.
//!
//! `cargo bench --bench llm_cache`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aurora::core::cache::MemoryCache;
use aurora::llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use aurora::llm::client::{CacheMode, CallOptions, Caller, ResponseCache};
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora::llm::usage::Usage;
use aurora::llm::{Error, LlmClient};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt as _;
use futures::future::join_all;
use tokio::runtime::Builder;

/// As many turns as a thousand callers take to join: whoever joins asks after the answer once.
async fn everybody_has_come() {
    for _ in 0..1_100 {
        tokio::task::yield_now().await;
    }
}

/// Answers when others have had time to join.
#[derive(Debug)]
struct Soon {
    id: ProviderId,
    calls: Arc<AtomicU64>,
}

#[async_trait]
impl LlmProvider for Soon {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "nothing"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, _: &Call) -> Result<ChatResponse, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        everybody_has_come().await;
        let usage = Some(Usage::new(10, 10));
        Ok(ChatResponse::new(
            "id",
            "m",
            Message::assistant("Because of Rayleigh scattering."),
            FinishReason::Stop,
            usage,
        ))
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        everybody_has_come().await;
        let words = (0..20).map(|_| StreamEvent::Text("word ".into()));
        let usage = Some(Usage::new(10, 20));
        let end = StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage,
        };
        let events: Vec<_> = words.chain([end]).map(Ok).collect();
        Ok(futures::stream::iter(events).boxed())
    }
}

fn client() -> (LlmClient, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let provider = Soon {
        id: "soon".into(),
        calls: Arc::clone(&calls),
    };
    let builder = LlmClient::builder().provider(provider, "m");
    let cache = ResponseCache::new(MemoryCache::new());
    (builder.cache(cache).build().unwrap(), calls)
}

fn of_tenant() -> CallOptions {
    CallOptions::default().caller(Caller::tenant("wsp_17"))
}

fn hits(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (client, _) = client();
    let options = of_tenant();
    let mut group = criterion.benchmark_group("llm_cache/hit");
    group.throughput(Throughput::Elements(1));
    let long = (0..10).map(|n| Message::user("x".repeat(1_024) + &n.to_string()));
    for (name, request) in [
        ("short", ChatRequest::user("Why is the sky blue?")),
        ("ten messages of 1 KiB", ChatRequest::new(long.collect())),
    ] {
        let request = Arc::new(request);
        runtime
            .block_on(client.chat_with(Arc::clone(&request), &options))
            .unwrap();
        group.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let answer = client.chat_with(Arc::clone(&request), &options).await.unwrap();
                assert!(answer.cache().is_free());
                black_box(answer)
            });
        });
        group.bench_function(format!("{name}, as a stream"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let stream = client.stream_with(Arc::clone(&request), &options).await.unwrap();
                black_box(stream.collect_answer().await.unwrap())
            });
        });
    }
    group.finish();
}

fn flights(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (client, calls) = client();
    // Asked anew each time, and shared all the same.
    let options = of_tenant().cache(CacheMode::Refresh);
    let request = Arc::new(ChatRequest::user("Why is the sky blue?"));
    let mut group = criterion.benchmark_group("llm_cache/flight");
    group.sample_size(20).throughput(Throughput::Elements(1_000));
    group.bench_function("1,000 whole", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let before = calls.load(Ordering::Relaxed);
            let all = (0..1_000).map(|_| client.chat_with(Arc::clone(&request), &options));
            black_box(join_all(all).await);
            assert_eq!(calls.load(Ordering::Relaxed) - before, 1);
        });
    });
    group.bench_function("1,000 streams of 21 events", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let before = calls.load(Ordering::Relaxed);
            let all = (0..1_000).map(|_| async {
                let stream = client.stream_with(Arc::clone(&request), &options).await.unwrap();
                stream.collect_answer().await.unwrap()
            });
            black_box(join_all(all).await);
            assert_eq!(calls.load(Ordering::Relaxed) - before, 1);
        });
    });
    group.finish();
}

criterion_group!(benches, hits, flights);
criterion_main!(benches);
