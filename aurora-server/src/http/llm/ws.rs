//! `GET /llm/ws`: chats over one WebSocket, several at once.
//!
//! In come `{"type":"chat","id":…}` with the fields of `POST /llm/chat`, and `{"type":"cancel","id":…}`. Out go the events of
//! a streamed chat as `{"type":…,"id":…,"data":{…}}`. What waits to be sent is bounded: a client that reads slowly slows
//! the providers' streams down, and one that does not read at all is let go.

mod chats;
#[cfg(test)]
mod tests;

use std::time::Duration;

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
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::http::Places;
use crate::http::access::{Caller, is_same_origin};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::http::watch::{Over, Watch};
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
    places: Places,
    running: TaskTracker,
}

impl Default for Sockets {
    fn default() -> Self {
        Self {
            places: Places::of_callers(MOST_SOCKETS),
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

/// Opens a WebSocket for several chats at once.
///
/// The client says `{"type":"chat","id":…}` with the fields of `POST /llm/chat`, and `{"type":"cancel","id":…}`; up to 8 chats
/// may be under way, and ids have 1 to 64 bytes. The server says the events of a streamed chat as
/// `{"type":…,"id":…,"data":{…}}`, `cancelled`, and `{"type":"closing","data":{"reason":…}}` last. All are text messages of
/// JSON, with at most 64 KiB in a frame and 1 MiB in a message.
#[utoipa::path(get, path = "/ws", tag = "llm", operation_id = "chat_socket", responses(
    (status = 101, description = "The connection is a WebSocket now"),
    (status = 400, description = "The request is not the beginning of a WebSocket", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "There are too many sockets", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn open(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
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
    let place = state.sockets.places.take_for(&caller)?;
    let running = state.sockets.running.token();
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_FRAME)
        .on_failed_upgrade(|error| tracing::debug!(%error, "a socket was gone before it was open"));
    Ok(upgrade.on_upgrade(move |socket| async move {
        Box::pin(serve(socket, &state, caller, watch)).await;
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
    /// The caller may not any more.
    Refused(&'static str),
    /// Something else than text came, or more than is taken.
    Unreadable,
}

impl From<Over> for Ending {
    fn from(over: Over) -> Self {
        match over {
            Over::Stopping => Self::Stopping,
            Over::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// What a socket waits for.
enum Met {
    /// The client is gone.
    Gone,
    /// A chat has ended.
    Ended,
    Read(Option<Result<Message, axum::Error>>),
    Silence,
}

async fn serve(socket: WebSocket, state: &AppState, caller: Caller, mut watch: Watch) {
    let (sink, mut inbox) = socket.split();
    let (out, queue) = mpsc::channel(QUEUE);
    let out = Out(out);
    let reading = async move {
        let mut chats = Chats::new(state, &caller, out.clone());
        let mut heard = state.clock.elapsed();
        let ending = loop {
            let meeting = async {
                tokio::select! {
                    biased;
                    () = out.0.closed() => Met::Gone,
                    () = chats.ended() => Met::Ended,
                    message = inbox.next() => Met::Read(message),
                    () = state.clock.sleep(PING) => Met::Silence,
                }
            };
            let message = match watch.during(meeting).await {
                Ok(Met::Read(message)) => message,
                Ok(Met::Ended) => continue,
                Ok(Met::Silence) => {
                    if state.clock.elapsed().saturating_sub(heard) > SILENCE {
                        break Ending::Client;
                    }
                    // With a full queue there is enough to send.
                    drop(out.0.try_send(Message::Ping(bytes::Bytes::new())));
                    continue;
                }
                Ok(Met::Gone) => break Ending::Client,
                Err(over) => break over.into(),
            };
            heard = state.clock.elapsed();
            match message {
                Some(Ok(Message::Text(text))) => {
                    // Nothing is begun on an answer of some seconds ago.
                    if let Err(over) = watch.ask().await {
                        break over.into();
                    }
                    match watch.during(chats.take(text.as_bytes())).await {
                        Ok(Ok(())) => {}
                        Ok(Err(Gone)) => break Ending::Client,
                        Err(over) => break over.into(),
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_)) | Err(_)) => break Ending::Unreadable,
                Some(Ok(Message::Close(_))) | None => break Ending::Client,
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
        Ending::Refused(reason) => (close_code::POLICY, reason),
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
