//! The server's side of Gemini: what Google's own clients send, and what they expect.
//!
//! Signatures leave with the name of the provider that issued them in front, so that they find back to it and to no
//! other when the client returns them. Fields are read in camel case and in snake case, which Google's clients mix.
//!
//! # Examples
//! ```
//! use aurora_llm::wire::gemini::server;
//!
//! let (model, method) = server::decode_path("/v1beta/models/smart:streamGenerateContent").expect("a known method");
//! assert!(method.is_streaming());
//! let asked = server::decode_request(&model, method, br#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#)?;
//! assert_eq!(asked.request.model.as_deref(), Some("smart"));
//! # Ok::<(), aurora_llm::Error>(())
//! ```

mod answer;
mod catalog;
mod config;
mod embed;
mod error;
mod path;
mod request;
mod stream;
#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use catalog::{encode_count, encode_model, encode_models};
pub use embed::{decode_embed, encode_embed};
pub use error::encode_error;
pub use path::{Method, decode_path};
pub use request::{decode_count, decode_request};
pub use stream::StreamEncoder;
