use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Address, BirthDate};
use crate::companies::{Cnpj, Cpf};
use crate::contacts::{Email, Phone};

/// Names a client: `cli_` and 32 hexadecimal digits.
pub type ClientId = Id<Client>;

/// Names the user who looks after a client: `usr_` and 32 hexadecimal digits. Whether there is such a user is not checked.
pub type OwnerId = Id<Owner>;

/// The user who looks after a client.
#[derive(Debug)]
pub struct Owner;

impl IdKind for Owner {
    const PREFIX: &'static str = "usr";
}

/// A company or a person that a workspace looks after.
///
/// `Debug` shows neither names nor numbers: they are personal data.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Client {
    /// Its name for programs.
    pub id: ClientId,
    /// Company or person.
    pub kind: ClientKind,
    /// Where it stands with the workspace.
    pub status: ClientStatus,
    /// The registered name of a company (`razão social`), or the full name of a person.
    pub legal_name: String,
    /// The name it is known by (`nome fantasia`).
    pub trade_name: Option<String>,
    /// A company's number; unique among the living clients of a workspace.
    pub cnpj: Option<Cnpj>,
    /// A person's number; unique among the living clients of a workspace.
    pub cpf: Option<Cpf>,
    /// The day on which a person was born.
    pub birth_date: Option<BirthDate>,
    /// Where to write.
    pub email: Option<Email>,
    /// Further addresses to write to.
    pub emails: Vec<Email>,
    /// Where to call, the preferred number first.
    pub phones: Vec<Phone>,
    /// Where to send things, the main address first.
    pub addresses: Vec<Address>,
    /// The user who looks after it.
    pub owner: Option<OwnerId>,
    /// Where it came from, such as `site` or `indicação`.
    pub source: Option<String>,
    /// Labels, in the order given.
    pub tags: Vec<String>,
    /// Fields of the workspace's own.
    pub custom: Map<String, Value>,
    /// Since when and why its data may not be used (`bloqueio`); `None` when it may. Only [`Clients::block`] and
    /// [`Clients::unblock`] change it.
    ///
    /// [`Clients::block`]: super::Clients::block
    /// [`Clients::unblock`]: super::Clients::unblock
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Client {
    const PREFIX: &'static str = "cli";
}

impl Client {
    /// One of which nothing is known but its kind.
    pub(super) fn blank(id: ClientId, kind: ClientKind, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            status: ClientStatus::default(),
            legal_name: String::new(),
            trade_name: None,
            cnpj: None,
            cpf: None,
            birth_date: None,
            email: None,
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            owner: None,
            source: None,
            tags: Vec::new(),
            custom: Map::new(),
            blocked: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The names of the fields in which `other` differs, in the order of the struct.
    pub(super) fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("status", self.status != other.status),
            ("legal_name", self.legal_name != other.legal_name),
            ("trade_name", self.trade_name != other.trade_name),
            ("cnpj", self.cnpj != other.cnpj),
            ("cpf", self.cpf != other.cpf),
            ("birth_date", self.birth_date != other.birth_date),
            ("email", self.email != other.email),
            ("emails", self.emails != other.emails),
            ("phones", self.phones != other.phones),
            ("addresses", self.addresses != other.addresses),
            ("owner", self.owner != other.owner),
            ("source", self.source != other.source),
            ("tags", self.tags != other.tags),
            ("custom", self.custom != other.custom),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// That nothing may be done with the data of a client but keep it (`bloqueio`: Lei 13.709/2018, art. 5, XIII, and art. 18,
/// IV).
///
/// `Debug` does not show the reason: it may tell of the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Blocked {
    /// Since when.
    pub at: Timestamp,
    /// Why, in one line.
    pub reason: String,
}

impl fmt::Debug for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocked")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Company or person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// `pessoa jurídica`: has a CNPJ and no CPF.
    Company,
    /// `pessoa física`: has a CPF and no CNPJ.
    Person,
}

impl ClientKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Person => "person",
        }
    }
}

impl FromStr for ClientKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "company" => Ok(Self::Company),
            "person" => Ok(Self::Person),
            _ => Err("a client is a company or a person"),
        }
    }
}

/// Where a client stands with the workspace. It has no effect of its own; that its data may not be used is told by
/// [`Client::blocked`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientStatus {
    /// Business is done (`ativo`).
    #[default]
    Active,
    /// No business is done any more (`inativo`).
    Inactive,
    /// No business is to be done (`bloqueado`).
    Blocked,
}

impl ClientStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
        }
    }
}

impl FromStr for ClientStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            "blocked" => Ok(Self::Blocked),
            _ => Err("a client is active, inactive or blocked"),
        }
    }
}
