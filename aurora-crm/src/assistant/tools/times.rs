//! Free times: found, offered, waited for.

use aurora_core::time::Timestamp;
use chrono::{Days, NaiveDate, TimeZone as _};
use chrono_tz::Tz;
use serde_json::json;

use super::arguments::{FindSlots, JoinWaitingList};
use super::visit::{Refusal, Told, Visit};
use super::{Effect, PartOfDay};
use crate::assistant::desk::Wanted;
use crate::assistant::language::plain;
use crate::assistant::offer::{self, Offer};
use crate::assistant::sql;
use crate::scheduling::{ProfessionalId, Service};

/// The most days of one search.
const MOST_DAYS: u64 = 50;

impl Visit<'_> {
    pub(super) async fn find_slots(&self, asked: FindSlots) -> Told {
        let service = self.service(&asked.service)?;
        let moves = match asked.moves.as_deref().filter(|name| !name.trim().is_empty()) {
            Some(name) => Some(self.own(name).await?),
            None => None,
        };
        if moves.as_ref().is_some_and(|moved| moved.service_id != service.id) {
            return Err(Refusal::told("that appointment is for another service"));
        }
        let professional = asked.professional.as_deref();
        let wanted = self.wanted(
            service,
            professional,
            (asked.from, asked.until),
            asked.part_of_day,
        )?;
        let slots = self.desk.free(self.context, &wanted).await?;
        let first = sql::offers::reserve(self.store, self.context, self.conversation.id, offer::MOST).await?;
        let offers: Vec<Offer> = (first..)
            .zip(slots.iter().take(usize::try_from(offer::MOST).unwrap_or(10)))
            .map(|(number, slot)| {
                let zone = self.zone_of(slot.professional_id);
                let label = offer::label(slot.starts_at, zone, self.language);
                Offer::of(
                    slot,
                    number,
                    label,
                    moves.as_ref().map(|moved| moved.id),
                    self.now,
                )
            })
            .collect();
        sql::offers::add(self.store, self.context, self.conversation.id, &offers, self.now).await?;
        let told: Vec<_> = offers
            .iter()
            .map(|offer| {
                json!({"ref": offer.name, "when": offer.label, "professional": self.professional_name(offer.professional_id)})
            })
            .collect();
        let note = if told.is_empty() {
            "nothing is free then: propose other days, or the waiting list"
        } else {
            "the contact is shown these times as a list under your next words; name none that is not here"
        };
        let service = service.name.clone();
        Ok((
            json!({"service": service, "slots": told, "note": note}),
            Effect::Offered { service, offers },
        ))
    }

    pub(super) async fn wait(&self, asked: JoinWaitingList) -> Told {
        let client = self.client()?;
        let service = self.service(&asked.service)?;
        let professional = asked.professional.as_deref();
        let wanted = self.wanted(
            service,
            professional,
            (asked.from, asked.until),
            asked.part_of_day,
        )?;
        self.desk.wait(self.context, client, &wanted).await?;
        Ok((json!({"waiting": true}), Effect::Waiting))
    }

    fn wanted(
        &self,
        service: &Service,
        professional: Option<&str>,
        (from, until): (NaiveDate, Option<NaiveDate>),
        part: PartOfDay,
    ) -> Result<Wanted, Refusal> {
        let professional = match professional.filter(|name| !name.trim().is_empty()) {
            Some(name) => Some(self.professional(service, name)?),
            None => None,
        };
        let last = match until {
            Some(until) => until,
            None => from.checked_add_days(Days::new(6)).unwrap_or(from),
        };
        let furthest = from.checked_add_days(Days::new(MOST_DAYS));
        if last < from || furthest.is_none_or(|furthest| last > furthest) {
            return Err(Refusal::told(
                "`until` must be the same day as `from` or up to 50 days later",
            ));
        }
        let zone = professional.map_or(self.zone, |id| self.zone_of(id));
        let begin = midnight(from, zone)?.max(self.now);
        let end = midnight(last.checked_add_days(Days::new(1)).unwrap_or(last), zone)?;
        if end <= self.now {
            return Err(Refusal::told("those days are over"));
        }
        Ok(Wanted {
            service: service.id,
            professional,
            from: begin,
            until: end,
            part,
            most: offer::MOST,
        })
    }

    /// The service that is meant by its name, or the only one that has the words.
    fn service(&self, name: &str) -> Result<&Service, Refusal> {
        let services = &self.catalogue.services;
        named(services, |service| &service.name, name).ok_or_else(|| {
            let names: Vec<&str> = services
                .iter()
                .map(|service| service.name.as_str())
                .take(40)
                .collect();
            Refusal::told(format!(
                "there is no service of that name; there are: {}",
                names.join(", ")
            ))
        })
    }

    fn professional(&self, service: &Service, name: &str) -> Result<ProfessionalId, Refusal> {
        let doing: Vec<_> = self
            .catalogue
            .professionals
            .iter()
            .filter(|professional| service.professionals.contains(&professional.id))
            .collect();
        let found = named(&doing, |professional| &professional.name, name);
        found.map(|professional| professional.id).ok_or_else(|| {
            let names: Vec<&str> = doing.iter().map(|it| it.name.as_str()).take(40).collect();
            Refusal::told(format!(
                "nobody of that name does it; there are: {}",
                names.join(", ")
            ))
        })
    }

    fn zone_of(&self, id: ProfessionalId) -> Tz {
        let found = self.catalogue.professionals.iter().find(|it| it.id == id);
        found.map_or(self.zone, |professional| professional.time_zone)
    }

    fn professional_name(&self, id: ProfessionalId) -> &str {
        let found = self.catalogue.professionals.iter().find(|it| it.id == id);
        found.map_or("", |professional| professional.name.as_str())
    }
}

fn named<'a, T>(all: &'a [T], name: impl Fn(&T) -> &str, wanted: &str) -> Option<&'a T> {
    let wanted = plain(wanted);
    if wanted.is_empty() {
        return None;
    }
    if let Some(exact) = all.iter().find(|it| plain(name(it)) == wanted) {
        return Some(exact);
    }
    let mut near = all.iter().filter(|it| plain(name(it)).contains(&wanted));
    near.next().filter(|_| near.next().is_none())
}

/// When a day begins in a zone; with the first moment that there is, where clocks are put forward at midnight.
fn midnight(day: NaiveDate, zone: Tz) -> Result<Timestamp, Refusal> {
    let wrong = || Refusal::told("such a day cannot be searched");
    for hour in 0..4 {
        let local = day.and_hms_opt(hour, 0, 0).ok_or_else(wrong)?;
        if let Some(time) = zone.from_local_datetime(&local).earliest() {
            return Ok(Timestamp::from_micros(time.timestamp_micros()));
        }
    }
    Err(wrong())
}
