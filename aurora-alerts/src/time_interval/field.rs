use chrono_tz::Tz;

/// A range of minutes, days, months or years; both ends included, but for minutes, whose end is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) first: i32,
    pub(super) last: i32,
}

impl Span {
    /// Whether a day of a month with so many days lies within; negative ends count from the last day.
    pub(super) const fn holds_day(self, day: i32, days: i32) -> bool {
        // An end that lies outside the month is no day of it, so that no clamping is needed.
        of_day(self.first, days) <= day && day <= of_day(self.last, days)
    }
}

/// The fields that are lists of ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Weekdays,
    DaysOfMonth,
    Months,
    Years,
}

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Field {
    pub(crate) const ALL: [Self; 4] = [Self::Weekdays, Self::DaysOfMonth, Self::Months, Self::Years];

    /// Its name in Alertmanager's shape.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Weekdays => "weekdays",
            Self::DaysOfMonth => "days_of_month",
            Self::Months => "months",
            Self::Years => "years",
        }
    }

    /// Reads `first:last` or a single value; what is wrong is said in words that follow the name of the field.
    pub(crate) fn parse(self, text: &str) -> Result<Span, String> {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let span = Span {
            first: self.value(first.trim())?,
            last: self.value(last.trim())?,
        };
        let begins_after = match self {
            Self::DaysOfMonth if span.first < 0 && span.last > 0 => {
                return Err(format!(
                    "{text:?} begins from the end of the month, so it must end from there too"
                ));
            }
            // With 31 days; in shorter months the range may be empty.
            Self::DaysOfMonth => of_day(span.first, 31) > of_day(span.last, 31),
            Self::Weekdays | Self::Months | Self::Years => span.first > span.last,
        };
        if begins_after {
            return Err(format!("{text:?} ends before it begins; give two ranges"));
        }
        Ok(span)
    }

    fn value(self, text: &str) -> Result<i32, String> {
        let number = || text.parse::<i32>().ok();
        let named = |names: &[&str]| {
            let place = names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            i32::try_from(place).ok()
        };
        let (found, wanted) = match self {
            Self::Weekdays => (named(&WEEKDAYS), "a day of the week such as monday"),
            Self::Months => (
                named(&MONTHS)
                    .map(|place| place + 1)
                    .or_else(|| number().filter(|month| (1..=12).contains(month))),
                "a month such as january, or 1 to 12",
            ),
            Self::DaysOfMonth => (
                number().filter(|day| *day != 0 && (-31..=31).contains(day)),
                "a day of the month, 1 to 31 or -31 to -1",
            ),
            Self::Years => (
                number().filter(|year| (1..=9999).contains(year)),
                "a year, 1 to 9999",
            ),
        };
        found.ok_or_else(|| format!("{text:?} is not {wanted}"))
    }

    /// The text form, `first:last` or a single value.
    pub(super) fn show(self, span: Span) -> String {
        let (first, last) = (self.show_value(span.first), self.show_value(span.last));
        if first == last {
            first
        } else {
            format!("{first}:{last}")
        }
    }

    fn show_value(self, value: i32) -> String {
        let named = |names: &[&str], from: i32| {
            let place = usize::try_from(value - from).ok()?;
            names.get(place).map(|name| (*name).to_owned())
        };
        let name = match self {
            Self::Weekdays => named(&WEEKDAYS, 0),
            Self::Months => named(&MONTHS, 1),
            Self::DaysOfMonth | Self::Years => None,
        };
        name.unwrap_or_else(|| value.to_string())
    }
}

/// The day of a month with so many days; negative days count from its end.
const fn of_day(day: i32, days: i32) -> i32 {
    if day < 0 { days + day + 1 } else { day }
}

/// The minutes of a day from `start` to `end`.
pub(crate) fn clock_span(start: &str, end: &str) -> Result<Span, String> {
    let span = Span {
        first: minute(start)?,
        last: minute(end)?,
    };
    if span.first >= span.last {
        return Err(format!(
            "{start:?} to {end:?} ends before it begins; a night is two: to 24:00 and from 00:00"
        ));
    }
    Ok(span)
}

/// The minute of the day of `HH:MM`; `24:00` is its end.
fn minute(text: &str) -> Result<i32, String> {
    let digits = |text: &str| -> Option<i32> {
        let is_two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| text.parse().ok()).flatten()
    };
    text.split_once(':')
        .and_then(|(hour, minute)| Some((digits(hour)?, digits(minute)?)))
        .filter(|(hour, minute)| (*hour < 24 && *minute < 60) || (*hour, *minute) == (24, 0))
        .map(|(hour, minute)| hour * 60 + minute)
        .ok_or_else(|| format!("{text:?} is not a time of day such as 09:30, 00:00 to 24:00"))
}

/// The text form of a minute of the day.
pub(super) fn show_minute(minute: i32) -> String {
    format!("{:02}:{:02}", minute.div_euclid(60), minute.rem_euclid(60))
}

/// The time zone of an IANA name.
pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse()
        .map_err(|_| format!("{name:?} is not a time zone such as America/Sao_Paulo or UTC"))
}
