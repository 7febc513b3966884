//! The calls on events, one after the other.

use aurora_core::http::Method;
use aurora_core::resilience::Deadline;
use serde_json::{Value, json};

use super::event::{EVENT_FIELDS, OWN_ANSWER};
use super::exchange::Call;
use super::{Event, EventWrite, GoogleClient, GoogleError};

/// The guests of an event are not written to by Google: who invites them is this program.
const SILENT: (&str, &str) = ("sendUpdates", "none");

impl GoogleClient {
    /// Makes an event (`events.insert`). With an id of one's own it can be repeated: the second is answered by `Duplicate`.
    ///
    /// # Errors
    /// See [`GoogleErrorKind`](super::GoogleErrorKind).
    pub async fn insert(
        &self,
        calendar: &str,
        event: &EventWrite,
        deadline: Deadline,
    ) -> Result<Event, GoogleError> {
        let path = ["calendars", calendar, "events"];
        let mut call = Call::new(Method::POST, &path)
            .query(SILENT.0, SILENT.1)
            .query("fields", EVENT_FIELDS)
            .body(body(event));
        if event.id.is_none() {
            call = call.once();
        }
        self.exchange.json(&self.tokens, call, deadline).await
    }

    /// One event (`events.get`), also one that is deleted as long as Google keeps it: its status is `cancelled` then.
    ///
    /// # Errors
    /// See [`GoogleErrorKind`](super::GoogleErrorKind).
    pub async fn get(&self, calendar: &str, id: &str, deadline: Deadline) -> Result<Event, GoogleError> {
        let path = ["calendars", calendar, "events", id];
        let call = Call::new(Method::GET, &path)
            .query("maxAttendees", OWN_ANSWER)
            .query("fields", EVENT_FIELDS);
        self.exchange.json(&self.tokens, call, deadline).await
    }

    /// Changes what is set in `event` (`events.patch`), if it is still at `etag`.
    ///
    /// # Errors
    /// `Changed` when it is not at the etag any more; see [`GoogleErrorKind`](super::GoogleErrorKind).
    pub async fn patch(
        &self,
        calendar: &str,
        id: &str,
        event: &EventWrite,
        etag: Option<&str>,
        deadline: Deadline,
    ) -> Result<Event, GoogleError> {
        self.write(Method::PATCH, (calendar, id), event, etag, deadline)
            .await
    }

    /// Puts `event` in place of what is there (`events.update`), if it is still at `etag`. This brings a deleted event back
    /// to life where Google lets it.
    ///
    /// # Errors
    /// As [`Self::patch`].
    pub async fn update(
        &self,
        calendar: &str,
        id: &str,
        event: &EventWrite,
        etag: Option<&str>,
        deadline: Deadline,
    ) -> Result<Event, GoogleError> {
        self.write(Method::PUT, (calendar, id), event, etag, deadline)
            .await
    }

    async fn write(
        &self,
        method: Method,
        (calendar, id): (&str, &str),
        event: &EventWrite,
        etag: Option<&str>,
        deadline: Deadline,
    ) -> Result<Event, GoogleError> {
        let path = ["calendars", calendar, "events", id];
        let call = Call::new(method, &path)
            .query(SILENT.0, SILENT.1)
            .query("fields", EVENT_FIELDS)
            .body(body(event))
            .if_match(etag);
        self.exchange.json(&self.tokens, call, deadline).await
    }

    /// Deletes an event (`events.delete`).
    ///
    /// # Errors
    /// `Gone` or `NotFound` when it is deleted already; see [`GoogleErrorKind`](super::GoogleErrorKind).
    pub async fn delete(&self, calendar: &str, id: &str, deadline: Deadline) -> Result<(), GoogleError> {
        let path = ["calendars", calendar, "events", id];
        let call = Call::new(Method::DELETE, &path).query(SILENT.0, SILENT.1);
        self.exchange.done(&self.tokens, call, deadline).await
    }
}

fn body(event: &EventWrite) -> Value {
    // What an event is made of can always be written as JSON.
    serde_json::to_value(event).unwrap_or_else(|_| json!({}))
}
