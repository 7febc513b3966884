//! Listing events, whole or what has changed since.

use aurora_core::http::Method;
use aurora_core::resilience::Deadline;
use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::event::{EVENT_FIELDS, OWN_ANSWER};
use super::exchange::Call;
use super::{Event, GoogleClient, GoogleError};

/// The most events of a page (`maxResults`); Google takes up to 2,500 and may give fewer.
const PAGE: u32 = 250;

/// Which events to list: always the single instances of recurring ones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventList {
    /// All that end after the first time and begin before the second.
    Whole(Timestamp, Timestamp),
    /// What has changed since this sync token was given, deletions included.
    Since(String),
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventPage {
    /// The events; a page may have none.
    #[serde(default)]
    pub items: Vec<Event>,
    /// The time zone of the calendar, by its IANA name.
    pub time_zone: Option<String>,
    /// Asks for the next page.
    pub next_page_token: Option<String>,
    /// Asks for what changes from now on; on the last page alone.
    pub next_sync_token: Option<String>,
}

impl GoogleClient {
    /// One page of events (`events.list`).
    ///
    /// # Errors
    /// `FullSyncRequired` when the sync token has run out; see [`GoogleErrorKind`](super::GoogleErrorKind).
    pub async fn list(
        &self,
        calendar: &str,
        list: &EventList,
        page_token: Option<&str>,
        deadline: Deadline,
    ) -> Result<EventPage, GoogleError> {
        let path = ["calendars", calendar, "events"];
        let fields = format!("timeZone,nextPageToken,nextSyncToken,items({EVENT_FIELDS})");
        let mut call = Call::new(Method::GET, &path)
            .query("singleEvents", "true")
            .query("maxResults", PAGE.to_string())
            .query("maxAttendees", OWN_ANSWER)
            .query("fields", fields);
        call = match list {
            EventList::Whole(from, to) => call
                .query("timeMin", from.to_string())
                .query("timeMax", to.to_string()),
            EventList::Since(token) => call.query("syncToken", token.as_str()),
        };
        if let Some(token) = page_token {
            call = call.query("pageToken", token);
        }
        self.exchange.json(&self.tokens, call, deadline).await
    }
}
