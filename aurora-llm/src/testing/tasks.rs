//! The contract of what is not chat.

use std::collections::BTreeSet;

use futures::FutureExt as _;

use super::succeed;
use crate::chat::ChatRequest;
use crate::embed::EmbedRequest;
use crate::provider::{Call, LlmProvider};
use crate::rerank::RerankRequest;

/// Checks that the embeddings of `provider` keep the contract of [`EmbeddingProvider`](crate::provider::EmbeddingProvider)
/// with `model`, by about five small calls:
///
/// - there is one vector for each text, in the order of the texts, all of one length and all of finite numbers;
/// - a call that is dropped leaves the provider usable.
///
/// # Panics
/// When the contract is broken, or the provider has no embeddings.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// aurora_llm::testing::embeddings_conformance(&aurora_llm::testing::Simulated::new("mine"), "any").await;
/// # }
/// ```
pub async fn embeddings_conformance(provider: &dyn LlmProvider, model: &str) {
    let Some(embedder) = provider.embeddings() else {
        panic!("{} has no embeddings", provider.id());
    };
    assert!(
        embedder.max_inputs(model) > 0,
        "at least one text fits into a request"
    );
    let texts = ["Rain falls on the sea.", "The invoice is due on Monday."];
    let call = |texts: &[&str]| Call::new(EmbedRequest::new(texts.iter().copied()), model);
    drop(embedder.embed(&call(&texts)).now_or_never());

    let mut alone = Vec::new();
    for text in texts {
        let one = succeed(embedder.embed(&call(&[text])).await).embeddings;
        assert_eq!(one.len(), 1, "one text has one vector");
        alone.extend(one);
    }
    if embedder.max_inputs(model) < texts.len() {
        return;
    }
    let both = succeed(embedder.embed(&call(&texts)).await).embeddings;
    assert_eq!(both.len(), texts.len(), "each text has one vector");
    for vector in alone.iter().chain(&both) {
        assert_eq!(
            Some(vector.len()),
            both.first().map(Vec::len),
            "vectors have one length"
        );
        assert!(!vector.is_empty(), "a vector has places");
        assert!(
            vector.iter().all(|place| place.is_finite()),
            "a vector is of numbers"
        );
    }
    for (at, own) in both.iter().enumerate() {
        for (other, vector) in alone.iter().enumerate() {
            let nearer = alone
                .get(at)
                .is_some_and(|same| cosine(own, same) > cosine(own, vector));
            assert!(at == other || nearer, "vectors come in the order of the texts");
        }
    }
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}

/// Checks that the reranking of `provider` keeps the contract of [`RerankProvider`](crate::provider::RerankProvider)
/// with `model`, by about three small calls:
///
/// - each document comes once, by its place among those sent, best first, with a finite score;
/// - no more come than were asked for;
/// - a call that is dropped leaves the provider usable.
///
/// # Panics
/// When the contract is broken, or the provider has no reranking.
pub async fn rerank_conformance(provider: &dyn LlmProvider, model: &str) {
    let Some(reranker) = provider.reranker() else {
        panic!("{} has no reranking", provider.id());
    };
    assert!(reranker.max_documents(model) > 0, "at least one document fits");
    let documents = ["rain over the sea", "an invoice", "a dog in the rain"];
    let request = RerankRequest::new("rain over the sea", documents);
    let call = Call::new(request.clone(), model);
    drop(reranker.rerank(&call).now_or_never());

    let all = succeed(reranker.rerank(&call).await).results;
    let places: BTreeSet<usize> = all.iter().map(|ranked| ranked.index).collect();
    assert_eq!(places.len(), all.len(), "a document comes once");
    assert!(
        places.iter().all(|at| *at < documents.len()),
        "only documents that were sent come"
    );
    assert!(
        all.iter().all(|ranked| ranked.score.is_finite()),
        "a score is a number"
    );
    assert!(
        all.is_sorted_by(|one, next| one.score >= next.score),
        "the best come first"
    );

    let best = succeed(reranker.rerank(&Call::new(request.top_n(1), model)).await).results;
    assert_eq!(best.len(), 1, "no more come than were asked for");
}

/// Checks that the list of models of `provider` keeps the contract of [`ModelCatalog`](crate::provider::ModelCatalog), by
/// one call with each key: models have names, and each comes once.
///
/// # Panics
/// When the contract is broken, or the provider has no list.
pub async fn models_conformance(provider: &dyn LlmProvider) {
    let Some(catalog) = provider.catalog() else {
        panic!("{} has no list of models", provider.id());
    };
    drop(catalog.models(0).now_or_never());
    for key in 0..provider.keys() {
        let models = succeed(catalog.models(key).await);
        let names: BTreeSet<&str> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(names.len(), models.len(), "a model comes once");
        assert!(!names.contains(""), "a model has a name");
    }
}

/// Checks that the counts of `provider` keep the contract of [`TokenCounter`](crate::provider::TokenCounter) with `model`, by
/// two calls: a longer text has more tokens.
///
/// # Panics
/// When the contract is broken, or the provider does not count.
pub async fn counts_conformance(provider: &dyn LlmProvider, model: &str) {
    let Some(counter) = provider.token_counter() else {
        panic!("{} does not count tokens", provider.id());
    };
    let call = |text: &str| Call::new(ChatRequest::user(text), model);
    let short = succeed(counter.count_tokens(&call("Hello.")).await).tokens;
    let long = succeed(
        counter
            .count_tokens(&call(&"Hello, how are you? ".repeat(20)))
            .await,
    )
    .tokens;
    assert!(
        short > 0 && long > short,
        "a longer text has more tokens: {short} and {long}"
    );
}
