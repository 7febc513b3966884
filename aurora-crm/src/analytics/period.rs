use std::str::FromStr as _;

use aurora_core::time::Timestamp;
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::Fields;

/// The most pieces of a period.
const MOST_PIECES: usize = 400;
/// Between 1900 and 9999: what both databases and calendars can hold.
const TIMES: std::ops::RangeInclusive<i64> = -2_208_988_800..=253_402_214_400;

/// A time from an instant up to another one that is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// How a period is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday (ISO 8601).
    Week,
    /// By the calendar.
    Month,
}

impl Period {
    /// From `from` up to `to`.
    ///
    /// # Errors
    /// `Invalid` when it would be empty, or outside of the years 1900 to 9999.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, Error> {
        let mut fields = Fields::default();
        if !TIMES.contains(&from.as_secs()) || !TIMES.contains(&to.as_secs()) {
            fields.refuse("from", "invalid", "must lie between the years 1900 and 9999");
        } else if from >= to {
            fields.refuse("to", "invalid", "must be later than the beginning");
        }
        fields.finish(Self { from, to })
    }

    /// Where it begins.
    #[must_use]
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// Where it ends; this instant is not part of it.
    #[must_use]
    pub const fn to(self) -> Timestamp {
        self.to
    }

    /// The pieces of it, in order and without a gap.
    pub(super) fn pieces(self, bucket: Bucket, time_zone: &str) -> Result<Vec<Self>, Error> {
        let mut fields = Fields::default();
        let mut pieces = Vec::new();
        match Tz::from_str(time_zone) {
            Err(_) => fields.refuse(
                "time_zone",
                "invalid",
                "of the workspace is no zone of the IANA database: change the workspace",
            ),
            Ok(zone) => {
                if self.split(bucket, zone, &mut pieces).is_none() {
                    fields.refuse(
                        "period",
                        "too_long",
                        format_args!("has over {MOST_PIECES} pieces"),
                    );
                }
            }
        }
        fields.finish(pieces)
    }

    fn split(self, bucket: Bucket, zone: Tz, pieces: &mut Vec<Self>) -> Option<()> {
        let first = DateTime::from_timestamp_micros(self.from.as_micros())?;
        let first = first.with_timezone(&zone).date_naive();
        let mut date = match bucket {
            Bucket::Day => first,
            Bucket::Week => {
                first.checked_sub_days(Days::new(u64::from(first.weekday().num_days_from_monday())))?
            }
            Bucket::Month => first.with_day(1)?,
        };
        let mut from = self.from;
        while from < self.to {
            if pieces.len() == MOST_PIECES {
                return None;
            }
            date = match bucket {
                Bucket::Day => date.checked_add_days(Days::new(1))?,
                Bucket::Week => date.checked_add_days(Days::new(7))?,
                Bucket::Month => date.checked_add_months(Months::new(1))?,
            };
            let to = midnight(zone, date)?.min(self.to);
            // A day that a time zone left out has no time of its own.
            if to > from {
                pieces.push(Self { from, to });
                from = to;
            }
        }
        Some(())
    }
}

/// When a day begins. Where clocks go forward at midnight, it begins after it; a day that there was not begins with the
/// next.
fn midnight(zone: Tz, date: NaiveDate) -> Option<Timestamp> {
    let mut local = date.and_time(NaiveTime::MIN);
    for _ in 0..=96 {
        if let Some(time) = zone.from_local_datetime(&local).earliest() {
            return Some(time.to_utc().into());
        }
        local = local.checked_add_signed(TimeDelta::minutes(15))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn edges(from: &str, to: &str, bucket: Bucket, zone: &str) -> Vec<String> {
        let pieces = Period::new(time(from), time(to))
            .unwrap()
            .pieces(bucket, zone)
            .unwrap();
        assert!(
            pieces
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if a.to == b.from))
        );
        assert_eq!(pieces.first().unwrap().from, time(from));
        pieces.iter().map(|piece| piece.to.to_string()).collect()
    }

    #[test]
    fn a_zone_that_was_stored_before_and_is_none_is_told_as_that_of_the_workspace() {
        let [from, to] =
            ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(|at| Timestamp::parse(at).unwrap());
        let error = Period::new(from, to)
            .unwrap()
            .pieces(Bucket::Day, "America/Sao_Paolo")
            .unwrap_err();
        assert!(error.to_string().contains("workspace"), "{error}");
    }

    #[test]
    fn days_follow_the_clocks_of_the_time_zone() {
        // In 2018 clocks in São Paulo went forward at midnight of 4 November: that day began at 01:00, UTC-2.
        let ends = edges(
            "2018-11-03T15:00:00Z",
            "2018-11-05T15:00:00Z",
            Bucket::Day,
            "America/Sao_Paulo",
        );
        assert_eq!(
            ends,
            [
                "2018-11-04T03:00:00.000000Z",
                "2018-11-05T02:00:00.000000Z",
                "2018-11-05T15:00:00.000000Z"
            ]
        );
        // Samoa had no 30 December 2011.
        let ends = edges(
            "2011-12-29T12:00:00Z",
            "2012-01-01T12:00:00Z",
            Bucket::Day,
            "Pacific/Apia",
        );
        assert_eq!(ends.first().unwrap(), "2011-12-30T10:00:00.000000Z");
        assert_eq!(ends.get(1).unwrap(), "2011-12-31T10:00:00.000000Z");
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let ends = edges(
            "2026-07-01T12:00:00Z",
            "2026-07-10T00:00:00Z",
            Bucket::Week,
            "UTC",
        );
        assert_eq!(
            ends,
            ["2026-07-06T00:00:00.000000Z", "2026-07-10T00:00:00.000000Z"]
        );
        let ends = edges(
            "2026-01-31T12:00:00Z",
            "2026-03-15T00:00:00Z",
            Bucket::Month,
            "America/Sao_Paulo",
        );
        assert_eq!(
            ends,
            [
                "2026-02-01T03:00:00.000000Z",
                "2026-03-01T03:00:00.000000Z",
                "2026-03-15T00:00:00.000000Z"
            ]
        );
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let (from, to) = (time("2026-01-01T00:00:00Z"), time("2028-01-01T00:00:00Z"));
        assert!(Period::new(to, from).is_err());
        assert!(Period::new(from, Timestamp::from_micros(i64::MAX)).is_err());
        let period = Period::new(from, to).unwrap();
        assert!(period.pieces(Bucket::Day, "UTC").is_err(), "over 400 days");
        assert!(period.pieces(Bucket::Month, "Mars/Olympus").is_err());
    }
}
