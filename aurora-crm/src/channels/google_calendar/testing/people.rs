//! What people do in their calendars, and what becomes of calendars.

use aurora_core::time::Timestamp;
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::FakeGoogle;
use super::calendars::Calendar;
use super::resource::{merge, span};

impl FakeGoogle {
    /// A new, empty calendar in a time zone.
    pub fn calendar(&self, id: &str, zone: Tz) {
        self.shared
            .state()
            .calendars
            .insert(id.to_owned(), Calendar::new(zone));
    }

    /// Shares a calendar for reading alone, or for writing again.
    pub fn read_only(&self, calendar: &str, is_read_only: bool) {
        self.change(calendar, |calendar, _| calendar.is_read_only = is_read_only);
    }

    /// Makes all sync tokens of a calendar run out: no list tells any more of what was deleted until now.
    pub fn expire_sync_tokens(&self, calendar: &str) {
        self.change(calendar, |calendar, _| {
            calendar.oldest_token = calendar.sequence() + 1;
            // So that tokens of from now on are newer.
            calendar.touch();
        });
    }

    /// Forgets what was deleted: it is not found by its id either, which stays taken.
    pub fn forget_deleted(&self, calendar: &str) {
        self.change(calendar, |calendar, _| {
            for stored in calendar.events.values_mut() {
                stored.is_purged = stored.is_cancelled();
            }
        });
    }

    /// Somebody adds an event; gives its id.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that does not look at the event again needs no id"
    )]
    pub fn add(&self, calendar: &str, title: &str, start: Timestamp, end: Timestamp) -> String {
        let body = json!({"summary": title, "start": {"dateTime": start}, "end": {"dateTime": end}});
        self.put(calendar, body)
    }

    /// Somebody adds an event of whole days; the last is not part of it.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that does not look at the event again needs no id"
    )]
    pub fn add_days(&self, calendar: &str, title: &str, first: NaiveDate, end: NaiveDate) -> String {
        self.put(
            calendar,
            json!({"summary": title, "start": {"date": first}, "end": {"date": end}}),
        )
    }

    /// Somebody adds an event that does not take time.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that does not look at the event again needs no id"
    )]
    pub fn add_free(&self, calendar: &str, title: &str, start: Timestamp, end: Timestamp) -> String {
        let body = json!({
            "summary": title, "start": {"dateTime": start}, "end": {"dateTime": end}, "transparency": "transparent",
        });
        self.put(calendar, body)
    }

    /// Somebody adds an event that comes again after so many days each, so many times; gives the ids of the single ones.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test that does not look at the event again needs no id"
    )]
    pub fn add_series(
        &self,
        calendar: &str,
        title: &str,
        (start, end): (Timestamp, Timestamp),
        days: u32,
        times: u32,
    ) -> Vec<String> {
        let mut ids = Vec::new();
        self.change(calendar, |calendar, now| {
            let base = format!("{:020}", calendar.sequence() + 1);
            for n in 0..times {
                let shift = std::time::Duration::from_secs(u64::from(days) * 24 * 3_600) * n;
                let (start, end) = (start + shift, end + shift);
                let original: String = start.to_string().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
                let id = format!("{base}_{original}Z");
                let body = json!({
                    "summary": title, "status": "confirmed", "start": {"dateTime": start}, "end": {"dateTime": end},
                    "recurringEventId": base, "originalStartTime": {"dateTime": start},
                });
                calendar.put(&id, object(body), now);
                ids.push(id);
            }
        });
        ids
    }

    /// Somebody drags an event to another time.
    pub fn move_to(&self, calendar: &str, id: &str, start: Timestamp, end: Timestamp) {
        self.edit(
            calendar,
            id,
            json!({"start": {"dateTime": start}, "end": {"dateTime": end}}),
        );
    }

    /// Somebody changes an event: what is given is laid over it.
    pub fn edit(&self, calendar: &str, id: &str, change: Value) {
        self.change(calendar, |calendar, now| {
            if let Some(stored) = calendar.events.get(id) {
                let mut resource = stored.resource.clone();
                merge(&mut resource, object(change));
                calendar.put(id, resource, now);
            }
        });
    }

    /// Somebody deletes an event.
    pub fn remove(&self, calendar: &str, id: &str) {
        self.change(calendar, |calendar, now| calendar.cancel(id, now));
    }

    /// The event with this id, also a deleted one.
    #[must_use]
    pub fn event(&self, calendar: &str, id: &str) -> Option<Value> {
        let state = self.shared.state();
        let stored = state.calendars.get(calendar)?.events.get(id)?;
        Some(Value::Object(stored.resource.clone()))
    }

    /// The events that take place: id, beginning and end, in the order of their beginning.
    #[must_use]
    pub fn events(&self, calendar: &str) -> Vec<(String, Timestamp, Timestamp)> {
        let state = self.shared.state();
        let Some(calendar) = state.calendars.get(calendar) else {
            return Vec::new();
        };
        let standing = calendar
            .events
            .iter()
            .filter(|(_, stored)| !stored.is_cancelled());
        let mut all: Vec<_> = standing
            .filter_map(|(id, stored)| {
                let (start, end) = span(&stored.resource, calendar.zone)?;
                Some((id.clone(), start, end))
            })
            .collect();
        all.sort_by_key(|(_, start, _)| *start);
        all
    }

    fn put(&self, calendar: &str, body: Value) -> String {
        let mut id = String::new();
        self.change(calendar, |calendar, now| {
            id = format!("{:020}", calendar.sequence() + 1);
            let mut resource = object(body);
            resource.insert("status".to_owned(), json!("confirmed"));
            calendar.put(&id, resource, now);
        });
        id
    }

    /// Changes a calendar, and tells those who watch it.
    fn change(&self, id: &str, change: impl FnOnce(&mut Calendar, Timestamp)) {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        let Some(calendar) = state.calendars.get_mut(id) else {
            return;
        };
        let before = calendar.sequence();
        change(calendar, now);
        if calendar.sequence() > before {
            state.channels.tell(id, now);
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
