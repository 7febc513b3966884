//! How the channels over HTTP reach their service, and how they post.

pub(super) mod status;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{HeaderMap, HeaderName, HttpClient, Request, StatusCode, Url, parse_retry_after};
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, Timestamp};

use super::settings::Settings;
use crate::error::Error;
use crate::notifier::NotifyError;

/// The most bytes of an answer that are read; the services answer with a few hundred.
const ANSWER: usize = 64 * 1024;

impl Settings {
    /// Of a channel over HTTP: an attempt may take 15 s.
    pub(super) fn named(name: &str) -> Self {
        Self::new(name, Duration::from_secs(15))
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
        self.check(details)?;
        let (Some(url), Ok(client)) = (url, client) else {
            return Err(Error::invalid(self.subject(), "address or client is missing"));
        };
        let connection = Connection {
            name: self.name,
            headers: Vec::new(),
            client,
            clock: self.clock,
        };
        Ok((url, connection))
    }
}

/// The way to a service.
pub(super) struct Connection {
    pub(super) name: String,
    headers: Vec<(HeaderName, Secret)>,
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

impl Connection {
    /// With headers that go with every request; their values are secrets.
    #[cfg(any(feature = "opsgenie", feature = "webhook"))]
    pub(super) fn with_headers(mut self, headers: Vec<(HeaderName, Secret)>) -> Self {
        self.headers = headers;
        self
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Begins a request with the headers of the channel.
    pub(super) fn post(&self, url: &Url) -> Request {
        let headers = self.headers.iter();
        headers.fold(self.client.post(url), |request, (name, value)| {
            request.secret_header(name, value)
        })
    }

    /// Sends a request, once, and reads the answer as far as it comes.
    ///
    /// # Errors
    /// When no status came back.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, NotifyError> {
        let answer = request.send().await.map_err(status::unanswered)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer
            .bytes()
            .await
            .ok()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Answer {
            status,
            headers,
            now: self.now(),
            text,
        })
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

impl Answer {
    /// How long it asks to be left alone, by its `Retry-After`.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        parse_retry_after(&self.headers, self.now)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("length", &self.text.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}
