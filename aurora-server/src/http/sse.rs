//! Server-sent events: answers that are written while something happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{Stream, StreamExt as _, unfold};
use serde::Serialize;
use serde_json::json;

use super::extract::Params;
use super::watch::{Over, Watch};

/// A comment goes out after this much silence, so that nobody between here and the client takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const COMMENT: &[u8] = b": keep-alive\n\n";

/// Keeps buffering proxies (nginx) from holding events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Pieces of an event stream, each of them whole events.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// An answer that hands out `pieces` as they come. Nothing is read ahead of the client: whoever reads slowly slows
/// `pieces` down, and whoever goes away drops them.
pub(crate) fn answer(pieces: impl Stream<Item = Bytes> + Send + 'static, clock: Arc<dyn Clock>) -> Response {
    let body = keep_alive(Box::pin(pieces), clock).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

/// The same for a stream without an end: once its caller may not listen any more, the last event is `closing` with the
/// reason.
pub(crate) fn watched(pieces: impl Stream<Item = Bytes> + Send + 'static, watch: Watch) -> Response {
    let clock = watch.clock();
    let pieces: Pieces = Box::pin(pieces);
    let watched = unfold(Some((pieces, watch)), |open| async move {
        let (mut pieces, mut watch) = open?;
        match watch.during(pieces.next()).await {
            Ok(piece) => Some((piece?, Some((pieces, watch)))),
            Err(Over::Stopping) => None,
            Err(Over::Refused(reason)) => Some((event("closing", &json!({"reason": reason})), None)),
        }
    });
    answer(watched, clock)
}

/// One event with its name and its data as JSON.
pub(crate) fn event(name: &str, data: &impl Serialize) -> Bytes {
    // Our own types serialise; JSON never holds a line break that could end the event early.
    let json = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    Bytes::from(format!("event: {name}\ndata: {json}\n\n"))
}

/// Where a client goes on: the id of the last event that it has, in the header that browsers send by themselves or in the
/// parameter `after`.
pub(crate) fn position(headers: &HeaderMap, params: &mut Params) -> Option<i64> {
    const POSITION: &str = "the id of an event, a whole number, 0 or more";
    let mut after = params.take::<i64>("after", POSITION);
    if let Some(id) = headers.get("last-event-id") {
        after = id.to_str().ok().and_then(|text| text.trim().parse().ok());
        if after.is_none() {
            params.refuse("last-event-id", POSITION);
        }
    }
    if after.is_some_and(|after| after < 0) {
        params.refuse("after", POSITION);
    }
    after
}

/// One event with an id, by which a client that comes back says what it has.
pub(crate) fn numbered(id: i64, name: &str, data: &impl Serialize) -> Bytes {
    let json = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    Bytes::from(format!("id: {id}\nevent: {name}\ndata: {json}\n\n"))
}

fn keep_alive(pieces: Pieces, clock: Arc<dyn Clock>) -> impl Stream<Item = Bytes> + Send {
    unfold((pieces, clock), |(mut pieces, clock)| async move {
        let piece = tokio::select! {
            biased;
            piece = pieces.next() => piece?,
            () = clock.sleep(KEEP_ALIVE) => Bytes::from_static(COMMENT),
        };
        Some((piece, (pieces, clock)))
    })
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn silence_is_broken_by_comments_and_the_end_is_the_end() {
        let clock = ManualClock::default();
        let pieces = stream::once(async { event("a", &"x\ny") })
            .chain(stream::pending())
            .boxed();
        let mut alive = Box::pin(keep_alive(pieces, Arc::new(clock.clone())));
        assert_eq!(alive.next().await.unwrap(), "event: a\ndata: \"x\\ny\"\n\n");
        let (comment, ()) = tokio::join!(alive.next(), async {
            tokio::task::yield_now().await;
            clock.advance(KEEP_ALIVE);
        });
        assert_eq!(comment.unwrap(), COMMENT);
        let mut ended = Box::pin(keep_alive(stream::empty().boxed(), Arc::new(clock)));
        assert!(ended.next().await.is_none());
    }
}
