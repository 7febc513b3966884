//! OAuth 2 for web server applications: <https://developers.google.com/identity/protocols/oauth2/web-server>.

use std::fmt;

use aurora_core::access;
use aurora_core::http::Url;
use aurora_core::resilience::{Deadline, Idempotency};
use aurora_core::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Credentials, SCOPE};
use crate::channels::google_calendar::client::{Google, GoogleError, GoogleErrorKind};
use crate::error::{Error, ErrorKind};

/// The application under which people give access, as it is registered with Google. `Debug` does not show its secret.
#[derive(Clone)]
pub struct OAuthApp {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) redirect_uri: Url,
}

impl OAuthApp {
    /// An application with the address that Google sends people back to.
    ///
    /// # Errors
    /// `Invalid` when a part is empty or the address is no URL.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
        redirect_uri: &str,
    ) -> Result<Self, Error> {
        let (client_id, client_secret) = (client_id.into(), client_secret.into());
        let redirect_uri = Url::parse(redirect_uri).ok();
        match redirect_uri {
            Some(redirect_uri) if !client_id.is_empty() && !client_secret.expose().is_empty() => Ok(Self {
                client_id,
                client_secret,
                redirect_uri,
            }),
            _ => Err(crate::leads::refused(
                "app",
                "invalid",
                "must have a client id, a secret and a redirect URL",
            )),
        }
    }
}

impl fmt::Debug for OAuthApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthApp").finish_non_exhaustive()
    }
}

/// A person on the way to Google to give access.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Authorization {
    /// Where to send the browser.
    pub url: Url,
    /// Comes back as `state`: compare it with [`Secret::matches`] with the one kept in the person's session, or somebody
    /// else's calendar may be connected.
    pub state: Secret,
    /// Keep it in the session too; it is needed to change the code (PKCE, RFC 7636).
    pub verifier: Secret,
}

impl Google {
    /// Begins to connect a person's calendar. `hint` is the address to suggest, if it is known.
    ///
    /// # Errors
    /// `Setup` when no [`OAuthApp`] is set.
    pub fn authorize_person(&self, hint: Option<&str>) -> Result<Authorization, Error> {
        let app = self.endpoint().app().ok_or_else(no_app)?;
        let (state, verifier) = (access::token()?, access::token()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let mut url = self.authorize().clone();
        url.query_pairs_mut()
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", app.redirect_uri.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", SCOPE)
            .append_pair("state", state.expose())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            // Only both together give a refresh token each time, and not the first time alone.
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent");
        if let Some(hint) = hint {
            url.query_pairs_mut().append_pair("login_hint", hint);
        }
        Ok(Authorization { url, state, verifier })
    }

    /// Changes the code that a person came back with for lasting credentials.
    ///
    /// # Errors
    /// `Grant` when the code has been used, has run out or does not belong to the verifier; `App` when Google refuses the
    /// [`OAuthApp`], or none is set; `Invalid` when the person did not give access that lasts.
    pub async fn exchange_code(
        &self,
        code: &Secret,
        verifier: &Secret,
        deadline: Deadline,
    ) -> Result<Credentials, GoogleError> {
        let no_app = GoogleError::new(GoogleErrorKind::App);
        let app = self.endpoint().app().ok_or(no_app)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("code_verifier", verifier.expose()),
            ("client_id", app.client_id.as_str()),
            ("client_secret", app.client_secret.expose()),
            ("redirect_uri", app.redirect_uri.as_str()),
        ];
        let endpoint = self.endpoint();
        // A code serves once.
        let attempt = |()| endpoint.ask(&form, deadline);
        let answer = endpoint
            .exchange()
            .repeat(deadline, Idempotency::Once, attempt)
            .await
            .map_err(GoogleError::asked_by_app)?;
        answer
            .refresh_token
            .map(Credentials::RefreshToken)
            .ok_or(GoogleError::new(GoogleErrorKind::Invalid))
    }
}

fn no_app() -> Error {
    Error::setup("connecting people's calendars needs an OAuth application: set it with GoogleBuilder::app")
}

impl From<GoogleError> for Error {
    /// What a caller can do about it; what exactly it is stands in the source.
    fn from(error: GoogleError) -> Self {
        let kind = match error.kind() {
            GoogleErrorKind::NotFound | GoogleErrorKind::Gone => {
                return Self::not_found("calendar").caused_by(error);
            }
            GoogleErrorKind::App => {
                return Self::setup("Google refuses the OAuth application: check its client id and secret")
                    .caused_by(error);
            }
            GoogleErrorKind::Timeout => ErrorKind::Timeout,
            GoogleErrorKind::Quota | GoogleErrorKind::Unavailable => ErrorKind::Unavailable,
            GoogleErrorKind::Grant | GoogleErrorKind::Unauthenticated => ErrorKind::Unauthenticated,
            GoogleErrorKind::Forbidden => ErrorKind::Forbidden,
            _ => ErrorKind::Internal,
        };
        Self::new(kind).caused_by(error)
    }
}
