//! The timing of a simulated answer.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;
use futures::future::{Either, select};

use super::control::Running;
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind, TimeoutStage};

/// How an answer ends, and after how many tokens if not at its own end.
pub(super) enum End {
    Finish,
    Fail(usize, Error),
    Stall(usize),
}

/// One answer that is being given.
pub(super) struct Play {
    events: VecDeque<(Duration, StreamEvent)>,
    end: End,
    said: usize,
    /// How long a failure takes before anything is said.
    refusal: Duration,
    clock: Arc<dyn Clock>,
    ends_at: Option<(Duration, Error)>,
    running: Running,
    over: bool,
}

impl Play {
    pub(super) fn new(
        events: VecDeque<StreamEvent>,
        end: End,
        (first, further): (Duration, Duration),
        wait: impl Fn(Duration) -> Duration,
        clock: Arc<dyn Clock>,
        ends_at: Option<(Duration, Error)>,
        running: Running,
    ) -> Self {
        let mut begun = false;
        let timed = events.into_iter().map(|event| {
            let delay = match (event.is_content(), begun) {
                (false, _) => Duration::ZERO,
                (true, false) => wait(first),
                (true, true) => wait(further),
            };
            begun |= event.is_content();
            (delay, event)
        });
        Self {
            events: timed.collect(),
            end,
            said: 0,
            refusal: Duration::ZERO,
            clock,
            ends_at,
            running,
            over: false,
        }
    }

    /// A failure before anything is said takes so long.
    pub(super) const fn refuses_after(mut self, wait: Duration) -> Self {
        self.refusal = wait;
        self
    }

    /// The failure that comes before anything is said.
    pub(super) async fn fail_early(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.end, End::Finish) {
            End::Fail(0, error) if error.kind() != ErrorKind::StreamTruncated => {
                Err(self.fail_in_time(error).await)
            }
            other => {
                self.end = other;
                Ok(())
            }
        }
    }

    /// The next event when its time has come; `None` after the terminal.
    pub(super) async fn next(&mut self) -> Option<Result<StreamEvent, Error>> {
        if self.over {
            return None;
        }
        let is_content = self
            .events
            .front()
            .is_some_and(|(_, event)| event.is_content() || event.is_terminal());
        match &mut self.end {
            End::Fail(after, error) if self.said >= *after && (is_content || *after == 0) => {
                let error = std::mem::replace(error, Error::new(ErrorKind::StreamTruncated));
                return Some(Err(self.fail_in_time(error).await));
            }
            End::Stall(after) if self.said >= *after && is_content => {
                self.within_time(pending::<()>()).await;
                return Some(Err(self.give_up()));
            }
            _ => {}
        }
        let delay = self.events.front().map(|(delay, _)| *delay)?;
        if !delay.is_zero() {
            let clock = Arc::clone(&self.clock);
            if !self.within_time(clock.sleep(delay)).await {
                return Some(Err(self.give_up()));
            }
        }
        let (_, event) = self.events.pop_front()?;
        self.said += usize::from(event.is_content());
        if event.is_terminal() {
            self.over = true;
            self.running.answered();
        }
        Some(Ok(event))
    }

    /// Waits for `wait`, at most until the call's time is over; whether it was in time.
    async fn within_time(&self, wait: impl Future<Output = ()>) -> bool {
        let Some((ends_at, _)) = &self.ends_at else {
            wait.await;
            return true;
        };
        let left = ends_at.saturating_sub(self.clock.elapsed());
        let wait = pin!(wait);
        matches!(select(wait, self.clock.sleep(left)).await, Either::Left(_))
    }

    async fn fail_in_time(&mut self, error: Error) -> Error {
        if self.said == 0 && !self.refusal.is_zero() {
            let clock = Arc::clone(&self.clock);
            if !self.within_time(clock.sleep(self.refusal)).await {
                return self.give_up();
            }
        }
        self.fail(error)
    }

    fn give_up(&mut self) -> Error {
        let error = self.ends_at.take().map_or_else(too_late, |(_, error)| error);
        self.fail(error)
    }

    fn fail(&mut self, error: Error) -> Error {
        self.over = true;
        self.running.failed();
        error
    }
}

pub(super) fn too_late() -> Error {
    Error::new(ErrorKind::Timeout(TimeoutStage::Total))
}
