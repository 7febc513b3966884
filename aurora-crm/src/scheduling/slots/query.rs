use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::Weekday;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::input::is_granularity;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};

/// The longest time that is searched at once.
const LONGEST: Duration = Duration::from_secs(8 * 7 * 24 * 3_600);
const MOST: u32 = 500;

/// Whether an instant is one that hours, exceptions and holidays are told of.
pub(in crate::scheduling) fn is_in_range(instant: Timestamp) -> bool {
    // 2000-01-01 and 2200-01-01
    (946_684_800..7_258_118_400).contains(&instant.as_secs())
}

/// A part of the day on the clock on the wall, by when a slot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartOfDay {
    /// Before 12:00 (`manhã`).
    Morning,
    /// From 12:00 to before 18:00 (`tarde`).
    Afternoon,
    /// From 18:00 on (`noite`).
    Evening,
}

impl PartOfDay {
    pub(super) const fn of_minute(minute: u32) -> Self {
        if minute < 12 * 60 {
            Self::Morning
        } else if minute < 18 * 60 {
            Self::Afternoon
        } else {
            Self::Evening
        }
    }
}

/// How slots are spread over the time that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// All of them, from the first on.
    #[default]
    Dense,
    /// The first so many of each day on the clock on the wall; at least one.
    PerDay(u8),
    /// The first so many of each morning, afternoon and evening; at least one.
    PerPart(u8),
}

/// Which free times are wanted.
///
/// # Examples
/// ```
/// use aurora_crm::scheduling::{PartOfDay, ServiceId, SlotQuery, Spread, Weekday};
/// use aurora_core::time::Timestamp;
///
/// let (from, until) = (Timestamp::parse("2026-03-02T00:00:00Z")?, Timestamp::parse("2026-03-16T00:00:00Z")?);
/// let service = ServiceId::new(from);
/// let query = SlotQuery::new(service, from, until)
///     .part_of_day(PartOfDay::Afternoon)
///     .weekday(Weekday::Tue)
///     .weekday(Weekday::Thu)
///     .spread(Spread::PerDay(2))
///     .most(6);
/// # drop(query);
/// # Ok::<(), aurora_core::time::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotQuery {
    pub(in crate::scheduling) service: ServiceId,
    pub(in crate::scheduling) from: Timestamp,
    pub(in crate::scheduling) until: Timestamp,
    #[serde(default)]
    pub(in crate::scheduling) professional: Option<ProfessionalId>,
    #[serde(default)]
    pub(in crate::scheduling) room: Option<RoomId>,
    #[serde(default)]
    pub(in crate::scheduling) parts_of_day: Vec<PartOfDay>,
    #[serde(default)]
    pub(in crate::scheduling) weekdays: Vec<Weekday>,
    #[serde(default)]
    pub(in crate::scheduling) granularity_minutes: Option<u32>,
    #[serde(default)]
    pub(in crate::scheduling) spread: Spread,
    #[serde(default)]
    pub(in crate::scheduling) each_professional: bool,
    #[serde(default)]
    pub(in crate::scheduling) any_notice: bool,
    #[serde(default = "usual_most")]
    pub(in crate::scheduling) most: u32,
}

const fn usual_most() -> u32 {
    50
}

impl SlotQuery {
    /// Slots that begin at the first time or later and before the second, at most 8 weeks after it: one for each time, with
    /// anybody who does the service, at most 50.
    #[must_use]
    pub const fn new(service: ServiceId, from: Timestamp, until: Timestamp) -> Self {
        Self {
            service,
            from,
            until,
            professional: None,
            room: None,
            parts_of_day: Vec::new(),
            weekdays: Vec::new(),
            granularity_minutes: None,
            spread: Spread::Dense,
            each_professional: false,
            any_notice: false,
            most: usual_most(),
        }
    }

    /// With this professional alone.
    #[must_use]
    pub const fn professional(mut self, id: ProfessionalId) -> Self {
        self.professional = Some(id);
        self
    }

    /// In this room alone.
    #[must_use]
    pub const fn room(mut self, id: RoomId) -> Self {
        self.room = Some(id);
        self
    }

    /// In this part of the day, or in one of several.
    #[must_use]
    pub fn part_of_day(mut self, part: PartOfDay) -> Self {
        self.parts_of_day.push(part);
        self
    }

    /// On this day of the week, or on one of several, where the professional is.
    #[must_use]
    pub fn weekday(mut self, day: Weekday) -> Self {
        self.weekdays.push(day);
        self
    }

    /// Every so many minutes from midnight, instead of what the service says.
    #[must_use]
    pub const fn granularity_minutes(mut self, minutes: u32) -> Self {
        self.granularity_minutes = Some(minutes);
        self
    }

    /// How they are spread.
    #[must_use]
    pub const fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    /// Those of each professional, such as for columns side by side, and not one for each time.
    #[must_use]
    pub const fn each_professional(mut self) -> Self {
        self.each_professional = true;
        self
    }

    /// For people of the house: without regard to how long or far ahead it must be booked.
    #[must_use]
    pub const fn any_notice(mut self) -> Self {
        self.any_notice = true;
        self
    }

    /// At most so many, 1 to 500.
    #[must_use]
    pub const fn most(mut self, count: u32) -> Self {
        self.most = count;
        self
    }

    pub(in crate::scheduling) fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        if !is_in_range(self.from) {
            fields.refuse("from", "invalid", "must be within the years 2000 to 2199");
        }
        if self.until <= self.from || self.until > self.from + LONGEST {
            fields.refuse("until", "invalid", "must be after from, by at most 8 weeks");
        }
        if !(1..=MOST).contains(&self.most) {
            fields.refuse("most", "invalid", format_args!("must be 1 to {MOST}"));
        }
        if self
            .granularity_minutes
            .is_some_and(|minutes| !is_granularity(minutes))
        {
            fields.refuse(
                "granularity_minutes",
                "invalid",
                "must be 5 to 240 and divide the 1440 minutes of a day",
            );
        }
        if matches!(self.spread, Spread::PerDay(0) | Spread::PerPart(0)) {
            fields.refuse("spread", "invalid", "must be at least one");
        }
        if self.parts_of_day.len() > 3 {
            fields.refuse("parts_of_day", "too_many", "must have at most 3 entries");
        }
        if self.weekdays.len() > 7 {
            fields.refuse("weekdays", "too_many", "must have at most 7 entries");
        }
        fields.finish(())
    }
}
