//! One event on its way to one endpoint, and what became of each attempt.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeliveryId, EndpointId};
use crate::journal::EventId;

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Delivery {
    /// Its name for programs; the `webhook-id` of every attempt.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// What it tells of.
    pub event: EventId,
    /// The type of the event.
    pub event_type: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many attempts were made, those before a replay included.
    pub attempts: i64,
    /// When the next attempt is due; `None` when there is none.
    pub next_attempt_at: Option<Timestamp>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// What was wrong with the last attempt: a name out of the table in [`Attempt::error`].
    pub last_error: Option<String>,
    /// When it was written, which is when the event happened.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryState {
    /// An attempt is due or will be.
    Pending,
    /// The endpoint has taken it.
    Delivered,
    /// No attempt is left, or the endpoint is disabled. It can be replayed.
    Failed,
}

impl DeliveryState {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Pending, Self::Delivered, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or("a delivery is pending, delivered or failed")
    }
}

/// Which deliveries to list, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DeliveryFilter {
    /// Only those to this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
}

impl DeliveryFilter {
    /// All deliveries of the workspace.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those to this endpoint.
    #[must_use]
    pub const fn endpoint(mut self, endpoint: EndpointId) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Only those that stand so.
    #[must_use]
    pub const fn state(mut self, state: DeliveryState) -> Self {
        self.state = Some(state);
        self
    }
}

/// What became of one request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// Which of the delivery's attempts, from 1.
    pub number: i64,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took until the answer or the failure, in whole milliseconds.
    #[serde(rename = "duration_ms", with = "milliseconds")]
    pub duration: Duration,
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
    /// What was wrong, `None` after a 2xx: `status`, `redirect`, `gone`, `timeout`, `connect`, `interrupted`,
    /// `protocol`, `blocked` (not a public address), `invalid` (cannot be sent), `secret` (cannot be opened).
    pub error: Option<String>,
    /// The beginning of the answer's body, up to 1 KiB of text.
    pub body: Option<String>,
}

impl fmt::Debug for Attempt {
    /// Without the body, which somebody else wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("number", &self.number)
            .field("began_at", &self.began_at)
            .field("duration", &self.duration)
            .field("status", &self.status)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
