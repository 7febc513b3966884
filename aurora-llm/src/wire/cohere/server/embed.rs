//! Embeddings, from the server's side.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer;
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::wire::cohere::DIALECT;
use crate::wire::json::{invalid, keep_options, or_default, refused, unsupported};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    input_type: String,
    #[serde(default, deserialize_with = "or_default")]
    texts: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    images: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    inputs: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    embedding_types: Vec<String>,
    output_dimension: Option<u32>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the body of `POST /v2/embed`; what the vocabulary has no word for (`truncate` …) becomes an option of
/// `cohere`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form;
/// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for pictures, and for vectors of other numbers than
/// floats.
pub fn decode_embeddings(body: &[u8]) -> Result<EmbedRequest, Error> {
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| refused("the body is not a request for embeddings", &error))?;
    if !body.images.is_empty() || !body.inputs.is_empty() {
        return Err(unsupported("embeddings of anything other than texts"));
    }
    if body.embedding_types.iter().any(|kind| kind != "float") {
        return Err(unsupported("embeddings of other numbers than floats"));
    }
    if body.texts.is_empty() {
        return Err(invalid("texts is empty"));
    }
    let purpose = match body.input_type.as_str() {
        "search_document" => EmbedPurpose::Document,
        "search_query" => EmbedPurpose::Query,
        "classification" => EmbedPurpose::Classification,
        "clustering" => EmbedPurpose::Clustering,
        _ => return Err(invalid("input_type is not known")),
    };
    let mut request = EmbedRequest::new(body.texts).model(body.model).purpose(purpose);
    request.dimensions = body.output_dimension;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(request)
}

/// Writes the vectors of `request` under the id of the call.
#[must_use]
pub fn encode_embeddings(response: &EmbedResponse, request: &EmbedRequest, id: &str) -> Bytes {
    let mut body = json!({
        "id": id,
        "response_type": "embeddings_by_type",
        "embeddings": {"float": response.embeddings},
        "texts": request.inputs,
    });
    let mut meta = json!({"api_version": {"version": "2"}});
    if let (Some(counted), Some(meta)) = (&response.usage, meta.as_object_mut()) {
        meta.extend(answer::usage(counted).as_object().cloned().unwrap_or_default());
    }
    if let Some(body) = body.as_object_mut() {
        body.insert("meta".to_owned(), meta);
    }
    Bytes::from(body.to_string())
}
