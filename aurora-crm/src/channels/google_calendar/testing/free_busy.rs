//! `freebusy.query`.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::calendars::Calendar;
use super::resource::span;
use super::wire::Reply;

pub(super) fn query(calendars: &BTreeMap<String, Calendar>, body: &Value) -> Reply {
    let time = |name: &str| {
        body[name]
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (Some(from), Some(to), Some(items)) = (time("timeMin"), time("timeMax"), body["items"].as_array())
    else {
        return Reply::invalid("required", "Required");
    };
    if to <= from {
        return Reply::error(
            400,
            "calendar",
            "timeRangeEmpty",
            "The specified time range is empty.",
        );
    }
    if items.len() > 50 {
        return Reply::error(
            400,
            "calendar",
            "tooManyCalendarsRequested",
            "Too many calendars.",
        );
    }
    let mut told = Map::new();
    for item in items {
        let id = item["id"].as_str().unwrap_or("");
        let answer = match calendars.get(id) {
            Some(calendar) => json!({"busy": busy(calendar, from, to)}),
            None => json!({"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}),
        };
        told.insert(id.to_owned(), answer);
    }
    Reply::json(&json!({"kind": "calendar#freeBusy", "timeMin": from, "timeMax": to, "calendars": told}))
}

/// What is taken, cut to the question, with what touches put together.
fn busy(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Value> {
    let mut spans: Vec<(Timestamp, Timestamp)> = calendar
        .events
        .values()
        .filter(|stored| !stored.is_cancelled())
        .filter(|stored| {
            stored
                .resource
                .get("transparency")
                .is_none_or(|it| it != "transparent")
        })
        .filter_map(|stored| span(&stored.resource, calendar.zone))
        .filter(|(start, end)| *end > from && *start < to)
        .map(|(start, end)| (start.max(from), end.min(to)))
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
        .into_iter()
        .map(|(start, end)| json!({"start": start, "end": end}))
        .collect()
}
