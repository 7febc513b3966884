//! The open line of a visitor: a WebSocket (RFC 6455) with texts of JSON.
//!
//! The page says `{"type":"hello","token":…,"after":…}` first, because browsers show no headers of their own here, and the
//! address of a line stands in logs. Then `{"type":"message","key":…,"text":…}` posts. The server says `ready`, `messages`
//! (as a poll answers), `posted`, `refused` and, before it ends the line, `bye` with a reason.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock as _;
use aurora_crm::ErrorKind;
use aurora_crm::channels::web_chat::VisitorMessage;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::visitors::refused;
use crate::http::access::Visitor;
use crate::http::layers::pace::Class;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::http::{Place, network_of};
use crate::state::AppState;

const MAX_FRAME: usize = 64 * 1024;
const MAX_MESSAGE: usize = 1024 * 1024;
/// How often the other side is asked whether it is there, and after which silence it is not.
const PING: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);
/// How long the other side may take to say who it is, and to take what is sent to it.
const HELLO: Duration = Duration::from_secs(10);
const SEND: Duration = Duration::from_secs(10);
/// How long one look waits for messages.
const WAIT: Duration = Duration::from_secs(30);
const MOST: u32 = 100;

/// What a page says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Hello {
        token: String,
        #[serde(default)]
        after: i64,
    },
    Message {
        key: String,
        text: String,
        choice: Option<String>,
        name: Option<String>,
    },
}

/// Opens a line, a WebSocket: messages come as they are sent.
///
/// The page says `{"type":"hello","token":…,"after":…}` first, within 10 s, and `{"type":"message","key":…,"text":…}` to post.
/// The server says `ready`, `messages` (as a poll answers), `posted`, `refused` and, before it ends the line, `bye` with a
/// reason. Only pages of this server, and those that `server.cors_origins` names, may open one.
#[utoipa::path(get, path = "/line", tag = "web chat", operation_id = "visit_line", responses(
    (status = 101, description = "The connection is a WebSocket now"),
    (status = 503, description = "There are too many lines", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn open(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    if !is_welcome(&headers, &state.settings.server.cors_origins) {
        return Err(Problem::new(ProblemKind::ForeignOrigin));
    }
    let network = visitor.origin.map(network_of);
    let place = state.reception.lines.take(network.as_deref(), None)?;
    let upgrade = upgrade.max_frame_size(MAX_FRAME).max_message_size(MAX_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| Box::pin(Line::serve(state, socket, (place, visitor.origin)))))
}

/// Whether the page may speak here. Programs say no origin.
fn is_welcome(headers: &HeaderMap, listed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else { return false };
    if listed
        .iter()
        .any(|one| one == "*" || one.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let uri = origin.parse::<Uri>().ok();
    let authority = uri.as_ref().and_then(Uri::authority).map(|it| it.as_str());
    authority.is_some() && authority == host
}

/// Why a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The other side has gone, or does not take what is sent.
    Gone,
    /// The server stops.
    Stopping,
    /// The token does not count, or the chat is off.
    Unauthenticated,
    /// What was said is not understood.
    Unreadable,
    /// It said nothing for too long.
    Silent,
    /// The database does not answer.
    Failed,
}

impl End {
    const fn told(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Gone => None,
            Self::Stopping => Some((close_code::AWAY, "stopping")),
            Self::Unauthenticated => Some((close_code::POLICY, "unauthenticated")),
            Self::Unreadable => Some((close_code::POLICY, "unreadable")),
            Self::Silent => Some((close_code::POLICY, "silent")),
            Self::Failed => Some((close_code::ERROR, "failed")),
        }
    }
}

struct Line {
    state: AppState,
    socket: WebSocket,
    /// Whom its messages count for.
    origin: Option<IpAddr>,
    _place: Place,
}

impl Line {
    async fn serve(state: AppState, socket: WebSocket, (place, origin): (Place, Option<IpAddr>)) {
        let mut line = Self {
            state,
            socket,
            origin,
            _place: place,
        };
        let end = line.run().await.err().unwrap_or(End::Gone);
        tracing::debug!(?end, "the line of a visitor has ended");
        if let Some((code, reason)) = end.told()
            && line.say(&json!({"type": "bye", "reason": reason})).await.is_ok()
        {
            let close = CloseFrame {
                code,
                reason: reason.into(),
            };
            // Whether it arrives is of no interest any more.
            drop(tokio::time::timeout(SEND, line.socket.send(Message::Close(Some(close)))).await);
        }
    }

    async fn run(&mut self) -> Result<(), End> {
        let (token, mut after) = self.hello().await?;
        let chat = self.state.reception.web_chat.clone();
        // Looks before it says that it is ready, so that a token that does not count hears of it at once.
        let first = chat
            .poll(&token, after, MOST, Duration::ZERO)
            .await
            .map_err(|error| end_of(&error))?;
        self.say(&json!({"type": "ready", "after": after})).await?;
        if !first.items.is_empty() {
            self.say(&json!({"type": "messages", "items": first.items, "after": first.after}))
                .await?;
        }
        after = first.after;
        let clock = Arc::clone(&self.state.clock);
        let stop = self.state.stop.clone();
        let (mut heard, mut pinged) = (clock.elapsed(), clock.elapsed());
        loop {
            let until_ping = (pinged + PING).saturating_sub(clock.elapsed());
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(End::Stopping),
                said = self.socket.recv() => {
                    heard = clock.elapsed();
                    match said {
                        Some(Ok(Message::Text(text))) => self.take(&token, text.as_str()).await?,
                        Some(Ok(Message::Binary(_))) => return Err(End::Unreadable),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                    }
                }
                found = chat.poll(&token, after, MOST, WAIT) => {
                    let found = found.map_err(|error| end_of(&error))?;
                    after = found.after;
                    if !found.items.is_empty() {
                        self.say(&json!({"type": "messages", "items": found.items, "after": after})).await?;
                    }
                }
                () = clock.sleep(until_ping) => {
                    if clock.elapsed().saturating_sub(heard) >= SILENCE {
                        return Err(End::Silent);
                    }
                    pinged = clock.elapsed();
                    self.send(Message::Ping(bytes::Bytes::new())).await?;
                }
            }
        }
    }

    /// Who it is.
    async fn hello(&mut self) -> Result<(String, i64), End> {
        let (clock, stop) = (Arc::clone(&self.state.clock), self.state.stop.clone());
        let said = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(End::Stopping),
            said = self.socket.recv() => said,
            () = clock.sleep(HELLO) => return Err(End::Silent),
        };
        let Some(Ok(Message::Text(text))) = said else {
            return Err(End::Unreadable);
        };
        match serde_json::from_str(text.as_str()) {
            Ok(Said::Hello { token, after }) if after >= 0 => Ok((token, after)),
            _ => Err(End::Unreadable),
        }
    }

    /// Does what the page asks for.
    async fn take(&mut self, token: &str, text: &str) -> Result<(), End> {
        let Ok(Said::Message {
            key,
            text,
            choice,
            name,
        }) = serde_json::from_str(text)
        else {
            return Err(End::Unreadable);
        };
        let mut message = VisitorMessage::text(&key, text);
        if let Some(choice) = choice {
            message = message.choice(choice);
        }
        if let Some(name) = name {
            message = message.name(name);
        }
        let posted = match self.state.pace.of_address(Class::Visitor, self.origin).await {
            Ok(_) => match self.state.reception.web_chat.post(token, &message).await {
                Err(error) if is_of_session(&error) => return Err(end_of(&error)),
                posted => posted.map_err(refused),
            },
            Err(problem) => Err(problem),
        };
        let answer = match posted {
            Ok(posted) => json!({"type": "posted", "key": key, "message": posted}),
            Err(problem) => json!({"type": "refused", "key": key, "code": problem.kind().code(),
                "detail": problem.text(), "errors": problem.field_errors()}),
        };
        self.say(&answer).await
    }

    async fn say(&mut self, what: &Value) -> Result<(), End> {
        self.send(Message::text(what.to_string())).await
    }

    /// Whoever takes nothing for too long is let go: nothing piles up here.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match tokio::time::timeout(SEND, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

fn is_of_session(error: &aurora_crm::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::NotFound)
}

fn end_of(error: &aurora_crm::Error) -> End {
    if is_of_session(error) {
        return End::Unauthenticated;
    }
    tracing::warn!(%error, "messages of a visitor cannot be read");
    End::Failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_and_those_that_are_named_are_welcome() {
        let welcome = |origin: Option<&str>, listed: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "aurora.example".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            let listed: Vec<String> = listed.iter().map(|&one| one.to_owned()).collect();
            is_welcome(&headers, &listed)
        };
        assert!(welcome(None, &[]), "a program");
        assert!(welcome(Some("https://aurora.example"), &[]));
        assert!(!welcome(Some("https://evil.example"), &[]));
        assert!(!welcome(Some("null"), &["https://clinic.example"]));
        assert!(welcome(
            Some("https://clinic.example"),
            &["https://clinic.example"]
        ));
        assert!(welcome(Some("https://anybody.example"), &["*"]));
    }
}
