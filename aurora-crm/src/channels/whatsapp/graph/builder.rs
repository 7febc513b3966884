//! Settings of the client.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{Egress, HttpClient, Url};
use aurora_core::resilience::limiter::{Limiter, MemoryLimiter, Policies, Policy};
use aurora_core::time::{Clock, SystemClock};

use super::client::{Inner, WhatsAppClient};
use super::holds::Holds;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

/// Where the Graph API is.
pub const DEFAULT_BASE: &str = "https://graph.facebook.com";
/// The newest version that the tests know. Meta keeps a version for about two years.
pub const DEFAULT_VERSION: &str = "v26.0";
/// Where Meta keeps files. The token goes nowhere else.
const MEDIA_HOSTS: [&str; 4] = ["fbsbx.com", "fbcdn.net", "facebook.com", "whatsapp.net"];

/// How many messages may leave.
///
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput>, May 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// A second from one number: 80, after an upgrade 1,000, of numbers that are also used with the app 20.
    pub per_second: u32,
    /// To one person from one number at once, on credit of one every 6 s: 45.
    pub pair_burst: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            per_second: 80,
            pair_burst: 45,
        }
    }
}

/// Settings of a [`WhatsAppClient`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get a client"]
pub struct WhatsAppClientBuilder {
    base: String,
    version: String,
    rates: Rates,
    limiter: Option<Limiter>,
    egress: Egress,
    media_hosts: Vec<String>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl Default for WhatsAppClientBuilder {
    fn default() -> Self {
        Self {
            base: DEFAULT_BASE.to_owned(),
            version: DEFAULT_VERSION.to_owned(),
            rates: Rates::default(),
            limiter: None,
            egress: Egress::PublicOnly,
            media_hosts: MEDIA_HOSTS.map(str::to_owned).to_vec(),
            timeout: Duration::from_secs(30),
            clock: Arc::new(SystemClock),
        }
    }
}

impl WhatsAppClientBuilder {
    /// Where the Graph API is; [`DEFAULT_BASE`] unless told.
    pub fn base(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// Its version, as `v26.0`; [`DEFAULT_VERSION`] unless told.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How many messages may leave.
    pub const fn rates(mut self, rates: Rates) -> Self {
        self.rates = rates;
        self
    }

    /// What counts them: one in front of Redis where several processes send, in this process unless told.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Where requests may go: public addresses alone unless told.
    pub const fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// From which hosts files are downloaded, themselves and what is below them; Meta's own unless told.
    pub fn media_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.media_hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// How long an answer may take, 1 to 120 s; 30 s unless told. An upload has a second more for each 128 KiB.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// `Invalid` with every setting that is wrong.
    pub fn build(self) -> Result<WhatsAppClient, Error> {
        let mut fields = Fields::default();
        let base = Url::parse(&self.base).ok().filter(|url| {
            let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
            is_http && url.username().is_empty() && url.password().is_none() && url.query().is_none()
        });
        if base.is_none() {
            fields.refuse(
                "base",
                "invalid",
                "must be an address that begins with https:// or http://",
            );
        }
        if !is_version(&self.version) {
            fields.refuse("version", "invalid", "must be a version, such as v26.0");
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(120)).contains(&self.timeout) {
            fields.refuse("timeout", "invalid", "must be within 1 to 120 s");
        }
        let Rates {
            per_second,
            pair_burst,
        } = self.rates;
        let per_number = Policies::new([Policy::per_second("whatsapp-number", per_second)]);
        let pair = Policy::new("whatsapp-pair", 1, super::advice::PAIR_PAUSE).burst(pair_burst);
        let per_pair = Policies::new([pair]);
        if per_number.is_err() || per_pair.is_err() {
            fields.refuse("rates", "invalid", "must be at least one");
        }
        let limiter = self.limiter.map_or_else(|| in_process(&self.clock), Ok)?;
        let http = HttpClient::builder()
            .egress(self.egress)
            .headers_timeout(self.timeout)
            .timeout(self.timeout)
            .clock(Arc::clone(&self.clock))
            .build();
        if http.is_err() {
            fields.refuse("timeout", "invalid", "the system must have CA certificates");
        }
        let (Some(base), Ok(http), Ok(per_number), Ok(per_pair)) = (base, http, per_number, per_pair) else {
            return Err(fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal)));
        };
        fields.finish(WhatsAppClient {
            inner: Arc::new(Inner {
                http,
                base,
                version: self.version,
                limiter,
                per_number,
                per_pair,
                holds: Holds::default(),
                media_hosts: self.media_hosts,
                timeout: self.timeout,
                clock: self.clock,
            }),
        })
    }
}

/// A limiter on the client's clock.
fn in_process(clock: &Arc<dyn Clock>) -> Result<Limiter, Error> {
    let wrong = |_| Error::new(ErrorKind::Internal); // not with these settings
    let store = MemoryLimiter::builder()
        .clock(Arc::clone(clock))
        .build()
        .map_err(wrong)?;
    Limiter::builder(store)
        .clock(Arc::clone(clock))
        .build()
        .map_err(wrong)
}

fn is_version(text: &str) -> bool {
    let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(major, minor)| {
        [major, minor]
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
