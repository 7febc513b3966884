use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::NaiveDate;
use chrono_tz::America::{Manaus, Noronha, Sao_Paulo};
use proptest::prelude::*;

use super::super::reminders::{Decision, at, at_hand, local};
use super::super::{QuietHours, Shift, due_at};
use super::{DAY, HOUR, MINUTE};

fn utc(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_reminder_in_quiet_hours_goes_earlier_or_later_on_the_clocks_of_the_place() {
    let now = utc("2027-03-01T00:00:00Z");
    let quiet = QuietHours::default();
    let due = |start: &str, before, shift, zone| due_at(utc(start), before, shift, quiet, zone, now);
    let (earlier, later) = (Shift::Earlier, Shift::Later);
    // by day: as it is
    let noon = due("2027-03-08T14:00:00-03:00", 2 * HOUR, earlier, Sao_Paulo);
    assert_eq!(noon, Some(utc("2027-03-08T12:00:00-03:00")));
    // 6:00 is quiet: the evening before, or at eight
    let start = "2027-03-08T10:00:00-03:00";
    let evening = due(start, 4 * HOUR, earlier, Sao_Paulo);
    assert_eq!(evening, Some(utc("2027-03-07T20:30:00-03:00")));
    let morning = due(start, 4 * HOUR, later, Sao_Paulo);
    assert_eq!(morning, Some(utc("2027-03-08T08:00:00-03:00")));
    // 22:00 is quiet: the same evening, or the next morning
    let start = "2027-03-08T22:00:00-03:00";
    assert_eq!(
        due(start, DAY, earlier, Sao_Paulo),
        Some(utc("2027-03-07T20:30:00-03:00"))
    );
    assert_eq!(
        due(start, DAY, later, Sao_Paulo),
        Some(utc("2027-03-08T08:00:00-03:00"))
    );
    // later is no help for who comes at eight
    let start = "2027-03-08T08:00:00-03:00";
    let early = due(start, HOUR, later, Sao_Paulo);
    assert_eq!(early, Some(utc("2027-03-07T20:30:00-03:00")));
    // the same moment is quiet in one place and not in the other
    let start = "2027-03-08T15:30:00Z";
    assert_eq!(
        due(start, 5 * HOUR, earlier, Noronha),
        Some(utc("2027-03-08T10:30:00Z"))
    );
    assert_eq!(
        due(start, 5 * HOUR, later, Manaus),
        Some(utc("2027-03-08T12:00:00Z"))
    );
    // nothing in the past: an appointment within the hour has no reminder of the day before
    let soon = due_at(now + HOUR, DAY, earlier, quiet, Sao_Paulo, now);
    assert_eq!(soon, None);
    // without quiet hours every time is right
    let night = due_at(
        utc("2027-03-08T05:00:00-03:00"),
        HOUR,
        earlier,
        QuietHours::NONE,
        Sao_Paulo,
        now,
    );
    assert_eq!(night, Some(utc("2027-03-08T04:00:00-03:00")));
}

#[test]
fn after_downtime_the_past_is_not_sent() {
    let start = utc("2027-03-08T14:00:00-03:00");
    let quiet = QuietHours::default();
    let look = |due: Timestamp, next, now| at_hand(due, next, start, quiet, Sao_Paulo, now);
    let (day, two) = (start - DAY, start - 2 * HOUR);
    assert_eq!(look(day, Some(two), day - MINUTE), Decision::Wait(day));
    assert_eq!(look(day, Some(two), day), Decision::Send);
    assert_eq!(
        look(day, Some(two), day + 3 * HOUR),
        Decision::Send,
        "late, and by day"
    );
    // back at night: in the morning
    let night = utc("2027-03-07T23:00:00-03:00");
    assert_eq!(
        look(day, Some(two), night),
        Decision::Wait(utc("2027-03-08T08:00:00-03:00"))
    );
    // back when the next one is due: that one alone
    assert_eq!(look(day, Some(two), two), Decision::Skip);
    assert_eq!(look(two, None, two), Decision::Send);
    // back when it is nearly or already over
    assert_eq!(look(two, None, start - 10 * MINUTE), Decision::Skip);
    assert_eq!(look(two, None, start), Decision::Skip);
    assert_eq!(look(two, None, start + DAY), Decision::Skip);
    // put before quiet hours, and a few minutes late
    let evening = utc("2027-03-07T20:30:00-03:00");
    assert_eq!(look(evening, None, evening + 14 * MINUTE), Decision::Send);
}

#[test]
fn clocks_that_skip_or_repeat_an_hour_have_an_answer() {
    // São Paulo, 2018-11-04: from 0:00 to 1:00; 2019-02-17: from 0:00 back to 23:00 (tz database).
    let wall = |year, month, day, hour, minute| {
        NaiveDate::from_ymd_opt(year, month, day)
            .unwrap()
            .and_hms_opt(hour, minute, 0)
            .unwrap()
    };
    assert_eq!(
        at(wall(2018, 11, 4, 0, 30), Sao_Paulo),
        Some(utc("2018-11-04T01:00:00-02:00"))
    );
    assert_eq!(
        at(wall(2019, 2, 16, 23, 30), Sao_Paulo),
        Some(utc("2019-02-16T23:30:00-02:00"))
    );
}

proptest! {
    #[test]
    fn no_reminder_is_due_in_quiet_hours_in_the_past_or_after_the_beginning(
        start in 1_600_000_000_i64..2_000_000_000,
        before in 5_u64..10_000,
        ahead in 0_u64..40_000,
        from in 0_u16..1_440,
        until in 0_u16..1_440,
        later in any::<bool>(),
    ) {
        let start = Timestamp::from_secs(start);
        let now = start - MINUTE * u32::try_from(ahead).unwrap();
        let quiet = QuietHours { from, until };
        let shift = if later { Shift::Later } else { Shift::Earlier };
        let before = Duration::from_secs(before * 60);
        if let Some(due) = due_at(start, before, shift, quiet, Sao_Paulo, now) {
            use chrono::Timelike as _;
            let clock = local(due, Sao_Paulo);
            let minute = u16::try_from(clock.hour() * 60 + clock.minute()).unwrap();
            prop_assert!(!quiet.holds(minute), "{minute}");
            prop_assert!(now < due && due < start);
            prop_assert!(start - before - 2 * DAY < due);
            prop_assert_eq!(at_hand(due, None, start, quiet, Sao_Paulo, due), Decision::Send);
        }
    }
}
