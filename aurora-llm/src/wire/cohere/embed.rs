//! Embeddings: `POST /v2/embed`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::DIALECT;
use super::decode::WireUsage;
use super::encode::body_of;
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::Call;
use crate::wire::WireRequest;
use crate::wire::json::{malformed, merge, or_default, unreadable};

/// Most texts of one request.
pub const MAX_INPUTS: usize = 96;

/// Writes a request for embeddings.
///
/// [`EmbedPurpose::Similarity`] is sent as `clustering`, which likewise embeds all texts in one way. What else the API
/// offers, such as `truncate`, comes from the [options](EmbedRequest::options) of `cohere`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) when it cannot be written as JSON.
pub fn encode_embeddings(call: &Call<EmbedRequest>) -> Result<WireRequest, Error> {
    let request = &*call.request;
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(&*call.model));
    body.insert("texts".to_owned(), json!(request.inputs));
    body.insert("input_type".to_owned(), json!(input_type(request.purpose)));
    body.insert("embedding_types".to_owned(), json!(["float"]));
    if let Some(dimensions) = request.dimensions {
        body.insert("output_dimension".to_owned(), json!(dimensions));
    }
    merge(&mut body, &request.options, DIALECT);
    body_of(&body).map(|body| WireRequest::post("/v2/embed", body))
}

const fn input_type(purpose: EmbedPurpose) -> &'static str {
    match purpose {
        EmbedPurpose::Document => "search_document",
        EmbedPurpose::Query => "search_query",
        EmbedPurpose::Classification => "classification",
        EmbedPurpose::Clustering | EmbedPurpose::Similarity => "clustering",
    }
}

#[derive(Debug, Deserialize)]
struct WireEmbeddings {
    embeddings: ByType,
    meta: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
struct ByType {
    #[serde(default, deserialize_with = "or_default")]
    float: Vec<Vec<f32>>,
}

/// Reads the embeddings of `call`.
///
/// # Errors
/// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when the body is not of this form, or holds another
/// number of vectors than there were texts.
pub fn decode_embeddings(body: &[u8], call: &Call<EmbedRequest>) -> Result<EmbedResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let wire = WireEmbeddings::deserialize(value)
        .map_err(|error| unreadable("not the form of embeddings", &error))?;
    if wire.embeddings.float.len() != call.request.inputs.len() {
        return Err(malformed("another number of vectors than of texts"));
    }
    let usage = wire.meta.and_then(|meta| meta.usage());
    Ok(EmbedResponse::new(&*call.model, wire.embeddings.float, usage))
}
