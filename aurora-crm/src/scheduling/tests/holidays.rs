use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike as _;

use super::{Clinic, date};
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, wrong};
use crate::scheduling::{HolidayRules, LocalKind, NaiveDate, NationalHoliday, NewHoliday, Yearly, easter};
use crate::testing::each_database;

/// Easter Sundays of 1583 to 2299, by python-dateutil 2.9.0 (`easter.easter`).
#[test]
fn easter_is_when_dateutil_says_it_is() {
    let told: Vec<NaiveDate> = include_str!("easter.txt").lines().map(date).collect();
    assert_eq!(told.len(), 717);
    for sunday in told {
        assert_eq!(easter(sunday.year()), Some(sunday));
    }
    assert_eq!((easter(1582), easter(10_000)), (None, None));
}

/// Brazil's public holidays, carnival and Corpus Christi of 2003 to 2060, by the Python package `holidays` 0.109.
#[test]
fn holidays_are_those_that_the_python_package_knows() {
    let mut told: BTreeMap<NaiveDate, bool> = BTreeMap::new();
    for line in include_str!("holidays.txt").lines() {
        let (day, kind) = line.split_once(' ').unwrap();
        told.insert(date(day), kind == "optional");
    }
    assert_eq!(told.len(), 733);
    let mut ours = BTreeMap::new();
    for year in 2003..=2060 {
        for holiday in NationalHoliday::ALL {
            ours.extend(holiday.date(year).map(|day| (day, holiday.is_optional())));
        }
    }
    assert_eq!(ours, told);
}

#[test]
fn a_holiday_begins_with_its_law() {
    for (holiday, first) in [
        (NationalHoliday::Aparecida, 1980),
        (NationalHoliday::AllSouls, 2003),
        (NationalHoliday::BlackConsciousness, 2024),
    ] {
        assert_eq!(holiday.date(first - 1), None);
        assert_eq!(holiday.date(first).unwrap().year(), first);
    }
    assert_eq!(NationalHoliday::Christmas.date(1950), None);
    let names: BTreeSet<&str> = NationalHoliday::ALL.iter().map(|it| it.name_pt()).collect();
    assert_eq!(names.len(), 13);
    for holiday in NationalHoliday::ALL {
        assert!(!holiday.name_en().is_empty());
        let json = serde_json::to_string(&holiday).unwrap();
        assert_eq!(serde_json::from_str::<NationalHoliday>(&json).unwrap(), holiday);
    }
}

#[tokio::test]
async fn a_workspace_says_which_holidays_close_it_and_adds_its_own() {
    each_database(|db| async move {
        let clinic = Clinic::open(db.database).await;
        let (scheduling, context) = (clinic.scheduling(), &clinic.context);
        let usual = scheduling.holiday_rules(context).await.unwrap();
        assert_eq!(usual, HolidayRules::usual());
        assert!(!usual.closes.contains(&NationalHoliday::CarnivalTuesday));
        let mut closes = usual.closes.clone();
        closes.insert(NationalHoliday::CarnivalTuesday);
        closes.remove(&NationalHoliday::Tiradentes);
        let set = scheduling.set_closing(context, 0, closes.clone()).await.unwrap();
        assert_eq!((set.version, &set.closes), (1, &closes));
        for stale in [0, 2] {
            let error = scheduling
                .set_closing(context, stale, closes.clone())
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind(), error.current_version()),
                (ErrorKind::Conflict, Some(1))
            );
        }
        assert_eq!(
            scheduling
                .set_closing(context, 1, closes.clone())
                .await
                .unwrap()
                .version,
            2
        );

        let anniversary = NewHoliday::new(
            LocalKind::Municipal,
            "Aniversário da cidade",
            Yearly::On { month: 1, day: 25 },
        );
        let added = scheduling
            .add_holiday(context, anniversary.clone())
            .await
            .unwrap();
        let again = scheduling.add_holiday(context, anniversary).await.unwrap_err();
        assert_eq!(again.existing(), Some(added.id.to_string().as_str()));
        let party = NewHoliday::new(LocalKind::Own, "Festa", Yearly::Once(date("2026-01-26"))).stays_open();
        let party = scheduling.add_holiday(context, party).await.unwrap();
        let leap = NewHoliday::new(LocalKind::State, "29", Yearly::On { month: 2, day: 29 });
        scheduling.add_holiday(context, leap).await.unwrap();
        let bad = NewHoliday::new(LocalKind::Own, " ", Yearly::On { month: 2, day: 30 });
        assert_eq!(
            wrong(scheduling.add_holiday(context, bad).await),
            [field("yearly", "invalid"), field("name", "required")]
        );

        let told = scheduling
            .holidays(context, date("2026-01-01"), date("2026-04-30"))
            .await
            .unwrap();
        let told: Vec<(String, bool)> = told
            .iter()
            .map(|holiday| (format!("{} {}", holiday.date, holiday.name), holiday.closes))
            .collect();
        let expected = [
            ("2026-01-01 Confraternização Universal", true),
            ("2026-01-25 Aniversário da cidade", true),
            ("2026-01-26 Festa", false),
            ("2026-02-16 Segunda-feira de Carnaval", false),
            ("2026-02-17 Terça-feira de Carnaval", true),
            ("2026-04-03 Sexta-feira Santa", true),
            ("2026-04-21 Tiradentes", false),
        ];
        let expected: Vec<(String, bool)> = expected.map(|(name, closes)| (name.to_owned(), closes)).into();
        assert_eq!(told, expected);
        let leap_year = scheduling
            .holidays(context, date("2028-02-28"), date("2028-03-01"))
            .await;
        assert_eq!(
            leap_year.unwrap().len(),
            3,
            "29 February, which is carnival Tuesday, and the day before"
        );
        scheduling.remove_holiday(context, party.id).await.unwrap();
        assert_eq!(
            kind(scheduling.remove_holiday(context, party.id).await),
            Some(ErrorKind::NotFound)
        );
        assert_eq!(scheduling.holiday_rules(context).await.unwrap().local.len(), 2);
        let backwards = scheduling
            .holidays(context, date("2026-02-02"), date("2026-02-01"))
            .await;
        assert_eq!(wrong(backwards), [field("until", "invalid")]);
    })
    .await;
}
