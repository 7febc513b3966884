//! An answer, whole or as it arrives.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use super::client::{Inner, within};
use super::error::{Error, ErrorKind, Stage};
use super::retry_after::parse_retry_after;
use crate::time::{Clock, Timestamp};

/// How long the page of a 4xx or 5xx answer may take; the status has been told already.
const ERROR_PAGE: Duration = Duration::from_secs(5);

/// The head of an answer, with its body still to come.
///
/// Dropping it gives up the body and closes the connection (HTTP/1) or resets the stream (HTTP/2).
pub struct Response {
    client: Arc<Inner>,
    inner: reqwest::Response,
    ends_at: Duration,
}

impl Response {
    pub(super) fn new(client: Arc<Inner>, inner: reqwest::Response, ends_at: Duration) -> Self {
        Self {
            client,
            inner,
            ends_at,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// How long the server asks to be left alone; see [`parse_retry_after`].
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        parse_retry_after(self.headers(), now)
    }

    /// Reads the whole body, at most the client's `max_body`.
    ///
    /// Of a 4xx or 5xx answer the first `max_error_body` bytes are given, as far as they come within 5 s, and the rest is
    /// left unread, so that an error page that is long, stalls or breaks does not hide the error.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::Timeout`], [`ErrorKind::Interrupted`] or [`ErrorKind::Protocol`].
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let is_error = self.status().is_client_error() || self.status().is_server_error();
        let limits = self.client.limits;
        let announced = self.inner.content_length().unwrap_or(0);
        if !is_error && announced > u64::try_from(limits.max_body).unwrap_or(u64::MAX) {
            return Err(Error::too_large());
        }
        let clock = Arc::clone(&self.client.clock);
        let left = self.ends_at.saturating_sub(clock.elapsed());
        let body = self.stream();
        if is_error {
            return Ok(start_of(body, limits.max_error_body, &clock, left.min(ERROR_PAGE)).await);
        }
        let whole = within(&clock, left, all_of(body, limits.max_body)).await;
        whole.unwrap_or_else(|| Err(Error::timeout(Stage::Total)))
    }

    /// Reads the whole body, at most the client's `max_body`, as JSON.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); [`ErrorKind::Protocol`] when the body is not the JSON that `T` expects.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let bytes = self.bytes().await?;
        // The source would repeat parts of the body.
        serde_json::from_slice(&bytes).map_err(|_| {
            Error::new(
                ErrorKind::Protocol,
                "the answer is not the JSON that was expected",
            )
        })
    }

    /// Hands out the body as it arrives.
    #[must_use]
    pub fn stream(self) -> BodyStream {
        BodyStream {
            body: Some(self.inner.bytes_stream().boxed()),
            clock: Arc::clone(&self.client.clock),
            idle: self.client.limits.idle,
            wait: None,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.inner.status())
            .finish_non_exhaustive()
    }
}

/// A body as it arrives: pieces of any size, decompressed, with a time limit for each and no limit in all.
///
/// After an error, or the end, it gives nothing more. Dropping it closes the connection (HTTP/1) or resets the stream
/// (HTTP/2).
pub struct BodyStream {
    body: Option<Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>>,
    clock: Arc<dyn Clock>,
    idle: Duration,
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Stream for BodyStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(item) = body.as_mut().poll_next(cx) {
            this.wait = None;
            if !matches!(item, Some(Ok(_))) {
                this.body = None;
            }
            return Poll::Ready(item.map(|item| item.map_err(Error::from_reqwest)));
        }
        let (clock, idle) = (&this.clock, this.idle);
        let wait = this.wait.get_or_insert_with(|| {
            let clock = Arc::clone(clock);
            Box::pin(async move { clock.sleep(idle).await })
        });
        if wait.as_mut().poll(cx).is_ready() {
            this.wait = None;
            this.body = None;
            return Poll::Ready(Some(Err(Error::timeout(Stage::Idle))));
        }
        Poll::Pending
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").finish_non_exhaustive()
    }
}

async fn all_of(mut body: BodyStream, limit: usize) -> Result<Bytes, Error> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await.transpose()? {
        if piece.len() > limit.saturating_sub(whole.len()) {
            return Err(Error::too_large());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

async fn start_of(mut body: BodyStream, limit: usize, clock: &dyn Clock, time: Duration) -> Bytes {
    let mut start = BytesMut::new();
    let reading = async {
        while start.len() < limit
            && let Some(Ok(piece)) = body.next().await
        {
            start.extend_from_slice(&piece);
        }
    };
    // Too late is as good as the end: what came says more than that the rest did not.
    within(clock, time, reading).await.unwrap_or_default();
    start.truncate(limit);
    start.freeze()
}
