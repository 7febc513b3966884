use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde::Deserialize;

use super::MAX_NAME;
use crate::clients::OwnerId;
use crate::error::Error;
use crate::fields::{Change, Fields};
use crate::scheduling::{Professional, ProfessionalId};

/// What is needed to make a professional.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProfessional {
    name: String,
    #[serde(default)]
    user: Option<OwnerId>,
    #[serde(default)]
    time_zone: Option<String>,
}

impl NewProfessional {
    /// A professional with a name of up to 120 characters, whose hours are told in the workspace's time zone.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            user: None,
            time_zone: None,
        }
    }

    /// The user that it is.
    #[must_use]
    pub const fn user(mut self, id: OwnerId) -> Self {
        self.user = Some(id);
        self
    }

    /// The IANA zone that its hours are told in, such as `America/Manaus`.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }

    /// `zone` is the workspace's.
    pub(in crate::scheduling) fn check(self, zone: &str, now: Timestamp) -> Result<Professional, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", &self.name, MAX_NAME);
        let time_zone = read_zone(&mut fields, self.time_zone.as_deref().unwrap_or(zone));
        fields.finish(Professional {
            id: ProfessionalId::new(now),
            name,
            user_id: self.user,
            time_zone,
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What to change in a professional; a field that is not named stays. In JSON `null` removes the user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfessionalChange {
    name: Option<String>,
    user: Change<OwnerId>,
    time_zone: Option<String>,
}

impl ProfessionalChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets or removes the user that it is.
    #[must_use]
    pub fn user(mut self, id: Option<OwnerId>) -> Self {
        self.user = id.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets the IANA zone that its hours are told in. Hours and exceptions stay as they are on the clock on the wall.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }

    pub(in crate::scheduling) fn apply(self, professional: &Professional) -> Result<Professional, Error> {
        let mut fields = Fields::default();
        let mut changed = professional.clone();
        if let Some(name) = self.name {
            changed.name = fields.line("name", &name, MAX_NAME);
        }
        match self.user {
            Change::Keep => {}
            Change::Clear => changed.user_id = None,
            Change::Set(id) => changed.user_id = Some(id),
        }
        if let Some(zone) = self.time_zone {
            changed.time_zone = read_zone(&mut fields, &zone);
        }
        fields.finish(changed)
    }
}

fn read_zone(fields: &mut Fields, name: &str) -> Tz {
    name.trim().parse().unwrap_or_else(|_| {
        fields.refuse(
            "time_zone",
            "invalid",
            "must be a zone of the IANA database, such as America/Sao_Paulo",
        );
        Tz::UTC
    })
}
