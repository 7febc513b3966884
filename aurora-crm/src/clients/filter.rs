use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ClientKind, ClientStatus, OwnerId};
use crate::error::Error;
use crate::fields::Fields;

const MAX_TAGS: usize = 3;
const MAX_CUSTOM: usize = 2;

/// The order of a list of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientOrder {
    /// The one made last comes first.
    #[default]
    Newest,
    /// By legal name, without regard to case and accents.
    Name,
    /// The one changed last comes first.
    Updated,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
}

impl Presence {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
        }
    }
}

/// Whether clients are shown whose data may not be used (`bloqueio`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockedClients {
    /// They are left out.
    #[default]
    Hidden,
    /// They are shown with the others, for whoever looks after the rights of people.
    Shown,
    /// No others are shown.
    Only,
}

impl BlockedClients {
    /// Whether they are shown.
    pub(super) const fn are_shown(self) -> bool {
        !matches!(self, Self::Hidden)
    }
}

/// Which clients to list, and in which order; what is named must all be true of a client.
///
/// A page costs the same however deep it lies. By newest and by name, a page reads the index of one of the things that
/// are asked for and checks the others on what it meets; by last change, and for times and the presence of a number, it
/// reads the index of the order, so that a page takes the longer the rarer the clients are that are asked for. A client
/// that is renamed while somebody pages by name, or changed while somebody pages by last change, may be met twice or not
/// at all; every other client is met exactly once.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientFilter {
    /// The order of the list.
    pub order: ClientOrder,
    /// Only companies, or only people.
    pub kind: Option<ClientKind>,
    /// Only those that stand so.
    pub status: Option<ClientStatus>,
    /// Only those that this user looks after.
    pub owner: Option<OwnerId>,
    /// Only those that carry all of these labels, as written; at most 3.
    pub tags: Vec<String>,
    /// Only those with an address in this state (`UF`) of Brazil.
    pub state: Option<String>,
    /// Only those with an address in this city of the state, without regard to case and accents; needs `state`.
    pub city: Option<String>,
    /// Only those with a CNPJ or CPF, or only those without.
    pub document: Option<Presence>,
    /// Only those made at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only those made before this time.
    pub created_before: Option<Timestamp>,
    /// Only those last changed at this time or later.
    pub updated_from: Option<Timestamp>,
    /// Only those last changed before this time.
    pub updated_before: Option<Timestamp>,
    /// Only those whose own fields have these values: a text, a number or a truth value, alone or in a list; at most 2,
    /// and a value of up to about 250 bytes.
    pub custom: Map<String, Value>,
    /// Whether those are listed whose data may not be used; they are left out unless told.
    pub blocked: BlockedClients,
}

impl ClientFilter {
    /// All clients, the newest first.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Puts the list in this order.
    #[must_use]
    pub const fn order(mut self, order: ClientOrder) -> Self {
        self.order = order;
        self
    }

    /// Only companies, or only people.
    #[must_use]
    pub const fn kind(mut self, kind: ClientKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only those that stand so.
    #[must_use]
    pub const fn status(mut self, status: ClientStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those that this user looks after.
    #[must_use]
    pub const fn owner(mut self, owner: OwnerId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Only those that carry this label, too.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Only those with an address in this state of Brazil.
    #[must_use]
    pub fn state(mut self, abbreviation: impl Into<String>) -> Self {
        self.state = Some(abbreviation.into());
        self
    }

    /// Only those with an address in this city of Brazil.
    #[must_use]
    pub fn city(mut self, state: impl Into<String>, city: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self.city = Some(city.into());
        self
    }

    /// Only those with a CNPJ or CPF, or only those without.
    #[must_use]
    pub const fn document(mut self, presence: Presence) -> Self {
        self.document = Some(presence);
        self
    }

    /// Only those made at this time or later.
    #[must_use]
    pub const fn created_from(mut self, time: Timestamp) -> Self {
        self.created_from = Some(time);
        self
    }

    /// Only those made before this time.
    #[must_use]
    pub const fn created_before(mut self, time: Timestamp) -> Self {
        self.created_before = Some(time);
        self
    }

    /// Only those last changed at this time or later.
    #[must_use]
    pub const fn updated_from(mut self, time: Timestamp) -> Self {
        self.updated_from = Some(time);
        self
    }

    /// Only those last changed before this time.
    #[must_use]
    pub const fn updated_before(mut self, time: Timestamp) -> Self {
        self.updated_before = Some(time);
        self
    }

    /// Only those of which a field of the workspace's own has this value.
    #[must_use]
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(key.into(), value.into());
        self
    }

    /// Whether those are listed whose data may not be used.
    #[must_use]
    pub const fn blocked(mut self, blocked: BlockedClients) -> Self {
        self.blocked = blocked;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        if self.tags.len() > MAX_TAGS {
            fields.refuse(
                "tags",
                "too_many",
                format_args!("must have at most {MAX_TAGS} entries"),
            );
        }
        if self.custom.len() > MAX_CUSTOM {
            fields.refuse(
                "custom",
                "too_many",
                format_args!("must have at most {MAX_CUSTOM} entries"),
            );
        }
        if self
            .custom
            .values()
            .any(|value| value.is_array() || value.is_object() || value.is_null())
        {
            fields.refuse("custom", "invalid", "must be a text, a number or a truth value");
        }
        if self.city.is_some() && self.state.is_none() {
            fields.refuse("state", "required", "a city is one of a state");
        }
        let texts = self
            .tags
            .iter()
            .chain(&self.state)
            .chain(&self.city)
            .chain(self.custom.keys());
        if texts
            .chain(self.custom.values().filter_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            }))
            .any(|text| text.contains('\0'))
        {
            fields.refuse("filter", "invalid", "must not hold the character U+0000");
        }
        fields.finish(())
    }
}
