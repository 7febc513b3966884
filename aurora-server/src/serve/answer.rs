//! The answer of a request on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::activity::{Running, Turn};

/// What is handed to HTTP/2 at once: a frame of its usual size (RFC 9113 §4.2), so that a client which takes an answer slowly
/// is seen to take it.
const PIECE: usize = 16_384;

/// A body that lets its request last until it is sent.
pub(super) fn sending(body: Body, mut running: Running) -> Body {
    running.pass(Turn::Theirs);
    Body::new(Sending {
        body,
        rest: Bytes::new(),
        piece: if running.is_multiplexed() {
            PIECE
        } else {
            usize::MAX
        },
        running,
    })
}

struct Sending {
    body: Body,
    /// What of the body's last frame is still to be handed out.
    rest: Bytes,
    piece: usize,
    running: Running,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            let polled = Pin::new(&mut this.body).poll_frame(cx);
            this.running.pass(if polled.is_pending() {
                Turn::Ours
            } else {
                Turn::Theirs
            });
            match ready!(polled) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                end => return Poll::Ready(end),
            }
        } else {
            this.running.pass(Turn::Theirs);
        }
        let piece = this.rest.split_to(this.piece.min(this.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aurora_core::time::ManualClock;
    use futures::FutureExt as _;

    use super::super::activity::Activity;
    use super::*;

    #[test]
    fn large_frames_go_out_in_pieces_over_http_2_and_whole_over_http_1() {
        for (multiplexed, pieces) in [(true, vec![PIECE, PIECE, 1]), (false, vec![2 * PIECE + 1])] {
            let activity = Activity::new(Arc::new(ManualClock::default()));
            let body = Body::from(vec![b'x'; 2 * PIECE + 1]);
            let mut sending = sending(body, activity.begin(multiplexed));
            let mut sent = Vec::new();
            let mut left = 2 * PIECE + 1;
            while !sending.is_end_stream() {
                assert_eq!(sending.size_hint().exact(), u64::try_from(left).ok());
                let frame = std::future::poll_fn(|cx| Pin::new(&mut sending).poll_frame(cx))
                    .now_or_never()
                    .unwrap();
                let data = frame.unwrap().unwrap().into_data().unwrap();
                left -= data.len();
                sent.push(data.len());
            }
            assert_eq!(sent, pieces);
        }
    }
}
