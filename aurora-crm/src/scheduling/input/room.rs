use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::MAX_NAME;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::{Room, RoomId};

/// What is needed to make a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRoom {
    name: String,
}

impl NewRoom {
    /// A room with a name of up to 120 characters.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    pub(in crate::scheduling) fn check(self, now: Timestamp) -> Result<Room, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", &self.name, MAX_NAME);
        fields.finish(Room {
            id: RoomId::new(now),
            name,
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What to change in a room; a field that is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoomChange {
    name: Option<String>,
}

impl RoomChange {
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

    pub(in crate::scheduling) fn apply(self, room: &Room) -> Result<Room, Error> {
        let mut fields = Fields::default();
        let mut changed = room.clone();
        if let Some(name) = self.name {
            changed.name = fields.line("name", &name, MAX_NAME);
        }
        fields.finish(changed)
    }
}
