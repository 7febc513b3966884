//! What is still to be booked, because whoever used it is gone or the ledger did not answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::time::Timestamp;
use tokio::sync::Notify;

use super::keeper::Keeper;
use crate::ledger::{Account, Budget, Entry, Reservation};
use crate::telemetry;

/// More that waits than this is given up.
const CAPACITY: usize = 10_000;
/// How long a booking is tried, once at least.
const LONGEST: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What an attempt used, and where it counts.
pub(super) struct Settlement {
    pub(super) entry: Entry,
    pub(super) accounts: Vec<Account>,
    pub(super) budgets: Vec<Budget>,
    /// When the call began.
    pub(super) began: Timestamp,
}

struct Job {
    work: Work,
    since: Duration,
}

enum Work {
    Settle(Box<Settlement>),
    Release(Box<Reservation>),
}

/// Bookings in order. A task works on them, which begins with the first of them and ends with the last.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    emptied: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Whether a task works on it; it has one job in hand then.
    is_worked_on: bool,
}

impl Queue {
    pub(super) fn book(&self, keeper: &Arc<Keeper>, settlement: Settlement) {
        self.push(keeper, Work::Settle(Box::new(settlement)));
    }

    pub(super) fn release(&self, keeper: &Arc<Keeper>, reservation: Reservation) {
        self.push(keeper, Work::Release(Box::new(reservation)));
    }

    /// How much is still to be booked.
    pub(super) fn len(&self) -> usize {
        let state = self.state();
        state.waiting.len() + usize::from(state.is_worked_on)
    }

    /// Waits until nothing is left to book.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, keeper: &Arc<Keeper>, work: Work) {
        let job = Job {
            work,
            since: keeper.clock.elapsed(),
        };
        let mut state = self.state();
        if state.waiting.len() >= CAPACITY {
            drop(state);
            job.lost("too much is waiting to be booked");
            return;
        }
        state.waiting.push_back(job);
        drop(state);
        self.wake(keeper);
    }

    /// Lets a task work on what waits, if none does. Outside of a runtime it waits for the next call or `flush`.
    pub(super) fn wake(&self, keeper: &Arc<Keeper>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut state = self.state();
        if state.is_worked_on || state.waiting.is_empty() {
            return;
        }
        state.is_worked_on = true;
        drop(state);
        // It outlives the last handle by what is left to book, which no handle waits for any more: each job is given up
        // some minutes after it came about, and so the task ends.
        runtime.spawn(work_off(Arc::clone(keeper)));
    }
}

async fn work_off(keeper: Arc<Keeper>) {
    let mut shift = Shift {
        keeper: &keeper,
        job: None,
    };
    while shift.next() {
        shift.finish().await;
    }
}

/// A task's time at the queue: what it has in hand goes back when the runtime ends it.
struct Shift<'a> {
    keeper: &'a Arc<Keeper>,
    job: Option<Job>,
}

impl Shift<'_> {
    /// Takes the next job; without one the shift is over.
    fn next(&mut self) -> bool {
        let queue = &self.keeper.queue;
        let mut state = queue.state();
        self.job = state.waiting.pop_front();
        if self.job.is_none() {
            state.is_worked_on = false;
            drop(state);
            queue.emptied.notify_waiters();
        }
        self.job.is_some()
    }

    /// Tries until it is done, or as long as makes sense.
    async fn finish(&mut self) {
        let Some(job) = &self.job else {
            return;
        };
        let clock = &self.keeper.clock;
        let mut pause = FIRST_PAUSE;
        let error = loop {
            let outcome = match &job.work {
                Work::Settle(settlement) => self.keeper.try_settle(settlement).await,
                Work::Release(reservation) => self.keeper.try_release(reservation).await,
            };
            let Err(error) = outcome else {
                self.job = None;
                return;
            };
            let age = clock.elapsed().saturating_sub(job.since);
            if !error.is_retryable() || age >= LONGEST {
                break error;
            }
            clock.sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        };
        if let Some(job) = self.job.take() {
            tracing::warn!(%error, "the ledger does not book");
            job.lost("the ledger did not book it in time");
        }
    }
}

impl Drop for Shift<'_> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            let mut state = self.keeper.queue.state();
            state.waiting.push_front(job);
            state.is_worked_on = false;
        }
    }
}

impl Job {
    /// Says what was not booked, so that a person can book it.
    fn lost(self, why: &'static str) {
        match self.work {
            Work::Settle(settlement) => {
                let Entry {
                    id,
                    provider,
                    model,
                    tokens,
                    ..
                } = &settlement.entry;
                let nanos = settlement.entry.amount().cost.nanos();
                let (input, output) = (tokens.input, tokens.output);
                telemetry::ledger_lost();
                tracing::error!(%id, %provider, %model, input, output, nanos, why, "what a call used is not booked");
            }
            // It ends with its lease.
            Work::Release(reservation) => {
                tracing::debug!(id = %reservation.id, why, "a reservation is not given back");
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for job in std::mem::take(&mut state.waiting) {
            job.lost("the client ended first");
        }
    }
}
