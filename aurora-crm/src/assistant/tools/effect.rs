//! What a tool has done, beside what it told the model: for replies that no model writes.

use serde::{Deserialize, Serialize};

use super::arguments::HandOverReason;
use crate::appointments::AppointmentId;
use crate::assistant::offer::Offer;
use crate::clients::ClientId;
use crate::knowledge::Citation;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub(in crate::assistant) enum Effect {
    /// Nothing that lasts.
    Nothing,
    Offered {
        service: String,
        offers: Vec<Offer>,
    },
    Booked {
        appointment: AppointmentId,
        service: String,
        when: String,
        /// Whether a person has yet to agree.
        waits: bool,
    },
    Moved {
        appointment: AppointmentId,
        service: String,
        when: String,
    },
    Cancelled {
        appointment: AppointmentId,
        service: String,
        when: String,
    },
    Confirmed {
        appointment: AppointmentId,
        service: String,
        when: String,
    },
    Waiting,
    Registered {
        client: ClientId,
    },
    Found {
        citations: Vec<Citation>,
    },
    HandOver {
        why: HandOverReason,
        note: Option<String>,
    },
}

impl Effect {
    /// Whether a reply to it needs no model; see [`Wording`](crate::assistant::wording).
    pub(in crate::assistant) const fn has_words(&self) -> bool {
        matches!(
            self,
            Self::Booked { .. } | Self::Moved { .. } | Self::Cancelled { .. } | Self::Confirmed { .. }
        )
    }
}
