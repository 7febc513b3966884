use aurora_core::time::Timestamp;
use chrono::{DateTime, Datelike as _, Timelike as _, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The hours of a week, where the workspace is; always when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerHours(Vec<Opening>);

/// From a minute of a day up to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// 1 is Monday, 7 Sunday (ISO 8601).
    weekday: u32,
    /// Minutes since midnight.
    from: u32,
    until: u32,
}

impl AnswerHours {
    /// Around the clock.
    #[must_use]
    pub fn always() -> Self {
        Self::default()
    }

    /// One more piece of a day: `from` and `until` are minutes since midnight, up to 1,440.
    #[must_use]
    pub fn on(mut self, weekday: Weekday, from: u32, until: u32) -> Self {
        self.0.push(Opening {
            weekday: weekday.number_from_monday(),
            from,
            until,
        });
        self
    }

    /// Monday to Friday between these minutes since midnight.
    #[must_use]
    pub fn weekdays(self, from: u32, until: u32) -> Self {
        [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ]
        .into_iter()
        .fold(self, |hours, day| hours.on(day, from, until))
    }

    pub(in crate::assistant) fn holds(&self, now: Timestamp, zone: Tz) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some(time) = DateTime::from_timestamp_micros(now.as_micros()) else {
            return false;
        };
        let local = time.with_timezone(&zone);
        let (day, minute) = (
            local.weekday().number_from_monday(),
            local.hour() * 60 + local.minute(),
        );
        self.0
            .iter()
            .any(|piece| piece.weekday == day && (piece.from..piece.until).contains(&minute))
    }

    pub(super) fn is_valid(&self) -> bool {
        let fits = |piece: &Opening| {
            (1..=7).contains(&piece.weekday) && piece.from < piece.until && piece.until <= 24 * 60
        };
        self.0.len() <= 50 && self.0.iter().all(fits)
    }
}

/// What happens to a message that comes outside of the hours. In each case the conversation waits for a person then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Away {
    /// Nothing is said.
    #[default]
    Wait,
    /// This is said, up to 1,000 characters.
    Say(String),
}
