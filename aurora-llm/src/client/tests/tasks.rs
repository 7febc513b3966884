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

/// Embeds and sorts as it is told.
#[derive(Debug)]
struct Odd {
    id: crate::provider::ProviderId,
    vectors: Vec<Vec<f32>>,
    ranked: Vec<(usize, f64)>,
}

#[async_trait::async_trait]
impl LlmProvider for Odd {
    fn id(&self) -> &crate::provider::ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "odd"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::NONE
    }

    fn embeddings(&self) -> Option<&dyn crate::provider::EmbeddingProvider> {
        Some(self)
    }

    fn reranker(&self) -> Option<&dyn crate::provider::RerankProvider> {
        Some(self)
    }

    async fn chat(&self, _: &Call) -> Result<ChatResponse, Error> {
        Err(Error::new(ErrorKind::Unsupported))
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        Err(Error::new(ErrorKind::Unsupported))
    }
}

#[async_trait::async_trait]
impl crate::provider::EmbeddingProvider for Odd {
    fn max_inputs(&self, _: &str) -> usize {
        9
    }

    async fn embed(&self, _: &Call<EmbedRequest>) -> Result<crate::embed::EmbedResponse, Error> {
        let usage = Some(Usage::new(7, 0));
        Ok(crate::embed::EmbedResponse::new("m", self.vectors.clone(), usage))
    }
}

#[async_trait::async_trait]
impl crate::provider::RerankProvider for Odd {
    fn max_documents(&self, _: &str) -> usize {
        9
    }

    async fn rerank(&self, _: &Call<RerankRequest>) -> Result<crate::rerank::RerankResponse, Error> {
        let ranked = self
            .ranked
            .iter()
            .map(|(at, score)| crate::rerank::Ranked::new(*at, *score));
        let usage = Some(Usage::new(7, 0));
        Ok(crate::rerank::RerankResponse::new("m", ranked.collect(), usage))
    }
}

fn odd(vectors: &[&[f32]], ranked: &[(usize, f64)]) -> LlmClient {
    let odd = || Odd {
        id: "odd".into(),
        vectors: vectors.iter().map(|vector| vector.to_vec()).collect(),
        ranked: ranked.to_vec(),
    };
    builder(&ManualClock::default())
        .target(LlmTarget::embeddings(odd(), "m"))
        .target(LlmTarget::rerank(odd(), "r"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn what_are_no_vectors_is_refused_and_its_usage_told() {
    for vectors in [
        &[&[1.0, f32::NAN][..], &[1.0, 2.0][..]][..],
        &[&[1.0, 2.0][..], &[f32::INFINITY, 2.0][..]][..],
        &[&[1.0, 2.0][..], &[1.0][..]][..],
        &[&[1.0, 2.0][..]][..],
        &[&[][..], &[][..]][..],
    ] {
        let error = odd(vectors, &[])
            .embed(EmbedRequest::new(["a", "b"]))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{vectors:?}");
        assert_eq!(
            error.usage().map(Usage::total),
            Some(7),
            "it is billed all the same"
        );
    }
}

#[tokio::test]
async fn what_is_no_order_of_documents_is_refused() {
    let asked = || RerankRequest::new("q", ["a", "b", "c"]).top_n(2);
    for ranked in [
        &[(0, 0.9), (0, 0.8)][..],
        &[(3, 0.9)][..],
        &[(0, f64::NAN), (1, 0.1)][..],
    ] {
        let error = odd(&[], ranked).rerank(asked()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{ranked:?}");
        assert_eq!(error.usage().map(Usage::total), Some(7));
    }
    let more = odd(&[], &[(1, 0.1), (0, 0.9), (2, 0.5)]);
    let best = more.rerank(asked()).await.unwrap();
    let order: Vec<usize> = best.value().results.iter().map(|ranked| ranked.index).collect();
    assert_eq!(order, [0, 2], "no more than were asked for");
}
