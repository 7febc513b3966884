//! The server's side: what the official clients send, and what they expect.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::openai_embeddings::{Encoding, server};
//!
//! let asked = server::decode_request(br#"{"model":"m","input":"a river","encoding_format":"base64"}"#)?;
//! assert_eq!(asked.request.inputs, ["a river"]);
//! assert_eq!(asked.encoding, Encoding::Base64);
//! # Ok::<(), aurora_llm::Error>(())
//! ```

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{DIALECT, Encoding, MAX_INPUTS, pack};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::wire::json::{invalid, keep_options, refusal, unsupported};

pub use crate::wire::openai_chat::server::encode_error;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientEmbedRequest {
    /// The request; its `model` is always set.
    pub request: EmbedRequest,
    /// How it wants the vectors.
    pub encoding: Encoding,
}

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    input: Value,
    encoding_format: Option<String>,
    dimensions: Option<u32>,
    user: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the body of `POST /v1/embeddings`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a body that is not of this form, has no
/// text or more than [`MAX_INPUTS`]; [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for texts as
/// lists of tokens, which no other provider could read.
pub fn decode_request(body: &[u8]) -> Result<ClientEmbedRequest, Error> {
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let at = format!("the body is not a request for embeddings, line {line}, column {column}");
        invalid(at).with_provider_message(refusal(&error))
    })?;
    let encoding = match body.encoding_format.as_deref() {
        None | Some("float") => Encoding::Float,
        Some("base64") => Encoding::Base64,
        Some(_) => return Err(invalid("encoding_format is neither float nor base64")),
    };
    let mut request = EmbedRequest::new(texts(body.input)?).model(body.model);
    request.dimensions = body.dimensions;
    request.user = body.user;
    keep_options(&mut request.options, DIALECT, body.rest);
    Ok(ClientEmbedRequest { request, encoding })
}

fn texts(input: Value) -> Result<Vec<String>, Error> {
    let list = match input {
        Value::String(text) => return Ok(vec![text]),
        Value::Array(list) => list,
        _ => return Err(invalid("input is neither a text nor a list")),
    };
    if list.is_empty() || list.len() > MAX_INPUTS {
        return Err(invalid(format!("input holds from 1 to {MAX_INPUTS} texts")));
    }
    let text = |value| match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Array(_) => Err(unsupported("texts as lists of tokens")),
        _ => Err(invalid("input holds something other than texts")),
    };
    list.into_iter().map(text).collect()
}

/// Writes the answer, with vectors in the form that was asked for.
#[must_use]
pub fn encode_response(response: &EmbedResponse, encoding: Encoding) -> Bytes {
    let rows = response.embeddings.iter().enumerate().map(|(index, vector)| {
        let embedding = match encoding {
            Encoding::Float => json!(vector),
            Encoding::Base64 => json!(pack(vector)),
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let read = response
        .usage
        .as_ref()
        .map_or(0, crate::usage::Usage::total_input);
    let body = json!({
        "object": "list",
        "data": rows.collect::<Vec<_>>(),
        "model": response.model,
        "usage": {"prompt_tokens": read, "total_tokens": read},
    });
    Bytes::from(body.to_string())
}
