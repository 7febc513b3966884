//! What a call costs in this process with every layer on: cache, budgets, routing, breakers, limits, trail.
//!
//! Target: a median of 20 µs or less for a short request, over a provider that answers at once. Each line adds a layer to
//! the one before, so that the dear one is seen. No metrics recorder and no tracing subscriber is installed.
//!
//! `cargo bench --bench llm_layers`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aurora::core::cache::MemoryCache;
use aurora::llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message};
use aurora::llm::client::limits::Limits;
use aurora::llm::client::{
    CacheMode, CacheOptions, CallOptions, Caller, ClientBuilder, LlmTarget, ResponseCache, Strategy,
};
use aurora::llm::ledger::{Budget, BudgetScope, Budgets, MemoryLedger, Period};
use aurora::llm::pricing::Price;
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora::llm::usage::Usage;
use aurora::llm::{Error, LlmClient};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Builder;

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
        Ok(Box::pin(futures::stream::empty()))
    }
}

fn targets(builder: ClientBuilder, number: usize, limited: bool) -> ClientBuilder {
    let price = Price::per_million("3".parse().unwrap(), "15".parse().unwrap());
    (0..number).fold(builder, |builder, at| {
        let provider = AtOnce(ProviderId::new(format!("provider-{at}")));
        let target = LlmTarget::new(provider, "m").price(price);
        // Limits that nobody reaches: they are counted, not waited for.
        let limits = Limits::default()
            .requests_per_minute(60_000_000)
            .concurrency(10_000);
        builder.target(if limited { target.limits(limits) } else { target })
    })
}

fn budgets() -> Budgets {
    let plenty = || "1000000000".parse().unwrap();
    Budgets::new(MemoryLedger::new())
        .budget(Budget::cost(BudgetScope::Tenant, Period::Month, plenty()))
        .budget(Budget::cost(BudgetScope::User, Period::Day, plenty()))
}

fn layers(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let request = Arc::new(ChatRequest::user("Why is the sky blue?").max_tokens(100));
    let options = CallOptions::default().caller(Caller::tenant("wsp_17").user("usr_4"));
    let cache = || ResponseCache::new(MemoryCache::new()).ttl(Duration::from_secs(60));
    let new = || LlmClient::builder().strategy(Strategy::Weighted);
    // The answer is looked for and stored anew each time, as it is for a request that nobody asked before.
    let missed = options.clone().cache(CacheOptions::new(CacheMode::Refresh));
    let mut group = criterion.benchmark_group("llm/layers");
    for (name, builder, options) in [
        ("one target", targets(new(), 1, false), &options),
        ("ten targets", targets(new(), 10, false), &options),
        ("and limits", targets(new(), 10, true), &options),
        (
            "and budgets",
            targets(new(), 10, true).budgets(budgets()),
            &options,
        ),
        (
            "and a cache that has no answer yet",
            targets(new(), 10, true).budgets(budgets()).cache(cache()),
            &missed,
        ),
    ] {
        let client = builder.build().unwrap();
        group.bench_function(name, |bencher| {
            bencher
                .to_async(&runtime)
                .iter(|| async { black_box(client.chat_with(Arc::clone(&request), options).await.unwrap()) });
        });
    }
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
