//! Rerank: `POST /v2/rerank`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::DIALECT;
use super::decode::WireUsage;
use super::encode::body_of;
use crate::error::Error;
use crate::provider::Call;
use crate::rerank::{Ranked, RerankRequest, RerankResponse};
use crate::wire::WireRequest;
use crate::wire::json::{malformed, merge, unreadable};

/// Most documents of one request; Cohere recommends no more than 1,000.
pub const MAX_DOCUMENTS: usize = 10_000;

/// Writes a request to rerank. What else the API offers, such as `max_tokens_per_doc`, comes from the
/// [options](RerankRequest::options) of `cohere`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) when it cannot be written as JSON.
pub fn encode_rerank(call: &Call<RerankRequest>) -> Result<WireRequest, Error> {
    let request = &*call.request;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert("query".to_owned(), json!(request.query));
    body.insert("documents".to_owned(), json!(request.documents));
    if let Some(top_n) = request.top_n {
        body.insert("top_n".to_owned(), json!(top_n));
    }
    merge(&mut body, &request.options, DIALECT);
    body_of(&body).map(|body| WireRequest::post("/v2/rerank", body))
}

#[derive(Debug, Deserialize)]
struct WireRanking {
    results: Vec<WireRanked>,
    meta: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
struct WireRanked {
    index: usize,
    relevance_score: f64,
}

/// Reads the order of the documents of `call`, best first.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when the body is not of this form, or names a document
/// that was not asked about.
pub fn decode_rerank(body: &[u8], call: &Call<RerankRequest>) -> Result<RerankResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let wire =
        WireRanking::deserialize(value).map_err(|error| unreadable("not the form of a ranking", &error))?;
    let known = call.request.documents.len();
    if wire.results.iter().any(|ranked| ranked.index >= known) {
        return Err(malformed("a document that was not asked about"));
    }
    let ranked = |wire: &WireRanked| Ranked::new(wire.index, wire.relevance_score);
    let mut results: Vec<Ranked> = wire.results.iter().map(ranked).collect();
    results.sort_by(|one, other| other.score.total_cmp(&one.score));
    let usage = wire.meta.and_then(|meta| meta.usage());
    Ok(RerankResponse::new(&*call.model, results, usage))
}
