//! From a request to its answer.

use serde_json::Value;

use super::Shared;
use super::faults::{Fault, Operation};
use super::wire::{Incoming, REMEMBERED, Recorded, Reply};
use super::{State, events, free_busy, listing};
use aurora_core::time::{Clock as _, Timestamp};

impl Shared {
    /// What was planned to go wrong, and the answer.
    pub(super) fn answer(&self, incoming: &Incoming) -> (Option<Fault>, Reply) {
        let now = self.clock.now();
        let mut state = self.state();
        let operation = operation(incoming);
        let fault = state.faults.next(operation);
        let mut reply = if fault.as_ref().is_none_or(Fault::lets_through) {
            respond(&mut state, operation, incoming, now)
        } else {
            Reply::empty()
        };
        if let Some(planned) = fault.as_ref().and_then(Fault::reply) {
            reply = planned;
        }
        if state.recorded.len() < REMEMBERED {
            state.recorded.push(Recorded {
                operation,
                path: incoming.path.clone(),
                query: incoming.query.clone(),
                body: incoming.json(),
                if_match: incoming.headers.get("if-match").cloned(),
                status: reply.status,
            });
        }
        (fault, reply)
    }
}

fn operation(incoming: &Incoming) -> Operation {
    let path: Vec<&str> = incoming.path.iter().map(String::as_str).collect();
    match (incoming.method.as_str(), path.as_slice()) {
        ("POST", ["token"]) => Operation::Token,
        ("GET", ["calendar", "v3", "calendars", _, "events"]) => Operation::List,
        ("POST", ["calendar", "v3", "calendars", _, "events"]) => Operation::Insert,
        ("POST", ["calendar", "v3", "calendars", _, "events", "watch"]) => Operation::Watch,
        ("GET", ["calendar", "v3", "calendars", _, "events", _]) => Operation::Get,
        ("PATCH", ["calendar", "v3", "calendars", _, "events", _]) => Operation::Patch,
        ("PUT", ["calendar", "v3", "calendars", _, "events", _]) => Operation::Update,
        ("DELETE", ["calendar", "v3", "calendars", _, "events", _]) => Operation::Delete,
        ("POST", ["calendar", "v3", "channels", "stop"]) => Operation::Stop,
        ("POST", ["calendar", "v3", "freeBusy"]) => Operation::FreeBusy,
        _ => Operation::Unknown,
    }
}

fn respond(state: &mut State, operation: Operation, incoming: &Incoming, now: Timestamp) -> Reply {
    if operation == Operation::Token {
        return state.accounts.token(incoming, now);
    }
    if operation == Operation::Unknown {
        return Reply::not_found();
    }
    if !state.accounts.lets_in(incoming, now) {
        return Reply::error(401, "global", "authError", "Invalid Credentials");
    }
    if operation == Operation::Stop {
        return state.channels.stop(&incoming.json());
    }
    if operation == Operation::FreeBusy {
        return free_busy::query(&state.calendars, &incoming.json());
    }
    let part = |index: usize| incoming.path.get(index).map_or("", String::as_str);
    let (id, event) = (part(3), part(5));
    let (may_revive, page_size) = (state.may_revive, state.page_size);
    let Some(calendar) = state.calendars.get_mut(id) else {
        return Reply::not_found();
    };
    let body = incoming.json();
    let if_match = incoming.headers.get("if-match").map(String::as_str);
    let before = calendar.sequence();
    let is_write = !matches!(operation, Operation::List | Operation::Get | Operation::Watch);
    if is_write && calendar.is_read_only {
        let message = "You need to have writer access to this calendar.";
        return Reply::error(403, "calendar", "requiredAccessLevel", message);
    }
    let reply = match operation {
        Operation::List => listing::list(calendar, incoming, page_size),
        Operation::Insert => events::insert(calendar, body, now),
        Operation::Get => events::get(calendar, event),
        Operation::Patch | Operation::Update => {
            let is_whole = operation == Operation::Update;
            events::write(calendar, event, (body, is_whole), if_match, (may_revive, now))
        }
        Operation::Delete => events::delete(calendar, event, if_match, now),
        _ => state.channels.watch(id, &body, now),
    };
    let has_changed = calendar.sequence() > before;
    if has_changed {
        state.channels.tell(id, now);
    }
    trimmed(reply, incoming)
}

/// What a `fields` parameter asks for: <https://developers.google.com/workspace/calendar/api/guides/performance#partial>.
fn trimmed(mut reply: Reply, incoming: &Incoming) -> Reply {
    let Some(fields) = incoming.query.get("fields") else {
        return reply;
    };
    if reply.status == 200
        && let Ok(whole) = serde_json::from_str::<Value>(&reply.body)
    {
        reply.body = select(&whole, fields).to_string();
    }
    reply
}

fn select(value: &Value, fields: &str) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| select(item, fields)).collect(),
        Value::Object(object) => {
            let mut kept = serde_json::Map::new();
            for field in top_level(fields) {
                let end = field.find(['/', '(']).unwrap_or(field.len());
                let (name, rest) = field.split_at(end);
                let rest = rest
                    .strip_prefix('/')
                    .or_else(|| rest.strip_prefix('(')?.strip_suffix(')'));
                if let Some(inner) = object.get(name) {
                    let inner = rest.map_or_else(|| inner.clone(), |rest| select(inner, rest));
                    kept.insert(name.to_owned(), inner);
                }
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

/// The parts between commas that are in no parentheses.
fn top_level(fields: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0_i32, 0, Vec::new());
    for (index, char) in fields.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(fields.get(begin..index));
                begin = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(fields.get(begin..));
    parts
}
