use aurora_core::secret::Secret;

use crate::channels::whatsapp::webhook::{self, SignatureRefused};

/// An app at Meta: what signs webhooks, and what proves the address that they are sent to.
#[derive(Debug, Clone)]
pub struct MetaApp {
    /// What numbers name it by.
    pub name: String,
    /// Its app secrets: more than one while one is exchanged for another.
    pub secrets: Vec<Secret>,
    /// The verify tokens that its address may be entered with.
    pub verify_tokens: Vec<Secret>,
}

impl MetaApp {
    /// An app with a secret and a verify token.
    #[must_use]
    pub fn new(name: impl Into<String>, secret: impl Into<Secret>, verify_token: impl Into<Secret>) -> Self {
        Self {
            name: name.into(),
            secrets: vec![secret.into()],
            verify_tokens: vec![verify_token.into()],
        }
    }

    /// One more secret, which signs as well.
    #[must_use]
    pub fn also(mut self, secret: impl Into<Secret>) -> Self {
        self.secrets.push(secret.into());
        self
    }
}

/// The apps that have signed a body: one, unless two have the same secret.
pub(super) fn signers<'a>(
    apps: &'a [MetaApp],
    header: Option<&str>,
    body: &[u8],
) -> Result<Vec<&'a str>, SignatureRefused> {
    let mut refused = SignatureRefused::Wrong;
    let mut signers = Vec::new();
    // All are tried, so that the time does not tell which.
    for app in apps {
        match webhook::verify(&app.secrets, header, body) {
            Ok(()) => signers.push(app.name.as_str()),
            Err(error) => refused = error,
        }
    }
    if signers.is_empty() {
        Err(refused)
    } else {
        Ok(signers)
    }
}
