//! `GET /llm/ws`: chats over one WebSocket, several at once.
//!
//! In come `{"type":"chat","id":…}` with the fields of `POST /llm/chat`, and `{"type":"cancel","id":…}`. Out go the events of
//! a streamed chat as `{"type":…,"id":…,"data":{…}}`. What waits to be sent is bounded: a client that reads slowly slows
//! the providers' streams down, and one that does not read at all is let go.

mod chats;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::policy::Kind;
use aurora_core::time::Clock as _;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::response::Response;
use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::TaskTracker;

use crate::http::access::{Caller, is_same_origin};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;
use chats::Chats;

/// The most sockets of this server.
const MOST_SOCKETS: usize = 512;
const MAX_FRAME: usize = 64 * 1_024;
const MAX_MESSAGE: usize = 1_024 * 1_024;
/// A ping goes out after this much silence.
const PING: Duration = Duration::from_secs(20);
/// A client that says nothing for so long, not even to a ping, is gone.
const SILENCE: Duration = Duration::from_secs(70);
/// How long a client may take to take one message.
const STALLED: Duration = Duration::from_secs(60);
/// How long the last message may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// Events that wait to be sent.
const QUEUE: usize = 32;

/// The sockets of an app; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    places: Arc<Semaphore>,
    running: TaskTracker,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST_SOCKETS)),
            running: TaskTracker::new(),
        }
    }
}

impl Sockets {
    /// Waits until every socket is closed, after the app has been told to stop.
    pub(crate) async fn closed(&self) {
        self.running.close();
        self.running.wait().await;
    }
}

/// Opens a socket.
pub(super) async fn open(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        Problem::new(ProblemKind::BadRequest).detail("this address takes WebSocket connections")
    })?;
    // A browser sends its cookies along whatever page opens the socket; a page cannot set these headers.
    let shows_itself = headers.contains_key(AUTHORIZATION)
        || headers.contains_key("x-api-key")
        || headers.contains_key("api-key");
    if !shows_itself && headers.contains_key(ORIGIN) && !is_same_origin(&headers) {
        return Err(
            Problem::new(ProblemKind::ForeignOrigin).detail("pages of another origin may not connect")
        );
    }
    let place = Arc::clone(&state.sockets.places).try_acquire_owned();
    let place = place.map_err(|_| Problem::new(ProblemKind::Unavailable).retry_after(PING))?;
    let running = state.sockets.running.token();
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_FRAME)
        .on_failed_upgrade(|error| tracing::debug!(%error, "a socket was gone before it was open"));
    Ok(upgrade.on_upgrade(move |socket| async move {
        Box::pin(serve(socket, &state, caller)).await;
        drop((place, running));
    }))
}

/// Where events go; the client takes them at its own pace.
#[derive(Clone)]
struct Out(mpsc::Sender<Message>);

/// The client is gone.
struct Gone;

impl Out {
    async fn send(&self, name: &str, id: Option<&str>, data: &Value) -> Result<(), Gone> {
        let event = json!({"type": name, "id": id, "data": data}).to_string();
        self.message(Message::Text(event.into())).await
    }

    async fn message(&self, message: Message) -> Result<(), Gone> {
        self.0.send(message).await.map_err(|_| Gone)
    }
}

/// Why a socket ends.
#[derive(Clone, Copy)]
enum Ending {
    /// The client closed it, or is gone.
    Client,
    /// The server stops.
    Stopping,
    /// The session or key is not good any more.
    Unauthenticated,
    /// Something else than text came, or more than is taken.
    Unreadable,
}

async fn serve(socket: WebSocket, state: &AppState, caller: Caller) {
    let (sink, mut inbox) = socket.split();
    let (out, queue) = mpsc::channel(QUEUE);
    let out = Out(out);
    let reading = async move {
        let mut chats = Chats::new(state, &caller, out.clone());
        let mut heard = state.clock.elapsed();
        let ending = loop {
            tokio::select! {
                biased;
                () = state.stop.cancelled() => break Ending::Stopping,
                () = out.0.closed() => break Ending::Client,
                () = chats.ended() => {}
                message = inbox.next() => {
                    heard = state.clock.elapsed();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            let taking = async {
                                if !is_still_good(state, &caller).await {
                                    return Err(Ending::Unauthenticated);
                                }
                                chats.take(text.as_bytes()).await.map_err(|Gone| Ending::Client)
                            };
                            let taken = tokio::select! {
                                biased;
                                () = state.stop.cancelled() => Err(Ending::Stopping),
                                taken = taking => taken,
                            };
                            if let Err(ending) = taken {
                                break ending;
                            }
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Binary(_)) | Err(_)) => break Ending::Unreadable,
                        Some(Ok(Message::Close(_))) | None => break Ending::Client,
                    }
                }
                () = state.clock.sleep(PING) => {
                    if state.clock.elapsed().saturating_sub(heard) > SILENCE {
                        break Ending::Client;
                    }
                    // With a full queue there is enough to send.
                    drop(out.0.try_send(Message::Ping(bytes::Bytes::new())));
                }
            }
        };
        drop(chats); // ends the calls at the providers
        farewell(&out, ending, state).await;
    };
    tokio::join!(reading, write(sink, queue, state));
}

/// Sends what waits to be sent, until nobody sends any more or the client does not take it.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Message>,
    state: &AppState,
) {
    let hurried = || async {
        state.stop.cancelled().await;
        state.clock.sleep(FAREWELL).await;
    };
    while let Some(message) = queue.recv().await {
        let sent = tokio::select! {
            biased;
            sent = sink.send(message) => sent.is_ok(),
            () = state.clock.sleep(STALLED) => false,
            () = hurried() => false,
        };
        if !sent {
            return;
        }
    }
    tokio::select! {
        biased;
        _ = sink.close() => {}
        () = state.clock.sleep(FAREWELL) => {}
    }
}

/// The last event, and why there is no further one.
async fn farewell(out: &Out, ending: Ending, state: &AppState) {
    let (code, reason) = match ending {
        Ending::Client => return,
        Ending::Stopping => (close_code::AWAY, "server_stopping"),
        Ending::Unauthenticated => (close_code::POLICY, "unauthenticated"),
        Ending::Unreadable => (close_code::UNSUPPORTED, "unreadable"),
    };
    let last = async {
        let data = json!({"reason": reason});
        out.send("closing", None, &data).await?;
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        out.message(Message::Close(Some(frame))).await
    };
    tokio::select! {
        biased;
        _ = last => {}
        () = state.clock.sleep(FAREWELL) => {}
    }
}

/// Whether the session or the key by which the socket was opened is good still: a socket outlives tokens.
async fn is_still_good(state: &AppState, caller: &Caller) -> bool {
    let accounts = state.doors.accounts();
    if let Some(alive) = caller.alive() {
        return accounts.check(&caller.context(), alive.session).await.is_ok();
    }
    if caller.principal().kind() != Kind::ApiKey {
        return true;
    }
    let Ok(id) = caller.principal().id().parse() else {
        return false;
    };
    let key = accounts.api_keys().get(&caller.context(), id).await;
    key.is_ok_and(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > state.clock.now()))
}
