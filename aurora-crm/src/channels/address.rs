use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a contact is named on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AddressKind {
    /// `wa_id`: digits of a WhatsApp account, mostly its number without the plus, in Brazil at times without the ninth digit.
    WaId,
    /// `user_id`: the name of a WhatsApp user for one business, such as `BR.1502576394655843`; there may be no number beside it.
    Bsuid,
    /// `parent_user_id`: the same for a group of businesses.
    ParentBsuid,
    /// A visitor of a web chat.
    Visitor,
}

impl AddressKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaId => "wa_id",
            Self::Bsuid => "bsuid",
            Self::ParentBsuid => "parent_bsuid",
            Self::Visitor => "visitor",
        }
    }
}

impl FromStr for AddressKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "wa_id" => Ok(Self::WaId),
            "bsuid" => Ok(Self::Bsuid),
            "parent_bsuid" => Ok(Self::ParentBsuid),
            "visitor" => Ok(Self::Visitor),
            _ => Err("an address is a wa_id, bsuid, parent_bsuid or visitor"),
        }
    }
}

/// A contact's end of a channel, as its provider writes it: answers go to exactly this.
///
/// `Debug` shows the kind alone.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// What the value is.
    pub kind: AddressKind,
    /// The value, up to 200 characters.
    pub value: String,
}

impl Address {
    /// An address.
    pub fn new(kind: AddressKind, value: impl Into<String>) -> Self {
        Self {
            kind,
            value: value.into(),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
