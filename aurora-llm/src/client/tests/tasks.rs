//! Embeddings, rerank and lists of models through the client.

use super::*;
use crate::embed::EmbedRequest;
use crate::providers::simulated::{Simulated, Step};
use crate::rerank::RerankRequest;

fn embedding(name: &str, model: &str) -> (LlmTarget, crate::providers::simulated::SimulatedControl) {
    let provider = Simulated::new(name);
    let control = provider.handle();
    (LlmTarget::embeddings(provider, model), control)
}

fn client(targets: impl IntoIterator<Item = LlmTarget>) -> LlmClient {
    let builder = LlmClient::builder().clock(ManualClock::default());
    targets
        .into_iter()
        .fold(builder, ClientBuilder::target)
        .build()
        .unwrap()
}

#[tokio::test]
async fn texts_are_split_to_what_the_provider_takes_and_keep_their_order() {
    let (target, control) = embedding("a", "m");
    let texts: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
    let answered = client([target])
        .embed(EmbedRequest::new(texts.clone()))
        .await
        .unwrap();
    assert_eq!(control.calls(), 3, "96, 96 and 8 texts");
    let alone = client([embedding("a", "m").0]);
    for at in [0, 95, 96, 199] {
        let one = alone.embed(EmbedRequest::new([texts[at].clone()])).await.unwrap();
        assert_eq!(
            one.value().embeddings[0],
            answered.value().embeddings[at],
            "text {at}"
        );
    }
    let whole: u64 = texts.iter().map(|text| (text.len() as u64).div_ceil(4)).sum();
    assert_eq!(answered.usage().map(Usage::total), Some(whole));
}

#[tokio::test]
async fn a_batch_that_fails_is_asked_again_and_no_other_is_paid_twice() {
    let (first, control) = embedding("a", "m");
    control.follow([Step::Ok, Step::status(401)]);
    let (second, other) = embedding("b", "m");
    let texts: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
    let answered = client([first, second])
        .embed(EmbedRequest::new(texts))
        .await
        .unwrap();
    assert_eq!(
        (control.calls(), other.calls()),
        (2, 2),
        "the first 96 came from the first"
    );
    assert_eq!(answered.provider().as_str(), "b");
    assert_eq!(answered.attempts().len(), 2);
    assert_eq!(answered.value().embeddings.len(), 200);
}

#[tokio::test]
async fn vectors_of_two_models_never_meet() {
    let (first, control) = embedding("a", "small");
    control.break_with(Step::status(401));
    let (second, other) = embedding("b", "large");
    let error = client([first, second])
        .embed(EmbedRequest::new(["x"]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        other.calls(),
        0,
        "its vectors would not compare with those of the first"
    );
}

#[tokio::test]
async fn chat_and_embeddings_keep_to_their_own_targets() {
    let (vectors, control) = embedding("a", "m");
    let chat = LlmTarget::new(Puppet::new("b"), "m");
    let client = client([vectors, chat]);
    assert_eq!(client.ask("?").await.unwrap().provider().as_str(), "b");
    assert_eq!(
        client
            .embed(EmbedRequest::new(["x"]))
            .await
            .unwrap()
            .provider()
            .as_str(),
        "a"
    );
    assert_eq!(control.calls(), 1);
    let error = client.rerank(RerankRequest::new("q", ["d"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused_before_the_call() {
    let (target, control) = embedding("a", "m");
    let client = client([target]);
    for (request, told) in [
        (EmbedRequest::default(), "no text"),
        (EmbedRequest::new(["a", ""]), "text 1 is empty"),
        (EmbedRequest::new(vec!["x"; 100_001]), "more than 100000"),
    ] {
        let error = client.embed(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(told), "{error}");
    }
    assert_eq!(control.calls(), 0);
}

#[tokio::test]
async fn documents_come_best_first_from_whoever_answers() {
    let down = Simulated::new("a").script([Step::status(403)]);
    let up = Simulated::new("b");
    let client = client([LlmTarget::rerank(down, "r"), LlmTarget::rerank(up, "r")]);
    let documents = ["the sea at night", "a dog in the rain", "rain over the sea"];
    let answered = client
        .rerank(RerankRequest::new("rain over sea", documents).top_n(2))
        .await
        .unwrap();
    let order: Vec<usize> = answered
        .value()
        .results
        .iter()
        .map(|ranked| ranked.index)
        .collect();
    assert_eq!(order.len(), 2);
    assert_eq!(order[0], 2, "it has every word of the query");
    assert_eq!(answered.attempts().len(), 2);

    let many = RerankRequest::new("q", vec!["d"; 1_001]);
    let error = client.rerank(many).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unsupported,
        "scores of two requests do not compare"
    );
    let nothing = client.rerank(RerankRequest::new("", ["d"])).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_target_usable() {
    let (target, control) = embedding("a", "m");
    control.follow([Step::Stall]);
    let client = client([target]);
    drop(futures::FutureExt::now_or_never(
        client.embed(EmbedRequest::new(["x"])),
    ));
    assert_eq!(control.cancelled(), 1);
    assert!(client.embed(EmbedRequest::new(["x"])).await.is_ok());
}

#[tokio::test]
async fn every_provider_is_asked_for_its_models_once() {
    let (first, _) = embedding("a", "m");
    let client = client([
        first,
        LlmTarget::new(Simulated::new("a"), "n"),
        LlmTarget::new(Puppet::new("p"), "m"),
    ]);
    let lists = client.list_models().await;
    assert_eq!(lists.len(), 1, "the puppet has no list");
    assert_eq!(lists[0].provider.as_str(), "a");
    assert_eq!(lists[0].models.as_ref().unwrap()[0].id, "simulated");
}

#[tokio::test]
async fn tokens_are_counted_by_the_provider_or_estimated_and_it_is_said_which() {
    use crate::tokens::CountSource;
    let counting = Simulated::new("a").script([Step::Ok, Step::status(500)]);
    let control = counting.handle();
    let client = client([
        LlmTarget::new(counting, "m"),
        LlmTarget::new(Puppet::new("p"), "n"),
    ]);
    let told = client.count_tokens(ChatRequest::user("four char")).await.unwrap();
    assert_eq!((told.tokens, told.source), (3, CountSource::Provider));
    let failed = client.count_tokens(ChatRequest::user("four char")).await.unwrap();
    assert_eq!(failed.source, CountSource::Estimate);
    let other = client
        .count_tokens(ChatRequest::user("four char").model("n"))
        .await
        .unwrap();
    assert_eq!(other.source, CountSource::Estimate);
    assert_eq!(control.calls(), 2, "nobody else is asked, and nobody twice");
    let status = client.status();
    assert!(
        status.iter().all(|target| target.calls == 0),
        "a count says nothing about a target: {status:?}"
    );
    let unknown = client
        .count_tokens(ChatRequest::user("?").model("nobody"))
        .await
        .unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::ModelNotFound);
}
