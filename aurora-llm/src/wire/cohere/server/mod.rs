//! The server's side of Cohere's API, version 2: what the official clients send, and what they expect.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::cohere::server;
//!
//! let body = br#"{"model":"fast","messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
//! let asked = server::decode_request(body)?;
//! assert_eq!(asked.request.model.as_deref(), Some("fast"));
//! assert!(asked.streaming.is_on());
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
mod embed;
mod error;
mod request;
mod rerank;
mod stream;
#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use embed::{decode_embeddings, encode_embeddings};
pub use error::encode_error;
pub use request::decode_request;
pub use rerank::{decode_rerank, encode_rerank};
pub use stream::StreamEncoder;
