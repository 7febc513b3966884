//! Vectors and orders of documents cost money too.

use super::*;
use crate::client::limits::Limits;
use crate::embed::EmbedRequest;
use crate::providers::simulated::{Simulated, SimulatedControl, Step};
use crate::rerank::RerankRequest;

/// $3 for a million tokens: the text of 4,000 letters has 1,000 of them, and costs $0.003.
fn vectors(name: &str) -> (LlmTarget, SimulatedControl) {
    let provider = Simulated::new(name);
    let control = provider.handle();
    let price = Price::per_million(usd("3"), NanoUsd::ZERO);
    (LlmTarget::embeddings(provider, "m").price(price), control)
}

fn client(setting: &Setting, budget: Budget, targets: impl IntoIterator<Item = LlmTarget>) -> LlmClient {
    let with = targets
        .into_iter()
        .fold(builder(&setting.clock), ClientBuilder::target);
    with.budgets(setting.budgets([budget])).build().unwrap()
}

fn texts(many: usize) -> EmbedRequest {
    EmbedRequest::new(vec!["x".repeat(4_000); many])
}

#[tokio::test]
async fn vectors_are_booked_for_who_asked() {
    let setting = Setting::new();
    let client = client(&setting, daily("9"), [vectors("a").0]);
    let answered = client.embed_with(texts(100), &of("t")).await.unwrap();
    assert_eq!(answered.cost(), Cost::Priced(usd("0.3")));
    assert_eq!(
        setting.stands(&daily("9"), "t").await,
        (usd("0.3"), NanoUsd::ZERO)
    );
    let entries = setting.entries("t").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].task, entries[0].cost, entries[0].estimated),
        (crate::client::Task::Embeddings, answered.cost(), false)
    );
}

#[tokio::test]
async fn vectors_that_a_budget_does_not_cover_are_not_asked_for() {
    let setting = Setting::new();
    let (target, control) = vectors("a");
    let client = client(&setting, daily("0.1"), [target]);
    let refused = client.embed_with(texts(100), &of("t")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::BudgetExceeded);
    assert_eq!(control.calls(), 0);
    assert_eq!(
        setting.stands(&daily("0.1"), "t").await,
        (NanoUsd::ZERO, NanoUsd::ZERO)
    );
}

#[tokio::test]
async fn batches_that_came_before_a_failure_are_booked_where_they_were_used_and_told() {
    let setting = Setting::new();
    let (first, control) = vectors("a");
    control.follow([Step::Ok, Step::status(401)]);
    let client = client(&setting, daily("9"), [first, vectors("b").0]);
    let answered = client.embed_with(texts(100), &of("t")).await.unwrap();
    flushed(&client).await;
    assert_eq!(answered.cost(), Cost::Priced(usd("0.3")));
    let costs: Vec<_> = answered.attempts().iter().map(|attempt| attempt.cost).collect();
    assert_eq!(
        costs,
        [Some(Cost::Priced(usd("0.288"))), Some(Cost::Priced(usd("0.012")))]
    );
    assert_eq!(
        setting.stands(&daily("9"), "t").await,
        (usd("0.3"), NanoUsd::ZERO)
    );
}

#[tokio::test]
async fn vectors_that_are_given_up_leave_no_reservation() {
    let setting = Setting::new();
    let (target, control) = vectors("a");
    control.follow([Step::Stall]);
    let client = client(&setting, daily("1"), [target]);
    drop(futures::FutureExt::now_or_never(
        client.embed_with(texts(1), &of("t")),
    ));
    assert_eq!(control.cancelled(), 1);
    flushed(&client).await;
    let (spent, held) = setting.stands(&daily("1"), "t").await;
    let bound = usd("3").per_million(4_000 + 8);
    assert_eq!(
        spent, bound,
        "it may have been worked on, and nobody says how much it was"
    );
    assert_eq!(held, NanoUsd::ZERO);
}

#[tokio::test]
async fn orders_of_documents_are_reserved_and_booked_by_the_search() {
    let setting = Setting::new();
    let provider = Simulated::new("a");
    let control = provider.handle();
    let target = LlmTarget::rerank(provider, "r").price(Price::per_search(usd("0.002")));
    let client = client(&setting, daily("0.005"), [target]);
    let request = RerankRequest::new("rain", ["the sea", "a dog"]);
    let answered = client.rerank_with(request.clone(), &of("t")).await.unwrap();
    assert_eq!(answered.cost(), Cost::Priced(usd("0.002")));
    client.rerank_with(request.clone(), &of("t")).await.unwrap();
    assert_eq!(
        setting.stands(&daily("0.005"), "t").await,
        (usd("0.004"), NanoUsd::ZERO)
    );
    let refused = client.rerank_with(request, &of("t")).await.unwrap_err();
    assert_eq!((refused.kind(), control.calls()), (ErrorKind::BudgetExceeded, 2));
}

#[tokio::test]
async fn an_option_that_may_name_a_dearer_model_is_not_covered() {
    let setting = Setting::new();
    let (target, control) = vectors("a");
    let client = client(&setting, daily("1"), [target]);
    let mut request = texts(1);
    let options = request.options.entry("openai_embeddings".to_owned()).or_default();
    options.insert("model".to_owned(), "large".into());
    let refused = client.embed_with(request, &of("t")).await.unwrap_err();
    assert_eq!((refused.kind(), control.calls()), (ErrorKind::InvalidRequest, 0));
    assert!(refused.provider_message().unwrap().contains("`model`"));
}

#[tokio::test]
async fn tokens_of_vectors_count_against_the_limit_of_tokens() {
    let setting = Setting::new();
    let (target, control) = vectors("a");
    let client = builder(&setting.clock)
        .target(target.limits(Limits::default().tokens_per_minute(1_500)))
        .total_timeout(SECOND)
        .build()
        .unwrap();
    client.embed(texts(1)).await.unwrap();
    let refused = client.embed(texts(1)).await.unwrap_err();
    assert_eq!(
        (refused.kind(), control.calls()),
        (ErrorKind::LocalRateLimited, 1)
    );
}
