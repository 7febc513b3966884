use std::fmt;
use std::str::FromStr;

use aurora_core::time::Timestamp;

const FIRST_YEAR: u16 = 1880;

/// The day on which a person was born, in the Gregorian calendar, from 1880 on.
///
/// Read as `1990-02-28` or, as Brazilians write it, `28/02/1990`; written as `1990-02-28`. It is personal data, so
/// `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    year: u16,
    month: u8,
    day: u8,
}

impl BirthDate {
    /// Whether the day has not come yet anywhere on earth.
    pub(super) fn is_after(self, now: Timestamp) -> bool {
        // Where the day begins first it is 14 hours ahead of UTC.
        const AHEAD_SECS: i64 = 14 * 3600;
        const DAY_SECS: i64 = 86_400;
        self.days_since_1970() > (now.as_secs() + AHEAD_SECS).div_euclid(DAY_SECS)
    }

    /// Counts from March, so that the leap day ends the year.
    fn days_since_1970(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (year, month) = if month <= 2 {
            (year - 1, month + 9)
        } else {
            (year, month - 3)
        };
        let before_year = 365 * year + year / 4 - year / 100 + year / 400;
        before_year + (153 * month + 2) / 5 + i64::from(self.day) - 1 - 719_468
    }
}

/// The text is not a day. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date such as 1990-02-28 or 28/02/1990")]
pub struct ParseBirthDateError;

impl FromStr for BirthDate {
    type Err = ParseBirthDateError;

    fn from_str(text: &str) -> Result<Self, ParseBirthDateError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(['-', '/']).collect();
        let ((&[year, month, day], false, true) | (&[day, month, year], true, false)) =
            (parts.as_slice(), text.contains('/'), text.contains('-'))
        else {
            return Err(ParseBirthDateError);
        };
        let is_number = |part: &str, digits| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(year, 4) || !is_number(month, 2) || !is_number(day, 2) {
            return Err(ParseBirthDateError);
        }
        let year: u16 = year.parse().map_err(|_| ParseBirthDateError)?;
        let month: u8 = month.parse().map_err(|_| ParseBirthDateError)?;
        let day: u8 = day.parse().map_err(|_| ParseBirthDateError)?;
        let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return Err(ParseBirthDateError),
        };
        if year < FIRST_YEAR || day == 0 || day > last {
            return Err(ParseBirthDateError);
        }
        Ok(Self { year, month, day })
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(***)")
    }
}

aurora_core::serde_as_text!(BirthDate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_read() {
        for (text, shown) in [
            ("1990-02-28", "1990-02-28"),
            ("29/02/2000", "2000-02-29"),
            (" 31/12/1899 ", "1899-12-31"),
        ] {
            assert_eq!(text.parse::<BirthDate>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "1990",
            "1990-2-28",
            "1990-02-29",
            "29/02/1900",
            "31/04/1990",
            "1990-13-01",
            "1990-00-10",
            "1990-01-00",
            "1879-12-31",
            "01/02-1990",
            "+990-01-01",
            "1990-02-28T00:00",
            "２０００-01-01",
        ] {
            assert_eq!(bad.parse::<BirthDate>(), Err(ParseBirthDateError), "{bad}");
        }
    }

    #[test]
    fn a_day_to_come_is_known() {
        let day = |text: &str| text.parse::<BirthDate>().unwrap();
        let noon = Timestamp::parse("2026-11-29T12:00:00Z").unwrap();
        assert!(
            !day("2026-11-30").is_after(noon),
            "in Kiribati it is tomorrow already"
        );
        assert!(day("2026-12-01").is_after(noon));
        assert_eq!(day("1970-01-01").days_since_1970(), 0);
        assert_eq!(day("2000-03-01").days_since_1970(), 11_017);
    }
}
