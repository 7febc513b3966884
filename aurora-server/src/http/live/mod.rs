//! `/api/v1/events`: what happens, as it happens (server-sent events and WebSocket), and the log of it.

#[cfg(test)]
mod tests;
mod ws;

use std::sync::Arc;

use aurora_core::time::Timestamp;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::bus::{Event, Filter, Heard, Level, Listener, Sight};
use super::extract::Params;
use super::problem::{Problem, ProblemBody, ProblemKind};
use super::watch::Watch;
use super::{Mount, Place, Routes, sse};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::streams("/api/v1/events", streams),
    Mount::answers("/api/v1/events", answers),
];

/// Members of a workspace who may see what happens there; operators see the installation's events too.
const SEE: Access = Access::Server(Right::EventRead);
/// The most kinds that a filter names.
const MOST_KINDS: usize = 20;
/// How soon a listener that was cut off comes back.
const RETRY: &[u8] = b"retry: 2000\n\n";

fn streams() -> Routes {
    Routes::new()
        .listened(SEE, routes!(stream))
        .listened(SEE, routes!(ws::socket))
}

fn answers() -> Routes {
    Routes::new().route(SEE, routes!(log))
}

/// What this caller sees of what they want.
fn filter(state: &AppState, caller: &Caller, params: &mut Params) -> Filter {
    let is_operator = caller.alive().map_or_else(
        || caller.workspace() == state.workspace,
        |alive| alive.is_administrator,
    );
    let sight = if is_operator {
        Sight::Installation(caller.workspace())
    } else {
        Sight::Workspace(caller.workspace())
    };
    let kinds: Vec<String> = params
        .take::<String>("kind", "kinds or their first words, with commas between")
        .map(|text| text.split(',').map(|kind| kind.trim().to_owned()).collect())
        .unwrap_or_default();
    if kinds.len() > MOST_KINDS || kinds.iter().any(|kind| kind.is_empty() || kind.len() > 64) {
        params.refuse(
            "kind",
            "at most 20 kinds or first words of them, with commas between",
        );
    }
    Filter {
        sight,
        kinds,
        least: params
            .take("level", "info, warning or error")
            .unwrap_or(Level::Info),
    }
}

/// Where to go on: the header that browsers send by themselves, or the parameter.
fn resumed(headers: &HeaderMap, params: &mut Params) -> Option<u64> {
    let after = params.take::<u64>("after", "the id of an event");
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    // What is no id of ours says that something was heard, and nothing of it is known here.
    header.map(|text| text.trim().parse().unwrap_or(0)).or(after)
}

/// What happens, as it happens.
///
/// Events have the name of their kind, their id and the particulars as data. `Last-Event-ID` (or `after`) goes on after an
/// event; when some in between are no longer kept, the first event is `gap`. A listener that falls too far behind hears
/// `overrun` last and is cut off. Whoever may not listen any more hears `closing` last, with the `reason`. Kinds: `alert.*`,
/// `silence.*`, `channel.*`, `delivery.*`, `provider.state`, `llm.fallback`, `request.failed`.
#[utoipa::path(get, path = "/", tag = "events", operation_id = "event_stream",
    params(
        ("kind" = Option<String>, Query, description = "Only these kinds, or kinds that begin with this word; with commas between"),
        ("level" = Option<String>, Query, description = "Not below `info` (unless told), `warning` or `error`"),
        ("after" = Option<u64>, Query, description = "Go on after this event, as `Last-Event-ID` does"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event"),
        ("workspace" = Option<String>, Query, description = "The workspace to act in, as `x-workspace-id`, which an `EventSource` cannot send"),
    ),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No workspace of the caller's has this id, or the header names another", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn stream(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let (listener, place) = listener(&state, &caller, &headers, params)?;
    let reader = Reader {
        listener,
        greeting: Some(Bytes::from_static(RETRY)),
        is_over: false,
        _place: place,
    };
    Ok(sse::watched(unfold(reader, Reader::next), watch))
}

/// A listener as the request describes it, with its place.
fn listener(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    mut params: Params,
) -> Result<(Listener, Place), Problem> {
    let filter = filter(state, caller, &mut params);
    let after = resumed(headers, &mut params);
    params.pass("workspace");
    params.finish()?;
    let place = state.bus.places.take_for(caller)?;
    Ok((state.bus.subscribe(filter, after), place))
}

struct Reader {
    listener: Listener,
    greeting: Option<Bytes>,
    is_over: bool,
    _place: Place,
}

impl Reader {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(greeting) = self.greeting.take() {
            return Some((greeting, self));
        }
        if self.is_over {
            return None;
        }
        let piece = match self.listener.next().await {
            Heard::Event(event) => {
                let json = serde_json::to_string(&*event).unwrap_or_else(|_| "null".to_owned());
                Bytes::from(format!(
                    "id: {}\nevent: {}\ndata: {json}\n\n",
                    event.id, event.kind
                ))
            }
            Heard::Gap { after } => sse::event("gap", &json!({"after": after})),
            Heard::Overrun { after } => {
                self.is_over = true;
                sse::event("overrun", &json!({"after": after}))
            }
        };
        Some((piece, self))
    }
}

/// One page of the log.
#[derive(Debug, Serialize, ToSchema)]
struct EventPage {
    /// The newest first.
    #[schema(value_type = Vec<Event>)]
    items: Vec<Arc<Event>>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// What happened lately in this process, the newest first; the last 2,000 events are kept.
#[utoipa::path(get, path = "/log", tag = "events", operation_id = "event_log",
    params(
        ("kind" = Option<String>, Query, description = "Only these kinds, or kinds that begin with this word; with commas between"),
        ("level" = Option<String>, Query, description = "Not below `info` (unless told), `warning` or `error`"),
        ("since" = Option<String>, Query, description = "Not before this time (RFC 3339)"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page; `next` is null on the last", body = EventPage),
    ))]
async fn log(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<EventPage>, Problem> {
    const SCOPE: &str = "events";
    let filter = filter(&state, &caller, &mut params);
    let since = params.take::<Timestamp>("since", "a time such as 2026-07-01T12:00:00Z");
    let page = params.page();
    let before = params.key::<u64>(&page, SCOPE);
    params.finish()?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let rows = state.bus.log(&filter, before, since, limit.saturating_add(1));
    let page = aurora_core::page::Page::from_rows(rows, &page, SCOPE, |event| event.id)
        .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    Ok(axum::Json(EventPage {
        items: page.items,
        next: page.next.map(|next| next.to_string()),
    }))
}
