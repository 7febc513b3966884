//! From instants to the clock on the wall and back, by stretches of time in which the one is a fixed distance from the
//! other: gaps and repetitions when the clock is changed are where two stretches meet.

use chrono::{DateTime, NaiveDate, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use super::interval::{DAY, Interval, MINUTE, merged};
use crate::scheduling::WallSpan;

const SECOND: i64 = 1_000_000;
/// No zone has changed its clock twice within so little time.
const STEP: i64 = 6 * 60 * MINUTE;
/// From the first day of the year 1 to 1970.
const DAYS_TO_1970: i64 = 719_163;

/// A time in which the clock on the wall is `offset` ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scheduling) struct Stretch {
    pub(in crate::scheduling) time: Interval,
    pub(in crate::scheduling) offset: i64,
}

/// The stretches of a zone within an interval, in order and without gaps.
pub(in crate::scheduling) fn stretches(zone: Tz, within: Interval) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let (mut from, mut at) = (within.from, within.from);
    while at < within.until {
        let next = (at + STEP).min(within.until);
        let (before, after) = (offset(zone, at), offset(zone, next));
        if before != after {
            let change = first_of(zone, after, at, next);
            stretches.push(Stretch {
                time: Interval::new(from, change),
                offset: before,
            });
            from = change;
        }
        at = next;
    }
    if from < within.until {
        stretches.push(Stretch {
            time: Interval::new(from, within.until),
            offset: offset(zone, from),
        });
    }
    stretches
}

/// The first instant of an offset that has not begun yet at `early` and has at `late`; clocks change at whole seconds.
fn first_of(zone: Tz, sought: i64, early: i64, late: i64) -> i64 {
    let (mut early, mut late) = (early.div_euclid(SECOND), late.div_euclid(SECOND));
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        if offset(zone, middle * SECOND) == sought {
            late = middle;
        } else {
            early = middle;
        }
    }
    late * SECOND
}

/// How far the clock on the wall is ahead of UTC.
fn offset(zone: Tz, instant: i64) -> i64 {
    let utc = DateTime::from_timestamp(instant.div_euclid(SECOND), 0).unwrap_or_default();
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix();
    i64::from(offset.local_minus_utc()) * SECOND
}

/// The date of a day that is so many days after 1970-01-01.
pub(in crate::scheduling) fn date(day: i64) -> NaiveDate {
    i32::try_from(day + DAYS_TO_1970)
        .ok()
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .unwrap_or_default()
}

/// The first and the last date of the clock on the wall within an interval, wherever on earth the wall is.
pub(in crate::scheduling) fn dates(within: Interval) -> (NaiveDate, NaiveDate) {
    (
        date(within.from.div_euclid(DAY) - 1),
        date(within.until.div_euclid(DAY) + 1),
    )
}

/// The instants at which the clock on the wall shows a time that is open on its date.
pub(in crate::scheduling) fn open(
    stretches: &[Stretch],
    mut spans: impl FnMut(NaiveDate) -> Vec<WallSpan>,
) -> Vec<Interval> {
    let mut open = Vec::new();
    for stretch in stretches {
        let (from, until) = (
            stretch.time.from + stretch.offset,
            stretch.time.until + stretch.offset,
        );
        let mut day = from.div_euclid(DAY);
        while day * DAY < until {
            for span in spans(date(day)) {
                let at = |minutes: u16| day * DAY + i64::from(minutes) * MINUTE - stretch.offset;
                open.push(Interval::new(
                    at(span.from.minutes()).max(stretch.time.from),
                    at(span.until.minutes()).min(stretch.time.until),
                ));
            }
            day += 1;
        }
    }
    merged(open)
}
