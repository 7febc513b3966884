//! A search that looks at each minute of the time that is searched, and what it is asked.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;
use chrono::{DateTime, Datelike as _, Days as Ahead, NaiveDate, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::date;
use crate::scheduling::slots::{Days, Gathered, Taken};
use crate::scheduling::{
    HolidayRules, HoursException, LocalKind, NewHoliday, NewProfessional, NewRoom, NewService, PartOfDay,
    Professional, RoomId, Service, SlotQuery, WallSpan, WallTime, Weekday, Whose, WorkingHours, Yearly,
};

pub(super) const MINUTE: i64 = 60_000_000;
const PARTS: [PartOfDay; 3] = [PartOfDay::Morning, PartOfDay::Afternoon, PartOfDay::Evening];
const WEEKDAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];
/// Where a clock is changed within a day or two, and where it is not.
const PLACES: [(Tz, &str); 7] = [
    (Tz::America__Sao_Paulo, "2018-11-03"),
    (Tz::America__Sao_Paulo, "2019-02-16"),
    (Tz::America__Sao_Paulo, "2026-03-02"),
    (Tz::America__New_York, "2026-03-07"),
    (Tz::America__New_York, "2026-10-31"),
    (Tz::Australia__Lord_Howe, "2026-04-04"),
    (Tz::Asia__Kathmandu, "2026-05-05"),
];

/// Minutes after the midnight in UTC of the day that is searched.
pub(super) type Minutes = (i64, i64);

/// How many days ahead, and what is open then, as beginnings and lengths.
pub(super) type Day = Option<(u64, Vec<(u16, u16)>)>;

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) place: usize,
    pub(super) duration: u32,
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) step: u32,
    pub(super) from: i64,
    pub(super) length: i64,
    pub(super) weekly: Vec<(usize, u16, u16)>,
    pub(super) own: Day,
    pub(super) house: Day,
    pub(super) holiday: Option<u64>,
    pub(super) busy: Vec<Minutes>,
    pub(super) rooms: Vec<(Vec<Minutes>, Day)>,
    pub(super) parts: Vec<usize>,
    pub(super) weekdays: Vec<usize>,
}

fn wall(minutes: u16) -> WallTime {
    WallTime::from_minutes(minutes).unwrap()
}

fn span(&(from, length): &(u16, u16)) -> WallSpan {
    WallSpan {
        from: wall(from),
        until: wall((from + length).min(1_440)),
    }
}

/// In steps of five minutes, so that edges meet often.
fn spans(most: usize) -> impl Strategy<Value = Vec<(u16, u16)>> {
    prop::collection::vec(
        (0_u16..287, 1_u16..120).prop_map(|(a, b)| (a * 5, b * 5)),
        0..most,
    )
}

fn busy(most: usize) -> impl Strategy<Value = Vec<Minutes>> {
    prop::collection::vec(
        (-600_i64..6_000, 1_i64..400).prop_map(|(a, b)| (a, a + b)),
        0..most,
    )
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
    let service = (
        1_u32..40,
        0_u32..25,
        0_u32..25,
        prop::sample::select(vec![5_u32, 15, 20, 45, 60]),
    );
    let hours = prop::collection::vec((0_usize..7, 0_u16..287, 1_u16..150), 1..14);
    let day = || prop::option::of((0_u64..4, spans(3)));
    let room = (busy(6), day());
    (
        (0..PLACES.len(), service, -300_i64..1_500, 1_i64..2_160, hours),
        (day(), day(), prop::option::of(0_u64..4)),
        (busy(12), prop::collection::vec(room, 0..3)),
        (
            prop::collection::vec(0_usize..3, 0..2),
            prop::collection::vec(0_usize..7, 0..4),
        ),
    )
        .prop_map(
            |((place, service, from, length, weekly), (own, house, holiday), (busy, rooms), wanted)| Case {
                place,
                duration: service.0 * 5,
                before: service.1 * 5,
                after: service.2 * 5,
                step: service.3,
                from,
                length,
                weekly: weekly
                    .into_iter()
                    .map(|(day, from, length)| (day, from * 5, length * 5))
                    .collect(),
                own,
                house,
                holiday,
                busy,
                rooms,
                parts: wanted.0,
                weekdays: wanted.1,
            },
        )
}

impl Case {
    fn first_day(&self) -> NaiveDate {
        date(PLACES[self.place].1)
    }

    fn zone(&self) -> Tz {
        PLACES[self.place].0
    }

    pub(super) fn midnight(&self) -> i64 {
        self.first_day()
            .and_hms_opt(0, 0, 0)
            .unwrap()
            .and_utc()
            .timestamp_micros()
    }

    pub(super) fn instant(&self, minutes: i64) -> Timestamp {
        Timestamp::from_micros(self.midnight() + minutes * MINUTE)
    }

    fn day(&self, ahead: u64) -> NaiveDate {
        self.first_day().checked_add_days(Ahead::new(ahead)).unwrap()
    }

    fn hours(&self) -> Vec<WorkingHours> {
        let hours = self.weekly.iter().map(|(day, from, length)| {
            let span = span(&(*from, *length));
            WorkingHours::new(WEEKDAYS[*day], span.from, span.until)
        });
        hours.collect()
    }
}

/// As the handle reads it; hours can overlap each other here, which costs nothing.
pub(super) fn gathered(case: &Case) -> (Gathered, Professional, Service, Vec<RoomId>) {
    let now = Timestamp::from_secs(1_500_000_000);
    let professional = NewProfessional::new("A")
        .time_zone(case.zone().name())
        .check("", now)
        .unwrap();
    let rooms: Vec<RoomId> = case
        .rooms
        .iter()
        .map(|_| NewRoom::new("R").check(now).unwrap().id)
        .collect();
    let mut new = NewService::new("S", case.duration)
        .buffers(case.before, case.after)
        .granularity_minutes(case.step)
        .professional(professional.id);
    for room in &rooms {
        new = new.room(*room);
    }
    let service = new.check(now).unwrap();
    let mut exceptions = Vec::new();
    let mut except = |whose: Whose, day: &Day| {
        exceptions.extend(day.as_ref().map(|(ahead, open)| {
            let mut open: Vec<WallSpan> = open.iter().map(span).collect();
            open.sort_unstable();
            HoursException {
                whose,
                date: case.day(*ahead),
                open,
                reason: None,
            }
        }));
    };
    except(Whose::Professional(professional.id), &case.own);
    except(Whose::Workspace, &case.house);
    for (id, (_, day)) in rooms.iter().zip(&case.rooms) {
        except(Whose::Room(*id), day);
    }
    let mut rules = HolidayRules::usual();
    rules.closes.clear();
    if let Some(ahead) = case.holiday {
        let new = NewHoliday::new(LocalKind::Own, "H", Yearly::Once(case.day(ahead)));
        rules.local.push(new.check(now).unwrap());
    }
    let range = (case.first_day() - Ahead::new(3), case.day(12));
    let time = |&(from, until): &Minutes| (case.instant(from), case.instant(until));
    let taken_rooms = rooms.iter().zip(&case.rooms).flat_map(|(id, (busy, _))| {
        let times = busy.iter().map(time);
        times.map(|(from, until)| (*id, from, until)).collect::<Vec<_>>()
    });
    let (here, elsewhere) = case.busy.split_at(case.busy.len() / 2);
    let of = |part: &[Minutes]| {
        let times = part.iter().map(time);
        times
            .map(|(from, until)| (professional.id, from, until))
            .collect()
    };
    let gathered = Gathered {
        service: service.clone(),
        people: vec![professional.clone()],
        rooms: rooms.clone(),
        weeks: case
            .hours()
            .into_iter()
            .map(|hours| (professional.id, hours))
            .collect(),
        days: Days::new(exceptions, &rules, range),
        taken: Taken {
            people: of(here),
            elsewhere: of(elsewhere),
            rooms: taken_rooms.collect(),
        },
    };
    (gathered, professional, service, rooms)
}

/// Whether it is open at one minute, by the clock on the wall.
fn is_open(case: &Case, minute: i64) -> bool {
    let (day, of_day) = on_the_wall(case, minute);
    let within = |spans: &[(u16, u16)]| spans.iter().map(span).any(|it| holds(it, of_day));
    let own = case.own.as_ref().filter(|(ahead, _)| case.day(*ahead) == day);
    let works = match own {
        Some((_, spans)) => within(spans),
        None => {
            let hours = case
                .hours()
                .into_iter()
                .filter(|hours| hours.weekday == day.weekday());
            hours.map(|hours| hours.span()).any(|it| holds(it, of_day))
        }
    };
    let is_holiday = case.holiday.is_some_and(|ahead| case.day(ahead) == day);
    let house = case.house.as_ref().filter(|(ahead, _)| case.day(*ahead) == day);
    match house {
        Some((_, spans)) => works && within(spans),
        None => works && (own.is_some() || !is_holiday),
    }
}

fn holds(span: WallSpan, minute: u16) -> bool {
    (span.from.minutes()..span.until.minutes()).contains(&minute)
}

pub(super) fn on_the_wall(case: &Case, minute: i64) -> (NaiveDate, u16) {
    let utc = DateTime::from_timestamp_micros(case.midnight() + minute * MINUTE).unwrap();
    let local = case.zone().from_utc_datetime(&utc.naive_utc());
    let of_day = local.hour() * 60 + local.minute();
    (local.date_naive(), u16::try_from(of_day).unwrap())
}

/// Minute by minute.
pub(super) fn naive(case: &Case, rooms: &[RoomId]) -> Vec<(Timestamp, Option<RoomId>)> {
    let mut found = Vec::new();
    let (duration, before, after) = (
        i64::from(case.duration),
        i64::from(case.before),
        i64::from(case.after),
    );
    let last = case.from + case.length + i64::from(case.duration);
    let open: BTreeMap<i64, bool> = (case.from..=last)
        .map(|minute| (minute, is_open(case, minute)))
        .collect();
    let minutes =
        |busy: &[Minutes]| -> BTreeSet<i64> { busy.iter().flat_map(|(from, until)| *from..*until).collect() };
    let busy = minutes(&case.busy);
    let places: Vec<_> = case
        .rooms
        .iter()
        .map(|(taken, day)| (minutes(taken), day.clone()))
        .collect();
    for start in case.from..case.from + case.length {
        let (day, of_day) = on_the_wall(case, start);
        let part = PARTS[usize::from(of_day >= 720) + usize::from(of_day >= 1_080)];
        let is_wanted = u32::from(of_day) % case.step == 0
            && (case.parts.is_empty() || case.parts.iter().any(|it| PARTS[*it] == part))
            && (case.weekdays.is_empty() || case.weekdays.iter().any(|it| WEEKDAYS[*it] == day.weekday()));
        if !is_wanted || !(start..start + duration).all(|minute| open[&minute]) {
            continue;
        }
        let blocked = start - before..start + duration + after;
        let meets = |busy: &BTreeSet<i64>| blocked.clone().any(|minute| busy.contains(&minute));
        if meets(&busy) {
            continue;
        }
        let is_free = |(taken, day): &(BTreeSet<i64>, Day)| {
            let is_shut = |minute: i64| {
                let (date, of_day) = on_the_wall(case, minute);
                let shut = day.as_ref().filter(|(ahead, _)| case.day(*ahead) == date);
                shut.is_some_and(|(_, spans)| !spans.iter().map(span).any(|it| holds(it, of_day)))
            };
            !meets(taken) && !(start..start + duration).any(is_shut)
        };
        // Rooms are tried in the order in which they were told.
        let free = rooms.iter().zip(&places).find(|(_, room)| is_free(room));
        let room = free.map(|(id, _)| *id);
        if rooms.is_empty() || room.is_some() {
            found.push((case.instant(start), room));
        }
    }
    found
}

pub(super) fn query(case: &Case, service: &Service) -> SlotQuery {
    let (from, until) = (case.instant(case.from), case.instant(case.from + case.length));
    let mut query = SlotQuery::new(service.id, from, until).most(500).any_notice();
    for part in &case.parts {
        query = query.part_of_day(PARTS[*part]);
    }
    for day in &case.weekdays {
        query = query.weekday(WEEKDAYS[*day]);
    }
    query
}
