//! A calendar: its events as they are, with the order in which they have changed.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

pub(super) struct Calendar {
    pub(super) zone: Tz,
    pub(super) events: BTreeMap<String, Stored>,
    pub(super) is_read_only: bool,
    sequence: u64,
    /// Sync tokens of before this are not valid any more.
    pub(super) oldest_token: u64,
}

/// An event, also a deleted one: its id stays taken.
pub(super) struct Stored {
    pub(super) resource: Map<String, Value>,
    /// When it has changed, in changes of the calendar.
    pub(super) changed: u64,
    /// Forgotten: neither told in lists of changes, nor by its id.
    pub(super) is_purged: bool,
}

impl Stored {
    pub(super) fn is_cancelled(&self) -> bool {
        self.resource
            .get("status")
            .is_some_and(|status| status == "cancelled")
    }

    pub(super) fn etag(&self) -> &str {
        self.resource.get("etag").and_then(Value::as_str).unwrap_or("")
    }
}

impl Calendar {
    pub(super) const fn new(zone: Tz) -> Self {
        Self {
            zone,
            events: BTreeMap::new(),
            is_read_only: false,
            sequence: 1,
            oldest_token: 0,
        }
    }

    /// How many changes there were.
    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Counts on, without a change.
    pub(super) const fn touch(&mut self) {
        self.sequence += 1;
    }

    /// Stores an event as it is now, with what Google adds to it.
    pub(super) fn put(&mut self, id: &str, mut resource: Map<String, Value>, now: Timestamp) -> Value {
        self.sequence += 1;
        let created = resource.get("created").cloned().unwrap_or_else(|| json!(now));
        for (name, value) in [
            ("kind", json!("calendar#event")),
            ("id", json!(id)),
            ("etag", json!(format!("\"{:016}\"", self.sequence * 2))),
            ("created", created),
            ("updated", json!(now)),
            (
                "htmlLink",
                json!(format!("https://www.google.com/calendar/event?eid={id}")),
            ),
            ("iCalUID", json!(format!("{id}@google.com"))),
            ("eventType", json!("default")),
        ] {
            resource.insert(name.to_owned(), value);
        }
        let whole = Value::Object(resource.clone());
        let stored = Stored {
            resource,
            changed: self.sequence,
            is_purged: false,
        };
        self.events.insert(id.to_owned(), stored);
        whole
    }

    /// Deletes an event; what stays is told to those who ask for changes.
    pub(super) fn cancel(&mut self, id: &str, now: Timestamp) {
        let Some(stored) = self.events.get(id) else { return };
        let mut resource = stored.resource.clone();
        resource.insert("status".to_owned(), json!("cancelled"));
        self.put(id, resource, now);
    }
}
