use std::collections::HashMap;
use std::sync::Arc;

use aurora_core::time::Timestamp;
use chrono_tz::Tz;

use super::choose::{Choice, choose};
use super::interval::{Interval, MINUTE, merged};
use super::local::{open, stretches};
use super::starts::{Person, Place, Sought, Zone};
use super::{Days, SlotQuery};
use crate::scheduling::{Professional, ProfessionalId, RoomId, Service, Slot, WorkingHours};

/// All that free times depend on, as it was read.
#[derive(Debug)]
pub(in crate::scheduling) struct Gathered {
    pub(in crate::scheduling) service: Service,
    /// Who can be chosen.
    pub(in crate::scheduling) people: Vec<Professional>,
    /// Where it can be; empty when it needs no room.
    pub(in crate::scheduling) rooms: Vec<RoomId>,
    pub(in crate::scheduling) weeks: Vec<(ProfessionalId, WorkingHours)>,
    pub(in crate::scheduling) days: Days,
    pub(in crate::scheduling) taken: Taken,
}

/// What is taken already, with buffers.
#[derive(Debug, Default)]
pub(in crate::scheduling) struct Taken {
    /// By appointments of professionals.
    pub(in crate::scheduling) people: Vec<(ProfessionalId, Timestamp, Timestamp)>,
    /// By what professionals do elsewhere.
    pub(in crate::scheduling) elsewhere: Vec<(ProfessionalId, Timestamp, Timestamp)>,
    /// By appointments in rooms.
    pub(in crate::scheduling) rooms: Vec<(RoomId, Timestamp, Timestamp)>,
}

impl SlotQuery {
    /// When slots may begin, with the notice and the horizon of the service; empty when that leaves nothing.
    pub(in crate::scheduling) fn begins(&self, service: &Service, now: Timestamp) -> Interval {
        let now = now.as_micros();
        let (mut from, mut until) = (self.from.as_micros().max(now), self.until.as_micros());
        if !self.any_notice {
            from = from.max(now + i64::from(service.min_notice_minutes) * MINUTE);
            until = until.min(now + i64::from(service.horizon_days) * super::interval::DAY);
        }
        Interval::new(from, until.max(from))
    }

    fn sought(&self, service: &Service, begins: Interval) -> Sought {
        let minutes = |count: u32| i64::from(count) * MINUTE;
        Sought {
            begins,
            duration: minutes(service.duration_minutes),
            before: minutes(service.buffer_before_minutes),
            after: minutes(service.buffer_after_minutes),
            step: minutes(self.granularity_minutes.unwrap_or(service.granularity_minutes)),
            parts: self.parts_of_day.clone(),
            weekdays: self.weekdays.clone(),
            needs_room: !service.rooms.is_empty(),
        }
    }

    fn choice(&self) -> Choice {
        Choice {
            spread: self.spread,
            each: self.each_professional,
            most: usize::try_from(self.most).unwrap_or(usize::MAX),
        }
    }
}

impl Gathered {
    /// The free times that are asked for.
    pub(in crate::scheduling) fn slots(self, query: &SlotQuery, begins: Interval) -> Vec<Slot> {
        let sought = query.sought(&self.service, begins);
        let service_id = self.service.id;
        let people = self.people(&sought);
        let chosen = choose(&sought, &people, query.choice()).into_iter();
        let slots = chosen.filter_map(|(index, start)| {
            Some(Slot {
                service_id,
                professional_id: people.get(index)?.id,
                room_id: start.room,
                starts_at: Timestamp::from_micros(start.at),
                ends_at: Timestamp::from_micros(start.at + sought.duration),
            })
        });
        slots.collect()
    }

    fn people(self, sought: &Sought) -> Vec<Person> {
        let within = Interval::new(sought.begins.from, sought.begins.until + sought.duration);
        let booked = by_id(self.taken.people);
        let mut busy = by_id(self.taken.elsewhere);
        let taken = by_id(self.taken.rooms).into_iter();
        let taken: HashMap<RoomId, Arc<[Interval]>> = taken
            .map(|(id, intervals)| (id, merged(intervals).into()))
            .collect();
        let mut weeks: HashMap<ProfessionalId, Vec<WorkingHours>> = HashMap::new();
        for (id, hours) in self.weeks {
            weeks.entry(id).or_default().push(hours);
        }
        let mut zones: HashMap<Tz, Arc<Zone>> = HashMap::new();
        let mut people = Vec::with_capacity(self.people.len());
        for professional in self.people {
            let zone = zones.entry(professional.time_zone).or_insert_with_key(|zone| {
                Arc::new(Zone::new(*zone, within, &self.rooms, &self.days, &taken))
            });
            let id = professional.id;
            let week = weeks.remove(&id).unwrap_or_default();
            let appointments = booked.get(&id).cloned().unwrap_or_default();
            let length = appointments.iter().map(|interval| interval.until - interval.from);
            let booked = length.sum();
            let mut busy = busy.remove(&id).unwrap_or_default();
            busy.extend(appointments);
            people.push(Person {
                id,
                open: open(&zone.stretches, |date| self.days.of_professional(id, &week, date)),
                zone: Arc::clone(zone),
                busy: merged(busy),
                booked,
            });
        }
        people
    }
}

impl Zone {
    fn new(
        zone: Tz,
        within: Interval,
        rooms: &[RoomId],
        days: &Days,
        taken: &HashMap<RoomId, Arc<[Interval]>>,
    ) -> Self {
        let stretches = stretches(zone, within);
        let rooms = rooms.iter().map(|id| Place {
            id: *id,
            shut: open(&stretches, |date| days.room_shut(*id, date)),
            busy: taken.get(id).cloned().unwrap_or_default(),
        });
        let rooms = rooms.collect();
        Self { stretches, rooms }
    }
}

fn by_id<T: std::hash::Hash + Eq>(taken: Vec<(T, Timestamp, Timestamp)>) -> HashMap<T, Vec<Interval>> {
    let mut by_id: HashMap<T, Vec<Interval>> = HashMap::new();
    for (id, from, until) in taken {
        by_id.entry(id).or_default().push(Interval::from(from..until));
    }
    by_id
}
