use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reminders::MAX_TEMPLATE;
use crate::error::Error;
use crate::fields::Fields;

const MINUTE: u64 = 60;

/// What a workspace allows its clients, and when it does not write to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppointmentPolicy {
    /// Until how many hours before its beginning a client may cancel or move what is confirmed, 0 to 720; 24 unless told.
    pub cancel_notice_hours: u32,
    /// How many minutes a time is held when the booking does not say, 1 to 1,440; 10 unless told.
    pub hold_minutes: u32,
    /// How many minutes somebody of the waiting list has to take an offer, 5 to 1,440; 60 unless told.
    pub offer_minutes: u32,
    /// Whether who does not come owes a fee. A flag alone: nothing is charged.
    pub no_show_fee: bool,
    /// When nobody is reminded or offered anything.
    pub quiet: QuietHours,
    /// What the approved template is called by which a time is offered where free texts are not allowed; without one, who last wrote
    /// more than 24 hours ago on WhatsApp is offered nothing. Its body has five places: the client, the service, the professional, day
    /// and time, and until when it is kept; its two quick replies take it and turn it down.
    pub offer_template: Option<String>,
    /// Grows by one with each change; 0 as long as the workspace has none of its own.
    pub version: i64,
}

impl Default for AppointmentPolicy {
    fn default() -> Self {
        Self {
            cancel_notice_hours: 24,
            hold_minutes: 10,
            offer_minutes: 60,
            no_show_fee: false,
            quiet: QuietHours::default(),
            offer_template: None,
            version: 0,
        }
    }
}

impl AppointmentPolicy {
    /// How long before its beginning a client may still cancel what is confirmed.
    #[must_use]
    pub fn cancel_notice(&self) -> Duration {
        Duration::from_secs(u64::from(self.cancel_notice_hours) * 60 * MINUTE)
    }

    /// How long a time is held when the booking does not say.
    #[must_use]
    pub fn hold(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_minutes) * MINUTE)
    }

    /// How long an offer of the waiting list stands.
    #[must_use]
    pub fn offer(&self) -> Duration {
        Duration::from_secs(u64::from(self.offer_minutes) * MINUTE)
    }

    pub(super) fn check(mut self) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let mut within = |field: &str, value: u32, least: u32, most: u32| {
            if !(least..=most).contains(&value) {
                fields.refuse(
                    field,
                    "invalid",
                    format_args!("must be within {least} and {most}"),
                );
            }
        };
        within("cancel_notice_hours", self.cancel_notice_hours, 0, 720);
        within("hold_minutes", self.hold_minutes, 1, 1_440);
        within("offer_minutes", self.offer_minutes, 5, 1_440);
        within("quiet.from", u32::from(self.quiet.from), 0, 1_439);
        within("quiet.until", u32::from(self.quiet.until), 0, 1_439);
        self.offer_template =
            fields.optional_line("offer_template", self.offer_template.as_deref(), MAX_TEMPLATE);
        fields.finish(self)
    }
}

/// Hours of the day in which nobody is written to, in the zone of the appointment. `from` is the first quiet minute and
/// `until` the first that is not, both counted from midnight, 0 to 1,439; equal when there is none. Unless told, 21:00 to 8:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// The first quiet minute of the day.
    pub from: u16,
    /// The first minute of the day that is not quiet any more.
    pub until: u16,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            from: 21 * 60,
            until: 8 * 60,
        }
    }
}

impl QuietHours {
    /// Writing is allowed at any time.
    pub const NONE: Self = Self { from: 0, until: 0 };

    /// Whether this minute of the day is quiet.
    #[must_use]
    pub const fn holds(self, minute: u16) -> bool {
        if self.from <= self.until {
            self.from <= minute && minute < self.until
        } else {
            self.from <= minute || minute < self.until
        }
    }
}
