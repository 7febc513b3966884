//! Where Google is, and how long it may take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{Egress, HttpClient, Url};
use aurora_core::resilience::{Retry, RetryPolicy};
use aurora_core::rng::Random;
use aurora_core::time::{Clock, SystemClock};

use super::{Exchange, GoogleClient};
use crate::channels::google_calendar::credentials::{Credentials, OAuthApp, TokenEndpoint, Tokens};
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

const API: &str = "https://www.googleapis.com/calendar/v3";
const TOKEN: &str = "https://oauth2.googleapis.com/token";
const AUTHORIZE: &str = "https://accounts.google.com/o/oauth2/v2/auth";
/// More than the largest page of events with the fields that are asked for.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Google as it is reached from here; a cheap handle.
#[derive(Clone)]
pub struct Google {
    exchange: Exchange,
    endpoint: TokenEndpoint,
    authorize: Url,
}

impl Google {
    /// The usual settings.
    pub fn builder() -> GoogleBuilder {
        GoogleBuilder {
            api: API.to_owned(),
            token: TOKEN.to_owned(),
            authorize: AUTHORIZE.to_owned(),
            app: None,
            egress: Egress::PublicOnly,
            timeout: Duration::from_secs(20),
            retry: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }

    /// A client with these credentials. It gets an access token at its first call.
    #[must_use]
    pub fn client(&self, credentials: Credentials) -> GoogleClient {
        let tokens = Tokens::new(self.endpoint.clone(), credentials);
        GoogleClient::new(self.exchange.clone(), tokens)
    }

    pub(in super::super) const fn endpoint(&self) -> &TokenEndpoint {
        &self.endpoint
    }

    pub(in super::super) const fn authorize(&self) -> &Url {
        &self.authorize
    }
}

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Google").finish_non_exhaustive()
    }
}

/// Settings of [`Google`].
#[must_use = "call `build` to get it"]
pub struct GoogleBuilder {
    api: String,
    token: String,
    authorize: String,
    app: Option<OAuthApp>,
    egress: Egress,
    timeout: Duration,
    retry: RetryPolicy,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl GoogleBuilder {
    /// The application that people give access to with OAuth 2; without it only service accounts can be used.
    pub fn app(mut self, app: OAuthApp) -> Self {
        self.app = Some(app);
        self
    }

    /// Other addresses than Google's, for tests: of the API (`…/calendar/v3`), of the token endpoint, and of the page where
    /// people give access.
    pub fn endpoints(
        mut self,
        api: impl Into<String>,
        token: impl Into<String>,
        authorize: impl Into<String>,
    ) -> Self {
        (self.api, self.token, self.authorize) = (api.into(), token.into(), authorize.into());
        self
    }

    /// Where requests may go: public addresses alone unless told. Other addresses over plain http are taken with
    /// [`Egress::Any`] alone.
    pub const fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// How long one request may take, 1 to 60 s; 20 s unless told.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often and after which waits a call is repeated; [`RetryPolicy::default`] unless told: 3 attempts.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Gives it.
    ///
    /// # Errors
    /// `Invalid` with every setting that is wrong.
    pub fn build(self) -> Result<Google, Error> {
        let mut fields = Fields::default();
        let seconds = Duration::from_secs(1)..=Duration::from_secs(60);
        if !seconds.contains(&self.timeout) {
            fields.refuse("timeout", "invalid", "must be within 1 to 60 s");
        }
        let api = self.address("api", &self.api, &mut fields);
        let token = self.address("token", &self.token, &mut fields);
        let authorize = self.address("authorize", &self.authorize, &mut fields);
        let http = HttpClient::builder()
            .egress(self.egress)
            .max_body(MAX_BODY)
            .headers_timeout(
                self.timeout
                    .clamp(Duration::from_millis(1), Duration::from_secs(60)),
            )
            .timeout(
                self.timeout
                    .clamp(Duration::from_millis(1), Duration::from_secs(60)),
            )
            .clock(Arc::clone(&self.clock))
            .build();
        if http.is_err() {
            fields.refuse("http", "invalid", "no HTTP client can be set up here");
        }
        let (Some(api), Some(token), Some(authorize), Ok(http)) = (api, token, authorize, http) else {
            return Err(fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal)));
        };
        fields.finish(())?;
        let retry = Retry::new(self.retry)
            .clock(Arc::clone(&self.clock))
            .random(self.random);
        let exchange = Exchange {
            http,
            api,
            retry,
            clock: self.clock,
        };
        Ok(Google {
            endpoint: TokenEndpoint::new(exchange.clone(), token, self.app),
            exchange,
            authorize,
        })
    }

    fn address(&self, field: &str, text: &str, fields: &mut Fields) -> Option<Url> {
        let url = Url::parse(text).ok().filter(|url| {
            let is_plain_allowed = self.egress == Egress::Any && url.scheme() == "http";
            (url.scheme() == "https" || is_plain_allowed)
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if url.is_none() {
            fields.refuse(
                field,
                "invalid",
                "must be an https URL without credentials and query",
            );
        }
        url
    }
}

impl fmt::Debug for GoogleBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleBuilder")
            .field("egress", &self.egress)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
