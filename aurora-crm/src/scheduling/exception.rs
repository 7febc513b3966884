use std::fmt;

use aurora_core::id::{Id, IdKind};
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::hours::{check_span, is_in_range};
use super::{ProfessionalId, RoomId, WallSpan};
use crate::error::Error;
use crate::fields::Fields;

const MAX_REASON: usize = 200;
/// The most intervals of one date.
const MAX_SPANS: usize = 10;
/// The most dates that are told at once.
pub(super) const MAX_DATES: u64 = 366;

/// Names an exception: `hex_` and 32 hexadecimal digits.
pub(super) type ExceptionId = Id<HoursException>;

/// Whose hours an exception is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Whose {
    /// Of the whole house: nobody works outside of them.
    Workspace,
    /// Of one professional, instead of the weekly hours, and also on holidays.
    Professional(ProfessionalId),
    /// Of one room, which is open at all times on other dates.
    Room(RoomId),
}

impl Whose {
    pub(super) const fn columns(self) -> (Option<ProfessionalId>, Option<RoomId>) {
        match self {
            Self::Workspace => (None, None),
            Self::Professional(id) => (Some(id), None),
            Self::Room(id) => (None, Some(id)),
        }
    }

    pub(super) fn from_columns(professional: Option<ProfessionalId>, room: Option<RoomId>) -> Self {
        match (professional, room) {
            (Some(id), _) => Self::Professional(id),
            (None, Some(id)) => Self::Room(id),
            (None, None) => Self::Workspace,
        }
    }
}

/// Hours of one date that are not as usual. Dates are those of the clock on the wall where the professional is.
///
/// `Debug` does not show the reason, which can be about a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HoursException {
    /// Whose.
    pub whose: Whose,
    /// On which date.
    pub date: NaiveDate,
    /// When it is open instead, in order; closed when empty.
    pub open: Vec<WallSpan>,
    /// Why, such as `férias`.
    pub reason: Option<String>,
}

impl IdKind for HoursException {
    const PREFIX: &'static str = "hex";
}

impl fmt::Debug for HoursException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoursException")
            .field("whose", &self.whose)
            .field("date", &self.date)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// Hours of one or several dates in a row that are not as usual: closed unless told, such as for holidays of a person
/// (`férias`).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewException {
    pub(super) whose: Whose,
    from: NaiveDate,
    until: NaiveDate,
    #[serde(default)]
    open: Vec<WallSpan>,
    #[serde(default)]
    reason: Option<String>,
}

impl NewException {
    /// Closed on one date.
    #[must_use]
    pub const fn on(whose: Whose, date: NaiveDate) -> Self {
        Self {
            whose,
            from: date,
            until: date,
            open: Vec::new(),
            reason: None,
        }
    }

    /// Up to and with this date, at most 366 in all.
    #[must_use]
    pub const fn until(mut self, date: NaiveDate) -> Self {
        self.until = date;
        self
    }

    /// One more interval in which it is open; at most 10.
    #[must_use]
    pub fn open(mut self, span: WallSpan) -> Self {
        self.open.push(span);
        self
    }

    /// Why, in up to 200 characters.
    #[must_use]
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = Some(text.into());
        self
    }

    /// One exception for each date.
    pub(super) fn check(mut self) -> Result<Vec<HoursException>, Error> {
        let mut fields = Fields::default();
        let reason = fields.optional_line("reason", self.reason.as_deref(), MAX_REASON);
        let dates = dates(&mut fields, self.from, self.until);
        if self.open.len() > MAX_SPANS {
            fields.refuse(
                "open",
                "too_many",
                format_args!("must have at most {MAX_SPANS} entries"),
            );
        }
        for (index, span) in self.open.iter().enumerate() {
            check_span(&mut fields, &format!("open[{index}]"), *span);
            let earlier = self.open.iter().take(index);
            if earlier
                .into_iter()
                .any(|it| it.from < span.until && span.from < it.until)
            {
                let field = format!("open[{index}]");
                fields.refuse(field, "conflict", "overlaps an interval before it");
            }
        }
        self.open.sort_unstable();
        let exceptions = dates.into_iter().map(|date| HoursException {
            whose: self.whose,
            date,
            open: self.open.clone(),
            reason: reason.clone(),
        });
        fields.finish(exceptions.collect())
    }
}

impl fmt::Debug for NewException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewException")
            .field("whose", &self.whose)
            .field("from", &self.from)
            .field("until", &self.until)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// The dates from the first up to and with the last.
pub(super) fn dates(fields: &mut Fields, from: NaiveDate, until: NaiveDate) -> Vec<NaiveDate> {
    for (field, date) in [("from", from), ("until", until)] {
        if !is_in_range(date) {
            fields.refuse(field, "invalid", "must be within the years 2000 to 2199");
        }
    }
    if until < from {
        fields.refuse("until", "invalid", "must not be before from");
    } else if from
        .checked_add_days(Days::new(MAX_DATES))
        .is_none_or(|end| end <= until)
    {
        fields.refuse(
            "until",
            "too_many",
            format_args!("at most {MAX_DATES} dates at once"),
        );
    } else {
        return from.iter_days().take_while(|date| *date <= until).collect();
    }
    Vec::new()
}
