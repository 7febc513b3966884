//! The client's side.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{DIALECT, Encoding, unpack};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::json::{count, invalid, malformed, merge, or_default, unreadable};
use crate::wire::{WireRequest, failure};

/// The client's side of the dialect.
///
/// # Examples
/// ```
/// use aurora_llm::embed::EmbedRequest;
/// use aurora_llm::provider::Call;
/// use aurora_llm::wire::openai_embeddings::OpenAiEmbeddings;
///
/// let call = Call::new(EmbedRequest::new(["a river"]), "text-embedding-3-small");
/// assert_eq!(OpenAiEmbeddings::default().encode(&call)?.path, "/embeddings");
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenAiEmbeddings {
    encoding: Encoding,
}

impl OpenAiEmbeddings {
    /// Asks for vectors in this form.
    #[must_use]
    pub const fn new(encoding: Encoding) -> Self {
        Self { encoding }
    }

    /// Writes the request.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a request without texts.
    pub fn encode(&self, call: &Call<EmbedRequest>) -> Result<WireRequest, Error> {
        let request = &*call.request;
        if request.inputs.is_empty() {
            return Err(invalid("there is no text to embed"));
        }
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(&*call.model));
        body.insert("input".to_owned(), json!(request.inputs));
        if self.encoding == Encoding::Base64 {
            body.insert("encoding_format".to_owned(), json!("base64"));
        }
        if let Some(dimensions) = request.dimensions {
            body.insert("dimensions".to_owned(), json!(dimensions));
        }
        if let Some(user) = &request.user {
            body.insert("user".to_owned(), json!(user));
        }
        merge(&mut body, &request.options, DIALECT);
        Ok(WireRequest::post("/embeddings", Value::Object(body).to_string()))
    }

    /// Reads the answer to a request with this many texts.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when it is not an answer of this dialect, or holds
    /// not exactly one vector for each text, all of one length; the error that it reports, when it reports one.
    pub fn decode(&self, body: &[u8], texts: usize) -> Result<EmbedResponse, Error> {
        let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
        if let Some(error) = failure::within_answer(&value) {
            return Err(error);
        }
        let answer = Answer::deserialize(value)
            .map_err(|error| unreadable("not the form of a list of embeddings", &error))?;
        let mut vectors: Vec<Option<Vec<f32>>> = vec![None; texts];
        for (at, row) in answer.data.into_iter().enumerate() {
            let at = row.index.unwrap_or(at);
            let place = vectors.get_mut(at).filter(|place| place.is_none());
            *place.ok_or_else(|| malformed("a vector for a text that was not sent"))? =
                Some(row.embedding.vector()?);
        }
        let vectors: Vec<Vec<f32>> = vectors
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| malformed("fewer vectors than texts"))?;
        let length = vectors.first().map_or(0, Vec::len);
        if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
            return Err(malformed("vectors of different lengths"));
        }
        let read = answer
            .usage
            .map_or(0, |usage| usage.prompt_tokens.max(usage.total_tokens));
        let usage = (read > 0).then(|| Usage::new(read, 0));
        Ok(EmbedResponse::new(answer.model, vectors, usage))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    data: Vec<Row>,
    usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
struct Row {
    index: Option<usize>,
    embedding: Vector,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<f32>),
    Packed(String),
}

impl Vector {
    fn vector(self) -> Result<Vec<f32>, Error> {
        match self {
            Self::Numbers(numbers) => Ok(numbers),
            Self::Packed(text) => unpack(&text).ok_or_else(|| malformed("a vector is not base64 of floats")),
        }
    }
}

#[derive(Debug, Deserialize)]
struct WireUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    total_tokens: u64,
}
