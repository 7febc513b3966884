use std::collections::BTreeSet;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::MAX_NAME;
use crate::error::Error;
use crate::fields::{Change, Fields};
use crate::scheduling::{ProfessionalId, RoomId, Service, ServiceId};

const MAX_DESCRIPTION: usize = 1_000;
/// The most professionals, and the most rooms, of one service.
const MAX_LINKS: usize = 100;
/// One million reais.
const MAX_PRICE: i64 = 100_000_000;
const DAY: u32 = 24 * 60;

/// What is needed to make a service. Times are in minutes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewService {
    name: String,
    duration_minutes: u32,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    buffer_before_minutes: u32,
    #[serde(default)]
    buffer_after_minutes: u32,
    #[serde(default)]
    price_cents: Option<i64>,
    #[serde(default = "quarter_of_an_hour")]
    granularity_minutes: u32,
    #[serde(default)]
    min_notice_minutes: u32,
    #[serde(default = "quarter_of_a_year")]
    horizon_days: u32,
    #[serde(default)]
    professionals: BTreeSet<ProfessionalId>,
    #[serde(default)]
    rooms: BTreeSet<RoomId>,
    #[serde(default)]
    confirms_itself: bool,
}

const fn quarter_of_an_hour() -> u32 {
    15
}

const fn quarter_of_a_year() -> u32 {
    90
}

impl NewService {
    /// A service that begins every quarter of an hour, can be booked at once and up to 90 days ahead, and whose bookings
    /// wait for a person.
    #[must_use]
    pub fn new(name: impl Into<String>, duration_minutes: u32) -> Self {
        Self {
            name: name.into(),
            duration_minutes,
            description: None,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            price_cents: None,
            granularity_minutes: quarter_of_an_hour(),
            min_notice_minutes: 0,
            horizon_days: quarter_of_a_year(),
            professionals: BTreeSet::new(),
            rooms: BTreeSet::new(),
            confirms_itself: false,
        }
    }

    /// What clients are told about it.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// How long whoever does it, and the room, are not free before it and after it.
    #[must_use]
    pub const fn buffers(mut self, before_minutes: u32, after_minutes: u32) -> Self {
        self.buffer_before_minutes = before_minutes;
        self.buffer_after_minutes = after_minutes;
        self
    }

    /// What it costs, in centavos.
    #[must_use]
    pub const fn price_cents(mut self, cents: i64) -> Self {
        self.price_cents = Some(cents);
        self
    }

    /// At which times it begins: every so many minutes from midnight.
    #[must_use]
    pub const fn granularity_minutes(mut self, minutes: u32) -> Self {
        self.granularity_minutes = minutes;
        self
    }

    /// How long ahead it must be booked.
    #[must_use]
    pub const fn min_notice_minutes(mut self, minutes: u32) -> Self {
        self.min_notice_minutes = minutes;
        self
    }

    /// How far ahead it can be booked.
    #[must_use]
    pub const fn horizon_days(mut self, days: u32) -> Self {
        self.horizon_days = days;
        self
    }

    /// One more who does it.
    #[must_use]
    pub fn professional(mut self, id: ProfessionalId) -> Self {
        self.professionals.insert(id);
        self
    }

    /// One more place where it can be done.
    #[must_use]
    pub fn room(mut self, id: RoomId) -> Self {
        self.rooms.insert(id);
        self
    }

    /// What contacts book is confirmed at once.
    #[must_use]
    pub const fn confirms_itself(mut self) -> Self {
        self.confirms_itself = true;
        self
    }

    pub(in crate::scheduling) fn check(self, now: Timestamp) -> Result<Service, Error> {
        let mut fields = Fields::default();
        let service = Service {
            id: ServiceId::new(now),
            name: fields.line("name", &self.name, MAX_NAME),
            description: self.description,
            duration_minutes: self.duration_minutes,
            buffer_before_minutes: self.buffer_before_minutes,
            buffer_after_minutes: self.buffer_after_minutes,
            price_cents: self.price_cents,
            granularity_minutes: self.granularity_minutes,
            min_notice_minutes: self.min_notice_minutes,
            horizon_days: self.horizon_days,
            professionals: self.professionals.into_iter().collect(),
            rooms: self.rooms.into_iter().collect(),
            confirms_itself: self.confirms_itself,
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let service = settle(&mut fields, service);
        fields.finish(service)
    }
}

/// What to change in a service; a field that is not named stays. In JSON `null` removes description and price;
/// `professionals` and `rooms` are set as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceChange {
    name: Option<String>,
    description: Change<String>,
    duration_minutes: Option<u32>,
    buffer_before_minutes: Option<u32>,
    buffer_after_minutes: Option<u32>,
    price_cents: Change<i64>,
    granularity_minutes: Option<u32>,
    min_notice_minutes: Option<u32>,
    horizon_days: Option<u32>,
    professionals: Option<BTreeSet<ProfessionalId>>,
    rooms: Option<BTreeSet<RoomId>>,
    confirms_itself: Option<bool>,
}

impl ServiceChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets or removes what clients are told about it.
    #[must_use]
    pub fn description(mut self, text: Option<String>) -> Self {
        self.description = text.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets how long it takes. Appointments that are made stay as they are, as with every change here.
    #[must_use]
    pub const fn duration_minutes(mut self, minutes: u32) -> Self {
        self.duration_minutes = Some(minutes);
        self
    }

    /// Sets how long whoever does it, and the room, are not free before it and after it.
    #[must_use]
    pub const fn buffers(mut self, before_minutes: u32, after_minutes: u32) -> Self {
        self.buffer_before_minutes = Some(before_minutes);
        self.buffer_after_minutes = Some(after_minutes);
        self
    }

    /// Sets or removes what it costs, in centavos.
    #[must_use]
    pub fn price_cents(mut self, cents: Option<i64>) -> Self {
        self.price_cents = cents.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets at which times it begins.
    #[must_use]
    pub const fn granularity_minutes(mut self, minutes: u32) -> Self {
        self.granularity_minutes = Some(minutes);
        self
    }

    /// Sets how long ahead it must be booked.
    #[must_use]
    pub const fn min_notice_minutes(mut self, minutes: u32) -> Self {
        self.min_notice_minutes = Some(minutes);
        self
    }

    /// Sets how far ahead it can be booked.
    #[must_use]
    pub const fn horizon_days(mut self, days: u32) -> Self {
        self.horizon_days = Some(days);
        self
    }

    /// Sets who does it.
    #[must_use]
    pub fn professionals(mut self, ids: impl IntoIterator<Item = ProfessionalId>) -> Self {
        self.professionals = Some(ids.into_iter().collect());
        self
    }

    /// Sets where it can be done; none when it needs no room.
    #[must_use]
    pub fn rooms(mut self, ids: impl IntoIterator<Item = RoomId>) -> Self {
        self.rooms = Some(ids.into_iter().collect());
        self
    }

    /// Sets whether what contacts book is confirmed at once.
    #[must_use]
    pub const fn confirms_itself(mut self, at_once: bool) -> Self {
        self.confirms_itself = Some(at_once);
        self
    }

    pub(in crate::scheduling) fn apply(self, service: &Service) -> Result<Service, Error> {
        let mut fields = Fields::default();
        let mut changed = service.clone();
        if let Some(name) = self.name {
            changed.name = fields.line("name", &name, MAX_NAME);
        }
        put_optional(&mut changed.description, self.description);
        put_optional(&mut changed.price_cents, self.price_cents);
        put(&mut changed.duration_minutes, self.duration_minutes);
        put(&mut changed.buffer_before_minutes, self.buffer_before_minutes);
        put(&mut changed.buffer_after_minutes, self.buffer_after_minutes);
        put(&mut changed.granularity_minutes, self.granularity_minutes);
        put(&mut changed.min_notice_minutes, self.min_notice_minutes);
        put(&mut changed.horizon_days, self.horizon_days);
        put(&mut changed.confirms_itself, self.confirms_itself);
        let collected = self.professionals.map(|ids| ids.into_iter().collect());
        put(&mut changed.professionals, collected);
        put(
            &mut changed.rooms,
            self.rooms.map(|ids| ids.into_iter().collect()),
        );
        let changed = settle(&mut fields, changed);
        fields.finish(changed)
    }
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn put_optional<T>(place: &mut Option<T>, change: Change<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => *place = None,
        Change::Set(value) => *place = Some(value),
    }
}

/// Refuses what is out of range, and puts what is written into its form.
fn settle(fields: &mut Fields, mut service: Service) -> Service {
    let description = service.description.as_deref();
    service.description = super::text(fields, "description", description, MAX_DESCRIPTION);
    for (field, value, least, most) in [
        ("duration_minutes", service.duration_minutes, 5, DAY),
        ("buffer_before_minutes", service.buffer_before_minutes, 0, 240),
        ("buffer_after_minutes", service.buffer_after_minutes, 0, 240),
        ("min_notice_minutes", service.min_notice_minutes, 0, 30 * DAY),
        ("horizon_days", service.horizon_days, 1, 730),
    ] {
        if !(least..=most).contains(&value) {
            fields.refuse(field, "invalid", format_args!("must be {least} to {most}"));
        }
    }
    let granularity = service.granularity_minutes;
    if !is_granularity(granularity) {
        fields.refuse(
            "granularity_minutes",
            "invalid",
            "must be 5 to 240 and divide the 1440 minutes of a day",
        );
    }
    if service
        .price_cents
        .is_some_and(|cents| !(0..=MAX_PRICE).contains(&cents))
    {
        fields.refuse(
            "price_cents",
            "invalid",
            format_args!("must be 0 to {MAX_PRICE} centavos"),
        );
    }
    for (field, links) in [
        ("professionals", service.professionals.len()),
        ("rooms", service.rooms.len()),
    ] {
        if links > MAX_LINKS {
            fields.refuse(
                field,
                "too_many",
                format_args!("must have at most {MAX_LINKS} entries"),
            );
        }
    }
    service
}

/// Whether a day can be divided into steps of so many minutes.
pub(in crate::scheduling) const fn is_granularity(minutes: u32) -> bool {
    minutes >= 5 && minutes <= 240 && DAY.is_multiple_of(minutes)
}
