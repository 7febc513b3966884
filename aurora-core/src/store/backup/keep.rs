//! Which backups are kept: the last ones, and one for each day, week and month (grandfather, father, son).

use std::collections::BTreeSet;

use chrono::Datelike as _;

use crate::time::Timestamp;

use super::Manifest;

/// The longest count of each kind.
const MOST: u32 = 10_000;

/// How many backups to keep of each kind; a backup that is wanted for any reason stays.
///
/// Only verified backups count. The newest verified one always stays, and of the unverified ones those that are newer
/// than it, up to `last`. Days, weeks and months are those of UTC; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    last: u32,
    daily: u32,
    weekly: u32,
    monthly: u32,
}

impl Default for Keep {
    /// The last 3, and one for each of 7 days, 5 weeks and 12 months.
    fn default() -> Self {
        Self::last(3).daily(7).weekly(5).monthly(12)
    }
}

impl Keep {
    /// The last `count`, 1 to 10,000, whatever their age; less is taken as 1.
    #[must_use]
    pub const fn last(count: u32) -> Self {
        let last = if count == 0 { 1 } else { capped(count) };
        Self {
            last,
            daily: 0,
            weekly: 0,
            monthly: 0,
        }
    }

    /// The newest of each of the last `count` days that have one, up to 10,000.
    #[must_use]
    pub const fn daily(mut self, count: u32) -> Self {
        self.daily = capped(count);
        self
    }

    /// The newest of each of the last `count` weeks that have one, up to 10,000.
    #[must_use]
    pub const fn weekly(mut self, count: u32) -> Self {
        self.weekly = capped(count);
        self
    }

    /// The newest of each of the last `count` months that have one, up to 10,000.
    #[must_use]
    pub const fn monthly(mut self, count: u32) -> Self {
        self.monthly = capped(count);
        self
    }

    /// How many failed backups are set aside for people to look at.
    pub(super) fn bad(&self) -> usize {
        usize::try_from(self.last).unwrap_or(usize::MAX)
    }

    /// The names of those that can go, of backups in any order.
    pub(super) fn surplus(&self, backups: &[Manifest]) -> Vec<String> {
        let mut backups: Vec<&Manifest> = backups.iter().collect();
        backups.sort_by(|a, b| (b.started_at, &b.name).cmp(&(a.started_at, &a.name)));
        let mut kept: BTreeSet<&str> = BTreeSet::new();
        let mut last = 0;
        let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for backup in backups.iter().filter(|backup| backup.is_verified()) {
            let at = Periods::of(backup.started_at);
            let mut wanted = false;
            if last < self.last {
                last += 1;
                wanted = true;
            }
            // The newest of a period comes first; later ones of the same period find it taken.
            wanted |= takes(&mut days, at.day, self.daily);
            wanted |= takes(&mut weeks, at.week, self.weekly);
            wanted |= takes(&mut months, at.month, self.monthly);
            if wanted {
                kept.insert(&backup.name);
            }
        }
        let unverified = backups.iter().take_while(|backup| !backup.is_verified());
        kept.extend(unverified.take(self.bad()).map(|backup| backup.name.as_str()));
        backups
            .iter()
            .filter(|backup| !kept.contains(backup.name.as_str()))
            .map(|backup| backup.name.clone())
            .collect()
    }
}

const fn capped(count: u32) -> u32 {
    if count > MOST { MOST } else { count }
}

fn takes(taken: &mut BTreeSet<i64>, period: i64, most: u32) -> bool {
    taken.len() < usize::try_from(most).unwrap_or(usize::MAX) && taken.insert(period)
}

/// The day, week and month of a time, numbered.
struct Periods {
    day: i64,
    week: i64,
    month: i64,
}

impl Periods {
    fn of(at: Timestamp) -> Self {
        let day = at.as_secs().div_euclid(86_400);
        let date = chrono::DateTime::from_timestamp(at.as_secs(), 0).unwrap_or_default();
        Self {
            day,
            week: (day + 3).div_euclid(7), // 1970-01-01 was a Thursday
            month: i64::from(date.year()) * 12 + i64::from(date.month0()),
        }
    }
}
