//! A request on its way out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use url::Url;

use super::client::{Inner, check_limit, within};
use super::error::{Error, Stage};
use super::response::Response;
use crate::resilience::{Deadline, TIMEOUT_HEADER};
use crate::secret::Secret;
use crate::telemetry::TraceContext;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// A request that is put together and sent once.
///
/// A part that cannot be used (a header value with a line break) is reported by [`send`](Self::send).
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: Arc<Inner>,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<reqwest::Body>,
    headers_timeout: Option<Duration>,
    timeout: Option<Duration>,
    deadline: Deadline,
    flaw: Option<Error>,
}

impl Request {
    pub(super) fn new(client: Arc<Inner>, method: Method, url: &Url) -> Self {
        Self {
            client,
            method,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: None,
            headers_timeout: None,
            timeout: None,
            deadline: Deadline::NONE,
            flaw: None,
        }
    }

    /// Sets a header, in place of an earlier value.
    pub fn header<N: TryInto<HeaderName>>(self, name: N, value: &str) -> Self {
        let value = HeaderValue::from_str(value);
        self.set(name, value.ok())
    }

    /// Sets a header whose value is a secret: it is marked as sensitive and shown nowhere.
    pub fn secret_header<N: TryInto<HeaderName>>(self, name: N, value: &Secret) -> Self {
        let mut value = HeaderValue::from_str(value.expose()).ok();
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        self.set(name, value)
    }

    /// Sets `authorization: Bearer …`.
    pub fn bearer(self, token: &Secret) -> Self {
        let value = Secret::new(format!("Bearer {}", token.expose()));
        self.secret_header(AUTHORIZATION, &value)
    }

    /// Sends `value` as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.headers
                    .entry(CONTENT_TYPE)
                    .or_insert(HeaderValue::from_static("application/json"));
                self.body = Some(Bytes::from(bytes).into());
            }
            // The source would repeat parts of the value.
            Err(_) => self.flaw = Some(Error::invalid("the body cannot be written as JSON")),
        }
        self
    }

    /// Sends `body` as it is.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into().into());
        self
    }

    /// Sends `length` bytes as `stream` gives them, so that a large file is never in memory as a whole. A stream that fails,
    /// or has another length, breaks the connection off.
    pub fn body_stream(
        mut self,
        length: u64,
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        self.body = Some(reqwest::Body::wrap_stream(stream));
        self
    }

    /// Adds `name=value` to the query of the URL.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// The limit until the head of the answer, in place of the client's.
    pub fn headers_timeout(mut self, limit: Duration) -> Self {
        self.headers_timeout = Some(limit);
        self
    }

    /// The limit for the whole exchange, in place of the client's; of a streamed answer it limits the head alone.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Until when anybody waits for the answer, on the client's clock: it cuts the limit for the whole exchange, and the
    /// other side is told what is left in [`TIMEOUT_HEADER`], which is meant for services of one's own.
    pub const fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sends the request and waits for the head of the answer, whatever its status.
    ///
    /// Within a [`TraceContext`] it carries the headers `traceparent` and `tracestate`.
    ///
    /// # Errors
    /// When no answer came; see [`ErrorKind`](super::ErrorKind).
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection (HTTP/1) or resets the stream (HTTP/2). The server may have seen the
    /// request.
    pub async fn send(self) -> Result<Response, Error> {
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        let client = self.client;
        client.egress.check(&self.url)?;
        for limit in [self.headers_timeout, self.timeout].into_iter().flatten() {
            check_limit(limit)?;
        }
        let headers_limit = self.headers_timeout.unwrap_or(client.limits.headers);
        let mut total = self.timeout.unwrap_or(client.limits.total.max(headers_limit));
        let mut headers = self.headers;
        if let Some(left) = self.deadline.remaining(&*client.clock) {
            if left.is_zero() {
                return Err(Error::timeout(Stage::Total));
            }
            total = total.min(left);
            let value = self.deadline.to_header(&*client.clock);
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(HeaderName::from_static(TIMEOUT_HEADER), value);
            }
        }
        let (limit, stage) = if total < headers_limit {
            (total, Stage::Total)
        } else {
            (headers_limit, Stage::Headers)
        };

        let mut request = reqwest::Request::new(self.method, self.url);
        *request.headers_mut() = headers;
        continue_trace(request.headers_mut());
        *request.body_mut() = self.body;
        let ends_at = client.clock.elapsed() + total;
        match within(&client.clock, limit, client.reqwest.execute(request)).await {
            None => Err(Error::timeout(stage)),
            Some(Err(error)) => Err(Error::from_reqwest(error)),
            Some(Ok(response)) => Ok(Response::new(client, response, ends_at)),
        }
    }

    fn set<N: TryInto<HeaderName>>(mut self, name: N, value: Option<HeaderValue>) -> Self {
        match (name.try_into(), value) {
            (Ok(name), Some(value)) => {
                self.headers.insert(name, value);
            }
            _ => {
                let flaw = Error::invalid("a header has a character that headers cannot have");
                self.flaw = Some(flaw);
            }
        }
        self
    }
}

/// Tells the server which trace the call belongs to, unless the caller has said so.
fn continue_trace(headers: &mut HeaderMap) {
    let Some(context) = TraceContext::current() else {
        return;
    };
    if headers.contains_key(TRACEPARENT) {
        return;
    }
    if let Ok(parent) = HeaderValue::from_str(&context.traceparent()) {
        headers.insert(TRACEPARENT, parent);
        if let Some(Ok(state)) = context.tracestate().map(HeaderValue::from_str) {
            headers.insert(TRACESTATE, state);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
