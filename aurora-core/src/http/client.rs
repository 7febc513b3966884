//! The client and its settings.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, Method};
use url::Url;

use super::egress::{Egress, Lookup, PublicResolver, SystemLookup};
use super::error::Error;
use super::request::Request;
use crate::time::{Clock, SystemClock};

/// The longest time limit that [`HttpClientBuilder::build`] accepts.
const LONGEST_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// An HTTP client that keeps its limits; clones share its connections.
#[derive(Clone)]
pub struct HttpClient {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) reqwest: reqwest::Client,
    pub(super) limits: Limits,
    pub(super) egress: Egress,
    pub(super) clock: Arc<dyn Clock>,
}

/// What an exchange may cost in time and memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) headers: Duration,
    pub(super) idle: Duration,
    pub(super) total: Duration,
    pub(super) max_body: usize,
    pub(super) max_error_body: usize,
}

impl HttpClient {
    /// Starts a client with other than the usual settings.
    #[must_use]
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    /// A client with the usual settings.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](super::ErrorKind::InvalidRequest) when the system has no CA certificates.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Starts a request.
    pub fn request(&self, method: Method, url: &Url) -> Request {
        Request::new(Arc::clone(&self.inner), method, url)
    }

    /// Starts a `GET` request.
    pub fn get(&self, url: &Url) -> Request {
        self.request(Method::GET, url)
    }

    /// Starts a `POST` request.
    pub fn post(&self, url: &Url) -> Request {
        self.request(Method::POST, url)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("limits", &self.inner.limits)
            .field("egress", &self.inner.egress)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`HttpClient`]; time limits are above zero and at most 24 hours.
pub struct HttpClientBuilder {
    connect_timeout: Duration,
    limits: Limits,
    user_agent: String,
    egress: Egress,
    clock: Arc<dyn Clock>,
    lookup: Arc<dyn Lookup>,
}

impl Default for HttpClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            limits: Limits {
                headers: Duration::from_secs(60),
                idle: Duration::from_secs(60),
                total: Duration::from_secs(120),
                max_body: 16 * 1024 * 1024,
                max_error_body: 64 * 1024,
            },
            user_agent: concat!("aurora/", env!("CARGO_PKG_VERSION")).to_owned(),
            egress: Egress::Any,
            clock: Arc::new(SystemClock),
            lookup: Arc::new(SystemLookup),
        }
    }
}

impl HttpClientBuilder {
    /// The limit for name lookup, TCP and TLS together. 5 s unless told otherwise; always real time.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The limit from sending until the head of the answer. 60 s unless told otherwise.
    #[must_use]
    pub fn headers_timeout(mut self, limit: Duration) -> Self {
        self.limits.headers = limit;
        self
    }

    /// The limit between two pieces of a body. 60 s unless told otherwise.
    #[must_use]
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.limits.idle = limit;
        self
    }

    /// The limit for a whole exchange whose answer is not streamed. 120 s unless told otherwise.
    ///
    /// A longer [`headers_timeout`](Self::headers_timeout) raises it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }

    /// The most bytes that an answer read as a whole may have, after decompression. 16 MiB unless told otherwise.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.max_body = bytes;
        self
    }

    /// How many bytes of a 4xx or 5xx answer are kept; the rest is cut off. 64 KiB unless told otherwise.
    #[must_use]
    pub fn max_error_body(mut self, bytes: usize) -> Self {
        self.limits.max_error_body = bytes;
        self
    }

    /// The `user-agent` header. `aurora/<version>` unless told otherwise.
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Where requests may go. [`Egress::Any`] unless told otherwise.
    #[must_use]
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// The clock that time limits run on, the connect limit excepted.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    #[cfg(test)]
    pub(super) fn lookup(mut self, lookup: impl Lookup) -> Self {
        self.lookup = Arc::new(lookup);
        self
    }

    /// Makes the client.
    ///
    /// No TLS provider has to be installed in the process; where one is, it is used.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](super::ErrorKind::InvalidRequest) when a limit is out of range, the user agent
    /// is not a header value, or the system has no CA certificates.
    pub fn build(self) -> Result<HttpClient, Error> {
        let limits = self.limits;
        for limit in [self.connect_timeout, limits.headers, limits.idle, limits.total] {
            check_limit(limit)?;
        }
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| Error::invalid("the user agent is not a header value"))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one client that all others ask for"
        )]
        let mut reqwest = reqwest::Client::builder()
            .tls_backend_rustls()
            .user_agent(user_agent)
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .gzip(true)
            .pool_max_idle_per_host(32)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true);
        if self.egress == Egress::PublicOnly {
            reqwest = reqwest.dns_resolver(Arc::new(PublicResolver(self.lookup)));
        }
        let reqwest = reqwest.build().map_err(|error| {
            Error::invalid("the client cannot be set up").with_source(error.without_url())
        })?;
        Ok(HttpClient {
            inner: Arc::new(Inner {
                reqwest,
                limits,
                egress: self.egress,
                clock: self.clock,
            }),
        })
    }
}

impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .field("limits", &self.limits)
            .field("user_agent", &self.user_agent)
            .field("egress", &self.egress)
            .finish_non_exhaustive()
    }
}

pub(super) fn check_limit(limit: Duration) -> Result<(), Error> {
    if limit.is_zero() || limit > LONGEST_LIMIT {
        return Err(Error::invalid(
            "a time limit must be above zero and at most 24 hours",
        ));
    }
    Ok(())
}

/// What `work` gives, or nothing when it has not ended after `limit`.
pub(super) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T> + Send,
) -> Option<T> {
    tokio::select! {
        biased;
        output = work => Some(output),
        () = clock.sleep(limit) => None,
    }
}
