//! The server's side of OpenAI Responses: what the official clients send, and what they expect.
//!
//! Nothing is stored: `previous_response_id`, conversations and items by reference are refused, and `store` is passed
//! over. Encrypted reasoning leaves with the name of the provider that issued it in front, so that it finds back to it
//! and to no other when the client returns it.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::openai_responses::server;
//!
//! let asked = server::decode_request(br#"{"model":"fast","input":"Hi","stream":true}"#)?;
//! assert_eq!(asked.request.model.as_deref(), Some("fast"));
//! assert!(asked.streaming.is_on());
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
mod request;
mod stream;
#[cfg(test)]
mod tests;

pub use crate::wire::openai_chat::server::encode_error;
pub(in crate::wire) use answer::annotation;
pub use answer::encode_response;
pub use request::decode_request;
pub use stream::StreamEncoder;
