//! When a reminder is sent. Nothing here knows the database.

use std::str::FromStr;
use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::appointments::QuietHours;

const MINUTE: Duration = Duration::from_secs(60);
/// A reminder that was put before quiet hours may be this late: whoever sends is not always on the minute.
const SLACK: Duration = Duration::from_secs(15 * 60);
/// Put before quiet hours, it is this much before them.
const BEFORE_QUIET: Duration = Duration::from_secs(30 * 60);
/// A reminder that comes later than this before the beginning helps nobody.
const LAST_USE: Duration = Duration::from_secs(15 * 60);

/// Where a reminder goes whose time is in quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// To half an hour before they begin.
    #[default]
    Earlier,
    /// To when they end.
    Later,
}

impl Shift {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Earlier => "earlier",
            Self::Later => "later",
        }
    }
}

impl FromStr for Shift {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "earlier" => Ok(Self::Earlier),
            "later" => Ok(Self::Later),
            _ => Err("a reminder goes earlier or later"),
        }
    }
}

/// When a reminder of an appointment is due, `before` its beginning and outside of quiet hours on the clocks of `zone`; `None` when
/// no time is left for it: it would be in the past, or at the last moment.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::time::Timestamp;
/// use aurora_crm::appointments::{QuietHours, Shift, due_at};
///
/// let zone = chrono_tz::America::Manaus;
/// let starts = Timestamp::parse("2027-03-08T07:30:00-04:00").unwrap();
/// let now = Timestamp::parse("2027-03-01T12:00:00-04:00").unwrap();
/// let two_hours = Duration::from_secs(7_200);
/// // 5:30 is quiet: the evening before, as long as people read.
/// let due = due_at(starts, two_hours, Shift::Earlier, QuietHours::default(), zone, now);
/// assert_eq!(due, Some(Timestamp::parse("2027-03-07T20:30:00-04:00").unwrap()));
/// ```
#[must_use]
pub fn due_at(
    starts_at: Timestamp,
    before: Duration,
    shift: Shift,
    quiet: QuietHours,
    zone: Tz,
    now: Timestamp,
) -> Option<Timestamp> {
    let wanted = starts_at - before;
    let is_of_use = |time: &Timestamp| *time > now && *time + LAST_USE <= starts_at;
    if !quiet.holds(minute_of_day(wanted, zone)) {
        return Some(wanted).filter(is_of_use);
    }
    let earlier = quiet_began(wanted, quiet, zone).map(|began| began - BEFORE_QUIET);
    let later = quiet_ends(wanted, quiet, zone);
    let order = match shift {
        Shift::Earlier => [earlier, later],
        Shift::Later => [later, earlier],
    };
    order
        .into_iter()
        .flatten()
        // Half an hour before quiet hours can itself be quiet where they are nearly the whole day.
        .find(|time| is_of_use(time) && !quiet.holds(minute_of_day(*time, zone)))
}

/// What is to be done with a reminder at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Decision {
    Send,
    /// Its time, or the end of quiet hours, is yet to come.
    Wait(Timestamp),
    /// It comes too late to be of use.
    Skip,
}

/// Whether a reminder that was due at `due` is sent now. `next_due` is when the next one of the same appointment is due: whoever
/// was down for a day sends the last of them and not all.
pub(in super::super) fn at_hand(
    due: Timestamp,
    next_due: Option<Timestamp>,
    starts_at: Timestamp,
    quiet: QuietHours,
    zone: Tz,
    now: Timestamp,
) -> Decision {
    if now < due {
        return Decision::Wait(due);
    }
    let is_late = now > due + SLACK;
    let is_over = now >= starts_at || next_due.is_some_and(|next| next <= now);
    if is_over || (is_late && now + LAST_USE > starts_at) {
        return Decision::Skip;
    }
    if is_late && quiet.holds(minute_of_day(now, zone)) {
        return match quiet_ends(now, quiet, zone) {
            Some(end) if end + LAST_USE <= starts_at && next_due.is_none_or(|next| end < next) => {
                Decision::Wait(end)
            }
            _ => Decision::Skip,
        };
    }
    Decision::Send
}

/// What clocks in `zone` show.
pub(in super::super) fn local(time: Timestamp, zone: Tz) -> DateTime<Tz> {
    let utc = DateTime::<Utc>::from_timestamp_micros(time.as_micros()).unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    utc.with_timezone(&zone)
}

fn minute_of_day(time: Timestamp, zone: Tz) -> u16 {
    let clock = local(time, zone);
    u16::try_from(clock.hour() * 60 + clock.minute()).unwrap_or(0)
}

/// When the quiet hours began that `time` is in.
fn quiet_began(time: Timestamp, quiet: QuietHours, zone: Tz) -> Option<Timestamp> {
    let date = local(time, zone).date_naive();
    let today = at(date.and_time(clock(quiet.from)?), zone)?;
    if today <= time {
        return Some(today);
    }
    let yesterday = date.checked_sub_days(Days::new(1))?;
    at(yesterday.and_time(clock(quiet.from)?), zone)
}

/// When it may be written again; `None` when it may be now.
pub(in super::super) fn quiet_end(now: Timestamp, quiet: QuietHours, zone: Tz) -> Option<Timestamp> {
    let is_quiet = quiet.holds(minute_of_day(now, zone));
    is_quiet.then(|| quiet_ends(now, quiet, zone)).flatten()
}

/// When the quiet hours end that `time` is in.
fn quiet_ends(time: Timestamp, quiet: QuietHours, zone: Tz) -> Option<Timestamp> {
    let date = local(time, zone).date_naive();
    let today = at(date.and_time(clock(quiet.until)?), zone)?;
    if today > time {
        return Some(today);
    }
    let tomorrow = date.checked_add_days(Days::new(1))?;
    at(tomorrow.and_time(clock(quiet.until)?), zone)
}

fn clock(minute: u16) -> Option<NaiveTime> {
    NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0)
}

/// The moment at which clocks in `zone` show `wall`: the first of two, and the end of the gap where they skip it.
pub(in super::super) fn at(wall: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.with_timezone(&Utc).into()),
        // Gaps are of an hour at most, but for days that a country has left out.
        LocalResult::None => (1_i32..=24 * 4)
            .find_map(|quarters| {
                let later = wall.checked_add_signed(chrono::TimeDelta::minutes(i64::from(quarters) * 15))?;
                zone.from_local_datetime(&later).earliest()
            })
            .map(|time| time.with_timezone(&Utc).into()),
    }
}

/// A duration of whole minutes.
pub(in super::super) fn minutes(count: u32) -> Duration {
    MINUTE * count
}
