//! A channel to PagerDuty in the making.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{Egress, HttpClient, Url};
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, SystemClock};

use super::PagerDuty;
use crate::channels::href::href;
use crate::channels::incident::Dedup;
use crate::error::{Error, Problem};
use crate::template::Texts;

/// Where PagerDuty takes events.
const ENDPOINT: &str = "https://events.pagerduty.com/v2/enqueue";

/// A channel to PagerDuty in the making; see [`PagerDuty::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct PagerDutyBuilder {
    name: String,
    routing_key: Secret,
    endpoint: Secret,
    dedup: Dedup,
    source: String,
    client: String,
    client_url: Option<String>,
    texts: Texts,
    timeout: Duration,
    egress: Egress,
    clock: Arc<dyn Clock>,
}

impl PagerDutyBuilder {
    pub(super) fn new(routing_key: Secret) -> Self {
        Self {
            name: "pagerduty".to_owned(),
            routing_key,
            endpoint: ENDPOINT.into(),
            dedup: Dedup::Alert,
            source: "aurora".to_owned(),
            client: "Aurora".to_owned(),
            client_url: None,
            texts: Texts::new(),
            timeout: Duration::from_secs(15),
            egress: Egress::Any,
            clock: Arc::new(SystemClock),
        }
    }

    /// The name of the channel; default `pagerduty`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Where events are taken: for accounts in Europe `https://events.eu.pagerduty.com/v2/enqueue`. Default
    /// `https://events.pagerduty.com/v2/enqueue`.
    pub fn endpoint(mut self, url: impl Into<Secret>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// What becomes one incident; default each alert.
    pub fn dedup(mut self, dedup: Dedup) -> Self {
        self.dedup = dedup;
        self
    }

    /// What is affected, where an alert has no label `instance`; default `aurora`.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// The name of the application that PagerDuty shows beside the incident, and its address; default `Aurora` without
    /// an address.
    pub fn client(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.client = name.into();
        self.client_url = Some(url.into());
        self
    }

    /// A title of one's own for the summary, and a body that is shown as the detail `text`; default the built-in ones.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// How long one request may take; default 15 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Where the endpoint may lead; default [`Egress::Any`].
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// Where the time limit comes from; default the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: a routing key that has not 32 letters and digits, an endpoint or an application's
    /// address that is no `http` or `https` URL, a time limit out of range.
    pub fn build(self) -> Result<PagerDuty, Error> {
        let mut details: Vec<String> = Vec::new();
        let key = self.routing_key.expose();
        if key.len() != 32 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            details.push("routing key must have 32 letters and digits".to_owned());
        }
        let url = Url::parse(self.endpoint.expose())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            details.push("endpoint must be an http or https URL".to_owned());
        }
        if self.client_url.is_some() && href(self.client_url.as_deref()).is_none() {
            details.push("address of the application must be an http or https URL".to_owned());
        }
        let http = HttpClient::builder()
            .headers_timeout(self.timeout)
            .timeout(self.timeout)
            .egress(self.egress)
            .clock(Arc::clone(&self.clock))
            .build();
        if let Err(error) = &http {
            details.push(error.to_string());
        }
        let subject = format!("channel {:?}", self.name);
        Error::check(
            details
                .into_iter()
                .map(|detail| Problem::new(subject.as_str(), detail))
                .collect(),
        )?;
        let (Some(url), Ok(http)) = (url, http) else {
            return Err(Error::invalid(subject, "endpoint or client is missing"));
        };
        Ok(PagerDuty {
            name: self.name,
            url,
            routing_key: self.routing_key,
            dedup: self.dedup,
            source: self.source,
            client: self.client,
            client_url: self.client_url,
            texts: self.texts,
            http,
            clock: self.clock,
        })
    }
}
