use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::fields::Fields;
use crate::scheduling::hours::is_in_range;

const MAX_NAME: usize = 120;

/// Names a holiday of a workspace: `hol_` and 32 hexadecimal digits.
pub type LocalHolidayId = Id<LocalHoliday>;

/// Who has made a holiday that is not the nation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalKind {
    /// The state (`estadual`), such as 9 July in São Paulo.
    State,
    /// The town (`municipal`), such as its anniversary.
    Municipal,
    /// The house.
    Own,
}

impl LocalKind {
    pub(in crate::scheduling) const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Municipal => "municipal",
            Self::Own => "own",
        }
    }

    pub(in crate::scheduling) fn parse(text: &str) -> Result<Self, &'static str> {
        [Self::State, Self::Municipal, Self::Own]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("not a kind of holiday")
    }
}

/// On which days a holiday of a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Yearly {
    /// Each year in this month and on this day; on 29 February in leap years alone.
    On {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
    /// Once.
    Once(NaiveDate),
}

/// A holiday that a workspace has added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LocalHoliday {
    /// Its name for programs.
    pub id: LocalHolidayId,
    /// Its name for people.
    pub name: String,
    /// Who has made it.
    pub kind: LocalKind,
    /// When it is.
    pub yearly: Yearly,
    /// Whether the workspace closes.
    pub closes: bool,
}

impl IdKind for LocalHoliday {
    const PREFIX: &'static str = "hol";
}

impl LocalHoliday {
    pub(super) fn in_year(&self, year: i32) -> Option<NaiveDate> {
        match self.yearly {
            Yearly::On { month, day } => NaiveDate::from_ymd_opt(year, month.into(), day.into()),
            Yearly::Once(date) => Some(date).filter(|date| date.year() == year),
        }
    }

    /// Year, month and day as they are stored.
    pub(in crate::scheduling) fn columns(&self) -> (Option<i64>, i64, i64) {
        match self.yearly {
            Yearly::On { month, day } => (None, month.into(), day.into()),
            Yearly::Once(date) => (Some(date.year().into()), date.month().into(), date.day().into()),
        }
    }
}

/// What is needed to add a holiday.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewHoliday {
    name: String,
    kind: LocalKind,
    yearly: Yearly,
    #[serde(default = "yes")]
    closes: bool,
}

const fn yes() -> bool {
    true
}

impl NewHoliday {
    /// A holiday on which the workspace closes, with a name of up to 120 characters.
    #[must_use]
    pub fn new(kind: LocalKind, name: impl Into<String>, yearly: Yearly) -> Self {
        Self {
            name: name.into(),
            kind,
            yearly,
            closes: true,
        }
    }

    /// The workspace stays open on it.
    #[must_use]
    pub const fn stays_open(mut self) -> Self {
        self.closes = false;
        self
    }

    pub(in crate::scheduling) fn check(self, now: Timestamp) -> Result<LocalHoliday, Error> {
        let mut fields = Fields::default();
        let is_known = match self.yearly {
            // A leap year has every day that a year can have.
            Yearly::On { month, day } => NaiveDate::from_ymd_opt(2024, month.into(), day.into()).is_some(),
            Yearly::Once(date) => is_in_range(date),
        };
        if !is_known {
            fields.refuse(
                "yearly",
                "invalid",
                "must be a day of the calendar, and of the years 2000 to 2199",
            );
        }
        let holiday = LocalHoliday {
            id: LocalHolidayId::new(now),
            name: fields.line("name", &self.name, MAX_NAME),
            kind: self.kind,
            yearly: self.yearly,
            closes: self.closes,
        };
        fields.finish(holiday)
    }
}
