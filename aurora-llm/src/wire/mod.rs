//! How each vendor writes requests, answers and streams: pure codecs that read and write bytes and touch no network.
//!
//! A [`Codec`] speaks as a client speaks to a provider. Beside each, a `server` module speaks the same dialect from
//! the other side, so that programs written for the vendor can talk to an application of ours. Because neither does
//! I/O, both can be tested at every split of the bytes, and used with any HTTP library.
//!
//! | dialect | client side | server side |
//! | --- | --- | --- |
//! | OpenAI Chat Completions, and servers compatible with it | [`openai_chat::OpenAiChat`] | [`openai_chat::server`] |
//! | OpenAI Responses | [`openai_responses::OpenAiResponses`] | [`openai_responses::server`] |
//! | OpenAI's embeddings | [`openai_embeddings::OpenAiEmbeddings`] | [`openai_embeddings::server`] |
//! | OpenAI's list of models | [`openai_models`] | [`openai_models`] |
//! | Anthropic Messages | [`anthropic::AnthropicMessages`] | [`anthropic::server`] |
//! | Cohere, version 2 | [`cohere::CohereChat`] | [`cohere::server`] |
//! | Ollama | [`ollama::OllamaChat`] | [`ollama::server`] |
//! | Gemini `generateContent` | [`gemini::GenerateContent`] | [`gemini::server`] |
//!
//! What a codec reads, it reads tolerantly: unknown fields are passed over, `null` is as good as absent, and words
//! that a vendor added since are kept as `Other`. What it cannot write, it refuses with
//! [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) rather than leave it out.

pub mod anthropic;
pub mod cohere;
mod data_url;
mod event_stream;
mod failure;
pub mod gemini;
mod json;
pub mod limits;
pub mod ndjson;
pub mod ollama;
pub mod openai_chat;
pub mod openai_embeddings;
pub mod openai_models;
pub mod openai_responses;
mod openai_shape;
mod quoting;
mod served_error;
mod served_signature;
pub mod sse;
#[cfg(test)]
mod tests;

pub(crate) use failure::request_id;

use std::borrow::Cow;
use std::fmt;

use aurora_core::time::Timestamp;
use bytes::Bytes;
use http::HeaderMap;

use crate::chat::{ChatRequest, ChatResponse, StreamEvent};
use crate::error::Error;
use crate::provider::Call;

/// Whether an answer is wanted in one piece or while it is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Streaming {
    /// In one piece.
    #[default]
    No,
    /// As a stream of events.
    Yes,
}

impl Streaming {
    /// Whether a stream is wanted.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Yes)
    }
}

impl From<bool> for Streaming {
    fn from(on: bool) -> Self {
        if on { Self::Yes } else { Self::No }
    }
}

/// A request as it goes over the wire: what is sent to which path.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WireRequest {
    /// How it is sent.
    pub method: Method,
    /// The path under the provider's base address, such as `/chat/completions`.
    pub path: Cow<'static, str>,
    /// The query, not yet escaped.
    pub query: Vec<(&'static str, String)>,
    /// Headers of the dialect. Those that authenticate are the provider's business.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body; empty with [`Method::Get`].
    pub body: Bytes,
}

impl WireRequest {
    /// Posts a JSON `body` to `path`.
    #[must_use]
    pub fn post(path: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::Post,
            path: path.into(),
            query: Vec::new(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        }
    }

    /// Gets what is at `path`.
    #[must_use]
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method: Method::Get,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Adds a header of the dialect.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds to the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// With a body.
    Post,
    /// Without one.
    Get,
}

impl fmt::Debug for WireRequest {
    /// Leaves the body out: it is somebody's conversation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResponseHead {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
}

impl ResponseHead {
    /// The head of an answer with `status` and `headers`.
    #[must_use]
    pub const fn new(status: u16, headers: HeaderMap) -> Self {
        Self { status, headers }
    }
}

/// One vendor's way of writing, seen from the client's side.
pub trait Codec: fmt::Debug + Send + Sync + 'static {
    /// Writes the request.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::error::ErrorKind::Unsupported) for what the dialect has no words for,
    /// [`ErrorKind::InvalidRequest`](crate::error::ErrorKind::InvalidRequest) for what makes no sense in it.
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error>;

    /// Reads an answer in one piece, of a status below 300.
    ///
    /// # Errors
    /// When the body is not an answer of this dialect, or is an error in spite of its status.
    fn decode(&self, head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error>;

    /// A fresh decoder for one streamed answer.
    fn decoder(&self) -> Box<dyn StreamDecoder>;

    /// Reads an answer that says what went wrong. Never fails: a body that cannot be read leaves the status.
    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error;
}

/// Reads one streamed answer, however its bytes are split.
///
/// Across all calls, at most one terminal comes out: a [`StreamEvent::Finish`], or an `Err`. Events that were read
/// before an error are in `out`. After the terminal, further calls do nothing and return `Ok`.
pub trait StreamDecoder: fmt::Debug + Send {
    /// Takes more bytes and appends the events that they complete.
    ///
    /// # Errors
    /// When the provider reports a failure within the stream, or the stream is malformed.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error>;

    /// Says that no more bytes come, and appends the terminal if it is still owed.
    ///
    /// # Errors
    /// [`ErrorKind::StreamTruncated`](crate::error::ErrorKind::StreamTruncated) when the answer had not ended.
    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error>;
}

/// What a client of the server side asks for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClientRequest {
    /// The request; its `model` is always set.
    pub request: ChatRequest,
    /// Whether the answer shall be streamed.
    pub streaming: Streaming,
    /// Whether a stream shall end with a chunk of its own for the usage (OpenAI: `stream_options.include_usage`).
    pub include_usage: bool,
}

/// An error as the server side answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers that tell the vendor's own client whether and when to try again.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body in the vendor's form.
    pub body: Bytes,
}
