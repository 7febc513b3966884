//! Tokens as cookies, for pages of this server: no script sees them, and no other page's requests carry them along.

use aurora_core::secret::Secret;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::http::access::{access_cookie, cookie, is_foreign, is_https, is_same_origin};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const REFRESH: &str = "aurora_refresh";
const DEVICE: &str = "aurora_device";
/// The only place that refresh tokens and devices are sent to.
const PLACE: &str = "/api/v1/auth";
/// Devices that were not seen for so long are forgotten.
const DEVICE_LIFE: u64 = 180 * 86_400;

/// The cookies of one request and of its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jar<'a> {
    headers: &'a HeaderMap,
    /// Whether the browser speaks https with us or with the proxy before us.
    is_secure: bool,
}

impl<'a> Jar<'a> {
    pub(super) fn of(state: &AppState, headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            is_secure: is_https(state, headers),
        }
    }

    /// Refuses cookies to pages of others.
    ///
    /// # Errors
    /// `ForeignOrigin` when a browser says that its page is one.
    pub(super) fn may_set(&self) -> Result<(), Problem> {
        if is_foreign(self.headers) {
            Err(Problem::new(ProblemKind::ForeignOrigin))
        } else {
            Ok(())
        }
    }

    /// The refresh token that the browser sent along.
    ///
    /// # Errors
    /// `ForeignOrigin` unless a browser says that its page is one of this server's own.
    pub(super) fn refresh_token(&self) -> Result<Option<Secret>, Problem> {
        let token = self.read(REFRESH);
        if token.is_some() && !is_same_origin(self.headers) {
            return Err(Problem::new(ProblemKind::ForeignOrigin));
        }
        Ok(token)
    }

    /// What the device got at its last login.
    pub(super) fn device(&self) -> Option<Secret> {
        self.read(DEVICE)
    }

    fn read(&self, name: &str) -> Option<Secret> {
        let name = format!("{}{name}", self.prefix());
        let value = cookie(self.headers, &name)?;
        Some(Secret::new(value)).filter(|value| !value.expose().is_empty())
    }

    pub(super) fn set_access(&self, response: &mut Response, token: &str, seconds: u64) {
        self.set(response, "", access_cookie(self.is_secure), token, "/", seconds);
    }

    pub(super) fn set_refresh(&self, response: &mut Response, token: &str, seconds: u64) {
        self.set(response, self.prefix(), REFRESH, token, PLACE, seconds);
    }

    pub(super) fn set_device(&self, response: &mut Response, token: &str) {
        self.set(response, self.prefix(), DEVICE, token, PLACE, DEVICE_LIFE);
    }

    /// Takes the tokens away. The device stays known.
    pub(super) fn clear(&self, response: &mut Response) {
        self.set_access(response, "", 0);
        self.set_refresh(response, "", 0);
    }

    const fn prefix(&self) -> &'static str {
        if self.is_secure { "__Secure-" } else { "" }
    }

    fn set(&self, response: &mut Response, prefix: &str, name: &str, value: &str, path: &str, seconds: u64) {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{prefix}{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}
