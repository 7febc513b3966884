//! A channel to Opsgenie in the making.

use aurora_core::http::{HeaderValue, Url, header};
use aurora_core::secret::Secret;

use super::{Opsgenie, request};
use crate::channels::incident::Dedup;
use crate::channels::settings::{Settings, settings};
use crate::error::Error;
use crate::template::Texts;

/// The most teams that an alert can be given to.
const TEAMS: usize = 50;

/// Where the account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OpsgenieSite {
    /// `https://api.opsgenie.com`, until 5 April 2027.
    #[default]
    UnitedStates,
    /// `https://api.eu.opsgenie.com`, until 5 April 2027.
    Europe,
    /// `https://api.atlassian.com/jsm/ops/integration`, the same API at Jira Service Management.
    JiraServiceManagement,
}

impl OpsgenieSite {
    const fn base_url(self) -> &'static str {
        match self {
            Self::UnitedStates => "https://api.opsgenie.com",
            Self::Europe => "https://api.eu.opsgenie.com",
            Self::JiraServiceManagement => "https://api.atlassian.com/jsm/ops/integration",
        }
    }
}

/// A channel to Opsgenie in the making; see [`Opsgenie::builder`].
#[derive(Debug)]
#[must_use = "a channel begins with build()"]
pub struct OpsgenieBuilder {
    api_key: Secret,
    base_url: Secret,
    dedup: Dedup,
    source: String,
    teams: Vec<String>,
    texts: Texts,
    settings: Settings,
}

settings!(OpsgenieBuilder, "opsgenie", "15 s");

impl OpsgenieBuilder {
    pub(super) fn new(api_key: Secret) -> Self {
        Self {
            api_key,
            base_url: OpsgenieSite::UnitedStates.base_url().into(),
            dedup: Dedup::Alert,
            source: "aurora".to_owned(),
            teams: Vec::new(),
            texts: Texts::new(),
            settings: Settings::named("opsgenie"),
        }
    }

    /// Where the account is; default [`OpsgenieSite::UnitedStates`].
    pub fn site(self, site: OpsgenieSite) -> Self {
        self.base_url(site.base_url())
    }

    /// Any other address of the API, without `/v2/alerts`, in place of a site.
    pub fn base_url(mut self, url: impl Into<Secret>) -> Self {
        self.base_url = url.into();
        self
    }

    /// What becomes one alert at Opsgenie; default each alert.
    pub fn dedup(mut self, dedup: Dedup) -> Self {
        self.dedup = dedup;
        self
    }

    /// What Opsgenie shows as the source, at most 100 characters; default `aurora`.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// One more team that is told, at most 50; default those of the integration.
    pub fn team(mut self, name: impl Into<String>) -> Self {
        self.teams.push(name.into());
        self
    }

    /// A title of one's own for the message, and a body for the description; default the built-in ones.
    pub fn texts(mut self, texts: Texts) -> Self {
        self.texts = texts;
        self
    }

    /// Checks everything and makes the channel.
    ///
    /// # Errors
    /// With every problem at once: an API key that is empty or could not be a header, an address that is no `http` or
    /// `https` URL, a source that is too long, too many teams or one without a name, a time limit out of range.
    pub fn build(self) -> Result<Opsgenie, Error> {
        let mut details: Vec<String> = Vec::new();
        let authorization = Secret::new(format!("GenieKey {}", self.api_key.expose()));
        let has_key = !self.api_key.expose().trim().is_empty();
        if !has_key || HeaderValue::from_str(authorization.expose()).is_err() {
            details.push("API key must not be empty or have characters that headers cannot have".to_owned());
        }
        let base = Url::parse(self.base_url.expose()).ok();
        if base.is_some_and(|base| base.query().is_some() || base.fragment().is_some()) {
            details.push("address must have no query".to_owned());
        }
        if self.source.encode_utf16().count() > request::SHORT {
            details.push(format!("source must have at most {} characters", request::SHORT));
        }
        if self.teams.len() > TEAMS || self.teams.iter().any(|team| team.trim().is_empty()) {
            details.push(format!("there must be at most {TEAMS} teams, each with a name"));
        }
        let (base, connection) = self.settings.connect(&self.base_url, details)?;
        Ok(Opsgenie {
            url: alerts(base),
            dedup: self.dedup,
            source: self.source,
            teams: self.teams,
            texts: self.texts,
            connection: connection.with_headers(vec![(header::AUTHORIZATION, authorization)]),
        })
    }
}

/// Where the alerts are below an address of the API.
fn alerts(mut base: Url) -> Url {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty().extend(["v2", "alerts"]);
    }
    base
}
