//! What changes in the conversations of a workspace, as server-sent events with a position that a client comes back with.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;
use aurora_crm::Context;
use aurora_crm::conversations::{Change, Conversations};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::stream::unfold;
use serde_json::json;

use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::watch::Watch;
use crate::http::{Place, sse};
use crate::state::AppState;

/// The most changes of one piece.
const MOST: u32 = 100;
/// How long one look waits for a change.
const WAIT: Duration = Duration::from_secs(30);
/// Who takes longer for one piece is cut off: it comes back with its position and misses nothing.
const SLOW: Duration = Duration::from_secs(30);
/// How long one stream lasts.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Every change of a conversation or message as it happens.
///
/// Events: `ready` (first: where the order of changes stands), `conversation` and `message` (something is new or has changed:
/// read it with its id), and at the end one of `cut_off` (the client took too long), `renew` (come back: a stream lasts a quarter
/// of an hour), `failed` (the database does not answer) and `closing` (the caller may not listen any more; `reason` says why).
/// Each but `closing` has an id: whoever comes back with it in
/// `Last-Event-ID`, as browsers do by themselves, or in `after`, misses nothing. A conversation or message appears once, at its
/// last change. The stream ends when the server stops.
#[utoipa::path(get, path = "/", tag = "conversations", operation_id = "conversation_events",
    params(
        ("after" = Option<i64>, Query, description = "The id of the last event that was seen; from now on unless told"),
        ("Last-Event-ID" = Option<i64>, Header, description = "The same, and it comes first"),
        ("workspace" = Option<String>, Query, description = "The workspace to act in, as `x-workspace-id`, which an `EventSource` cannot send"),
    ),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No workspace of the caller's has this id, or the header names another", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn events(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = sse::position(&headers, &mut params);
    params.pass("workspace");
    params.finish()?;
    let place = state.reception.listeners.take_for(&caller)?;
    let listener = Listener::new(&state, caller.context(), after, Some(place)).await?;
    let pieces = unfold(listener, |mut listener| async move {
        Some((listener.next().await?, listener))
    });
    Ok(sse::watched(pieces, watch))
}

/// One client that listens. It holds a position and nothing of what it has yet to tell.
struct Listener {
    conversations: Conversations,
    context: Context,
    after: i64,
    clock: Arc<dyn Clock>,
    began: Duration,
    /// When the last piece was handed out; `None` before the first.
    handed: Option<Duration>,
    is_over: bool,
    _place: Option<Place>,
}

impl Listener {
    async fn new(
        state: &AppState,
        context: Context,
        after: Option<i64>,
        place: Option<Place>,
    ) -> Result<Self, Problem> {
        let conversations = state.crm.conversations().clone();
        let last = conversations.last_change(&context).await?;
        Ok(Self {
            // A position beyond the end is one of another database: it would wait for ever.
            after: after.map_or(last, |after| after.min(last)),
            conversations,
            context,
            clock: Arc::clone(&state.clock),
            began: state.clock.elapsed(),
            handed: None,
            is_over: false,
            _place: place,
        })
    }

    /// The next piece, once the client has taken the one before.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let asked = self.clock.elapsed();
        let Some(handed) = self.handed.replace(asked) else {
            return Some(sse::numbered(self.after, "ready", &json!({"after": self.after})));
        };
        if asked.saturating_sub(handed) > SLOW {
            return Some(self.end("cut_off"));
        }
        let piece = self.look().await;
        self.handed = Some(self.clock.elapsed());
        Some(piece)
    }

    async fn look(&mut self) -> Bytes {
        loop {
            let left = LIFE.saturating_sub(self.clock.elapsed().saturating_sub(self.began));
            if left.is_zero() {
                return self.end("renew");
            }
            let waiting =
                self.conversations
                    .wait_for_changes(&self.context, self.after, MOST, WAIT.min(left));
            match waiting.await {
                Ok(found) if found.items.is_empty() => self.after = found.after,
                Ok(found) => {
                    self.after = found.after;
                    let mut piece = BytesMut::new();
                    found
                        .items
                        .iter()
                        .for_each(|change| piece.extend_from_slice(&told(change)));
                    return piece.freeze();
                }
                Err(error) => {
                    tracing::warn!(%error, "changes of conversations cannot be read");
                    return self.end("failed");
                }
            }
        }
    }

    /// The last event.
    fn end(&mut self, why: &str) -> Bytes {
        self.is_over = true;
        sse::numbered(self.after, why, &json!({"after": self.after}))
    }
}

fn told(change: &Change) -> Bytes {
    let (name, data) = match change.message {
        Some(message) => (
            "message",
            json!({"conversation_id": change.conversation, "message_id": message}),
        ),
        None => ("conversation", json!({"conversation_id": change.conversation})),
    };
    sse::numbered(change.seq, name, &data)
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;
    use aurora_crm::channels::web_chat::VisitorMessage;

    use super::*;
    use crate::http::testing::{Server, within};

    async fn listener(server: &Server, clock: &ManualClock) -> Listener {
        let state = server.state.with(|parts| parts.clock = Arc::new(clock.clone()));
        let context = Context::new(state.workspace, "test");
        Listener::new(&state, context, Some(0), None).await.unwrap()
    }

    #[tokio::test]
    async fn who_takes_too_long_is_cut_off_with_its_position() {
        let server = Server::with([]).await;
        let clock = ManualClock::default();
        let mut slow = listener(&server, &clock).await;
        let ready = slow.next().await.unwrap();
        assert!(ready.starts_with(b"id: 0\nevent: ready\n"), "{ready:?}");
        clock.advance(SLOW + Duration::from_millis(1));
        let last = slow.next().await.unwrap();
        assert!(last.starts_with(b"id: 0\nevent: cut_off\n"), "{last:?}");
        assert!(slow.next().await.is_none());
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_stream_lasts_so_long_and_not_longer() {
        let server = Server::with([]).await;
        let clock = ManualClock::default();
        let mut old = listener(&server, &clock).await;
        old.began = Duration::ZERO;
        assert!(old.next().await.is_some());
        clock.advance(LIFE);
        old.handed = Some(clock.elapsed());
        let last = within(old.next()).await.unwrap();
        assert!(last.starts_with(b"id: 0\nevent: renew\n"), "{last:?}");
        assert!(old.next().await.is_none());
        server.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_wait_for_changes_is_not_held_against_the_client() {
        let server = Server::with([]).await;
        let clock = ManualClock::default();
        let mut quick = listener(&server, &clock).await;
        assert!(quick.next().await.is_some());
        let chat = &server.state.reception.web_chat;
        let context = Context::new(server.state.workspace, "test");
        let end = chat.create(&context, "Site").await.unwrap();
        let key = chat.page_key(&context, end.id).await.unwrap();
        let session = chat.begin(&key).await.unwrap();
        for (name, text) in [("a", "Olá"), ("b", "Tem alguém?")] {
            chat.post(&session.token, &VisitorMessage::text(name, text))
                .await
                .unwrap();
            let piece = within(quick.next()).await.unwrap();
            let piece = String::from_utf8(piece.to_vec()).unwrap();
            assert!(piece.contains("event: message"), "{piece}");
        }
        server.stop().await.unwrap();
    }
}
