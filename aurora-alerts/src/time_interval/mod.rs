//! Recurring times: nights, weekends, holidays, in the words of Alertmanager's `time_intervals`.
//!
//! A [`TimeInterval`] says when something holds on a calendar and on a clock of one place. Routes are muted or active
//! within named ones, and a silence with some is a recurring maintenance window.

mod builder;
mod field;
mod shape;

use aurora_core::time::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use builder::TimeIntervalBuilder;
use field::Span;
pub(crate) use field::{Field, clock_span, zone};
use shape::Shape;

/// A recurring time in the semantics of Alertmanager's `time_intervals`.
///
/// Every field that is given must hold, and within a field one of its ranges; a field that is left out holds always, so
/// that an interval without fields contains every instant. The date and the time of day are those of its location, UTC
/// where none is given: an hour that a change to daylight saving time leaves out never comes, one that it repeats comes
/// twice.
///
/// | field | what it holds | examples |
/// | --- | --- | --- |
/// | `times` | times of day from a start, included, to an end, excluded; `24:00` is the end of the day | `22:00` to `24:00` |
/// | `weekdays` | names of days and ranges, Sunday first | `monday:friday`, `sunday` |
/// | `days_of_month` | 1 to 31, or from the end of the month with -1 as its last day | `1:5`, `-3:-1` |
/// | `months` | names or numbers and ranges | `january:march`, `12` |
/// | `years` | years and ranges | `2026:2028` |
/// | `location` | a name of the IANA time zone database | `America/Sao_Paulo` |
///
/// A range does not wrap: a night is `22:00` to `24:00` and `00:00` to `06:00`. A day that a month does not have is left
/// out, and a range that begins before the end of the month ends with it. Serialised it has Alertmanager's own shape.
///
/// Source: <https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0>.
///
/// # Examples
/// ```
/// use aurora_alerts::time_interval::TimeInterval;
/// use aurora_core::time::Timestamp;
///
/// let night = TimeInterval::new()
///     .weekdays(["monday:friday"])
///     .time("22:00", "24:00")
///     .location("America/Sao_Paulo")
///     .build()?;
/// assert!(night.contains(Timestamp::parse("2026-07-02T01:30:00Z")?)); // Wednesday, 22:30 in São Paulo
/// assert!(!night.contains(Timestamp::parse("2026-07-01T22:30:00Z")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Shape", into = "Shape")]
pub struct TimeInterval {
    times: Vec<Span>,
    weekdays: Vec<Span>,
    days_of_month: Vec<Span>,
    months: Vec<Span>,
    years: Vec<Span>,
    location: Option<Tz>,
}

impl TimeInterval {
    /// Begins an interval; without a field it contains every instant.
    #[expect(
        clippy::new_ret_no_self,
        reason = "an interval reads as what it will be, and is checked in build()"
    )]
    pub fn new() -> TimeIntervalBuilder {
        TimeIntervalBuilder::default()
    }

    /// Whether `now` lies within.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        let Some(utc) = DateTime::<Utc>::from_timestamp_micros(now.as_micros()) else {
            return false;
        };
        let here = utc.with_timezone(&self.location.unwrap_or(Tz::UTC));
        let minute = here.hour() * 60 + here.minute();
        within(&self.times, |span| {
            span.first <= minute.cast_signed() && minute.cast_signed() < span.last
        }) && holds(
            &self.weekdays,
            here.weekday().num_days_from_sunday().cast_signed(),
        ) && holds(&self.months, here.month().cast_signed())
            && holds(&self.years, here.year())
            && within(&self.days_of_month, |span| {
                span.holds_day(here.day().cast_signed(), days_in(here.year(), here.month()))
            })
    }

    /// The name of the time zone whose clock counts; `UTC` where none was given.
    #[must_use]
    pub fn location(&self) -> &'static str {
        self.location.unwrap_or(Tz::UTC).name()
    }

    /// The ranges of a field; times of day are none of these.
    pub(crate) fn ranges_mut(&mut self, field: Field) -> &mut Vec<Span> {
        match field {
            Field::Weekdays => &mut self.weekdays,
            Field::DaysOfMonth => &mut self.days_of_month,
            Field::Months => &mut self.months,
            Field::Years => &mut self.years,
        }
    }

    pub(crate) fn push_time(&mut self, span: Span) {
        self.times.push(span);
    }

    pub(crate) const fn set_location(&mut self, zone: Tz) {
        self.location = Some(zone);
    }
}

fn within(spans: &[Span], holds: impl Fn(&Span) -> bool) -> bool {
    spans.is_empty() || spans.iter().any(holds)
}

fn holds(spans: &[Span], value: i32) -> bool {
    within(spans, |span| span.first <= value && value <= span.last)
}

/// How many days a month has; 31 at the very end of the calendar, where the next month does not exist.
fn days_in(year: i32, month: u32) -> i32 {
    let (year_after, month_after) = if month == 12 {
        (year.saturating_add(1), 1)
    } else {
        (year, month + 1)
    };
    NaiveDate::from_ymd_opt(year_after, month_after, 1)
        .and_then(|first| first.pred_opt())
        .map_or(31, |last| last.day().cast_signed())
}

#[cfg(test)]
mod tests;
