//! Gemini: `generateContent`.
//!
//! # What differs from the vocabulary
//! - The model stands in the path, with or without `models/` before its name; whatever it consists of, it stays one
//!   segment of it. `tunedModels/…` is kept as it is.
//! - All system messages become the `systemInstruction`. Neighbouring messages of one role become one; tool results
//!   belong to the user, with the name of the call that they answer.
//! - JSON Schemas are sent as they are, in `parametersJsonSchema` and `responseJsonSchema`. A tool that is
//!   [`strict`](crate::chat::Tool::strict) asks for the mode `VALIDATED`.
//! - A call without an id gets one, made of the id of the answer and its number, so that it is the same whenever the
//!   answer is read.
//! - Signatures are sent back only to the provider instance that issued them, at the part that bore them. A signature
//!   of text or of a picture is a [`Reasoning`](crate::chat::Reasoning) without text after it. Where a call of another
//!   provider stands in the history, models from Gemini 3 on get the word that Google documents for it in place of a
//!   signature, because they refuse calls without one.
//! - A [`ReasoningEffort`](crate::chat::ReasoningEffort) becomes a `thinkingLevel` from Gemini 3 on, and a
//!   `thinkingBudget` before: 1,024 tokens for `Minimal` and `Low`, 8,192 for `Medium`, 24,576 for `High`, by Google's
//!   own table. `None` is the least that the model can, which for the Pro models is some.
//! - A spoken answer is raw PCM (`pcm16`); other forms, and "one tool at a time", are refused. `user`, `metadata` and
//!   marks for the prompt cache have no place here: Gemini caches by itself.
//! - A prompt that is blocked is an error; an answer that is, ends with
//!   [`ContentFilter`](crate::chat::FinishReason::ContentFilter). A function call that the model wrote wrongly is
//!   [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed), because asking again helps.
//! - `promptTokenCount` includes what was cached, `candidatesTokenCount` excludes thoughts: [`crate::usage`] holds them apart.
//!
//! Source of the form: Google's API reference for `v1beta` and the types of its published SDKs.

mod catalog;
mod citations;
mod content;
mod decode;
mod elements;
mod embed;
mod encode;
mod options;
mod schema;
pub mod server;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use aurora_core::time::Timestamp;
use bytes::Bytes;

use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::{ChatRequest, ChatResponse};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::Error;
use crate::provider::{Call, ModelInfo, ProviderId};
use crate::tokens::TokenCount;

pub use options::{Options, SafetySetting};

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "gemini";

/// Most texts of one `batchEmbedContents`.
pub const MAX_EMBEDDINGS: usize = 100;

/// The version of the API in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ApiVersion {
    /// With what is new.
    #[default]
    V1Beta,
    /// With what is settled.
    V1,
}

impl ApiVersion {
    const fn as_str(self) -> &'static str {
        match self {
            Self::V1Beta => "v1beta",
            Self::V1 => "v1",
        }
    }
}

/// The client's side of the dialect.
#[derive(Debug, Clone)]
pub struct GenerateContent {
    provider: ProviderId,
    version: ApiVersion,
}

impl GenerateContent {
    /// A codec for the instance `provider`, which marks the signatures that it reads and sends back no others.
    #[must_use]
    pub const fn new(provider: ProviderId) -> Self {
        Self {
            provider,
            version: ApiVersion::V1Beta,
        }
    }

    /// Says which version of the API is spoken. `v1beta` unless told otherwise.
    #[must_use]
    pub const fn version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Writes the question how many tokens a request has.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_count(&self, call: &Call<ChatRequest>) -> Result<WireRequest, Error> {
        encode::count(call, &self.provider, self.version)
    }

    /// Reads how many tokens a request has.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) for anything but `totalTokens`.
    pub fn decode_count(&self, body: &[u8]) -> Result<TokenCount, Error> {
        catalog::count(body)
    }

    /// Writes a request for vectors; at most [`MAX_EMBEDDINGS`] texts.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for a model without a name.
    pub fn encode_embed(&self, call: &Call<EmbedRequest>) -> Result<WireRequest, Error> {
        embed::request(call, self.version)
    }

    /// Reads vectors.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when they are not as many as the texts of `call`.
    pub fn decode_embed(&self, call: &Call<EmbedRequest>, body: &[u8]) -> Result<EmbedResponse, Error> {
        embed::response(call, body)
    }

    /// Asks for a page of the list of models, after the one that named `page_token`.
    #[must_use]
    pub fn encode_models(&self, page_token: Option<&str>) -> WireRequest {
        catalog::request(page_token, self.version)
    }

    /// Reads a page of the list of models, and the token of the next.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when it is no such list.
    pub fn decode_models(&self, body: &[u8]) -> Result<(Vec<ModelInfo>, Option<String>), Error> {
        catalog::page(body)
    }
}

impl Codec for GenerateContent {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming, &self.provider, self.version)
    }

    fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        decode::response(body, &self.provider)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new(self.provider.clone()))
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        failure::classify(head, body, now)
    }
}

/// The path of `method` of `model`, which stays one segment whatever it consists of.
fn path(version: ApiVersion, model: &str, method: &str) -> Result<String, Error> {
    let (collection, name) = match model.split_once('/') {
        Some((collection @ ("models" | "tunedModels"), name)) => (collection, name),
        _ => ("models", model),
    };
    if name.is_empty() {
        return Err(super::json::invalid("the model has no name"));
    }
    let mut path = format!("/{}/{collection}/", version.as_str());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path.push(':');
    path.push_str(method);
    Ok(path)
}

fn written(body: &serde_json::Map<String, serde_json::Value>) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(body)
        .map_err(|error| super::json::invalid("it cannot be written as JSON").with_source(error))?;
    Ok(Bytes::from(body))
}

/// What a model of this name takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// Before 2.5: no thinking.
    Old,
    /// 2.5: thinking by a budget.
    Budget,
    /// 3 and later, and names that tell nothing: thinking by a level, and calls must be signed.
    Level,
}

impl Generation {
    fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let begins = |names: &[&str]| names.iter().any(|begin| name.starts_with(begin));
        if begins(&["gemini-1", "gemini-2.0", "gemini-pro", "gemma", "learnlm", "aqa"]) {
            Self::Old
        } else if begins(&["gemini-2", "gemini-robotics"]) {
            Self::Budget
        } else {
            Self::Level
        }
    }
}
