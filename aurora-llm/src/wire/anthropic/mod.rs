//! Anthropic Messages.
//!
//! # What differs from the vocabulary
//! - `max_tokens` is required: [`DEFAULT_MAX_TOKENS`] when the request has none.
//! - All system messages are hoisted to the front. Neighbouring messages of one role become one; tool results belong
//!   to the user.
//! - Reasoning is sent back only with its signature, and only if it was issued to this provider instance: elsewhere
//!   it is refused, so it is left out. [Redacted thinking] is a reasoning part without text.
//! - A [`ReasoningEffort`](crate::chat::ReasoningEffort) becomes a thinking budget: 1,024 tokens for `Minimal`, 4,096
//!   for `Low`, 10,240 for `Medium`, 24,576 for `High`. It counts into `max_tokens`, so it is kept to three quarters
//!   of a `max_tokens` that was given, and added to the default one. From Claude 4.6 on the word is sent instead, with
//!   `adaptive` thinking: `Tokens` up to 4,096 are `low`, up to 16,384 `medium`, more `high`. With either, Anthropic
//!   takes no temperature but 1, no `top_p` below 0.95, no `top_k` and no tool that must be called: refused before.
//! - A [`CachePoint`](crate::chat::Part::CachePoint) marks the block before it, thinking excepted; at most four marks.
//! - With [`Options::citations`] the answer says which words of the documents it rests on. Citations in the history
//!   are not sent back.
//! - A JSON schema is sent as `output_config.format`; there is no "any JSON" mode, no seed and no sound, and asking
//!   for them is refused. Labels in [`ChatRequest::metadata`](crate::chat::ChatRequest::metadata) have no place here
//!   and stay with the caller; `user` becomes `metadata.user_id`.
//! - `input_tokens` counts neither cached nor cache-writing tokens, as our [`Usage`](crate::usage::Usage).
//!
//! Source of the form: Anthropic's API reference for version 2023-06-01 and its published SDKs.
//!
//! [Redacted thinking]: https://platform.claude.com/docs/en/build-with-claude/extended-thinking

mod catalog;
mod citations;
mod content;
mod decode;
mod encode;
mod marks;
mod options;
pub mod server;
mod stream;
#[cfg(test)]
mod tests;
mod thinking;

use aurora_core::time::Timestamp;

use super::event_stream::AnswerDecoder;
use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::ChatResponse;
use crate::error::Error;
use crate::provider::{Call, ModelInfo, ProviderId};
use crate::tokens::TokenCount;

pub use options::Options;

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "anthropic";

/// The version of the API that this codec speaks, sent as `anthropic-version`.
pub const VERSION: &str = "2023-06-01";

/// The answer's most tokens when a request does not say: the dialect demands a number.
pub const DEFAULT_MAX_TOKENS: u32 = 4_096;

/// What precedes the signature of a redacted reasoning part, to tell it from one whose text is merely empty.
const REDACTED: &str = "redacted_thinking:";

/// How a reasoning effort is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Thinking {
    /// As the model takes it, by its name: Claude from 4.6 on as a word, everything else as a budget.
    #[default]
    ByModel,
    /// As a budget of tokens, which all reasoning models up to Claude 4.6 take.
    Budget,
    /// As a word, with thinking left to the model: for models that take `thinking.type: adaptive`.
    Adaptive,
}

/// The client's side of the dialect.
#[derive(Debug, Clone)]
pub struct AnthropicMessages {
    provider: ProviderId,
    thinking: Thinking,
}

impl AnthropicMessages {
    /// A codec for the instance `provider`, which marks the signatures that it reads and sends back no others.
    #[must_use]
    pub const fn new(provider: ProviderId) -> Self {
        Self {
            provider,
            thinking: Thinking::ByModel,
        }
    }

    /// Says how a reasoning effort is put.
    #[must_use]
    pub const fn thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = thinking;
        self
    }

    /// Writes the question how many tokens a request has.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_count(&self, call: &Call) -> Result<WireRequest, Error> {
        encode::count(call, &self.provider, self.thinking)
    }

    /// Reads how many tokens a request has.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) for anything but `input_tokens`.
    pub fn decode_count(&self, body: &[u8]) -> Result<TokenCount, Error> {
        catalog::count(body)
    }

    /// Asks for a page of the list of models, after the one that ended with the model `after`.
    #[must_use]
    pub fn encode_models(&self, after: Option<&str>) -> WireRequest {
        catalog::request(after)
    }

    /// Reads a page of the list of models, and after which model the next begins.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`](crate::error::ErrorKind::Malformed) when it is no such list.
    pub fn decode_models(&self, body: &[u8]) -> Result<(Vec<ModelInfo>, Option<String>), Error> {
        catalog::page(body)
    }
}

impl Codec for AnthropicMessages {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming, &self.provider, self.thinking)
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
