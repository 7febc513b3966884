use std::ops::Range;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::{WaitingEntry, WaitingEntryId, WaitingStatus};
use crate::clients::ClientId;
use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::{PartOfDay, ProfessionalId, ServiceId};
use crate::store::TIMES;

/// What is needed to wait: who, for what, and between which times.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWaitingEntry {
    client: ClientId,
    service: ServiceId,
    wanted_from: Timestamp,
    wanted_until: Timestamp,
    #[serde(default)]
    professional: Option<ProfessionalId>,
    #[serde(default)]
    part_of_day: Option<PartOfDay>,
    #[serde(default = "normal")]
    priority: u8,
}

const fn normal() -> u8 {
    3
}

impl NewWaitingEntry {
    /// Waits for a time that begins within `wanted`.
    #[must_use]
    pub fn new(client: ClientId, service: ServiceId, wanted: Range<Timestamp>) -> Self {
        Self {
            client,
            service,
            wanted_from: wanted.start,
            wanted_until: wanted.end,
            professional: None,
            part_of_day: None,
            priority: normal(),
        }
    }

    /// With this professional alone.
    #[must_use]
    pub const fn professional(mut self, id: ProfessionalId) -> Self {
        self.professional = Some(id);
        self
    }

    /// At this time of the day alone.
    #[must_use]
    pub const fn part_of_day(mut self, part: PartOfDay) -> Self {
        self.part_of_day = Some(part);
        self
    }

    /// Who comes first, 1 to 5; 3 unless told.
    #[must_use]
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    pub(in super::super) fn check(self, now: Timestamp) -> Result<WaitingEntry, Error> {
        let mut fields = Fields::default();
        if !(1..=5).contains(&self.priority) {
            fields.refuse("priority", "invalid", "must be within 1 and 5");
        }
        if self.wanted_from >= self.wanted_until {
            fields.refuse("wanted_until", "invalid", "must be after wanted_from");
        } else if self.wanted_until <= now {
            fields.refuse("wanted_until", "too_late", "must be in the future");
        }
        for (field, time) in [
            ("wanted_from", self.wanted_from),
            ("wanted_until", self.wanted_until),
        ] {
            if !TIMES.contains(&time.as_micros()) {
                fields.refuse(field, "invalid", "must be within the years 1 to 9999");
            }
        }
        fields.finish(WaitingEntry {
            id: WaitingEntryId::new(now),
            client_id: self.client,
            service_id: self.service,
            professional_id: self.professional,
            wanted_from: self.wanted_from,
            wanted_until: self.wanted_until,
            part_of_day: self.part_of_day,
            priority: self.priority,
            status: WaitingStatus::Waiting,
            appointment_id: None,
            offer_expires_at: None,
            offers: 0,
            told_at: None,
            untold_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}
