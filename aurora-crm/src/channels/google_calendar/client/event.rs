//! Events as they travel, without what is not needed: no titles, texts, places and names of people are read.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::time::EventTime;

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum EventStatus {
    /// It does.
    #[default]
    Confirmed,
    /// It may.
    Tentative,
    /// It is deleted; of such an event nothing but its id is certain to be told.
    Cancelled,
    /// What this program does not know.
    #[serde(other)]
    Unknown,
}

/// An event of a calendar as Google tells it, as far as it is read.
///
/// `docs`: <https://developers.google.com/workspace/calendar/api/v3/reference/events>.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// Its id, which stays the same for ever.
    pub id: String,
    /// Its state for `If-Match`, quotation marks included.
    pub etag: Option<String>,
    /// Whether it takes place.
    #[serde(default)]
    pub status: EventStatus,
    /// Its beginning; none when it cannot be read.
    #[serde(default, deserialize_with = "if_readable")]
    pub start: Option<EventTime>,
    /// Its end, which is not part of it; none when it cannot be read.
    #[serde(default, deserialize_with = "if_readable")]
    pub end: Option<EventTime>,
    /// Whether it takes time of the calendar's owner.
    #[serde(default)]
    pub transparency: Transparency,
    /// Whether the calendar's owner was invited to it and has declined: it takes no time then.
    #[serde(default, rename = "attendees", deserialize_with = "has_declined")]
    pub is_declined: bool,
    /// The recurring event that it is one of.
    pub recurring_event_id: Option<String>,
    /// What programs have noted on it.
    #[serde(default)]
    pub extended_properties: ExtendedProperties,
}

impl Event {
    /// What is left of a deleted one.
    pub(in super::super) fn tombstone(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            etag: None,
            status: EventStatus::Cancelled,
            start: None,
            end: None,
            transparency: Transparency::Opaque,
            is_declined: false,
            recurring_event_id: None,
            extended_properties: ExtendedProperties::default(),
        }
    }

    /// Whether it is deleted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.status == EventStatus::Cancelled
    }

    /// A private note of a program.
    #[must_use]
    pub fn note(&self, name: &str) -> Option<&str> {
        self.extended_properties.private.get(name).map(String::as_str)
    }
}

/// The fields of an event that are asked for. Of guests nothing but which of them is the calendar's owner, and what that one
/// has answered.
pub(super) const EVENT_FIELDS: &str = "id,etag,status,start,end,transparency,recurringEventId,\
    attendees(self,responseStatus),extendedProperties/private";

/// The most guests that are told (`maxAttendees`): of those that have more, the calendar's owner alone.
pub(super) const OWN_ANSWER: &str = "1";

/// Whether an event takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Transparency {
    /// It does not: shown as free.
    Transparent,
    /// It does.
    #[default]
    #[serde(other)]
    Opaque,
}

/// One event that says its time in a way that nobody knows must not hide all others of its page.
fn if_readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EventTime>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Whether one of the guests is the calendar's owner, who does not come.
fn has_declined<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let guests = Value::deserialize(deserializer)?;
    let is = |guest: &Value, name: &str, value: Value| guest.get(name) == Some(&value);
    let declines =
        |guest: &Value| is(guest, "self", true.into()) && is(guest, "responseStatus", "declined".into());
    Ok(guests
        .as_array()
        .is_some_and(|guests| guests.iter().any(declines)))
}

/// What programs have noted on an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ExtendedProperties {
    /// What is seen on this copy of the event alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub private: BTreeMap<String, String>,
}

/// What is written of an event. What is not set stays with [`patch`](super::GoogleClient::patch), and goes with
/// [`update`](super::GoogleClient::update).
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventWrite {
    /// An id of one's own: 5 to 1,024 characters out of `a–v 0–9` (base32hex), unique in the calendar for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<EventTime>,
    /// Its end, which is not part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<EventTime>,
    /// Whether it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<EventStatus>,
    /// Private notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_properties: Option<ExtendedProperties>,
}

impl EventWrite {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it an id of one's own.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets its title.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// Sets when it is.
    #[must_use]
    pub fn time(mut self, start: EventTime, end: EventTime) -> Self {
        (self.start, self.end) = (Some(start), Some(end));
        self
    }

    /// Sets whether it takes place.
    #[must_use]
    pub const fn status(mut self, status: EventStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds a private note.
    #[must_use]
    pub fn note(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let notes = self.extended_properties.get_or_insert_default();
        notes.private.insert(name.into(), value.into());
        self
    }
}

impl std::fmt::Debug for EventWrite {
    /// Without the title.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventWrite")
            .field("id", &self.id)
            .field("start", &self.start)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
