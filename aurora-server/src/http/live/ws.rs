//! The same events over a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock as _;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::{Heard, Listener, listener};
use crate::http::Place;
use crate::http::access::{Caller, is_foreign};
use crate::http::bus::Event;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::http::watch::{Over, Watch};
use crate::state::AppState;

/// The largest message that is read; none says anything.
const LARGEST: usize = 4 * 1_024;
/// How long a client may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a client is asked whether it is still there.
const PING: Duration = Duration::from_secs(15);

/// The same events over a WebSocket, each a text message of JSON.
///
/// The first message after a gap is `{"kind":"gap","after":…}`; a client that reads too slowly gets `{"kind":"overrun"}` last
/// and is closed with 1013; whoever may not listen any more gets `{"kind":"closing","reason":…}` last and is closed with 1008.
/// What the client sends is not looked at. Pages of other origins are refused.
#[utoipa::path(get, path = "/ws", tag = "events", operation_id = "event_socket",
    params(
        ("kind" = Option<String>, Query, description = "Only these kinds, or kinds that begin with this word; with commas between"),
        ("level" = Option<String>, Query, description = "Not below `info` (unless told), `warning` or `error`"),
        ("after" = Option<u64>, Query, description = "Go on after this event"),
        ("workspace" = Option<String>, Query, description = "The workspace to act in, as `x-workspace-id`, which a page's `WebSocket` cannot send"),
    ),
    responses(
        (status = 101, description = "The connection is a WebSocket now"),
        (status = 200, description = "Each message of it", body = Event),
        (status = 404, description = "No workspace of the caller's has this id, or the header names another", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn socket(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
    headers: HeaderMap,
    params: Params,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    // A browser sends cookies along with the sockets of foreign pages, too, and asks nobody first.
    if is_foreign(&headers) {
        return Err(Problem::new(ProblemKind::ForeignOrigin));
    }
    let (listener, place) = listener(&state, &caller, &headers, params)?;
    Ok(upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .on_upgrade(move |socket| talk(socket, (listener, place), watch, state)))
}

/// What a socket waits for.
enum Met {
    Read(Option<Result<Message, axum::Error>>),
    Heard(Heard),
    Silence,
}

async fn talk(
    mut socket: WebSocket,
    (mut listener, _place): (Listener, Place),
    mut watch: Watch,
    state: AppState,
) {
    loop {
        let meeting = async {
            tokio::select! {
                biased;
                read = socket.recv() => Met::Read(read),
                heard = listener.next() => Met::Heard(heard),
                () = state.clock.sleep(PING) => Met::Silence,
            }
        };
        let message = match watch.during(meeting).await {
            Err(Over::Stopping) => return close(socket, close_code::AWAY, "the server stops", &state).await,
            Err(Over::Refused(reason)) => {
                let last = text(&json!({"kind": "closing", "reason": reason}));
                return end(socket, last, (close_code::POLICY, reason), &state).await;
            }
            Ok(Met::Read(Some(Ok(Message::Close(_)) | Err(_)) | None)) => return,
            Ok(Met::Read(Some(Ok(_)))) => continue,
            Ok(Met::Heard(Heard::Event(event))) => text(&*event),
            Ok(Met::Heard(Heard::Gap { after })) => text(&json!({"kind": "gap", "after": after})),
            Ok(Met::Heard(Heard::Overrun { after })) => {
                let last = text(&json!({"kind": "overrun", "after": after}));
                return end(socket, last, (close_code::AGAIN, "read too slowly"), &state).await;
            }
            Ok(Met::Silence) => Message::Ping(bytes::Bytes::new()),
        };
        if !send(&mut socket, message, &state).await {
            return;
        }
    }
}

fn text(value: &impl serde::Serialize) -> Message {
    // Our own types serialise.
    Message::Text(serde_json::to_string(value).unwrap_or_default().into())
}

/// Whether the client took it in time.
async fn send(socket: &mut WebSocket, message: Message, state: &AppState) -> bool {
    let clock = Arc::clone(&state.clock);
    tokio::select! {
        biased;
        sent = socket.send(message) => sent.is_ok(),
        () = clock.sleep(PATIENCE) => false,
    }
}

/// Closes after a last message.
async fn end(mut socket: WebSocket, last: Message, (code, reason): (u16, &'static str), state: &AppState) {
    if send(&mut socket, last, state).await {
        close(socket, code, reason, state).await;
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str, state: &AppState) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    };
    send(&mut socket, Message::Close(Some(frame)), state).await;
}
