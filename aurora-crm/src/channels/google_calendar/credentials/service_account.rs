//! Service accounts: <https://developers.google.com/identity/protocols/oauth2/service-account>.

use std::fmt;
use std::time::Duration;

use aurora_core::access::jwt::{Algorithm, SigningKey};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::SCOPE;
use crate::error::Error;
use crate::fields::Fields;

/// The longest that Google lets an assertion live.
const LIFE: Duration = Duration::from_secs(3_600);
/// Longer than any key file.
const LONGEST: usize = 16 * 1024;

/// A service account with its key.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    subject: Option<String>,
    key: SigningKey,
}

/// The key file, as far as it is read. Its `token_uri` is not: who may say where an assertion is sent is the operator.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    private_key: Option<Secret>,
}

impl ServiceAccount {
    /// Reads the JSON key file that Google gives out for a service account.
    ///
    /// # Errors
    /// `Invalid` with every field that is missing or wrong; nothing of the file is repeated.
    pub fn from_json(file: &Secret) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let read = (file.expose().len() <= LONGEST).then(|| serde_json::from_str(file.expose()).ok());
        let Some(KeyFile {
            r#type,
            client_email,
            private_key_id,
            private_key,
        }) = read.flatten()
        else {
            return Err(wrong("key", "must be the JSON key file of a service account"));
        };
        if r#type != "service_account" {
            fields.refuse("type", "invalid", "must be service_account");
        }
        if !is_address(&client_email) {
            fields.refuse(
                "client_email",
                "invalid",
                "must be the address of the service account",
            );
        }
        let key = private_key.and_then(|pem| SigningKey::from_pem(&pem).ok());
        let key = key.filter(|key| key.algorithm() == Algorithm::Rs256);
        let key = key.and_then(|key| key.named(private_key_id).ok());
        let Some(key) = key else {
            fields.refuse(
                "private_key",
                "invalid",
                "must be an RSA key in PEM, with its private_key_id",
            );
            return Err(fields
                .finish(())
                .err()
                .unwrap_or(wrong("private_key", "is missing")));
        };
        fields.finish(Self {
            email: client_email,
            subject: None,
            key,
        })
    }

    /// Acts for this person of the Google Workspace domain, by its e-mail address: the domain's administrator must have
    /// delegated that to the service account.
    ///
    /// # Errors
    /// `Invalid` when it is no address.
    pub fn acting_for(mut self, person: impl Into<String>) -> Result<Self, Error> {
        let person = person.into();
        if !is_address(&person) {
            return Err(wrong("subject", "must be an e-mail address"));
        }
        self.subject = Some(person);
        Ok(self)
    }

    /// The address that calendars are shared with.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The statement that is changed for an access token at `endpoint`.
    pub(super) fn assertion(
        &self,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<Secret, aurora_core::access::Error> {
        let mut claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": endpoint, "iat": now.as_secs(), "exp": (now + LIFE).as_secs(),
        });
        if let (Some(subject), Some(claims)) = (&self.subject, claims.as_object_mut()) {
            claims.insert("sub".to_owned(), json!(subject));
        }
        self.key.assertion(&claims)
    }
}

fn is_address(text: &str) -> bool {
    let whole = (3..=254).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    whole
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

fn wrong(field: &str, message: &str) -> Error {
    crate::leads::refused(field, "invalid", message)
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").finish_non_exhaustive()
    }
}
