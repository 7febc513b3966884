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
mod error;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use super::REDACTED;
use crate::chat::Signature;
use crate::provider::ProviderId;

pub use answer::encode_response;
pub use error::encode_error;
pub use request::decode_request;
pub use stream::StreamEncoder;

/// What precedes a signature that came from us.
const MARK: &str = "aurora1:";

/// A signature with its issuer; the length tells where the name ends, whatever it consists of.
fn wrap(provider: &ProviderId, value: &str) -> String {
    let name = provider.as_str();
    format!("{MARK}{}:{name}:{value}", name.len())
}

/// The signature that [`wrap`] wrote; `None` for one that did not come from us.
fn unwrap(text: &str) -> Option<Signature> {
    let (length, rest) = text.strip_prefix(MARK)?.split_once(':')?;
    let (name, value) = rest.split_at_checked(length.parse().ok()?)?;
    Some(Signature {
        provider: ProviderId::new(name),
        value: value.strip_prefix(':')?.to_owned(),
    })
}
