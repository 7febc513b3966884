//! Embeddings, from the server's side.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::wire::json::{invalid, keep_options, refused};
use crate::wire::ollama::DIALECT;

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    input: Input,
    dimensions: Option<u32>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

/// Reads the body of `POST /api/embed`; what the vocabulary has no word for (`truncate`, `keep_alive` …) becomes an
/// option of `ollama`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form.
pub fn decode_embeddings(body: &[u8]) -> Result<EmbedRequest, Error> {
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| refused("the body is not a request for embeddings", &error))?;
    let inputs = match body.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    if inputs.is_empty() {
        return Err(invalid("input is empty"));
    }
    let mut request = EmbedRequest::new(inputs).model(body.model);
    request.dimensions = body.dimensions;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(request)
}

/// Writes the vectors.
#[must_use]
pub fn encode_embeddings(response: &EmbedResponse) -> Bytes {
    let mut body = json!({"model": response.model, "embeddings": response.embeddings});
    if let (Some(usage), Some(body)) = (&response.usage, body.as_object_mut()) {
        body.insert("prompt_eval_count".to_owned(), json!(usage.total_input()));
    }
    Bytes::from(body.to_string())
}
