use super::{Field, TimeInterval, clock_span, zone};
use crate::error::{Error, Problem};

/// An interval in the making; see [`TimeInterval::new`].
#[derive(Debug, Clone, Default)]
#[must_use = "an interval is made by build()"]
pub struct TimeIntervalBuilder {
    interval: TimeInterval,
    problems: Vec<String>,
}

impl TimeIntervalBuilder {
    /// Within these times of day, `HH:MM`: from `start`, included, to `end`, excluded, at most `24:00`. Several count together.
    pub fn time(mut self, start: &str, end: &str) -> Self {
        match clock_span(start, end) {
            Ok(span) => self.interval.push_time(span),
            Err(problem) => self.problems.push(format!("times: {problem}")),
        }
        self
    }

    /// On these days of the week: names or ranges such as `monday:friday`. Several count together.
    pub fn weekdays<T: AsRef<str>>(self, ranges: impl IntoIterator<Item = T>) -> Self {
        self.ranges(Field::Weekdays, ranges)
    }

    /// On these days of the month: `1`, `1:5`, or from its end, `-3:-1`. Several count together.
    pub fn days_of_month<T: AsRef<str>>(self, ranges: impl IntoIterator<Item = T>) -> Self {
        self.ranges(Field::DaysOfMonth, ranges)
    }

    /// In these months: names, numbers or ranges such as `january:march`. Several count together.
    pub fn months<T: AsRef<str>>(self, ranges: impl IntoIterator<Item = T>) -> Self {
        self.ranges(Field::Months, ranges)
    }

    /// In these years, such as `2026` or `2026:2028`. Several count together.
    pub fn years<T: AsRef<str>>(self, ranges: impl IntoIterator<Item = T>) -> Self {
        self.ranges(Field::Years, ranges)
    }

    /// On the calendar and the clock of this place, a name of the IANA time zone database; default `UTC`.
    pub fn location(mut self, name: &str) -> Self {
        match zone(name) {
            Ok(zone) => self.interval.set_location(zone),
            Err(problem) => self.problems.push(format!("location: {problem}")),
        }
        self
    }

    pub(super) fn ranges<T: AsRef<str>>(mut self, field: Field, ranges: impl IntoIterator<Item = T>) -> Self {
        for range in ranges {
            match field.parse(range.as_ref()) {
                Ok(span) => self.interval.ranges_mut(field).push(span),
                Err(problem) => self.problems.push(format!("{}: {problem}", field.key())),
            }
        }
        self
    }

    /// Checks everything and makes the interval.
    ///
    /// # Errors
    /// With every problem at once: what is no time, day, month, year or time zone, and ranges that end before they begin.
    pub fn build(self) -> Result<TimeInterval, Error> {
        Error::check(
            self.problems
                .into_iter()
                .map(|problem| Problem::new("time interval", problem))
                .collect(),
        )?;
        Ok(self.interval)
    }
}
