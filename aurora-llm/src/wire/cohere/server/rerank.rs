//! Rerank, from the server's side.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer;
use crate::error::Error;
use crate::rerank::{RerankRequest, RerankResponse};
use crate::wire::cohere::DIALECT;
use crate::wire::json::{invalid, keep_options, refused};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    query: String,
    documents: Vec<String>,
    top_n: Option<u32>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the body of `POST /v2/rerank`; what the vocabulary has no word for (`max_tokens_per_doc` …) becomes an option
/// of `cohere`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form.
pub fn decode_rerank(body: &[u8]) -> Result<RerankRequest, Error> {
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| refused("the body is not a request to rerank", &error))?;
    if body.documents.is_empty() {
        return Err(invalid("documents is empty"));
    }
    let mut request = RerankRequest::new(body.query, body.documents).model(body.model);
    request.top_n = body.top_n;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(request)
}

/// Writes the order of the documents under the id of the call.
#[must_use]
pub fn encode_rerank(response: &RerankResponse, id: &str) -> Bytes {
    let ranked: Vec<Value> = response
        .results
        .iter()
        .map(|ranked| json!({"index": ranked.index, "relevance_score": ranked.score}))
        .collect();
    let mut meta = json!({"api_version": {"version": "2"}});
    if let (Some(counted), Some(meta)) = (&response.usage, meta.as_object_mut()) {
        meta.extend(answer::usage(counted).as_object().cloned().unwrap_or_default());
    }
    Bytes::from(json!({"id": id, "results": ranked, "meta": meta}).to_string())
}
