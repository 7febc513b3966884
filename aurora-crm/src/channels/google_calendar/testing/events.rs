//! `events.insert`, `get`, `patch`, `update` and `delete`.

use aurora_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::calendars::Calendar;
use super::resource::{check, merge};
use super::wire::Reply;

pub(super) fn insert(calendar: &mut Calendar, body: Value, now: Timestamp) -> Reply {
    let Value::Object(body) = body else {
        return Reply::invalid("parseError", "Parse Error");
    };
    let mut resource = Map::new();
    merge(&mut resource, body);
    let id = match resource.get("id").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => format!("{:020}", calendar.sequence() + 1),
    };
    let fits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte);
    if !(5..=1_024).contains(&id.len()) || !id.bytes().all(fits) {
        return Reply::invalid("invalid", "Invalid resource id value.");
    }
    if calendar.events.contains_key(&id) {
        return Reply::error(
            409,
            "global",
            "duplicate",
            "The requested identifier already exists.",
        );
    }
    if let Err(refusal) = check(&resource, calendar.zone) {
        return refusal;
    }
    resource.entry("status").or_insert_with(|| json!("confirmed"));
    Reply::json(&calendar.put(&id, resource, now))
}

pub(super) fn get(calendar: &Calendar, id: &str) -> Reply {
    match calendar.events.get(id) {
        Some(stored) if !stored.is_purged => Reply::json(&Value::Object(stored.resource.clone())),
        _ => Reply::not_found(),
    }
}

/// Lays a change over an event, or puts another in its place.
pub(super) fn write(
    calendar: &mut Calendar,
    id: &str,
    (body, is_whole): (Value, bool),
    if_match: Option<&str>,
    (may_revive, now): (bool, Timestamp),
) -> Reply {
    let Some(stored) = calendar.events.get(id).filter(|stored| !stored.is_purged) else {
        return Reply::not_found();
    };
    if let Some(refusal) = precondition(stored.etag(), if_match) {
        return refusal;
    }
    let Value::Object(mut body) = body else {
        return Reply::invalid("parseError", "Parse Error");
    };
    let was_cancelled = stored.is_cancelled();
    if was_cancelled && !may_revive {
        return Reply::error(403, "global", "forbidden", "Forbidden");
    }
    body.remove("id");
    let mut resource = if is_whole {
        let created = stored.resource.get("created").cloned();
        Map::from_iter(created.map(|created| ("created".to_owned(), created)))
    } else {
        stored.resource.clone()
    };
    merge(&mut resource, body);
    if is_whole {
        resource.entry("status").or_insert_with(|| json!("confirmed"));
    }
    if let Err(refusal) = check(&resource, calendar.zone) {
        return refusal;
    }
    Reply::json(&calendar.put(id, resource, now))
}

pub(super) fn delete(calendar: &mut Calendar, id: &str, if_match: Option<&str>, now: Timestamp) -> Reply {
    let Some(stored) = calendar.events.get(id).filter(|stored| !stored.is_purged) else {
        return Reply::not_found();
    };
    if stored.is_cancelled() {
        return Reply::error(410, "global", "deleted", "Resource has been deleted");
    }
    if let Some(refusal) = precondition(stored.etag(), if_match) {
        return refusal;
    }
    calendar.cancel(id, now);
    Reply::empty()
}

fn precondition(etag: &str, if_match: Option<&str>) -> Option<Reply> {
    let is_met = if_match.is_none_or(|expected| expected == "*" || expected == etag);
    (!is_met).then(|| Reply::error(412, "global", "conditionNotMet", "Precondition Failed"))
}
