//! Embeddings: `POST /api/embed`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::decode::{Counts, reported};
use super::encode::{body_of, merge};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::WireRequest;
use crate::wire::json::{malformed, or_default, unreadable};

pub(super) fn request(call: &Call<EmbedRequest>, num_ctx: u32) -> Result<WireRequest, Error> {
    let request = &*call.request;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert("input".to_owned(), json!(request.inputs));
    body.insert("truncate".to_owned(), json!(false));
    if let Some(dimensions) = request.dimensions {
        body.insert("dimensions".to_owned(), json!(dimensions));
    }
    body.insert("options".to_owned(), json!({"num_ctx": num_ctx}));
    merge(&mut body, &request.options);
    body_of(&body).map(|body| WireRequest::post("/api/embed", body))
}

#[derive(Debug, Deserialize)]
struct WireEmbeddings {
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    embeddings: Vec<Vec<f32>>,
    #[serde(flatten)]
    counts: Counts,
}

/// Reads the embeddings of `call`.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when the body is not of this form, or holds another
/// number of vectors than there were texts.
pub fn decode_embeddings(body: &[u8], call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    if let Some(error) = reported(&value) {
        return Err(error);
    }
    let wire = WireEmbeddings::deserialize(value)
        .map_err(|error| unreadable("not the form of embeddings", &error))?;
    if wire.embeddings.len() != call.request.inputs.len() {
        return Err(malformed("another number of vectors than of texts"));
    }
    let model = if wire.model.is_empty() {
        call.model.to_string()
    } else {
        wire.model
    };
    Ok(EmbedResponse::new(model, wire.embeddings, wire.counts.usage()))
}
