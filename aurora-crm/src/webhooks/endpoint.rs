//! An address that events are sent to.

use std::fmt;
use std::str::FromStr;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EndpointId, EventTypes};

/// An address that events are sent to.
///
/// Its secrets and the values of its headers are not in it. `Debug` shows no address, which can hold a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Endpoint {
    /// Its name for programs.
    pub id: EndpointId,
    /// Where to send.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it wants.
    pub event_types: EventTypes,
    /// The names of its further headers.
    pub header_names: Vec<String>,
    /// Why nothing is sent to it; `None` while it is enabled.
    pub disabled: Option<Disabled>,
    /// Since when every attempt has failed; `None` after one that has not.
    pub failing_since: Option<Timestamp>,
    /// How many deliveries have failed with their last attempt since then.
    pub failed_deliveries: i64,
    /// Until when the secret before the last change signs as well.
    pub previous_secret_until: Option<Timestamp>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("event_types", &self.event_types)
            .field("disabled", &self.disabled)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Since when and why nothing is sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: DisabledReason,
}

/// Why nothing is sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DisabledReason {
    /// Somebody said so.
    Manual,
    /// It answered 410: it wants nothing any more.
    Gone,
    /// Everything failed for days.
    Failing,
}

impl DisabledReason {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl FromStr for DisabledReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Manual, Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or("an unknown reason for which an endpoint is disabled")
    }
}
