//! What else a simulated provider does: vectors, an order of documents, counts, a list of models.
//!
//! A vector counts the words of its text, each at the place that its hash says, so that texts with words in common
//! are near each other: enough to see a search work.

use std::collections::VecDeque;

use async_trait::async_trait;

use super::Simulated;
use super::answer::estimate;
use crate::chat::{FinishReason, StreamEvent};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::{Call, EmbeddingProvider, ModelCatalog, ModelInfo, RerankProvider, TokenCounter};
use crate::rerank::{Ranked, RerankRequest, RerankResponse};
use crate::tokens::{CountSource, TokenCount};
use crate::usage::Usage;

/// The length of a vector where a request does not choose it.
const DIMENSIONS: u32 = 256;
const MAX_DIMENSIONS: u32 = 4_096;

impl Simulated {
    /// Waits and fails as the script says, for a call that has no events of its own.
    async fn act<R: Send + Sync>(&self, call: &Call<R>) -> Result<(), Error> {
        let mut play = self.play(&call.model, call.timeout, |_| {
            let finish = StreamEvent::Finish {
                reason: FinishReason::Stop,
                usage: None,
            };
            VecDeque::from([StreamEvent::Text(String::new()), finish])
        });
        while let Some(event) = play.next().await {
            event?;
        }
        Ok(())
    }
}

#[async_trait]
impl EmbeddingProvider for Simulated {
    fn max_inputs(&self, _model: &str) -> usize {
        96
    }

    async fn embed(&self, call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
        self.act(call).await?;
        let inputs = &call.request.inputs;
        let dimensions = call
            .request
            .dimensions
            .unwrap_or(DIMENSIONS)
            .clamp(1, MAX_DIMENSIONS);
        let vectors = inputs.iter().map(|text| vector(text, dimensions)).collect();
        let usage = Usage::new(inputs.iter().map(|text| estimate(text.len())).sum(), 0);
        Ok(EmbedResponse::new(&*call.model, vectors, Some(usage)))
    }
}

#[async_trait]
impl RerankProvider for Simulated {
    fn max_documents(&self, _model: &str) -> usize {
        1_000
    }

    async fn rerank(&self, call: &Call<RerankRequest>) -> Result<RerankResponse, Error> {
        self.act(call).await?;
        let query = vector(&call.request.query, DIMENSIONS);
        let scored = call
            .request
            .documents
            .iter()
            .enumerate()
            .map(|(index, document)| {
                let score = f64::from(product(&query, &vector(document, DIMENSIONS)));
                Ranked::new(index, score.clamp(0.0, 1.0))
            });
        let mut results: Vec<Ranked> = scored.collect();
        results.sort_by(|one, other| other.score.total_cmp(&one.score));
        let most = call.request.top_n.and_then(|most| usize::try_from(most).ok());
        results.truncate(most.unwrap_or(usize::MAX));
        let usage = Usage {
            searches: 1,
            ..Usage::default()
        };
        Ok(RerankResponse::new(&*call.model, results, Some(usage)))
    }
}

#[async_trait]
impl TokenCounter for Simulated {
    async fn count_tokens(&self, call: &Call) -> Result<TokenCount, Error> {
        self.act(call).await?;
        let heard = call
            .request
            .messages
            .iter()
            .map(|message| message.text().len())
            .sum();
        Ok(TokenCount::new(estimate(heard), CountSource::Provider))
    }
}

#[async_trait]
impl ModelCatalog for Simulated {
    async fn models(&self, _key: usize) -> Result<Vec<ModelInfo>, Error> {
        Ok(vec![ModelInfo::new("simulated")])
    }
}

/// A vector of length one; texts with no word in them point in the first direction.
fn vector(text: &str, dimensions: u32) -> Vec<f32> {
    let mut vector = vec![0.0_f32; usize::try_from(dimensions).unwrap_or(1)];
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        let hash = hash(&word.to_lowercase());
        let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
        let at = usize::try_from((hash >> 1) % u64::from(dimensions)).unwrap_or_default();
        if let Some(place) = vector.get_mut(at) {
            *place += sign;
        }
    }
    let length = product(&vector, &vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|place| *place /= length);
    } else if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
    vector
}

fn product(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// FNV-1a, which is the same everywhere and at any time.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
