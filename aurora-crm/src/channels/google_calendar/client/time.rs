//! When an event begins or ends.

use aurora_core::time::Timestamp;
use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The beginning or the end of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventTime {
    /// An instant, with the time zone in which it is meant where that is told.
    At(Timestamp, Option<Tz>),
    /// A whole day of the calendar's time zone.
    Day(NaiveDate),
}

impl EventTime {
    /// The instant; of a whole day its beginning in `zone`, the time zone of the calendar.
    ///
    /// A day whose midnight does not exist, as in Brazil when summer time began, begins at the first instant that does;
    /// where midnight comes twice, at the first.
    #[must_use]
    pub fn instant(&self, zone: Tz) -> Option<Timestamp> {
        match self {
            Self::At(instant, _) => Some(*instant),
            Self::Day(day) => beginning_of(*day, zone),
        }
    }
}

/// The first instant of a day.
fn beginning_of(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    let midnight = day.and_time(NaiveTime::MIN);
    if let Some(found) = in_zone(midnight, zone) {
        return Some(found);
    }
    // The gap: clocks go on by at most a day somewhere in history, usually by an hour.
    let before = day.checked_sub_days(Days::new(1))?.and_time(NaiveTime::MIN);
    let offset = zone.offset_from_local_datetime(&before).earliest()?;
    let shifted = midnight - TimeDelta::seconds(i64::from(chrono::Offset::fix(&offset).local_minus_utc()));
    Some(DateTime::<Utc>::from_naive_utc_and_offset(shifted, Utc).into())
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.with_timezone(&Utc).into()),
        LocalResult::None => None,
    }
}

/// As it stands in an event.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    // With null, so that a patch from a whole day to an hour, or back, takes away what was there.
    #[serde(default)]
    date: Option<NaiveDate>,
    #[serde(default)]
    date_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = match self {
            Self::At(instant, zone) => Wire {
                date: None,
                date_time: Some(instant.to_string()),
                time_zone: zone.map(|zone| zone.name().to_owned()),
            },
            Self::Day(day) => Wire {
                date: Some(*day),
                date_time: None,
                time_zone: None,
            },
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let wire = Wire::deserialize(deserializer)?;
        if let Some(day) = wire.date {
            return Ok(Self::Day(day));
        }
        let zone: Option<Tz> = wire.time_zone.and_then(|name| name.parse().ok());
        let text = wire
            .date_time
            .ok_or_else(|| D::Error::custom("an event has a time"))?;
        if let Ok(instant) = Timestamp::parse(&text) {
            return Ok(Self::At(instant, zone));
        }
        // "A time zone offset is required unless a time zone is explicitly specified in timeZone."
        let local = text.parse::<NaiveDateTime>().ok().zip(zone);
        local
            .and_then(|(local, zone)| in_zone(local, zone))
            .map(|instant| Self::At(instant, zone))
            .ok_or_else(|| D::Error::custom("the time of an event is RFC 3339, or local with a time zone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<EventTime, serde_json::Error> {
        serde_json::from_str(json)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_forms_of_the_documentation_are_read() {
        let zone = chrono_tz::America::Sao_Paulo;
        let with_offset =
            read(r#"{"dateTime": "2026-03-02T09:30:00-03:00", "timeZone": "America/Sao_Paulo"}"#);
        assert_eq!(
            with_offset.unwrap(),
            EventTime::At(at("2026-03-02T12:30:00Z"), Some(zone))
        );
        let local = read(r#"{"dateTime": "2026-03-02T09:30:00", "timeZone": "America/Manaus"}"#).unwrap();
        assert_eq!(local.instant(zone), Some(at("2026-03-02T13:30:00Z")));
        let day = read(r#"{"date": "2026-03-02"}"#).unwrap();
        assert_eq!(day.instant(zone), Some(at("2026-03-02T03:00:00Z")));
        for bad in [
            r"{}",
            r#"{"dateTime": "2026-03-02T09:30:00"}"#,
            r#"{"dateTime": "soon"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_without_midnight_begins_when_the_clocks_have_gone_on() {
        let zone = chrono_tz::America::Sao_Paulo;
        let day = |text: &str| EventTime::Day(text.parse().unwrap()).instant(zone);
        assert_eq!(
            day("2018-11-04"),
            Some(at("2018-11-04T03:00:00Z")),
            "00:00 did not exist"
        );
        assert_eq!(day("2018-11-05"), Some(at("2018-11-05T02:00:00Z")));
        assert_eq!(day("2026-11-04"), Some(at("2026-11-04T03:00:00Z")));
    }

    #[test]
    fn what_is_written_takes_the_other_form_away() {
        let written = serde_json::to_value(EventTime::Day("2026-03-02".parse().unwrap())).unwrap();
        assert_eq!(
            written,
            serde_json::json!({"date": "2026-03-02", "dateTime": null})
        );
        let zone = Some(chrono_tz::America::Sao_Paulo);
        let written = serde_json::to_value(EventTime::At(at("2026-03-02T12:30:00Z"), zone)).unwrap();
        let wanted = serde_json::json!({
            "date": null, "dateTime": "2026-03-02T12:30:00.000000Z", "timeZone": "America/Sao_Paulo",
        });
        assert_eq!(written, wanted);
    }
}
