use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn from_json(text: &str) -> TimeInterval {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn check(interval: &TimeInterval, table: &[(&str, bool)]) {
    for (instant, expected) in table {
        assert_eq!(interval.contains(at(instant)), *expected, "{instant}");
    }
}

#[test]
fn without_fields_it_contains_everything() {
    check(
        &TimeInterval::default(),
        &[("2026-07-01T00:00:00Z", true), ("1969-12-31T23:59:59Z", true)],
    );
    assert_eq!(serde_json::to_string(&TimeInterval::default()).unwrap(), "{}");
}

#[test]
fn the_end_is_not_within_and_midnight_is() {
    let office = TimeInterval::new().time("09:00", "17:00").build().unwrap();
    check(
        &office,
        &[
            ("2026-07-01T08:59:59.999999Z", false),
            ("2026-07-01T09:00:00Z", true),
            ("2026-07-01T16:59:59.999999Z", true),
            ("2026-07-01T17:00:00Z", false),
        ],
    );
    let night = TimeInterval::new()
        .time("22:00", "24:00")
        .time("00:00", "06:00")
        .build()
        .unwrap();
    check(
        &night,
        &[
            ("2026-07-01T21:59:59Z", false),
            ("2026-07-01T23:59:59.999999Z", true),
            ("2026-07-02T00:00:00Z", true),
            ("2026-07-02T05:59:00Z", true),
            ("2026-07-02T06:00:00Z", false),
        ],
    );
}

/// 2026-11-29 is a Sunday.
#[test]
fn weekdays_begin_with_sunday() {
    let work = TimeInterval::new().weekdays(["Monday:FRIDAY"]).build().unwrap();
    let table: Vec<_> = [false, true, true, true, true, true, false]
        .into_iter()
        .zip([
            "2026-11-29",
            "2026-11-30",
            "2026-12-01",
            "2026-12-02",
            "2026-12-03",
            "2026-12-04",
            "2026-12-05",
        ])
        .collect();
    for (expected, day) in table {
        assert_eq!(work.contains(at(&format!("{day}T12:00:00Z"))), expected, "{day}");
    }
    let whole = TimeInterval::new().weekdays(["sunday:saturday"]).build().unwrap();
    check(
        &whole,
        &[("2026-11-29T00:00:00Z", true), ("2026-12-05T23:59:00Z", true)],
    );
}

#[test]
fn days_count_from_both_ends_of_the_month() {
    let last_three = TimeInterval::new().days_of_month(["-3:-1"]).build().unwrap();
    check(
        &last_three,
        &[
            ("2026-02-25T12:00:00Z", false),
            ("2026-02-26T12:00:00Z", true),
            ("2026-02-28T12:00:00Z", true),
            ("2028-02-26T12:00:00Z", false), // a leap year
            ("2028-02-27T12:00:00Z", true),
            ("2028-02-29T12:00:00Z", true),
            ("2026-04-27T12:00:00Z", false),
            ("2026-04-28T12:00:00Z", true),
            ("2026-05-28T12:00:00Z", false),
            ("2026-05-31T12:00:00Z", true),
        ],
    );
    // A day that February lacks is left out; a range that begins before its end ends with it.
    let late = TimeInterval::new().days_of_month(["30:31"]).build().unwrap();
    check(
        &late,
        &[
            ("2026-02-28T12:00:00Z", false),
            ("2026-04-30T12:00:00Z", true),
            ("2026-05-31T12:00:00Z", true),
        ],
    );
    let from_28 = TimeInterval::new().days_of_month(["28:31"]).build().unwrap();
    check(
        &from_28,
        &[("2026-02-28T12:00:00Z", true), ("2026-03-01T12:00:00Z", false)],
    );
    // Before the first day of a short month lies nothing of it.
    let first = TimeInterval::new().days_of_month(["-31:-30"]).build().unwrap();
    check(
        &first,
        &[
            ("2026-01-01T12:00:00Z", true),
            ("2026-01-02T12:00:00Z", true),
            ("2026-04-01T12:00:00Z", true),
            ("2026-04-02T12:00:00Z", false),
            ("2026-02-01T12:00:00Z", false),
        ],
    );
    let middle = TimeInterval::new().days_of_month(["10:-10"]).build().unwrap();
    check(
        &middle,
        &[
            ("2026-02-09T12:00:00Z", false),
            ("2026-02-19T12:00:00Z", true),
            ("2026-02-20T12:00:00Z", false),
            ("2026-01-22T12:00:00Z", true),
            ("2026-01-23T12:00:00Z", false),
        ],
    );
}

#[test]
fn months_and_years_all_hold_together() {
    let interval = TimeInterval::new()
        .months(["january:march", "12"])
        .years(["2026:2027"])
        .build()
        .unwrap();
    check(
        &interval,
        &[
            ("2025-12-31T23:59:59Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2026-04-01T00:00:00Z", false),
            ("2027-12-31T23:59:59Z", true),
            ("2028-01-01T00:00:00Z", false),
        ],
    );
}

/// In 2026 New York goes forward on 8 March at 07:00Z (02:00 to 03:00) and back on 1 November at 06:00Z (02:00 to 01:00).
#[test]
fn the_clock_of_new_york_skips_and_repeats_an_hour() {
    let skipped = TimeInterval::new()
        .time("02:00", "03:00")
        .location("America/New_York")
        .build()
        .unwrap();
    let mut minutes =
        (0..24 * 60).map(|minute| at("2026-03-08T05:00:00Z") + std::time::Duration::from_secs(minute * 60));
    assert!(
        minutes.all(|minute| !skipped.contains(minute)),
        "no 02:30 on that day"
    );
    check(
        &skipped,
        &[
            ("2026-03-07T07:30:00Z", true),
            ("2026-03-09T06:30:00Z", true),
            ("2026-03-09T07:30:00Z", false),
        ],
    );
    let repeated = TimeInterval::new()
        .time("01:00", "02:00")
        .location("America/New_York")
        .build()
        .unwrap();
    check(
        &repeated,
        &[
            ("2026-11-01T04:59:00Z", false),
            ("2026-11-01T05:00:00Z", true),
            ("2026-11-01T06:30:00Z", true),
            ("2026-11-01T07:00:00Z", false),
        ],
    );
}

/// Brazil had daylight saving time until February 2019: in 2018 it began on 4 November at 00:00, which became 01:00, and
/// ended on 18 February at 00:00, which became 23:00 of the 17th.
#[test]
fn the_clock_of_sao_paulo_knows_its_history() {
    let evening = TimeInterval::new()
        .time("23:00", "24:00")
        .location("America/Sao_Paulo")
        .build()
        .unwrap();
    check(
        &evening,
        &[
            ("2018-02-18T00:59:00Z", false),
            ("2018-02-18T01:00:00Z", true), // 23:00, two hours behind
            ("2018-02-18T02:30:00Z", true), // 23:30 again, three hours behind
            ("2018-02-18T03:00:00Z", false),
            ("2026-02-18T01:30:00Z", false), // no more
            ("2026-02-18T02:30:00Z", true),
        ],
    );
    let midnight = TimeInterval::new()
        .time("00:00", "01:00")
        .days_of_month(["4"])
        .location("America/Sao_Paulo")
        .build()
        .unwrap();
    check(
        &midnight,
        &[
            ("2018-11-04T03:00:00Z", false),
            ("2018-11-04T03:59:00Z", false),
            ("2019-11-04T03:00:00Z", true),
        ],
    );
}

#[test]
fn the_shape_is_that_of_alertmanager() {
    let text = r#"{"times":[{"start_time":"22:00","end_time":"24:00"}],"weekdays":["monday:friday","sunday"],"days_of_month":["1:5","-3:-1"],"months":["january:march","december"],"years":["2026:2028","2030"],"location":"America/Sao_Paulo"}"#;
    let interval = from_json(text);
    assert_eq!(serde_json::to_string(&interval).unwrap(), text);
    assert_eq!(interval.location(), "America/Sao_Paulo");
    let numbers = from_json(r#"{"months":[1,"2"],"days_of_month":[-1],"years":[2026]}"#);
    assert_eq!(
        serde_json::to_string(&numbers).unwrap(),
        r#"{"days_of_month":["-1"],"months":["january","february"],"years":["2026"]}"#
    );
}

#[test]
fn everything_wrong_is_said_at_once() {
    let error = TimeInterval::new()
        .time("22:00", "06:00")
        .time("9:00", "24:01")
        .weekdays(["friday:monday", "mon"])
        .days_of_month(["0", "32", "-1:1", "5:1", "20:-20"])
        .months(["13", "dec"])
        .years(["2028:2026", "-4"])
        .location("Sao Paulo")
        .build()
        .unwrap_err();
    let details: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.detail.as_str())
        .collect();
    assert_eq!(
        details,
        [
            r#"times: "22:00" to "06:00" ends before it begins; a night is two: to 24:00 and from 00:00"#,
            r#"times: "9:00" is not a time of day such as 09:30, 00:00 to 24:00"#,
            r#"weekdays: "friday:monday" ends before it begins; give two ranges"#,
            r#"weekdays: "mon" is not a day of the week such as monday"#,
            r#"days_of_month: "0" is not a day of the month, 1 to 31 or -31 to -1"#,
            r#"days_of_month: "32" is not a day of the month, 1 to 31 or -31 to -1"#,
            r#"days_of_month: "-1:1" begins from the end of the month, so it must end from there too"#,
            r#"days_of_month: "5:1" ends before it begins; give two ranges"#,
            r#"days_of_month: "20:-20" ends before it begins; give two ranges"#,
            r#"months: "13" is not a month such as january, or 1 to 12"#,
            r#"months: "dec" is not a month such as january, or 1 to 12"#,
            r#"years: "2028:2026" ends before it begins; give two ranges"#,
            r#"years: "-4" is not a year, 1 to 9999"#,
            r#"location: "Sao Paulo" is not a time zone such as America/Sao_Paulo or UTC"#,
        ]
    );
    for wrong in [
        r#"{"times":[]}"#,
        r#"{"weekday":["monday"]}"#,
        r#"{"months":["13"]}"#,
        r#"{"location":"Mars"}"#,
    ] {
        assert!(serde_json::from_str::<TimeInterval>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_ends_of_time_are_no_reason_to_panic() {
    let interval = TimeInterval::new()
        .days_of_month(["-1"])
        .location("Pacific/Kiritimati")
        .build()
        .unwrap();
    // Beyond the calendar there is no day.
    assert!(!interval.contains(Timestamp::from_micros(i64::MIN)));
    assert!(!interval.contains(Timestamp::from_micros(i64::MAX)));
    // Its first and its last instant, which are outside of it on other clocks.
    for micros in [-8_334_601_228_800_000_000, 8_210_266_876_799_999_999] {
        std::hint::black_box(interval.contains(Timestamp::from_micros(micros)));
    }
}

/// Civil dates counted day by day from 2023-01-01, a Sunday: the oracle shares no line with the code.
mod oracle {
    pub(super) struct Day {
        pub(super) year: i32,
        pub(super) month: i32,
        pub(super) day: i32,
        pub(super) length: i32,
        pub(super) weekday: i32,
    }

    pub(super) fn length(year: i32, month: i32) -> i32 {
        match month {
            4 | 6 | 9 | 11 => 30,
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            _ => 31,
        }
    }

    pub(super) fn day(number: i64) -> Day {
        let (mut year, mut month, mut left) = (2023, 1, i32::try_from(number).unwrap());
        while left >= length(year, month) {
            left -= length(year, month);
            (year, month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
        }
        let weekday = i32::try_from(number % 7).unwrap();
        Day {
            year,
            month,
            day: left + 1,
            length: length(year, month),
            weekday,
        }
    }

    /// Lists every day of the month that a range names, then looks whether the day is among them.
    pub(super) fn names_day(first: i32, last: i32, day: i32, length: i32) -> bool {
        let mut named = Vec::new();
        let from_start = |end: i32| if end > 0 { end } else { length - (-end) + 1 };
        for candidate in 1..=length {
            if candidate >= from_start(first) && candidate <= from_start(last) {
                named.push(candidate);
            }
        }
        named.contains(&day)
    }
}

fn days() -> impl Strategy<Value = (i32, i32)> {
    let one = prop_oneof![-31..=-1, 1..=31];
    (one.clone(), one).prop_filter("a range that can be", |(first, last)| {
        let of = |end: i32| if end < 0 { 32 + end } else { end };
        (*first > 0 || *last < 0) && of(*first) <= of(*last)
    })
}

proptest! {
    #[test]
    fn it_agrees_with_counting_minute_by_minute(
        start in 0..1440_i32, span in 1..=1440_i32,
        weekday in (0..7_i32, 0..7_i32), day in days(), month in (1..=12_i32, 1..=12_i32), year in (2023..2029_i32, 0..3_i32),
        which in 0..32_u8, first_minute in 0..(6 * 365 * 1440_i64 - 3000),
    ) {
        let (weekday, month) = ((weekday.0.min(weekday.1), weekday.0.max(weekday.1)), (month.0.min(month.1), month.0.max(month.1)));
        let end = (start + span).min(1440);
        let has = |bit: u8| which & (1 << bit) != 0;
        let mut builder = TimeInterval::new();
        let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
        if has(0) {
            let clock = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
            builder = builder.time(&clock(start), &clock(end));
        }
        if has(1) {
            let name = |at: i32| names[usize::try_from(at).unwrap()];
            builder = builder.weekdays([format!("{}:{}", name(weekday.0), name(weekday.1))]);
        }
        if has(2) { builder = builder.days_of_month([format!("{}:{}", day.0, day.1)]); }
        if has(3) { builder = builder.months([format!("{}:{}", month.0, month.1)]); }
        if has(4) { builder = builder.years([format!("{}:{}", year.0, year.0 + year.1)]); }
        let interval = builder.build().unwrap();
        let text = serde_json::to_string(&interval).unwrap();
        prop_assert_eq!(&from_json(&text), &interval);
        let begin = at("2023-01-01T00:00:00Z").as_secs();
        for minute in (first_minute..first_minute + 2880).step_by(13) {
            let today = oracle::day(minute / 1440);
            let clock = i32::try_from(minute % 1440).unwrap();
            let expected = (!has(0) || (start..end).contains(&clock))
                && (!has(1) || (weekday.0..=weekday.1).contains(&today.weekday))
                && (!has(2) || oracle::names_day(day.0, day.1, today.day, today.length))
                && (!has(3) || (month.0..=month.1).contains(&today.month))
                && (!has(4) || (year.0..=year.0 + year.1).contains(&today.year));
            let instant = Timestamp::from_secs(begin + minute * 60 + 59);
            prop_assert_eq!(interval.contains(instant), expected, "{} {}", instant, text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(start in "\\PC{0,6}", end in "[0-9:]{0,6}", word in "[-0-9:a-z]{0,12}") {
        let built = TimeInterval::new().time(&start, &end).weekdays([&word]).days_of_month([&word])
            .months([&word]).years([&word]).location(&word).build();
        prop_assert!(built.is_ok() || !built.unwrap_err().problems().is_empty());
    }
}
