//! What makes an event, and when it is.

use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::super::EventTime;
use super::wire::Reply;

/// Beginning and end as instants.
pub(super) fn span(resource: &Map<String, Value>, zone: Tz) -> Option<(Timestamp, Timestamp)> {
    let instant = |name: &str| -> Option<Timestamp> {
        let time: EventTime = serde_json::from_value(resource.get(name)?.clone()).ok()?;
        time.instant(zone)
    };
    instant("start").zip(instant("end"))
}

/// Refuses what Google refuses.
pub(super) fn check(resource: &Map<String, Value>, zone: Tz) -> Result<(), Reply> {
    for name in ["start", "end"] {
        let time = resource.get(name).filter(|time| time.is_object());
        let Some(time) = time else {
            return Err(Reply::invalid("required", &format!("Missing {name} time.")));
        };
        if time["date"].is_string() == time["dateTime"].is_string() {
            return Err(Reply::invalid("invalid", &format!("Invalid {name} time.")));
        }
    }
    let is_day = |name: &str| resource.get(name).is_some_and(|time| time["date"].is_string());
    match span(resource, zone) {
        _ if is_day("start") != is_day("end") => Err(Reply::invalid("invalid", "Invalid start time.")),
        None => Err(Reply::invalid(
            "required",
            "Missing time zone definition for start time.",
        )),
        Some((start, end)) if end <= start => {
            let message = "The specified time range is empty.";
            Err(Reply::error(400, "calendar", "timeRangeEmpty", message))
        }
        Some(_) => Ok(()),
    }
}

/// Lays `change` over `resource`: null removes (RFC 7396).
pub(super) fn merge(resource: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        match (value, resource.get_mut(&name)) {
            (Value::Null, _) => drop(resource.remove(&name)),
            (Value::Object(change), Some(Value::Object(inner))) => merge(inner, change),
            (Value::Object(change), _) => {
                let mut inner = Map::new();
                merge(&mut inner, change);
                resource.insert(name, Value::Object(inner));
            }
            (value, _) => drop(resource.insert(name, value)),
        }
    }
}
