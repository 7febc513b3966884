//! What is handed in about users.

use std::fmt;

use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::session::label;
use super::user::{User, UserId, UserStatus};
use crate::contacts::Email;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

const MAX_NAME: usize = 200;
const MAX_LOCALE: usize = 35;

/// A user to be made.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    name: String,
    #[serde(default = "usual_locale")]
    locale: String,
}

fn usual_locale() -> String {
    "pt-BR".to_owned()
}

impl NewUser {
    /// A user whose language is `pt-BR`.
    #[must_use]
    pub fn new(email: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            name: name.into(),
            locale: usual_locale(),
        }
    }

    /// The language of what is written to them, as a BCP 47 tag.
    #[must_use]
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        self.locale = tag.into();
        self
    }

    pub(super) fn check(self, is_administrator: bool, now: Timestamp) -> Result<User, Error> {
        let mut fields = Fields::default();
        let email: Option<Email> = fields.parse("email", Some(&self.email));
        if self.email.trim().is_empty() {
            fields.refuse("email", "required", "must not be empty");
        }
        let name = fields.line("name", &self.name, MAX_NAME);
        let locale = locale(&mut fields, &self.locale);
        let email = fields.finish(email)?.ok_or(Error::new(ErrorKind::Internal))?;
        Ok(User {
            id: UserId::new(now),
            email,
            name,
            locale,
            status: UserStatus::Active,
            is_administrator,
            email_verified_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").finish_non_exhaustive()
    }
}

/// What changes about a user; what is not named stays.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserChange {
    name: Option<String>,
    locale: Option<String>,
}

impl UserChange {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another language, as a BCP 47 tag.
    #[must_use]
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        self.locale = Some(tag.into());
        self
    }

    pub(super) fn apply(self, current: &User, now: Timestamp) -> Result<User, Error> {
        let mut fields = Fields::default();
        let mut user = current.clone();
        if let Some(text) = self.name {
            user.name = fields.line("name", &text, MAX_NAME);
        }
        if let Some(text) = self.locale {
            user.locale = locale(&mut fields, &text);
        }
        user.version = current.version.saturating_add(1);
        user.updated_at = now.max(current.updated_at);
        fields.finish(user)
    }
}

impl fmt::Debug for UserChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserChange").finish_non_exhaustive()
    }
}

/// BCP 47 as far as its form goes: subtags of up to eight letters and digits, the first one letters.
fn locale(fields: &mut Fields, text: &str) -> String {
    let tag = fields.line("locale", text, MAX_LOCALE);
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|letter| letter.is_ascii_alphanumeric())
    };
    let language = tag.split('-').next().unwrap_or_default();
    let is_language =
        (2..=8).contains(&language.len()) && language.bytes().all(|it| it.is_ascii_alphabetic());
    let is_tag = is_language && tag.split('-').all(subtag);
    if !tag.is_empty() && !is_tag {
        fields.refuse("locale", "invalid", "must be a BCP 47 tag such as pt-BR");
    }
    tag
}

/// Somebody who wants to log in. The network is that of [`Context::origin`](crate::Context::origin).
#[derive(Debug, Clone)]
pub struct Login {
    pub(super) email: Secret,
    pub(super) password: Secret,
    pub(super) device: Device,
}

impl Login {
    /// With what was typed, as it was typed.
    #[must_use]
    pub fn new(email: impl Into<Secret>, password: impl Into<Secret>) -> Self {
        Self {
            email: email.into(),
            password: password.into(),
            device: Device::default(),
        }
    }

    /// What an earlier login on this device gave as [`SignedIn::device`](super::SignedIn::device).
    #[must_use]
    pub fn device(mut self, token: impl Into<Secret>) -> Self {
        self.device.token = Some(token.into());
        self
    }

    /// What the device calls itself, for the list of sessions; cut after 200 characters.
    #[must_use]
    pub fn agent(mut self, agent: &str) -> Self {
        self.device.agent = label(agent);
        self
    }
}

/// The second factor of a login that waits for it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) challenge: Secret,
    pub(super) proof: Proof,
    pub(super) device: Device,
}

impl Answer {
    /// `challenge` is what the login gave as [`ChallengeOpened::token`](super::ChallengeOpened::token).
    #[must_use]
    pub fn new(challenge: impl Into<Secret>, proof: Proof) -> Self {
        Self {
            challenge: challenge.into(),
            proof,
            device: Device::default(),
        }
    }

    /// What an earlier login on this device gave as [`SignedIn::device`](super::SignedIn::device).
    #[must_use]
    pub fn device(mut self, token: impl Into<Secret>) -> Self {
        self.device.token = Some(token.into());
        self
    }

    /// What the device calls itself, for the list of sessions; cut after 200 characters.
    #[must_use]
    pub fn agent(mut self, agent: &str) -> Self {
        self.device.agent = label(agent);
        self
    }
}

/// What proves the second factor.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Proof {
    /// A code of the authenticator.
    Code(Secret),
    /// One of the codes for the day on which the authenticator is lost.
    RecoveryCode(Secret),
}

/// What a login says about the device it comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Device {
    pub(super) token: Option<Secret>,
    pub(super) agent: Option<String>,
}

/// Two addresses that differ in case alone are one person.
pub(super) fn folded(email: &str) -> String {
    email.to_ascii_lowercase()
}
