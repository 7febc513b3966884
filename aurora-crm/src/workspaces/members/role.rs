//! The roles that a member can have.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role in a workspace. What each may do, [`default_policy`](super::super::default_policy) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Everything, and the only one that can close the workspace (`proprietário`). A workspace that has one keeps one.
    Owner,
    /// Everything but that (`administrador`).
    Admin,
    /// Works with everything and exports, without members, keys and audit log (`gestor`).
    Manager,
    /// Looks after clients and leads (`atendente`).
    Agent,
    /// Treats clients (`profissional`), such as a physician.
    Professional,
    /// Reads (`leitor`).
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 6] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Agent,
        Self::Professional,
        Self::Viewer,
    ];

    /// The name used in JSON, in the database and in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Professional => "professional",
            Self::Viewer => "viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or("a role is owner, admin, manager, agent, professional or viewer")
    }
}

/// The roles of a member: a set, in JSON an array of names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// A set of these.
    #[must_use]
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// Whether it holds `role`.
    #[must_use]
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether there is none: no right at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, the mightiest first.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Their names, as policies know them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Role::as_str).collect()
    }

    /// Those that only one of both has: what a change from one to the other gives and takes.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Self {
        Self(self.0.symmetric_difference(&other.0).copied().collect())
    }
}
