//! What becomes of a body that nobody read to its end.
//!
//! An HTTP/1 connection cannot go on before such a body is out of the way, and a client that is cut off while it sends
//! never sees the answer: so it is read on for a moment, without keeping anything.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Version};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

/// How much is read on.
const MOST: usize = 8 * 1_024 * 1_024;
/// For how long.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether the client has sent its whole body; stands in the extensions of every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    pub(crate) fn is_whole(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads on what the handler left unread, or ends the connection after the answer.
pub(crate) async fn discard(mut request: Request, next: Next) -> Response {
    let arrival = Arrival::default();
    request.extensions_mut().insert(arrival.clone());
    if request.body().is_end_stream() {
        arrival.0.store(true, Ordering::Relaxed);
        return next.run(request).await;
    }
    let is_http1 = request.version() < Version::HTTP_2;
    let waits = request.headers().contains_key(EXPECT);
    let (leave, mut left) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Watched {
            body,
            arrival,
            was_asked_for: false,
            leave: Some(leave),
        })
    });
    let mut response = next.run(request).await;
    if is_http1 && let Ok(rest) = left.try_recv() {
        // A client that waits to be asked has sent nothing, and need not send anything now.
        let is_out_of_the_way = (rest.was_asked_for || !waits) && read_on(rest.body).await;
        if !is_out_of_the_way {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
    }
    response
}

/// Whether the body came to its end.
async fn read_on(body: Body) -> bool {
    let mut stream = body.into_data_stream();
    let mut seen = 0_usize;
    let reading = async {
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) if seen <= MOST => seen = seen.saturating_add(piece.len()),
                _ => return false,
            }
        }
        true
    };
    tokio::time::timeout(LIMIT, reading).await.unwrap_or(false)
}

/// What is left of a body.
struct Rest {
    body: Body,
    was_asked_for: bool,
}

/// A body that is handed back by whoever lets go of it before its end.
struct Watched {
    body: Body,
    arrival: Arrival,
    was_asked_for: bool,
    leave: Option<oneshot::Sender<Rest>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.was_asked_for = true;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.arrival.0.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(leave) = self.leave.take().filter(|_| !self.arrival.is_whole()) else {
            return;
        };
        let rest = Rest {
            body: std::mem::take(&mut self.body),
            was_asked_for: self.was_asked_for,
        };
        // Nobody wants it once the answer is on its way.
        drop(leave.send(rest));
    }
}
