//! `events.list`: whole, and what has changed since.

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::calendars::{Calendar, Stored};
use super::resource::span;
use super::wire::{Incoming, Reply};

/// What may not stand beside a sync token.
const WHOLE_ONLY: [&str; 8] = [
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];

/// Where a page begins.
struct Cursor {
    /// How many changes there were at the first page: the sync token counts from there.
    until: u64,
    /// The change of the last event that was told.
    after: u64,
}

pub(super) fn list(calendar: &Calendar, incoming: &Incoming, page_size: usize) -> Reply {
    let query = |name: &str| incoming.query.get(name).map(String::as_str);
    if query("singleEvents") != Some("true") {
        return Reply::error(
            501,
            "fake",
            "notImplemented",
            "only single events are listed here",
        );
    }
    let since = match query("syncToken").map(|token| read_sync(calendar, token, incoming)) {
        None => None,
        Some(Ok(since)) => Some(since),
        Some(Err(refusal)) => return refusal,
    };
    let cursor = match query("pageToken").map(read_page) {
        None => Cursor {
            until: calendar.sequence(),
            after: 0,
        },
        Some(Some(cursor)) => cursor,
        Some(None) => return Reply::invalid("invalid", "Invalid page token value."),
    };
    let window = (time(query("timeMin")), time(query("timeMax")));
    let wanted = |stored: &&Stored| match since {
        Some(since) => stored.changed > since && !stored.is_purged,
        None => !stored.is_cancelled() && is_within(calendar, stored, window),
    };
    let mut found: Vec<&Stored> = calendar.events.values().filter(wanted).collect();
    found.retain(|stored| stored.changed > cursor.after);
    found.sort_by_key(|stored| stored.changed);
    let asked = query("maxResults")
        .and_then(|text| text.parse().ok())
        .unwrap_or(250_usize);
    let size = page_size.min(asked).max(1);
    let items: Vec<Value> = found.iter().take(size).map(|stored| told(stored)).collect();
    let last = found.get(size - 1).filter(|_| found.len() > size);
    let mut page = json!({
        "kind": "calendar#events", "etag": "\"p\"", "summary": "Agenda", "timeZone": calendar.zone.name(),
        "accessRole": "owner", "defaultReminders": [], "items": items,
    });
    let (name, value) = match last {
        Some(last) => ("nextPageToken", format!("{}.{}", cursor.until, last.changed)),
        None => ("nextSyncToken", format!("sync_{}", cursor.until)),
    };
    if let Some(page) = page.as_object_mut() {
        page.insert(name.to_owned(), json!(value));
    }
    Reply::json(&page)
}

/// Of a deleted event nothing but its id is certain to be told.
fn told(stored: &Stored) -> Value {
    if !stored.is_cancelled() {
        return Value::Object(stored.resource.clone());
    }
    let mut tombstone = json!({"kind": "calendar#event"});
    if let Some(tombstone) = tombstone.as_object_mut() {
        for name in ["id", "status", "etag", "recurringEventId", "originalStartTime"] {
            tombstone.extend(
                stored
                    .resource
                    .get(name)
                    .map(|value| (name.to_owned(), value.clone())),
            );
        }
    }
    tombstone
}

fn is_within(
    calendar: &Calendar,
    stored: &Stored,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> bool {
    span(&stored.resource, calendar.zone)
        .is_some_and(|(start, end)| from.is_none_or(|from| end > from) && to.is_none_or(|to| start < to))
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

fn read_page(token: &str) -> Option<Cursor> {
    let (until, after) = token.split_once('.')?;
    Some(Cursor {
        until: until.parse().ok()?,
        after: after.parse().ok()?,
    })
}

fn read_sync(calendar: &Calendar, token: &str, incoming: &Incoming) -> Result<u64, Reply> {
    if WHOLE_ONLY.iter().any(|name| incoming.query.contains_key(*name)) {
        let message = "Sync token cannot be combined with other query restrictions.";
        return Err(Reply::error(
            400,
            "calendar",
            "syncTokenWithNonDefaultOrdering",
            message,
        ));
    }
    if incoming
        .query
        .get("showDeleted")
        .is_some_and(|show| show == "false")
    {
        return Err(Reply::invalid(
            "invalid",
            "Deletions are part of what has changed.",
        ));
    }
    let since = token
        .strip_prefix("sync_")
        .and_then(|number| number.parse::<u64>().ok());
    let gone = || {
        let message = "Sync token is no longer valid, a full sync is required.";
        Reply::error(410, "calendar", "fullSyncRequired", message)
    };
    since
        .filter(|since| *since >= calendar.oldest_token)
        .ok_or_else(gone)
}
