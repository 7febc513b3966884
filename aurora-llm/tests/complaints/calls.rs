//! What is shared between calls and processes: limits, answers, memory, probes.

use std::time::Duration;

use aurora_core::cache::MemoryCache;
use aurora_core::page::PageRequest;
use aurora_core::resilience::limiter::{Limiter, MemoryLimiter};
use aurora_core::time::{ManualClock, Timestamp};
use aurora_llm::ErrorKind;
use aurora_llm::client::limits::Limits;
use aurora_llm::client::{CacheStatus, CallOptions, LlmTarget, ResponseCache};
use aurora_llm::ledger::{Budgets, EntryQuery, Ledger as _, MemoryLedger};
use aurora_llm::providers::simulated::Simulated;

use crate::scripted::{SECOND, Scripted, builder, of, question};

#[tokio::test]
async fn complaint_07_requests_a_minute_hold_across_instances() {
    let clock = ManualClock::default();
    let store = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let shared = Limiter::builder(store).clock(clock.clone()).build().unwrap();
    let provider = Scripted::new("a", &clock);
    let replicas = [(), ()].map(|()| {
        let limits = Limits::default().requests_per_minute(10);
        builder(&clock)
            .target(LlmTarget::new(provider.clone(), "m").limits(limits))
            .limiter(shared.clone())
            .total_timeout(SECOND)
            .build()
            .unwrap()
    });
    for number in 0..30 {
        if let Err(error) = replicas[number % 2].chat(question()).await {
            assert_eq!(
                error.kind(),
                ErrorKind::LocalRateLimited,
                "ours, and not the provider's"
            );
        }
    }
    assert_eq!(provider.asked(), 10);
}

#[tokio::test]
async fn complaint_14_no_tenant_sees_the_answer_of_another() {
    let clock = ManualClock::default();
    let provider = Scripted::new("a", &clock);
    let store = MemoryCache::new();
    let client = builder(&clock)
        .provider(provider.clone(), "m")
        .cache(ResponseCache::new(store))
        .build()
        .unwrap();
    let nobody = CallOptions::default();
    let hits = async |options: &CallOptions| {
        let answer = client.chat_with(question(), options).await.unwrap();
        matches!(answer.cache(), CacheStatus::Hit { .. })
    };
    for options in [of("a"), of("b"), of("a/b"), of("A"), nobody.clone(), of("")] {
        assert!(!hits(&options).await, "{options:?}");
    }
    assert_eq!(provider.asked(), 6);
    assert!(hits(&of("a")).await, "its own it sees");
    assert!(!hits(&nobody).await, "what is asked for nobody is not kept");
}

#[tokio::test]
async fn complaint_15_health_costs_nothing() {
    let clock = ManualClock::default();
    let provider = Simulated::new("sim").clock(clock.clone());
    let upstream = provider.handle();
    let client = builder(&clock).provider(provider, "m").build().unwrap();
    for _ in 0..24 {
        clock.advance(Duration::from_secs(3_600));
        tokio::task::yield_now().await;
        assert_eq!(client.status().len(), 1);
        client.list_models().await;
        assert_eq!(client.check().await.len(), 1);
    }
    assert_eq!(upstream.calls(), 0, "nobody asked anything, so nothing was asked");
}

#[tokio::test]
async fn complaint_16_nothing_grows_with_what_callers_send() {
    let clock = ManualClock::default();
    let fails = Scripted::new("a", &clock).fails(ErrorKind::ModelNotFound, 1_500);
    let ledger = MemoryLedger::new().capacity(100).clock(clock.clone());
    let client = builder(&clock)
        .target(LlmTarget::new(fails, "m").serves("*"))
        .budgets(Budgets::new(ledger.clone()))
        .build()
        .unwrap();
    for number in 0..1_500 {
        let made_up = question().model(format!("made-up-{number}"));
        client.chat(made_up).await.unwrap_err();
        clock.advance(Duration::from_micros(1));
    }
    assert!(client.held().len() <= 1_024);
    for _ in 0..300 {
        client.chat_with(question(), &of("t")).await.unwrap();
    }
    client.flush(SECOND).await;
    let ever = Timestamp::UNIX_EPOCH..Timestamp::from_micros(i64::MAX);
    let page = PageRequest::first(100);
    let kept = ledger.entries(&EntryQuery::of("t", ever), &page).await.unwrap();
    assert!(kept.items.len() <= 100 && kept.next.is_none());
}
