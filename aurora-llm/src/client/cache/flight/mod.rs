//! One answer on its way, and everybody who reads it.
//!
//! No task owns a flight: whoever reads furthest pulls. Who waits for the next event polls the provider in the name of
//! all; what he gets is added to a log, which each reads at his own pace. So a reader who is slow or leaves holds nobody
//! up, and with the last of them the flight ends and closes the call at the provider.
//!
//! The rule that nobody waits in vain: while one polls the provider, others may come and wait for him. When he has
//! found nothing and the provider called in the meantime, he wakes all of them before he goes.

mod reader;
mod table;
mod upstream;
mod waiters;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

pub(super) use self::reader::{Reader, Seat};
pub(super) use self::table::Flights;
pub(super) use self::upstream::Upstream;

use self::table::Ticket;
use self::upstream::Step;
use self::waiters::Waiters;
use super::entry::{self, Said};
use crate::chat::StreamEvent;
use crate::client::told::Told;
use crate::error::{Error, ErrorKind};

/// A flight that nobody can join.
pub(super) fn alone(upstream: Upstream) -> Seat {
    Seat::first(Arc::new(Flight::new(upstream, None)))
}

struct Flight {
    state: Mutex<State>,
    waiters: Arc<Waiters>,
    /// Wakes everybody who waits.
    waker: Waker,
    seats: AtomicU64,
}

struct State {
    /// Not there while somebody polls it, and when the flight is over.
    upstream: Option<Upstream>,
    /// Who answers, once that is known; the number tells one version from the next.
    told: Option<(Told, u64)>,
    log: Vec<StreamEvent>,
    outcome: Option<Result<(), Error>>,
    /// What was said as a whole, and not as events yet.
    said: Option<Said>,
    ticket: Option<Ticket>,
}

impl State {
    /// Says who answers.
    fn tell(&mut self, told: Told) {
        let version = self.told.as_ref().map_or(0, |(_, version)| version + 1);
        self.told = Some((told, version));
    }

    /// The events of an answer that came in one piece, for the first who wants them.
    fn fill(&mut self) {
        if self.log.is_empty()
            && let Some(said) = &self.said
        {
            self.log = match said {
                Said::Whole(response) => entry::events_of(response),
                Said::Stream(events) => events.clone(),
            };
        }
    }
}

impl Flight {
    fn new(upstream: Upstream, ticket: Option<Ticket>) -> Self {
        let waiters = Arc::new(Waiters::default());
        Self {
            waker: Waker::from(Arc::clone(&waiters)),
            waiters,
            state: Mutex::new(State {
                upstream: Some(upstream),
                told: None,
                log: Vec::new(),
                outcome: None,
                said: None,
                ticket,
            }),
            seats: AtomicU64::new(0),
        }
    }

    fn seat(&self) -> u64 {
        self.seats.fetch_add(1, Ordering::Relaxed)
    }

    /// Polls until `ready` finds in the flight what it looks for.
    fn poll<T>(
        &self,
        seat: u64,
        cx: &mut Context<'_>,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Poll<T> {
        loop {
            let mut state = self.lock();
            if let Some(found) = ready(&mut state) {
                drop(state);
                self.waiters.leave(seat);
                return Poll::Ready(found);
            }
            // Under the lock: whoever polls now sees us when he puts the provider back.
            self.waiters.enter(seat, cx.waker());
            let Some(upstream) = state.upstream.take() else {
                return Poll::Pending;
            };
            drop(state);
            self.waiters.begin();
            let mut turn = Turn {
                flight: self,
                upstream: Some(upstream),
            };
            if turn.take(&mut Context::from_waker(&self.waker)).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Ends the flight: nobody joins it from here on, and all who read it are told.
    fn end(&self, outcome: Result<(), Error>, with: impl FnOnce(&mut State)) {
        // Before the end is told: whoever comes now must not join what is over.
        let ticket = self.lock().ticket.take();
        drop(ticket);
        let mut state = self.lock();
        with(&mut state);
        state.outcome = Some(outcome);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}

/// One poll of the provider. If it panics, the flight has failed and nobody waits for it.
struct Turn<'a> {
    flight: &'a Flight,
    upstream: Option<Upstream>,
}

impl Turn<'_> {
    /// Whether something came of it; if so, everybody has been woken.
    fn take(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let step = match &mut self.upstream {
            Some(upstream) => upstream.step(cx),
            None => return Poll::Pending,
        };
        let flight = self.flight;
        let is_pending = matches!(step, Step::Pending);
        match step {
            Step::Pending => flight.lock().upstream = self.upstream.take(),
            Step::Opened(told) => {
                let mut state = flight.lock();
                state.tell(told);
                state.upstream = self.upstream.take();
            }
            Step::Event(event, told) => {
                let mut state = flight.lock();
                state.log.push(event);
                if let Some(told) = told {
                    state.tell(told);
                }
                state.upstream = self.upstream.take();
            }
            Step::Ended(ended) => {
                // Outside of every lock.
                drop(self.upstream.take());
                flight.end(Ok(()), |state| {
                    state.log.extend(ended.last);
                    state.said = ended.said;
                    state.tell(ended.told);
                });
            }
            Step::Failed(error, told) => {
                drop(self.upstream.take());
                flight.end(Err(error), |state| {
                    if let Some(told) = told {
                        state.tell(told);
                    }
                });
            }
        }
        if !is_pending || flight.waiters.was_woken() {
            flight.waiters.wake_all();
        }
        if is_pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if thread::panicking() && self.upstream.is_some() {
            let error = Error::new(ErrorKind::Malformed).with_context("the call panicked");
            self.flight.end(Err(error), |_| {});
            self.flight.waiters.wake_all();
        }
    }
}
