//! The one outbound HTTP client.
//!
//! Everything that Aurora sends to the outside goes through [`HttpClient`]. What an HTTP library usually leaves open
//! is decided here: every wait has a limit, every answer has a size limit, redirects are handed back instead of
//! followed, no proxy is taken from the environment, nothing is sent twice behind the caller's back, and no error
//! shows a URL, because the URL of a webhook is a secret.
//!
//! Retries and circuit breaking belong to [`crate::resilience`]; [`Error`] tells them what they need.
//!
//! # Examples
//! ```no_run
//! use aurora_core::http::{HttpClient, Url};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = HttpClient::builder().user_agent("clinic/1.0").build()?;
//! let url = Url::parse("https://api.example.com/v1/models")?;
//! let answer = client.get(&url).bearer(&"sk-123".into()).send().await?;
//! println!("{} with {} bytes", answer.status(), answer.bytes().await?.len());
//! # Ok(())
//! # }
//! ```

mod client;
mod egress;
mod error;
mod request;
mod response;
mod retry_after;
#[cfg(test)]
mod tests;

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use url::Url;

pub use self::client::{HttpClient, HttpClientBuilder};
pub use self::egress::{Egress, is_public};
pub use self::error::{Error, ErrorKind, Stage};
pub use self::request::Request;
pub use self::response::{BodyStream, Response};
pub use self::retry_after::parse_retry_after;
