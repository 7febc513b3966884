//! OpenAI Responses.
//!
//! # What differs from the vocabulary
//! - Nothing is stored at the provider: `store` is `false`, and the whole conversation is sent each time. Reasoning
//!   comes back encrypted and is kept as a [`Signature`] of this provider instance; it is
//!   sent back only to the instance that issued it, and only where something follows it. Other reasoning is left out.
//! - [`ReasoningEffort::Tokens`](crate::chat::ReasoningEffort::Tokens) becomes a word, as in
//!   [Chat Completions](super::openai_chat). [`show_reasoning`](crate::chat::ChatRequest::show_reasoning) asks for a
//!   summary, which is all that OpenAI shows.
//! - Stop texts, a seed, penalties, `top_k` and sound have no words here and are refused. Sound and citations of
//!   earlier answers are left out; the words beside them are sent.
//! - A tool is strict only when it says so; the dialect's own default would be strict.
//! - [`user`](crate::chat::ChatRequest::user) becomes `safety_identifier`.
//! - Output of tools that run at the provider is passed over, except for pictures.
//!
//! Source of the form: OpenAI's API reference, its published OpenAPI document, version 2.3.0, and the types of its
//! official Python SDK.

mod decode;
mod encode;
mod item;
mod options;
pub mod server;
mod stream;
#[cfg(test)]
mod tests;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::event_stream::AnswerDecoder;
use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::{ChatResponse, Signature};
use crate::error::Error;
use crate::provider::{Call, ProviderId};

pub(super) use item::between;
pub use options::Options;

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "openai_responses";

/// What stands between the parts of one summary.
const BETWEEN_SUMMARIES: &str = "\n\n";

/// The client's side of the dialect.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::provider::Call;
/// use aurora_llm::wire::{Codec, Streaming, openai_responses::OpenAiResponses};
///
/// let call = Call::new(ChatRequest::user("Hello"), "gpt-5-mini");
/// let wire = OpenAiResponses::new("openai".into()).encode(&call, Streaming::No)?;
/// assert_eq!(wire.path, "/responses");
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct OpenAiResponses {
    provider: ProviderId,
}

impl OpenAiResponses {
    /// A codec for the instance `provider`, which marks the reasoning that it reads and sends back no other.
    #[must_use]
    pub const fn new(provider: ProviderId) -> Self {
        Self { provider }
    }
}

impl Codec for OpenAiResponses {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming, &self.provider)
    }

    fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        decode::response(body, &self.provider)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(AnswerDecoder::new(stream::Answer::new(self.provider.clone())))
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        failure::classify(head, body, now)
    }
}

/// A reasoning item as a signature holds it, in JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    id: String,
    encrypted_content: String,
}

impl Sealed {
    fn into_signature(self, provider: &ProviderId) -> Option<Signature> {
        let value = serde_json::to_string(&self).ok()?;
        Some(Signature::new(provider.clone(), value))
    }
}
