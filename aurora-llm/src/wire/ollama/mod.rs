//! Ollama's own API: `/api/chat`, `/api/embed`, `/api/tags`.
//!
//! # What differs from the vocabulary
//! - The context has the size that a request asks for, and Ollama's default is small. So [`OllamaChat::num_ctx`] is
//!   always sent ([`DEFAULT_NUM_CTX`] unless told otherwise), together with `truncate: false` and `shift: false`: a
//!   conversation that does not fit is an error. Servers before version 0.12.6 do not know the two and cut it silently.
//! - Whether to stream is always said, because Ollama streams unless told not to.
//! - Tool calls have their arguments as objects, and no id before version 0.12; ids are then made of what the answer
//!   says, the same for the same bytes. Results name their tool beside the id.
//! - There is no choice of tools: [`ToolChoice::None`](crate::chat::ToolChoice::None) sends none of them, `Required`
//!   and one by name are refused, and so is "one call at a time". Tools are never held to their schema.
//! - Pictures travel with the request, beside the text of their message; those at an address, documents and sound are
//!   refused.
//! - A [`ReasoningEffort`](crate::chat::ReasoningEffort) is a word, `Minimal` being `low`; a number of tokens is refused.
//!   Reasoning without a signature goes back as `thinking`; signed reasoning is another provider's and stays here.
//! - Input is not counted where the server had it in its cache and did not say so (`prompt_eval_count` is absent).
//!   Answers have no id.
//!
//! Source of the form: Ollama's API documentation and its published sources.

mod decode;
mod embed;
mod encode;
mod options;
pub mod server;
mod stream;
mod tags;
#[cfg(test)]
mod tests;

use aurora_core::time::Timestamp;

use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::ChatResponse;
use crate::error::Error;
use crate::provider::Call;

pub use embed::decode_embeddings;
pub use options::{KeepAlive, Options, Runner};
pub use tags::{decode_models, encode_models};

use crate::embed::EmbedRequest;

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "ollama";

/// Tokens of context, input and output together, unless told otherwise.
pub const DEFAULT_NUM_CTX: u32 = 8_192;

/// The client's side of the dialect.
#[derive(Debug, Clone, Copy)]
pub struct OllamaChat {
    num_ctx: u32,
}

impl Default for OllamaChat {
    fn default() -> Self {
        Self {
            num_ctx: DEFAULT_NUM_CTX,
        }
    }
}

impl OllamaChat {
    /// Asks for a context of this many tokens, input and output together. It costs the server memory; the model's own
    /// limit stands above it.
    #[must_use]
    pub const fn num_ctx(mut self, tokens: u32) -> Self {
        self.num_ctx = tokens;
        self
    }

    /// Writes a request for embeddings. Texts that are too long are an error (`truncate: false`) unless the
    /// [options](EmbedRequest::options) of `ollama` say otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) when it cannot be written as JSON.
    pub fn encode_embeddings(&self, call: &Call<EmbedRequest>) -> Result<WireRequest, Error> {
        embed::request(call, self.num_ctx)
    }
}

impl Codec for OllamaChat {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming, self.num_ctx)
    }

    fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        decode::response(body)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Answer::default())
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        failure::classify(head, body, now)
    }
}
