use std::sync::Arc;

use chrono::{Datelike as _, Weekday};

use super::PartOfDay;
use super::interval::{DAY, Interval, MINUTE, meet};
use super::local::{Stretch, date};
use crate::scheduling::{ProfessionalId, RoomId};

/// What is sought, in microseconds.
#[derive(Debug, Clone)]
pub(in crate::scheduling) struct Sought {
    /// When it may begin.
    pub(in crate::scheduling) begins: Interval,
    pub(in crate::scheduling) duration: i64,
    pub(in crate::scheduling) before: i64,
    pub(in crate::scheduling) after: i64,
    /// It begins every so long from midnight on the clock on the wall.
    pub(in crate::scheduling) step: i64,
    /// Any when empty.
    pub(in crate::scheduling) parts: Vec<PartOfDay>,
    /// Any when empty.
    pub(in crate::scheduling) weekdays: Vec<Weekday>,
    pub(in crate::scheduling) needs_room: bool,
}

/// A professional whose free times are sought. Intervals are merged.
#[derive(Debug, Clone)]
pub(in crate::scheduling) struct Person {
    pub(in crate::scheduling) id: ProfessionalId,
    pub(in crate::scheduling) zone: Arc<Zone>,
    pub(in crate::scheduling) open: Vec<Interval>,
    pub(in crate::scheduling) busy: Vec<Interval>,
    /// How long the professional is booked in the time that is searched.
    pub(in crate::scheduling) booked: i64,
}

/// What is the same for everybody whose clock shows the same.
#[derive(Debug)]
pub(in crate::scheduling) struct Zone {
    /// Around all that is sought.
    pub(in crate::scheduling) stretches: Vec<Stretch>,
    /// The rooms, best first.
    pub(in crate::scheduling) rooms: Vec<Place>,
}

/// A room. Intervals are merged.
#[derive(Debug, Clone)]
pub(in crate::scheduling) struct Place {
    pub(in crate::scheduling) id: RoomId,
    /// When exceptions keep it shut.
    pub(in crate::scheduling) shut: Vec<Interval>,
    pub(in crate::scheduling) busy: Arc<[Interval]>,
}

/// A time at which a professional is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scheduling) struct Start {
    pub(in crate::scheduling) at: i64,
    pub(in crate::scheduling) room: Option<RoomId>,
    /// Days after 1970-01-01 on the clock on the wall.
    pub(in crate::scheduling) day: i64,
    pub(in crate::scheduling) part: PartOfDay,
}

/// The times at which one professional is free, in order, found as they are asked for.
#[derive(Debug)]
pub(in crate::scheduling) struct Starts<'a> {
    sought: &'a Sought,
    person: &'a Person,
    at: i64,
    stretch: usize,
    open: usize,
    busy: usize,
}

/// What to do with a time that was looked at.
enum Look {
    /// The next that can be free is this or later.
    Later(i64),
    Free(Start),
}

impl<'a> Starts<'a> {
    pub(in crate::scheduling) const fn new(sought: &'a Sought, person: &'a Person) -> Self {
        Self {
            sought,
            person,
            at: sought.begins.from,
            stretch: 0,
            open: 0,
            busy: 0,
        }
    }

    /// Looks at the time that it is at; `None` when there are no more.
    fn look(&mut self) -> Option<Look> {
        let (sought, at) = (self.sought, self.at);
        let stretch = loop {
            let stretch = self.person.zone.stretches.get(self.stretch)?;
            if at < stretch.time.until {
                break stretch;
            }
            self.stretch += 1;
        };
        let wall = at + stretch.offset;
        let past = wall.rem_euclid(DAY).rem_euclid(sought.step);
        if past > 0 {
            // Beyond the change of a clock the steps begin anew.
            return Some(Look::Later((at + sought.step - past).min(stretch.time.until)));
        }
        if at >= sought.begins.until {
            return None;
        }
        let open = loop {
            let open = self.person.open.get(self.open)?;
            if at + sought.duration <= open.until {
                break open;
            }
            self.open += 1;
        };
        if open.from > at {
            return Some(Look::Later(open.from));
        }
        let blocked = Interval::new(at - sought.before, at + sought.duration + sought.after);
        while let Some(busy) = self.person.busy.get(self.busy) {
            if busy.until > blocked.from {
                if busy.from < blocked.until {
                    return Some(Look::Later(busy.until + sought.before));
                }
                break;
            }
            self.busy += 1;
        }
        Some(self.in_day(at, wall, blocked))
    }

    /// A time at which the professional is free, if it is one that is sought and there is a room.
    fn in_day(&self, at: i64, wall: i64, blocked: Interval) -> Look {
        let sought = self.sought;
        let day = wall.div_euclid(DAY);
        if !sought.weekdays.is_empty() && !sought.weekdays.contains(&date(day).weekday()) {
            return Look::Later(at + 1);
        }
        let minute = u32::try_from(wall.rem_euclid(DAY) / MINUTE).unwrap_or(0);
        let part = PartOfDay::of_minute(minute);
        if !sought.parts.is_empty() && !sought.parts.contains(&part) {
            return Look::Later(at + 1);
        }
        let time = Interval::new(at, at + sought.duration);
        let is_free = |place: &&Place| !meet(&place.shut, time) && !meet(&place.busy, blocked);
        let room = self.person.zone.rooms.iter().find(is_free).map(|place| place.id);
        if sought.needs_room && room.is_none() {
            return Look::Later(at + 1);
        }
        let room = room.filter(|_| sought.needs_room);
        Look::Free(Start { at, room, day, part })
    }
}

impl Iterator for Starts<'_> {
    type Item = Start;

    fn next(&mut self) -> Option<Start> {
        loop {
            match self.look()? {
                Look::Later(at) => self.at = at,
                Look::Free(start) => {
                    self.at = start.at + 1;
                    return Some(start);
                }
            }
        }
    }
}
