//! What is needed to link a calendar.

use std::fmt;

use aurora_core::secret::Secret;

use super::credentials::{Credentials, ServiceAccount};
use super::link::{Direction, Titles};
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::scheduling::ProfessionalId;

/// As long as an address with a name before it.
const MAX_CALENDAR_ID: usize = 512;
const SERVICE_ACCOUNT: &str = "service_account";
const REFRESH_TOKEN: &str = "refresh_token";

/// What a link shows to Google, as it is sealed. `Debug` shows nothing of it.
#[derive(Clone)]
#[non_exhaustive]
pub enum LinkCredentials {
    /// The JSON key file of a service account, and whom it acts for with domain-wide delegation.
    ServiceAccount {
        /// The whole file.
        key_file: Secret,
        /// The address of the person, if it acts for one.
        acting_for: Option<String>,
    },
    /// What [`Google::exchange_code`](super::Google::exchange_code) gave.
    Person(Credentials),
}

impl LinkCredentials {
    /// Its kind and the text that is sealed.
    pub(super) fn check(&self) -> Result<(&'static str, Secret), Error> {
        match self {
            Self::ServiceAccount { key_file, acting_for } => {
                let person = acting_for.as_deref().unwrap_or_default();
                let account = ServiceAccount::from_json(key_file)?;
                if !person.is_empty() {
                    account.acting_for(person)?;
                }
                // An address has no line break, and so the first one ends it.
                Ok((
                    SERVICE_ACCOUNT,
                    Secret::new(format!("{person}\n{}", key_file.expose())),
                ))
            }
            Self::Person(Credentials::RefreshToken(token)) => Ok((REFRESH_TOKEN, token.clone())),
            Self::Person(Credentials::ServiceAccount(_)) => Err(crate::leads::refused(
                "credentials",
                "invalid",
                "a service account is linked with its key file",
            )),
        }
    }

    /// Back from what was sealed.
    pub(super) fn open(kind: &str, text: Secret) -> Result<Credentials, Error> {
        if kind == REFRESH_TOKEN {
            return Ok(Credentials::RefreshToken(text));
        }
        let broken = || Error::new(ErrorKind::Unsealable);
        let (person, file) = text.expose().split_once('\n').ok_or_else(broken)?;
        let mut account = ServiceAccount::from_json(&file.into())?;
        if !person.is_empty() {
            account = account.acting_for(person)?;
        }
        Ok(Credentials::ServiceAccount(Box::new(account)))
    }
}

impl fmt::Debug for LinkCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkCredentials").finish_non_exhaustive()
    }
}

/// What is needed to link the calendar of a professional.
#[derive(Clone)]
pub struct NewCalendarLink {
    professional: ProfessionalId,
    calendar_id: String,
    credentials: LinkCredentials,
    direction: Direction,
    titles: Titles,
}

impl NewCalendarLink {
    /// A link both ways whose events say no more than that the time is taken.
    #[must_use]
    pub fn new(
        professional: ProfessionalId,
        calendar_id: impl Into<String>,
        credentials: LinkCredentials,
    ) -> Self {
        Self {
            professional,
            calendar_id: calendar_id.into(),
            credentials,
            direction: Direction::default(),
            titles: Titles::default(),
        }
    }

    /// Which way changes go; both unless told.
    #[must_use]
    pub const fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// What stands as the title; [`Titles::Busy`] unless told.
    #[must_use]
    pub const fn titles(mut self, titles: Titles) -> Self {
        self.titles = titles;
        self
    }

    pub(super) fn check(self) -> Result<Checked, Error> {
        let mut fields = Fields::default();
        let calendar_id = fields.line("calendar_id", &self.calendar_id, MAX_CALENDAR_ID);
        let credentials = self.credentials.check();
        let (credential_kind, secret) = match credentials {
            Ok(checked) => checked,
            Err(error) => {
                for field in error.fields() {
                    fields.refuse(format!("credentials.{}", field.field), field.code, &field.message);
                }
                (SERVICE_ACCOUNT, Secret::new(""))
            }
        };
        fields.finish(Checked {
            professional: self.professional,
            calendar_id,
            credential_kind,
            secret,
            direction: self.direction,
            titles: self.titles,
        })
    }
}

impl fmt::Debug for NewCalendarLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCalendarLink")
            .field("professional", &self.professional)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

/// A link as it is to be stored.
pub(super) struct Checked {
    pub(super) professional: ProfessionalId,
    pub(super) calendar_id: String,
    pub(super) credential_kind: &'static str,
    pub(super) secret: Secret,
    pub(super) direction: Direction,
    pub(super) titles: Titles,
}
