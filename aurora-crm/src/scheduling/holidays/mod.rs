//! Holidays (`feriados`): those of the nation by the letter of the law, and those that a workspace adds.

mod local;
mod national;

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

pub use self::local::{LocalHoliday, LocalHolidayId, LocalKind, NewHoliday, Yearly};
pub use self::national::{NationalHoliday, easter};

/// Which holidays a workspace closes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HolidayRules {
    /// Those of the nation that it closes on; all that are not `ponto facultativo` unless told.
    pub closes: BTreeSet<NationalHoliday>,
    /// Those that the workspace has added, in order of their dates in the year.
    pub local: Vec<LocalHoliday>,
    /// Grows by one with each change of what it closes on; 0 before the first.
    pub version: i64,
}

/// One holiday on its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Holiday {
    /// When it is.
    pub date: NaiveDate,
    /// Its name in Portuguese.
    pub name: String,
    /// Which of the nation's; `None` when the workspace has added it.
    pub national: Option<NationalHoliday>,
    /// Which of the workspace's; `None` when it is the nation's.
    pub local: Option<LocalHolidayId>,
    /// Whether the workspace closes.
    pub closes: bool,
}

impl HolidayRules {
    /// What a workspace closes on that has said nothing.
    pub(super) fn usual() -> Self {
        let usual = NationalHoliday::ALL.into_iter().filter(|it| !it.is_optional());
        Self {
            closes: usual.collect(),
            local: Vec::new(),
            version: 0,
        }
    }

    /// Every holiday from the first date up to and with the last, in order.
    #[must_use]
    pub fn between(&self, from: NaiveDate, until: NaiveDate) -> Vec<Holiday> {
        let mut found = Vec::new();
        for year in from.year()..=until.year() {
            for holiday in NationalHoliday::ALL {
                found.extend(holiday.date(year).map(|date| Holiday {
                    date,
                    name: holiday.name_pt().to_owned(),
                    national: Some(holiday),
                    local: None,
                    closes: self.closes.contains(&holiday),
                }));
            }
            for holiday in &self.local {
                found.extend(holiday.in_year(year).map(|date| Holiday {
                    date,
                    name: holiday.name.clone(),
                    national: None,
                    local: Some(holiday.id),
                    closes: holiday.closes,
                }));
            }
        }
        found.retain(|holiday| (from..=until).contains(&holiday.date));
        found.sort_by_key(|holiday| holiday.date);
        found
    }
}
