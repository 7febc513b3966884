//! Users: the people who log in.

use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::contacts::Email;

/// Names a user: `usr_` and 32 hexadecimal digits.
pub type UserId = Id<User>;

/// A person who can log in; known to the whole installation, whichever workspaces they belong to.
///
/// `Debug` shows neither name nor address: they are personal data. The password is not part of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Its name for programs.
    pub id: UserId,
    /// Where to write; unique in the installation without regard to case.
    pub email: Email,
    /// The name for people.
    pub name: String,
    /// The language of what is written to them, as a BCP 47 tag such as `pt-BR`.
    pub locale: String,
    /// Whether they may log in.
    pub status: UserStatus,
    /// Whether they look after the installation itself.
    pub is_administrator: bool,
    /// When it was last shown that mail to the address reaches them.
    pub email_verified_at: Option<Timestamp>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for User {
    const PREFIX: &'static str = "usr";
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserStatus {
    /// They may.
    Active,
    /// They may not, and no session of theirs is alive.
    Disabled,
}

impl UserStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl FromStr for UserStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            _ => Err("a user is active or disabled"),
        }
    }
}

impl User {
    pub(super) fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }
}
