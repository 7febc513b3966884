//! When a budget turns.

use std::fmt;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;

/// How long a budget lasts before it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// A month of the calendar.
    Month,
    /// For ever: what is used up stays used up.
    Total,
}

impl Period {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The period that `now` is in: its first instant, and the first one after it; [`Period::Total`] has no end.
    ///
    /// Midnight is that of a clock which is `offset` minutes ahead of UTC, all year round: São Paulo is -180. Nothing is
    /// known of summer time, so a day always has 24 hours.
    #[must_use]
    pub fn around(self, now: Timestamp, offset: i16) -> (Timestamp, Option<Timestamp>) {
        let shift = i64::from(offset) * 60;
        let today = now.as_secs().saturating_add(shift).div_euclid(DAY);
        let midnight = |day: i64| Timestamp::from_secs(day.saturating_mul(DAY).saturating_sub(shift));
        match self {
            Self::Day => (midnight(today), Some(midnight(today + 1))),
            Self::Month => {
                let (year, month) = month_of(today);
                let (next_year, next_month) = if month == 12 {
                    (year + 1, 1)
                } else {
                    (year, month + 1)
                };
                (
                    midnight(first_day(year, month)),
                    Some(midnight(first_day(next_year, next_month))),
                )
            }
            Self::Total => (Timestamp::UNIX_EPOCH, None),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The day in UTC that `now` is in, counted from 1970-01-01.
pub(super) fn day_of(now: Timestamp) -> i64 {
    now.as_secs().div_euclid(DAY)
}

/// A day counted from 1970-01-01 as text, such as `2026-11-20`.
pub(super) fn name_of(day: i64) -> String {
    let text = Timestamp::from_secs(day.saturating_mul(DAY)).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

// The Gregorian calendar, which repeats every 400 years (146,097 days); years begin with March, so that the leap day
// comes last and the lengths of months follow one line: 153 days in five months.

/// Year and month of a day counted from 1970-01-01.
fn month_of(day: i64) -> (i64, i64) {
    let since = day + 719_468; // 0000-03-01
    let (era, day) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    }
}

/// The first day of a month, counted from 1970-01-01.
fn first_day(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn periods_turn_at_midnight_of_the_offset() {
        for (period, now, offset, start, end) in [
            (
                Period::Day,
                "2026-11-20T15:04:05Z",
                0,
                "2026-11-20T00:00:00Z",
                "2026-11-21T00:00:00Z",
            ),
            (
                Period::Day,
                "2026-11-20T02:59:59.999999Z",
                -180,
                "2026-11-19T00:00:00-03:00",
                "2026-11-20T00:00:00-03:00",
            ),
            (
                Period::Day,
                "2026-11-20T03:00:00Z",
                -180,
                "2026-11-20T00:00:00-03:00",
                "2026-11-21T00:00:00-03:00",
            ),
            (
                Period::Month,
                "2026-12-31T23:59:59Z",
                0,
                "2026-12-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2027-01-01T00:00:00Z",
                0,
                "2027-01-01T00:00:00Z",
                "2027-02-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2028-02-29T12:00:00Z",
                0,
                "2028-02-01T00:00:00Z",
                "2028-03-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2028-02-29T23:00:00Z",
                120,
                "2028-03-01T00:00:00+02:00",
                "2028-04-01T00:00:00+02:00",
            ),
            (
                Period::Month,
                "2026-02-28T23:59:59Z",
                0,
                "2026-02-01T00:00:00Z",
                "2026-03-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2100-02-28T23:59:59Z",
                0,
                "2100-02-01T00:00:00Z",
                "2100-03-01T00:00:00Z",
            ),
            (
                Period::Month,
                "1969-12-31T23:59:59Z",
                0,
                "1969-12-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let found = period.around(at(now), offset);
            assert_eq!(found, (at(start), Some(at(end))), "{period} {now} {offset}");
        }
        assert_eq!(
            Period::Total.around(at("2026-11-20T15:04:05Z"), 0),
            (Timestamp::UNIX_EPOCH, None)
        );
    }

    proptest! {
        #[test]
        fn a_month_holds_its_instant_and_begins_with_the_first(secs in -62_000_000_000_i64..250_000_000_000, offset in -840_i16..=840) {
            let now = Timestamp::from_secs(secs);
            let (start, end) = Period::Month.around(now, offset);
            let end = end.unwrap();
            prop_assert!(start <= now && now < end);
            let days = (end.as_secs() - start.as_secs()) / DAY;
            prop_assert!((28..=31).contains(&days), "{days}");
            // The calendar of somebody else: how a timestamp is shown.
            let shift = i64::from(offset) * 60;
            let shown = Timestamp::from_secs(start.as_secs() + shift).to_string();
            prop_assert!(shown.contains("-01T00:00:00"), "{}", shown);
            let shown_now = Timestamp::from_secs(secs + shift).to_string();
            let month = shown.rsplit_once("-01T").unwrap().0;
            prop_assert!(shown_now.starts_with(month), "{shown_now} {shown}");
        }
    }
}
