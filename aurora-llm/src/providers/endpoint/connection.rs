//! How a provider is connected to.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{Egress, HttpClient};
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, SystemClock};

use crate::error::{Error, ErrorKind};
use crate::provider::Call;

/// What is longer is as good as this; the HTTP client takes no longer limit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Time limits and headers of a provider that is reached over HTTP; limits are above zero and at most 24 hours.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_llm::providers::endpoint::Connection;
///
/// let connection = Connection::default().idle_timeout(Duration::from_secs(20)).header("x-team", "search");
/// ```
#[derive(Clone)]
pub struct Connection {
    connect: Duration,
    pub(super) first_byte: Duration,
    idle: Duration,
    pub(super) total: Duration,
    egress: Egress,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
            egress: Egress::Any,
            headers: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Connection {
    /// The limit for name lookup, TCP and TLS together. 5 s unless told otherwise; always real time.
    #[must_use]
    pub const fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// The limit until the first byte of a streamed answer. 60 s unless told otherwise.
    #[must_use]
    pub const fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.first_byte = limit;
        self
    }

    /// The limit between two pieces of an answer. 60 s unless told otherwise.
    #[must_use]
    pub const fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// The limit for a whole answer, streamed or not, where a call does not bring its own. 10 minutes unless told
    /// otherwise.
    #[must_use]
    pub const fn total_timeout(mut self, limit: Duration) -> Self {
        self.total = limit;
        self
    }

    /// Sends this header with every call, in place of one of the dialect's; its value is treated as a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Says which hosts may be called. Any unless told otherwise, because many model servers are private ones.
    #[must_use]
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// Measures the limits by this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long the whole answer to `call` may take.
    pub(super) fn whole<R>(&self, call: &Call<R>) -> Duration {
        call.timeout.map_or(self.total, |limit| limit.min(LONGEST))
    }

    pub(super) fn client(&self) -> Result<HttpClient, Error> {
        HttpClient::builder()
            .connect_timeout(self.connect)
            .headers_timeout(self.first_byte)
            .idle_timeout(self.idle)
            .timeout(self.total)
            .egress(self.egress)
            .clock(Arc::clone(&self.clock))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config).with_source(error))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connection")
            .field("connect", &self.connect)
            .field("first_byte", &self.first_byte)
            .field("idle", &self.idle)
            .field("total", &self.total)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}
