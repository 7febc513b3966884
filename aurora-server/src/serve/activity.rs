//! What a connection does, so that clients which do nothing can be let go.
//!
//! Three phases: a head is on its way (the head limit), requests run (no limit here: they have limits of their own), or
//! nothing happens (the idle limit). A new connection counts as a head on its way. In any phase a client that takes
//! nothing of what is sent to it has the stall limit. In HTTP/1 the socket shows that; in HTTP/2 a client can answer pings
//! and leave no room for answers all the same (a window of zero, RFC 9113 §6.9), which shows in answers that nobody asks
//! for more.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aurora_core::time::Clock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use super::Limits;

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The head of a request took too long, or nothing of an answer was taken for too long.
    TooSlow,
    /// Nothing happened for too long.
    Idle,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
    begun: Notify,
}

#[derive(Debug)]
struct State {
    /// Requests that wait for us: their handlers work, or their answers have nothing to send yet.
    ours: usize,
    /// Requests that wait for the client to take more of their answers.
    theirs: usize,
    /// Bytes belong to a head only in HTTP/1: in HTTP/2 they may be pings.
    multiplexed: bool,
    has_begun: bool,
    since: Duration,
    phase: Phase,
    /// Since when nothing could be sent.
    stalled: Option<Duration>,
    /// When an answer was last asked for more.
    asked: Duration,
}

impl State {
    /// When the connection has to end and why, if nothing changes.
    fn next(&self, limits: &Limits) -> Option<(Duration, Verdict)> {
        let stalled = self
            .stalled
            .map(|since| (since + limits.stalled, Verdict::TooSlow));
        let phase = match self.phase {
            Phase::Head => Some((self.since + limits.head, Verdict::TooSlow)),
            Phase::Idle => Some((self.since + limits.idle, Verdict::Idle)),
            Phase::Running if self.is_up_to_client() => Some((self.asked + limits.stalled, Verdict::TooSlow)),
            Phase::Running => None,
        };
        stalled.into_iter().chain(phase).min_by_key(|(due, _)| *due)
    }

    fn is_up_to_client(&self) -> bool {
        self.multiplexed && self.ours == 0
    }

    fn count(&mut self, turn: Turn) -> &mut usize {
        match turn {
            Turn::Ours => &mut self.ours,
            Turn::Theirs => &mut self.theirs,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Head,
    Running,
    Idle,
}

/// Whom a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Ours,
    Theirs,
}

impl Activity {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let since = clock.elapsed();
        let state = State {
            ours: 0,
            theirs: 0,
            multiplexed: false,
            has_begun: false,
            since,
            phase: Phase::Head,
            stalled: None,
            asked: since,
        };
        Arc::new(Self {
            clock,
            state: Mutex::new(state),
            changed: Notify::new(),
            begun: Notify::new(),
        })
    }

    /// A request begins; it lasts until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>, multiplexed: bool) -> Running {
        let mut state = self.lock();
        state.ours += 1;
        state.multiplexed = multiplexed;
        if !state.has_begun {
            state.has_begun = true;
            self.begun.notify_one();
        }
        self.enter(&mut state, Phase::Running);
        Running {
            activity: Arc::clone(self),
            turn: Turn::Ours,
        }
    }

    /// Whether there ever was a request.
    pub(super) fn has_begun(&self) -> bool {
        self.lock().has_begun
    }

    /// Waits for the first request.
    pub(super) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Waits until the connection has to end.
    pub(super) async fn judge(&self, limits: &Limits) -> Verdict {
        loop {
            let changed = self.changed.notified();
            let Some((due, verdict)) = self.lock().next(limits) else {
                changed.await;
                continue;
            };
            let left = due.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return verdict;
            }
            tokio::select! {
                () = changed => {}
                () = self.clock.sleep(left) => {}
            }
        }
    }

    /// Something could be sent, or could not.
    fn sent(&self, is_stalled: bool) {
        let mut state = self.lock();
        if is_stalled != state.stalled.is_some() {
            state.stalled = is_stalled.then(|| self.clock.elapsed());
            self.changed.notify_one();
        }
    }

    /// Lets the limit of the present phase begin anew.
    pub(super) fn begin_anew(&self) {
        self.lock().since = self.clock.elapsed();
    }

    fn received(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Idle && !state.multiplexed {
            self.enter(&mut state, Phase::Head);
        }
    }

    /// A request waits for somebody else, or for the same one anew.
    fn pass(&self, before: Turn, now: Turn) {
        let mut state = self.lock();
        state.asked = self.clock.elapsed();
        if before != now {
            let count = state.count(before);
            *count = count.saturating_sub(1);
            *state.count(now) += 1;
            // Every other change lets the connection last longer, which is seen in time.
            if state.is_up_to_client() {
                self.changed.notify_one();
            }
        }
    }

    fn ended(&self, turn: Turn) {
        let mut state = self.lock();
        let count = state.count(turn);
        *count = count.saturating_sub(1);
        if state.ours + state.theirs == 0 {
            self.enter(&mut state, Phase::Idle);
        } else if state.is_up_to_client() {
            self.changed.notify_one();
        }
    }

    fn enter(&self, state: &mut State, phase: Phase) {
        state.phase = phase;
        state.since = self.clock.elapsed();
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that runs, to the last byte of its answer.
#[derive(Debug)]
pub(super) struct Running {
    activity: Arc<Activity>,
    turn: Turn,
}

impl Running {
    pub(super) fn is_multiplexed(&self) -> bool {
        self.activity.lock().multiplexed
    }

    /// Whom it waits for from now on.
    pub(super) fn pass(&mut self, turn: Turn) {
        self.activity.pass(self.turn, turn);
        self.turn = turn;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.activity.ended(self.turn);
    }
}

/// A stream that tells when something arrives.
#[derive(Debug)]
pub(super) struct Watched<T> {
    stream: T,
    activity: Arc<Activity>,
}

impl<T> Watched<T> {
    pub(super) fn new(stream: T, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.received();
        }
        outcome
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.activity.sent(outcome.is_pending());
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.activity.sent(outcome.is_pending());
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
