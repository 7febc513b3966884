//! OpenAI Chat Completions, and the many servers that speak it too.
//!
//! # What differs from the vocabulary
//! - Reasoning of earlier answers is not sent back: the dialect has no place for it. Signatures likewise.
//! - [`ReasoningEffort::Tokens`](crate::chat::ReasoningEffort::Tokens) becomes the nearest word: `low` up to 4,096,
//!   `medium` up to 16,384, else `high`.
//! - A failed [`ToolResult`](crate::chat::ToolResult) is sent as its text; the dialect does not mark failures.
//! - Usage is taken apart: `prompt_tokens` includes cached ones and sound, `completion_tokens` includes reasoning and
//!   sound; some servers count reasoning beside it, which their total tells. Tokens of a prediction that was not taken
//!   over are billed as output, and stay within it.
//! - `top_k` is sent to compatible servers, and refused for OpenAI, which has no word for it.
//! - A spoken answer is a text, which is its transcript, and sound. Sound and citations of earlier answers are left
//!   out; the words beside them are sent. The form of the sound is read from its first bytes.
//! - [`show_reasoning`](crate::chat::ChatRequest::show_reasoning) and marks for the prompt cache have no words here:
//!   servers that show reasoning do so by themselves, and OpenAI caches by itself.
//! - Of several choices, only the first is an answer.
//! - `finish_reason: "stop"` beside tool calls is read as `tool_calls`.
//!
//! Source of the form: OpenAI's API reference and its published OpenAPI document, version 2.3.0.

mod decode;
pub(super) mod encode;
mod fragments;
mod options;
pub mod server;
mod sound;
mod stream;
#[cfg(test)]
mod tests;
pub(super) mod usage;

use aurora_core::time::Timestamp;

use super::event_stream::AnswerDecoder;
use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::ChatResponse;
use crate::error::Error;
use crate::provider::Call;

pub use options::Options;

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "openai_chat";

/// Which field limits the answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MaxTokensField {
    /// `max_completion_tokens`, which OpenAI demands of its reasoning models.
    MaxCompletionTokens,
    /// `max_tokens`, which most compatible servers know alone.
    #[default]
    MaxTokens,
}

/// The client's side of the dialect.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::provider::Call;
/// use aurora_llm::wire::{Codec, Streaming, openai_chat::OpenAiChat};
///
/// let call = Call::new(ChatRequest::user("Hello"), "gpt-5-mini");
/// let wire = OpenAiChat::compatible().encode(&call, Streaming::No)?;
/// assert_eq!(wire.path, "/chat/completions");
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct OpenAiChat {
    max_tokens_field: MaxTokensField,
    top_k: TopK,
}

/// Whether there is a word for `top_k`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum TopK {
    Refused,
    #[default]
    Sent,
}

impl OpenAiChat {
    /// As OpenAI itself wants it.
    #[must_use]
    pub const fn openai() -> Self {
        Self {
            max_tokens_field: MaxTokensField::MaxCompletionTokens,
            top_k: TopK::Refused,
        }
    }

    /// As most compatible servers want it.
    #[must_use]
    pub const fn compatible() -> Self {
        Self {
            max_tokens_field: MaxTokensField::MaxTokens,
            top_k: TopK::Sent,
        }
    }

    /// Says which field limits the answer's tokens.
    #[must_use]
    pub const fn max_tokens_field(mut self, field: MaxTokensField) -> Self {
        self.max_tokens_field = field;
        self
    }
}

impl Codec for OpenAiChat {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming, self)
    }

    fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        decode::response(body)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(AnswerDecoder::new(stream::Answer::default()))
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        failure::classify(head, body, now)
    }
}
