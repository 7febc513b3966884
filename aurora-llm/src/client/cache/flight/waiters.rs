//! Those who wait for the next thing that an answer brings.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The wakers of everybody who waits; what the provider wakes is all of them.
///
/// Not one of them alone: he may have turned to something else, and would hold up the others.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    wakers: HashMap<u64, Waker>,
    /// Whether the provider woke them since it was last asked.
    woken: bool,
}

impl Waiters {
    /// One waits, or goes on waiting.
    pub(super) fn enter(&self, seat: u64, waker: &Waker) {
        let mut waiting = self.lock();
        match waiting.wakers.get_mut(&seat) {
            Some(known) => known.clone_from(waker),
            None => drop(waiting.wakers.insert(seat, waker.clone())),
        }
    }

    /// One waits no more.
    pub(super) fn leave(&self, seat: u64) {
        let waker = self.lock().wakers.remove(&seat);
        // Outside of the lock: what it drops may be a task.
        drop(waker);
    }

    /// The provider is asked from here on.
    pub(super) fn begin(&self) {
        self.lock().woken = false;
    }

    /// Whether the provider has woken somebody since [`begin`](Self::begin).
    pub(super) fn was_woken(&self) -> bool {
        self.lock().woken
    }

    /// Wakes everybody; whoever waits on must enter again.
    pub(super) fn wake_all(&self) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.lock().woken = true;
        self.wake_all();
    }
}
