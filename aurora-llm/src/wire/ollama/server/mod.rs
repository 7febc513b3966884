//! The server's side of Ollama's API: what its clients send, and what they expect.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::ollama::server;
//!
//! let asked = server::decode_request(br#"{"model":"fast","messages":[{"role":"user","content":"Hi"}]}"#)?;
//! assert!(asked.streaming.is_on(), "unless told otherwise");
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
mod embed;
mod error;
mod request;
mod stream;
mod tags;
#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use embed::{decode_embeddings, encode_embeddings};
pub use error::encode_error;
pub use request::decode_request;
pub use stream::StreamEncoder;
pub use tags::encode_models;
