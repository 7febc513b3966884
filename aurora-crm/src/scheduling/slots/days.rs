//! When it is open on a date: weekly hours, exceptions and holidays.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, NaiveDate};

use crate::scheduling::{
    HolidayRules, HoursException, ProfessionalId, RoomId, WallSpan, WallTime, Whose, WorkingHours,
};

/// The hours that are not as usual on the dates that are looked at.
#[derive(Debug, Default)]
pub(in crate::scheduling) struct Days {
    exceptions: HashMap<(Whose, NaiveDate), Vec<WallSpan>>,
    closed: HashSet<NaiveDate>,
}

impl Days {
    pub(in crate::scheduling) fn new(
        exceptions: Vec<HoursException>,
        holidays: &HolidayRules,
        (from, until): (NaiveDate, NaiveDate),
    ) -> Self {
        let closed = holidays.between(from, until).into_iter();
        Self {
            exceptions: exceptions
                .into_iter()
                .map(|exception| ((exception.whose, exception.date), exception.open))
                .collect(),
            closed: closed
                .filter(|holiday| holiday.closes)
                .map(|holiday| holiday.date)
                .collect(),
        }
    }

    /// When a professional works on a date: the hours of an exception of its own, which hold on holidays too, or the weekly
    /// ones, which do not; and only while the house is open, when the house has an exception, which takes the place of a
    /// holiday.
    pub(in crate::scheduling) fn of_professional(
        &self,
        id: ProfessionalId,
        week: &[WorkingHours],
        date: NaiveDate,
    ) -> Vec<WallSpan> {
        let own = self.exceptions.get(&(Whose::Professional(id), date));
        let hours = own.cloned().unwrap_or_else(|| {
            let of_day = week.iter().filter(|hours| hours.weekday == date.weekday());
            of_day
                .filter(|hours| hours.is_valid_on(date))
                .map(WorkingHours::span)
                .collect()
        });
        match self.exceptions.get(&(Whose::Workspace, date)) {
            Some(house) => shared(&hours, house),
            None if own.is_none() && self.closed.contains(&date) => Vec::new(),
            None => hours,
        }
    }

    /// When a room is shut on a date: outside of the hours of an exception.
    pub(in crate::scheduling) fn room_shut(&self, room: RoomId, date: NaiveDate) -> Vec<WallSpan> {
        let Some(open) = self.exceptions.get(&(Whose::Room(room), date)) else {
            return Vec::new();
        };
        let (mut shut, mut from) = (Vec::new(), WallTime::MIDNIGHT);
        let end = WallSpan {
            from: WallTime::END,
            until: WallTime::END,
        };
        for span in open.iter().chain([&end]) {
            if from < span.from {
                let until = span.from;
                shut.push(WallSpan { from, until });
            }
            from = from.max(span.until);
        }
        shut
    }
}

/// What both have.
fn shared(one: &[WallSpan], two: &[WallSpan]) -> Vec<WallSpan> {
    let pairs = one.iter().flat_map(|a| two.iter().map(move |b| (a, b)));
    let both = pairs.map(|(a, b)| WallSpan {
        from: a.from.max(b.from),
        until: a.until.min(b.until),
    });
    both.filter(|span| span.from < span.until).collect()
}
