//! A channel to PagerDuty in the making.

use aurora_core::secret::Secret;

use super::PagerDuty;
use crate::channels::incident::Dedup;
use crate::channels::settings::{Settings, settings};
use crate::channels::text::href;
use crate::error::Error;
use crate::template::Texts;

/// Where PagerDuty takes events.
const ENDPOINT: &str = "https://events.pagerduty.com/v2/enqueue";

/// A channel to PagerDuty in the making; see [`PagerDuty::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct PagerDutyBuilder {
    routing_key: Secret,
    endpoint: Secret,
    dedup: Dedup,
    source: String,
    client: String,
    client_url: Option<String>,
    texts: Texts,
    settings: Settings,
}

settings!(PagerDutyBuilder, "pagerduty", "15 s");

impl PagerDutyBuilder {
    pub(super) fn new(routing_key: Secret) -> Self {
        Self {
            routing_key,
            endpoint: ENDPOINT.into(),
            dedup: Dedup::Alert,
            source: "aurora".to_owned(),
            client: "Aurora".to_owned(),
            client_url: None,
            texts: Texts::new(),
            settings: Settings::named("pagerduty"),
        }
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
        let client_url = self.client_url.as_deref().map(href);
        if matches!(client_url, Some(None)) {
            details.push("address of the application must be an http or https URL".to_owned());
        }
        let (url, connection) = self.settings.connect(&self.endpoint, details)?;
        Ok(PagerDuty {
            url,
            routing_key: self.routing_key,
            dedup: self.dedup,
            source: self.source,
            client: self.client,
            client_url: client_url.flatten(),
            texts: self.texts,
            connection,
        })
    }
}
