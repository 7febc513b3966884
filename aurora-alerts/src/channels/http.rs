//! How the channels over HTTP are set up, and how they post.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{Egress, HeaderMap, HttpClient, StatusCode, Url, parse_retry_after};
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, SystemClock, Timestamp};
use serde_json::Value;

use super::status;
use crate::error::{Error, Problem};
use crate::notifier::NotifyError;

/// The most bytes of an answer that are read; the services answer with a few hundred.
const ANSWER: usize = 64 * 1024;

/// What every channel over HTTP can be told.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) timeout: Duration,
    pub(super) egress: Egress,
    pub(super) clock: Arc<dyn Clock>,
}

impl Settings {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            timeout: Duration::from_secs(15),
            egress: Egress::Any,
            clock: Arc::new(SystemClock),
        }
    }

    /// The address and the way to it, or every problem at once: those that the channel found itself, and those here.
    ///
    /// # Errors
    /// When there is a problem.
    pub(super) fn connect(
        self,
        address: &Secret,
        mut details: Vec<String>,
    ) -> Result<(Url, Connection), Error> {
        let url = Url::parse(address.expose())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            details.push("address must be an http or https URL".to_owned());
        }
        let client = HttpClient::builder()
            .headers_timeout(self.timeout)
            .timeout(self.timeout)
            .max_body(ANSWER)
            .max_error_body(ANSWER)
            .egress(self.egress)
            .clock(Arc::clone(&self.clock))
            .build();
        if let Err(error) = &client {
            details.push(error.to_string());
        }
        let subject = format!("channel {:?}", self.name);
        Error::check(
            details
                .into_iter()
                .map(|detail| Problem::new(subject.as_str(), detail))
                .collect(),
        )?;
        let (Some(url), Ok(client)) = (url, client) else {
            return Err(Error::invalid(subject, "address or client is missing"));
        };
        let connection = Connection {
            name: self.name,
            client,
            clock: self.clock,
        };
        Ok((url, connection))
    }
}

/// The way to a service.
pub(super) struct Connection {
    pub(super) name: String,
    client: HttpClient,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a service answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    now: Timestamp,
    /// The text; none when it could not be read to its end. It can repeat parts of the request: never show it.
    pub(super) text: Option<String>,
}

impl Connection {
    /// Posts JSON, once.
    ///
    /// # Errors
    /// When no status came back.
    pub(super) async fn post(&self, url: &Url, body: &Value) -> Result<Answer, NotifyError> {
        let answer = self
            .client
            .post(url)
            .json(body)
            .send()
            .await
            .map_err(status::unanswered)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer
            .bytes()
            .await
            .ok()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Answer {
            status,
            headers,
            now: self.clock.now(),
            text,
        })
    }
}

impl Answer {
    /// How long it asks to be left alone, by its `Retry-After`.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        parse_retry_after(&self.headers, self.now)
    }
}

/// The settings that the builders of all channels over HTTP share.
macro_rules! http_settings {
    ($builder:ident, $name:literal) => {
        impl $builder {
            #[doc = concat!("The name of the channel; default `", $name, "`.")]
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.settings.name = name.into();
                self
            }

            /// How long one exchange may take; default 15 s.
            pub fn timeout(mut self, limit: std::time::Duration) -> Self {
                self.settings.timeout = limit;
                self
            }

            /// Where the address may lead; [`PublicOnly`](aurora_core::http::Egress::PublicOnly) for addresses that
            /// users chose. Default [`Any`](aurora_core::http::Egress::Any).
            pub fn egress(mut self, egress: aurora_core::http::Egress) -> Self {
                self.settings.egress = egress;
                self
            }

            /// Where the time for time limits and for `Retry-After` dates comes from; default the system's clock.
            pub fn clock(mut self, clock: impl aurora_core::time::Clock) -> Self {
                self.settings.clock = std::sync::Arc::new(clock);
                self
            }
        }
    };
}

pub(super) use http_settings;
