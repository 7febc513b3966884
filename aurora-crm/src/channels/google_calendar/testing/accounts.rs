//! Who is let in, and the tokens that they get.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use aurora_core::access;
use aurora_core::access::jwt::SigningKey;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::{Credentials, ServiceAccount};
use super::wire::{Incoming, Reply};
use super::{FakeGoogle, REDIRECT};
use crate::error::Error;

/// The application that is registered here.
pub const CLIENT_ID: &str = "1234.apps.googleusercontent.com";
/// Its secret.
pub const CLIENT_SECRET: &str = "GOCSPX-of-the-fake";
/// The service account that is registered here.
const EMAIL: &str = "agenda@clinic.iam.gserviceaccount.com";
const KEY_ID: &str = "8e3f5d1c0b7a4f6e9d2c";
/// How long an access token lives.
const LIFE: Duration = Duration::from_secs(3_599);

pub(super) struct Accounts {
    endpoint: String,
    key: SigningKey,
    is_revoked: bool,
    delegated: BTreeSet<String>,
    codes: BTreeMap<String, String>,
    refresh_tokens: BTreeSet<String>,
    access_tokens: BTreeMap<String, Timestamp>,
    given: u64,
}

impl Accounts {
    pub(super) fn new(endpoint: String) -> io::Result<Self> {
        // A key takes its time; it says nothing about the state of one fake or another.
        static KEY: OnceLock<Option<SigningKey>> = OnceLock::new();
        let key = KEY.get_or_init(|| SigningKey::generate_rsa().and_then(|key| key.named(KEY_ID)).ok());
        let key = key
            .clone()
            .ok_or_else(|| io::Error::other("no key can be made"))?;
        Ok(Self {
            endpoint,
            key,
            is_revoked: false,
            delegated: BTreeSet::new(),
            codes: BTreeMap::new(),
            refresh_tokens: BTreeSet::new(),
            access_tokens: BTreeMap::new(),
            given: 0,
        })
    }

    pub(super) fn lets_in(&self, incoming: &Incoming, now: Timestamp) -> bool {
        let shown = incoming
            .headers
            .get("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        shown.is_some_and(|token| self.access_tokens.get(token).is_some_and(|until| now < *until))
    }

    pub(super) fn token(&mut self, incoming: &Incoming, now: Timestamp) -> Reply {
        let form = incoming.form();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let kind = incoming.headers.get("content-type").map_or("", String::as_str);
        if kind != "application/x-www-form-urlencoded" {
            return refusal("invalid_request");
        }
        let is_ours = field("client_id") == CLIENT_ID && field("client_secret") == CLIENT_SECRET;
        match field("grant_type") {
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => match self.judge(field("assertion"), now) {
                Ok(()) => self.give(now, None),
                Err(reason) => refusal(reason),
            },
            _ if !is_ours => Reply {
                status: 401,
                ..refusal("invalid_client")
            },
            "refresh_token" if self.refresh_tokens.contains(field("refresh_token")) => self.give(now, None),
            "authorization_code" if field("redirect_uri") == REDIRECT => {
                let challenge = self.codes.remove(field("code"));
                let shown = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
                if challenge.is_none_or(|challenge| challenge != shown) {
                    return refusal("invalid_grant");
                }
                let refresh = format!("1//refresh-{}", self.given);
                self.refresh_tokens.insert(refresh.clone());
                self.give(now, Some(refresh))
            }
            "refresh_token" | "authorization_code" => refusal("invalid_grant"),
            _ => refusal("unsupported_grant_type"),
        }
    }

    fn give(&mut self, now: Timestamp, refresh: Option<String>) -> Reply {
        self.given += 1;
        let token = format!("ya29.fake-{}", self.given);
        self.access_tokens.insert(token.clone(), now + LIFE);
        let mut answer = json!({
            "access_token": token, "expires_in": LIFE.as_secs(), "token_type": "Bearer",
            "scope": "https://www.googleapis.com/auth/calendar",
        });
        if let (Some(refresh), Some(answer)) = (refresh, answer.as_object_mut()) {
            answer.insert("refresh_token".to_owned(), json!(refresh));
        }
        Reply::json(&answer)
    }

    /// The rules of <https://developers.google.com/identity/protocols/oauth2/service-account#jwt-auth>.
    fn judge(&self, assertion: &str, now: Timestamp) -> Result<(), &'static str> {
        let parts: Vec<&str> = assertion.split('.').collect();
        let [header, claims, _] = parts.as_slice() else {
            return Err("invalid_grant");
        };
        let read = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (Some(header), Some(claims)) = (read(header), read(claims)) else {
            return Err("invalid_grant");
        };
        // RSASSA-PKCS1-v1_5 has one signature for each text: it is that of the key that is registered, or it is wrong.
        let same = self
            .key
            .assertion(&claims)
            .is_ok_and(|own| own.expose() == assertion);
        let time = |name: &str| claims[name].as_i64().unwrap_or(0);
        let is_in_time = (time("iat") - 300..=time("exp")).contains(&now.as_secs());
        let is_fine = same
            && header == json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID})
            && claims["iss"] == EMAIL
            && claims["aud"] == self.endpoint.as_str()
            && time("exp") - time("iat") <= 3_600
            && is_in_time
            && !self.is_revoked;
        if !is_fine {
            return Err("invalid_grant");
        }
        if claims["scope"] != "https://www.googleapis.com/auth/calendar" {
            return Err("invalid_scope");
        }
        match claims["sub"].as_str() {
            Some(person) if !self.delegated.contains(person) => Err("unauthorized_client"),
            _ => Ok(()),
        }
    }
}

fn refusal(reason: &str) -> Reply {
    let body = json!({"error": reason, "error_description": "Refused for joao@clinic.example."});
    Reply {
        status: 400,
        ..Reply::json(&body)
    }
}

impl FakeGoogle {
    /// The key file of the service account.
    #[must_use]
    pub fn key_file(&self) -> Secret {
        let state = self.shared.state();
        let pem = state.accounts.key.to_pem();
        let pem = pem.as_ref().map_or("", Secret::expose);
        let file = json!({
            "type": "service_account", "project_id": "clinic", "private_key_id": KEY_ID, "private_key": pem,
            "client_email": EMAIL, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
        });
        Secret::new(file.to_string())
    }

    /// The service account as credentials.
    ///
    /// # Errors
    /// Never with the key file of this fake.
    pub fn service_account(&self) -> Result<Credentials, Error> {
        let account = ServiceAccount::from_json(&self.key_file())?;
        Ok(Credentials::ServiceAccount(Box::new(account)))
    }

    /// Lets the service account act for a person.
    pub fn delegate(&self, person: &str) {
        self.shared.state().accounts.delegated.insert(person.to_owned());
    }

    /// A person agrees on the page that this URL leads to; gives `state` and the code.
    #[must_use]
    pub fn agree(&self, url: &aurora_core::http::Url) -> Option<(String, Secret)> {
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let expected = [
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("access_type", "offline"),
        ];
        if !expected
            .iter()
            .all(|(name, value)| query.get(*name).is_some_and(|it| it == value))
        {
            return None;
        }
        let code = access::token().ok()?;
        let mut state = self.shared.state();
        state
            .accounts
            .codes
            .insert(code.expose().to_owned(), query.get("code_challenge")?.clone());
        Some((query.get("state")?.clone(), code))
    }

    /// Takes everything back that was given: the key is deleted, refresh and access tokens are revoked.
    pub fn revoke(&self) {
        let mut state = self.shared.state();
        state.accounts.is_revoked = true;
        state.accounts.refresh_tokens.clear();
        state.accounts.access_tokens.clear();
    }

    /// Ends all access tokens before their time.
    pub fn end_access_tokens(&self) {
        self.shared.state().accounts.access_tokens.clear();
    }
}
