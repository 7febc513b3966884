//! How long the pieces of a stream may take.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::time::Clock;
use futures::future::BoxFuture;
use futures::{Stream, StreamExt as _};

use crate::chat::{ChatStream, StreamEvent};
use crate::error::{Error, ErrorKind, TimeoutStage};

/// The least that a stream must bring while it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) struct Throughput {
    pub(in crate::client) bytes: u64,
    pub(in crate::client) window: Duration,
}

/// The limits of a stream from its first content on.
#[derive(Debug, Clone, Copy)]
pub(in crate::client) struct Pace {
    pub(in crate::client) idle: Duration,
    pub(in crate::client) throughput: Option<Throughput>,
    /// [`Clock::elapsed`] at which the call ends, whatever comes.
    pub(in crate::client) end: Option<Duration>,
}

/// What came while the stream was waited for: the time in which nobody asked for more is not the provider's.
#[derive(Debug, Clone, Copy, Default)]
struct Waited {
    bytes: u64,
    time: Duration,
    /// Since when it has been waited for the next event.
    since: Option<Duration>,
}

impl Waited {
    fn until(&mut self, now: Duration) {
        if let Some(since) = self.since.replace(now) {
            self.time = self.time.saturating_add(now.saturating_sub(since));
        }
    }

    /// After what further wait the window ends, or that it has ended with too little.
    fn judge(&mut self, rule: Throughput) -> Result<Duration, TimeoutStage> {
        if self.time >= rule.window {
            if self.bytes < rule.bytes {
                return Err(TimeoutStage::Throughput);
            }
            (self.bytes, self.time) = (0, Duration::ZERO);
        }
        Ok(rule.window.saturating_sub(self.time))
    }
}

/// A stream within its limits; it ends with its first error.
pub(in crate::client) struct Paced {
    stream: ChatStream,
    clock: Arc<dyn Clock>,
    pace: Pace,
    waited: Waited,
    /// Since when nothing has come.
    silent: Option<Duration>,
    /// Wakes no later than the next limit; it may be earlier, when events came meanwhile.
    timer: Option<(Duration, BoxFuture<'static, ()>)>,
}

impl Paced {
    /// A stream whose first content has just come.
    pub(in crate::client) fn new(stream: ChatStream, pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Self {
            stream,
            clock,
            pace,
            waited: Waited::default(),
            silent: None,
            timer: None,
        }
    }

    fn arrived(&mut self, event: &StreamEvent) {
        self.silent = None;
        if self.pace.throughput.is_some() {
            let waiting = self.waited.since.is_some();
            if waiting {
                self.waited.until(self.clock.elapsed());
                self.waited.since = None;
            }
            self.waited.bytes = self.waited.bytes.saturating_add(event.size() as u64);
        }
    }

    /// When the next limit is reached, and which one it is; an error when that is now.
    fn next_limit(&mut self) -> Result<Duration, Error> {
        let now = self.clock.elapsed();
        let silent = *self.silent.get_or_insert(now);
        let mut next = (silent.saturating_add(self.pace.idle), TimeoutStage::Idle);
        if let Some(rule) = self.pace.throughput {
            self.waited.until(now);
            self.waited.since = Some(now);
            let left = self.waited.judge(rule).map_err(timeout)?;
            next = earlier(next, (now.saturating_add(left), TimeoutStage::Throughput));
        }
        if let Some(end) = self.pace.end {
            next = earlier(next, (end, TimeoutStage::Total));
        }
        let (at, stage) = next;
        // A window that has just ended well begins anew, so only the other limits can have passed here.
        if at <= now { Err(timeout(stage)) } else { Ok(at) }
    }
}

type Limit = (Duration, TimeoutStage);

/// The earlier of the two; of two at the same time the other, which says more.
fn earlier(one: Limit, other: Limit) -> Limit {
    if other.0 <= one.0 { other } else { one }
}

fn timeout(stage: TimeoutStage) -> Error {
    Error::new(ErrorKind::Timeout(stage))
}

impl Stream for Paced {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        match this.stream.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(event))) => {
                this.arrived(&event);
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(None) => return Poll::Ready(Some(Err(Error::new(ErrorKind::StreamTruncated)))),
            Poll::Pending => {}
        }
        loop {
            let at = match this.next_limit() {
                Ok(at) => at,
                Err(error) => return Poll::Ready(Some(Err(error))),
            };
            let (wakes, timer) = match &mut this.timer {
                Some((wakes, timer)) if *wakes <= at => (*wakes, timer),
                timer => {
                    let clock = Arc::clone(&this.clock);
                    let wait = at.saturating_sub(clock.elapsed());
                    let sleep = Box::pin(async move { clock.sleep(wait).await });
                    let (wakes, sleep) = timer.insert((at, sleep));
                    (*wakes, sleep)
                }
            };
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.timer = None;
            // A clock that wakes too early must not make this turn in circles.
            if wakes > this.clock.elapsed() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}
