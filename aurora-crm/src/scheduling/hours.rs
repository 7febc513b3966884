use chrono::{NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::WallTime;
use crate::error::Error;
use crate::fields::Fields;

/// The most intervals of a professional's week, over all the times that they are valid in.
const MOST: usize = 100;

/// From when until when on the clock on the wall, within one day; the end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WallSpan {
    /// When it begins.
    pub from: WallTime,
    /// When it ends; `24:00` is the end of the day.
    pub until: WallTime,
}

/// Weekly working hours of a professional (`expediente`): one interval of one day of the week, on the clock on the wall
/// where the professional is.
///
/// What crosses midnight is two intervals, to `24:00` and from `00:00`; a service can be booked across them.
///
/// # Examples
/// ```
/// use aurora_crm::scheduling::{Weekday, WorkingHours};
///
/// let hours: WorkingHours = serde_json::from_str(r#"{"weekday": "Mon", "from": "08:00", "until": "12:00"}"#)?;
/// assert_eq!(hours, WorkingHours::new(Weekday::Mon, "08:00".parse()?, "12:00".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WorkingHours {
    /// On which day of the week.
    pub weekday: Weekday,
    /// From when.
    pub from: WallTime,
    /// Until when.
    pub until: WallTime,
    /// The first date that it is valid on; from ever unless told.
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    /// The last date that it is valid on; for ever unless told.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

impl WorkingHours {
    /// An interval that is valid for ever.
    #[must_use]
    pub const fn new(weekday: Weekday, from: WallTime, until: WallTime) -> Self {
        Self {
            weekday,
            from,
            until,
            valid_from: None,
            valid_until: None,
        }
    }

    /// From this date on.
    #[must_use]
    pub const fn valid_from(mut self, date: NaiveDate) -> Self {
        self.valid_from = Some(date);
        self
    }

    /// Up to and with this date.
    #[must_use]
    pub const fn valid_until(mut self, date: NaiveDate) -> Self {
        self.valid_until = Some(date);
        self
    }

    /// Whether it is valid on this date, which is of its day of the week.
    pub(super) fn is_valid_on(&self, date: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= date) && self.valid_until.is_none_or(|until| date <= until)
    }

    pub(super) const fn span(&self) -> WallSpan {
        WallSpan {
            from: self.from,
            until: self.until,
        }
    }

    /// Whether some date can have both, where they meet.
    fn collides(&self, other: &Self) -> bool {
        let first = self.valid_from.max(other.valid_from);
        let last = match (self.valid_until, other.valid_until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let share_a_date = match (first, last) {
            (Some(first), Some(last)) => first <= last,
            _ => true,
        };
        self.weekday == other.weekday && share_a_date && self.from < other.until && other.from < self.until
    }
}

/// A week in the order in which it passes; every interval that is wrong is told.
pub(super) fn check_week(mut week: Vec<WorkingHours>) -> Result<Vec<WorkingHours>, Error> {
    let mut fields = Fields::default();
    if week.len() > MOST {
        fields.refuse(
            "hours",
            "too_many",
            format_args!("must have at most {MOST} entries"),
        );
        return fields.finish(week);
    }
    for (index, hours) in week.iter().enumerate() {
        check_span(&mut fields, &format!("hours[{index}]"), hours.span());
        for (name, date) in [
            ("valid_from", hours.valid_from),
            ("valid_until", hours.valid_until),
        ] {
            if date.is_some_and(|date| !is_in_range(date)) {
                let field = format!("hours[{index}].{name}");
                fields.refuse(field, "invalid", "must be within the years 2000 to 2199");
            }
        }
        if let (Some(from), Some(until)) = (hours.valid_from, hours.valid_until)
            && from > until
        {
            let field = format!("hours[{index}].valid_until");
            fields.refuse(field, "invalid", "must not be before valid_from");
        }
        if week.iter().take(index).any(|earlier| earlier.collides(hours)) {
            let field = format!("hours[{index}]");
            fields.refuse(field, "conflict", "overlaps an interval before it");
        }
    }
    week.sort_by_key(|hours| {
        (
            hours.weekday.num_days_from_monday(),
            hours.from,
            hours.valid_from,
            hours.valid_until,
        )
    });
    fields.finish(week)
}

pub(super) fn check_span(fields: &mut Fields, field: &str, span: WallSpan) {
    if span.from >= span.until {
        fields.refuse(
            format!("{field}.until"),
            "invalid",
            "must be after from; what crosses midnight is two intervals",
        );
    }
}

/// Dates that hours, exceptions and holidays can be told of.
pub(super) fn is_in_range(date: NaiveDate) -> bool {
    use chrono::Datelike as _;

    (2_000..2_200).contains(&date.year())
}
