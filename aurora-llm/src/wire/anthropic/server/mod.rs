//! The server's side of Anthropic Messages: what the official clients send, and what they expect.
//!
//! Signatures leave with the name of the provider that issued them in front, so that they find back to it and to no
//! other when the client returns them.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::anthropic::server;
//!
//! let body = br#"{"model":"smart","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}"#;
//! let asked = server::decode_request(body)?;
//! assert_eq!(asked.request.max_tokens, Some(100));
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
mod catalog;
mod error;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use super::REDACTED;
use crate::wire::served_signature::{unwrap, wrap};

pub use answer::encode_response;
pub use catalog::{encode_count, encode_model, encode_models};
pub use error::encode_error;
pub use request::{decode_count, decode_request};
pub use stream::StreamEncoder;
