//! The server's side of OpenAI Chat Completions: what the official clients send, and what they expect.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::openai_chat::server;
//!
//! let body = br#"{"model":"fast","messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
//! let asked = server::decode_request(body)?;
//! assert_eq!(asked.request.model.as_deref(), Some("fast"));
//! assert!(asked.streaming.is_on());
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
pub(in crate::wire) mod error;
pub(in crate::wire) mod request;
mod stream;
#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use error::encode_error;
pub use request::decode_request;
pub use stream::StreamEncoder;
