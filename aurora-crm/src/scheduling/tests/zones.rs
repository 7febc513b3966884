//! Clocks that are changed. The instants were computed with Python's `zoneinfo`.

use chrono_tz::Tz;

use super::{at, date, weekly};
use crate::scheduling::slots::{Days, Gathered, Interval, Taken};
use crate::scheduling::{
    HolidayRules, NewProfessional, NewService, Service, SlotQuery, Weekday, WorkingHours,
};

/// The beginnings of slots of so many minutes of one professional who is never busy.
fn starts(zone: &str, minutes: u32, week: &[WorkingHours], from: &str, until: &str) -> Vec<String> {
    let now = at("2018-01-01T00:00:00Z");
    let professional = NewProfessional::new("A")
        .time_zone(zone)
        .check("UTC", now)
        .unwrap();
    let new = NewService::new("S", minutes)
        .granularity_minutes(30)
        .professional(professional.id);
    let service: Service = new.check(now).unwrap();
    let query = SlotQuery::new(service.id, at(from), at(until)).any_notice();
    let begins = query.begins(&service, now);
    let dates = (date("2018-01-01"), date("2027-01-01"));
    let weeks = week.iter().map(|hours| (professional.id, *hours)).collect();
    let gathered = Gathered {
        service,
        people: vec![professional],
        rooms: Vec::new(),
        weeks,
        days: Days::new(Vec::new(), &HolidayRules::usual(), dates),
        taken: Taken::default(),
    };
    let slots = gathered.slots(&query, begins);
    slots.iter().map(|slot| slot.starts_at.to_string()).collect()
}

fn instants<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(|text| at(text).to_string()).into()
}

/// On 2018-11-04 clocks in São Paulo went from 00:00 to 01:00: what is open from 23:00 to 02:00 is so for two hours.
#[test]
fn a_time_that_does_not_exist_is_never_offered() {
    let week = [
        weekly(Weekday::Sat, "23:00", "24:00"),
        weekly(Weekday::Sun, "00:00", "02:00"),
    ];
    let found = starts(
        "America/Sao_Paulo",
        60,
        &week,
        "2018-11-03T12:00:00Z",
        "2018-11-05T00:00:00Z",
    );
    assert_eq!(
        found,
        instants([
            "2018-11-04T02:00:00Z",
            "2018-11-04T02:30:00Z",
            "2018-11-04T03:00:00Z"
        ])
    );
}

/// On 2019-02-16 clocks in São Paulo went from 24:00 back to 23:00: what is open from 22:00 to 24:00 is so for three hours.
#[test]
fn a_time_that_comes_twice_is_offered_twice() {
    let week = [weekly(Weekday::Sat, "22:00", "24:00")];
    let found = starts(
        "America/Sao_Paulo",
        60,
        &week,
        "2019-02-16T12:00:00Z",
        "2019-02-18T00:00:00Z",
    );
    let expected = [
        "2019-02-17T00:00:00Z",
        "2019-02-17T00:30:00Z",
        "2019-02-17T01:00:00Z",
        "2019-02-17T01:30:00Z",
        "2019-02-17T02:00:00Z",
    ];
    assert_eq!(found, instants(expected));
    // open until 23:30 on the clock on the wall: shut in between, and again from 23:00 on
    let week = [weekly(Weekday::Sat, "22:30", "23:30")];
    let found = starts(
        "America/Sao_Paulo",
        30,
        &week,
        "2019-02-16T12:00:00Z",
        "2019-02-18T00:00:00Z",
    );
    let expected = [
        "2019-02-17T00:30:00Z",
        "2019-02-17T01:00:00Z",
        "2019-02-17T02:00:00Z",
    ];
    assert_eq!(found, instants(expected));
}

/// 2026-03-08 02:00 to 03:00, and 2026-11-01 02:00 back to 01:00.
#[test]
fn clocks_in_new_york_are_changed_in_the_night() {
    let week = [weekly(Weekday::Sun, "00:30", "03:30")];
    let found = starts(
        "America/New_York",
        90,
        &week,
        "2026-03-08T00:00:00Z",
        "2026-03-09T00:00:00Z",
    );
    assert_eq!(found, instants(["2026-03-08T05:30:00Z", "2026-03-08T06:00:00Z"]));
    let found = starts(
        "America/New_York",
        210,
        &week,
        "2026-11-01T00:00:00Z",
        "2026-11-02T00:00:00Z",
    );
    assert_eq!(found, instants(["2026-11-01T04:30:00Z", "2026-11-01T05:00:00Z"]));
}

#[test]
fn eight_in_the_morning_is_another_instant_in_each_zone_of_brazil() {
    let week = [weekly(Weekday::Mon, "08:00", "09:00")];
    for (zone, expected) in [
        ("America/Noronha", "2026-03-02T10:00:00Z"),
        ("America/Sao_Paulo", "2026-03-02T11:00:00Z"),
        ("America/Manaus", "2026-03-02T12:00:00Z"),
        ("America/Rio_Branco", "2026-03-02T13:00:00Z"),
    ] {
        let found = starts(zone, 60, &week, "2026-03-01T12:00:00Z", "2026-03-04T00:00:00Z");
        assert_eq!(found, instants([expected]), "{zone}");
    }
}

#[test]
fn stretches_follow_each_other_and_change_where_the_clock_does() {
    use crate::scheduling::slots::stretches;

    let within = Interval::from(at("2018-06-01T00:00:00Z")..at("2019-06-01T00:00:00.5Z"));
    let found = stretches(Tz::America__Sao_Paulo, within);
    let hours: Vec<i64> = found
        .iter()
        .map(|stretch| stretch.offset / 3_600_000_000)
        .collect();
    assert_eq!(hours, [-3, -2, -3]);
    let changes = ["2018-11-04T03:00:00Z", "2019-02-17T02:00:00Z"].map(|text| at(text).as_micros());
    assert_eq!(
        found.iter().skip(1).map(|it| it.time.from).collect::<Vec<_>>(),
        changes
    );
    assert_eq!(
        (found[0].time.from, found[2].time.until),
        (within.from, within.until)
    );
}
