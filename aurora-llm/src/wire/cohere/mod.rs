//! Cohere, version 2 of its API: chat, embeddings, rerank.
//!
//! # What differs from the vocabulary
//! - A tool choice is `REQUIRED` or `NONE`; one tool by name is refused, and so is "one call at a time". One strict
//!   tool makes all tools strict (`strict_tools`).
//! - A JSON answer cannot be asked for together with tools or documents; Cohere refuses that, and so do we.
//! - Documents are texts or JSON objects that the model cites from: they become `documents` beside the messages, a
//!   text with its name as title, an object as it is with its name as id. Others, such as PDF, are refused, and sound.
//! - Thinking and the plan before tool calls are both [`Reasoning`](crate::chat::Reasoning) without a signature. It
//!   goes back only with tool calls, as their `tool_plan`; signed reasoning is another provider's and stays here.
//! - A [`ReasoningEffort`](crate::chat::ReasoningEffort) becomes a thinking budget: 1,024 tokens for `Minimal`, 4,096
//!   for `Low`, 10,240 for `Medium`; `High` sets none, which is without limit.
//! - At most five stop texts. Labels, `user` and `cache_key` have no place here and stay with the caller.
//! - `ERROR` and `TIMEOUT` come as finish reasons of answers with status 200, and are errors. Answers do not name
//!   their model.
//! - Usage is what is billed (`billed_units`), because Cohere adds a preamble of its own to prompts and does not bill
//!   it: `tokens` and `cached_tokens`, which count it, tell what to pay only where a server reports no billed units.
//!
//! Source of the form: Cohere's API reference for version 2 and its published SDKs.

mod decode;
mod embed;
mod encode;
mod models;
mod options;
mod rerank;
pub mod server;
mod stream;
#[cfg(test)]
mod tests;

use aurora_core::time::Timestamp;
use serde_json::Value;

use super::event_stream::AnswerDecoder;
use super::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest, failure};
use crate::chat::ChatResponse;
use crate::error::Error;
use crate::provider::Call;

pub use embed::{MAX_INPUTS, decode_embeddings, encode_embeddings};
pub use models::{ModelPage, decode_models, encode_models};
pub use options::{Citations, Options, SafetyMode};
pub use rerank::{MAX_DOCUMENTS, decode_rerank, encode_rerank};

/// The name of this dialect in [`ChatRequest::options`](crate::chat::ChatRequest::options).
pub const DIALECT: &str = "cohere";

/// Most stop texts that the API accepts.
pub const MAX_STOP: u32 = 5;

/// The client's side of the dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct CohereChat;

impl Codec for CohereChat {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        encode::request(call, streaming)
    }

    fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        decode::response(body)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(AnswerDecoder::new(stream::Answer::default()))
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        let error = failure::classify(head, body, now);
        if error.request_id().is_some() {
            return error;
        }
        let id = serde_json::from_slice::<Value>(body).ok();
        let id = id
            .as_ref()
            .and_then(|body| body.get("id"))
            .and_then(Value::as_str);
        match id {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }
}
