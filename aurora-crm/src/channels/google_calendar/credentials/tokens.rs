//! Access tokens: asked for when they are needed, once for all who wait, and kept until a minute before their end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::http::{Url, header};
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::Clock as _;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use serde::Deserialize;

use super::{Credentials, OAuthApp};
use crate::channels::google_calendar::client::{Exchange, GoogleError, GoogleErrorKind};

/// How long before its end a token is not used any more: clocks differ, and requests take their time.
const MARGIN: Duration = Duration::from_secs(60);
/// Longer than any that Google gives.
const LONGEST: u64 = 24 * 3_600;

/// Where tokens are given out; a cheap handle.
#[derive(Clone)]
pub(in super::super) struct TokenEndpoint {
    exchange: Exchange,
    url: Url,
    app: Option<Arc<OAuthApp>>,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
pub(super) struct Answer {
    access_token: Secret,
    expires_in: u64,
    pub(super) refresh_token: Option<Secret>,
}

impl TokenEndpoint {
    pub(in super::super) fn new(exchange: Exchange, url: Url, app: Option<OAuthApp>) -> Self {
        Self {
            exchange,
            url,
            app: app.map(Arc::new),
        }
    }

    pub(super) fn app(&self) -> Option<&OAuthApp> {
        self.app.as_deref()
    }

    pub(super) const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// One question, without repetition.
    pub(super) async fn ask(&self, form: &[(&str, &str)], deadline: Deadline) -> Result<Answer, GoogleError> {
        let mut encoded = self.url.clone();
        encoded.query_pairs_mut().clear().extend_pairs(form);
        let body = encoded.query().unwrap_or_default().to_owned();
        let request = self
            .exchange
            .post(&self.url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let (status, body, retry_after) = self.exchange.send(request, deadline).await?;
        if !(200..=299).contains(&status) {
            return Err(GoogleError::of_token_answer(status, &body, retry_after));
        }
        serde_json::from_slice(&body).map_err(|_| GoogleError::unreadable(status))
    }

    async fn token(self, credentials: Credentials) -> Result<Token, GoogleError> {
        let clock = self.exchange.clock();
        let asked_at = clock.elapsed();
        let answer = match &credentials {
            Credentials::ServiceAccount(account) => {
                let assertion = account.assertion(self.url.as_str(), clock.now());
                // A key that signed when it was read.
                let assertion = assertion.map_err(|_| GoogleError::new(GoogleErrorKind::Unavailable))?;
                let form = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", assertion.expose()),
                ];
                self.ask(&form, Deadline::NONE).await?
            }
            Credentials::RefreshToken(token) => {
                let app = self.app().ok_or(GoogleError::new(GoogleErrorKind::App))?;
                let form = [
                    ("grant_type", "refresh_token"),
                    ("refresh_token", token.expose()),
                    ("client_id", app.client_id.as_str()),
                    ("client_secret", app.client_secret.expose()),
                ];
                let answer = self.ask(&form, Deadline::NONE).await;
                answer.map_err(GoogleError::asked_by_app)?
            }
        };
        let life = Duration::from_secs(answer.expires_in.min(LONGEST));
        Ok(Token {
            text: answer.access_token,
            until: asked_at + life.saturating_sub(MARGIN),
        })
    }
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint").finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Token {
    text: Secret,
    /// Until when it is used, on the monotonic clock.
    until: Duration,
}

type Flight = Shared<BoxFuture<'static, Result<Token, GoogleError>>>;

enum Slot {
    Empty,
    Kept(Token),
    /// Somebody asks already. Who waits drives it on, so that it does not end with the one who began it.
    Asking(Flight),
}

/// The access tokens of some credentials; a cheap handle, clones share the token.
#[derive(Clone)]
pub(in super::super) struct Tokens {
    endpoint: TokenEndpoint,
    credentials: Credentials,
    slot: Arc<Mutex<Slot>>,
}

impl Tokens {
    pub(in super::super) fn new(endpoint: TokenEndpoint, credentials: Credentials) -> Self {
        Self {
            endpoint,
            credentials,
            slot: Arc::new(Mutex::new(Slot::Empty)),
        }
    }

    /// A token that is good for a minute at least.
    pub(in super::super) async fn get(&self, deadline: Deadline) -> Result<Secret, GoogleError> {
        let clock = self.endpoint.exchange.clock();
        let flight = {
            let mut slot = self.slot();
            match &*slot {
                Slot::Kept(token) if clock.elapsed() < token.until => return Ok(token.text.clone()),
                Slot::Asking(flight) => flight.clone(),
                _ => {
                    let asking = self.endpoint.clone().token(self.credentials.clone());
                    let flight = asking.boxed().shared();
                    *slot = Slot::Asking(flight.clone());
                    flight
                }
            }
        };
        let outcome = deadline.run(&**clock, flight.clone()).await;
        let outcome = outcome.map_err(|_| GoogleError::new(GoogleErrorKind::Timeout))?;
        let mut slot = self.slot();
        if let Slot::Asking(current) = &*slot
            && current.ptr_eq(&flight)
        {
            // A refusal is not kept: the next call asks again.
            *slot = outcome.clone().map_or(Slot::Empty, Slot::Kept);
        }
        drop(slot);
        outcome.map(|token| token.text)
    }

    /// Does not use this one any more.
    pub(in super::super) fn forget(&self, refused: &Secret) {
        let mut slot = self.slot();
        if let Slot::Kept(token) = &*slot
            && token.text.matches(refused.expose())
        {
            *slot = Slot::Empty;
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
