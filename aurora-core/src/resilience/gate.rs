//! Waiting for a slot that a rule gives out. The rule is a function of state and time; what waits is here.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{Either, select};

use super::shed::{Shed, ShedReason};
use crate::sync::{Mutex, PoisonError};
use crate::time::Clock;

/// Who gets a slot when. Sans-IO.
pub(super) trait Rule: Send {
    /// What slots are given out by.
    type Key: Clone + Send + Sync;

    /// Whether an arrival would be given a slot at once.
    fn has_room(&self, key: &Self::Key) -> bool;

    /// Somebody wants a slot: it is given at once, refused, or `None`: the arrival waits under `id`.
    fn arrive(&mut self, now: Duration, key: &Self::Key, id: u64) -> Option<Result<(), Shed>>;

    /// A slot is free again.
    fn leave(&mut self, now: Duration, key: &Self::Key);

    /// Whoever waits under `id` has gone.
    fn abandon(&mut self, id: u64, key: &Self::Key);

    /// The next of those who wait that is let in or refused now.
    fn next(&mut self, now: Duration) -> Option<(u64, Result<(), Shed>)>;
}

/// A rule and those who wait for it.
#[derive(Debug)]
pub(super) struct Gate<R> {
    clock: Arc<dyn Clock>,
    state: Mutex<State<R>>,
}

#[derive(Debug)]
struct State<R> {
    rule: R,
    last_id: u64,
    waiting: HashMap<u64, Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    waker: Option<Waker>,
    verdict: Option<Result<(), Shed>>,
}

impl<R: Rule> Gate<R> {
    pub(super) fn new(rule: R, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            rule,
            last_id: 0,
            waiting: HashMap::new(),
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Looks at, or changes, what the rule knows, then lets in whoever may come in now.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut R, Duration) -> T) -> T {
        let now = self.clock.elapsed();
        self.locked(now, |state| act(&mut state.rule, now))
    }

    fn locked<T>(&self, now: Duration, act: impl FnOnce(&mut State<R>) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state);
        let mut wakers = Vec::new();
        while let Some((id, verdict)) = state.rule.next(now) {
            if let Some(waiting) = state.waiting.get_mut(&id) {
                waiting.verdict = Some(verdict);
                wakers.extend(waiting.waker.take());
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// A slot without waiting.
    pub(super) fn try_enter(self: &Arc<Self>, key: &R::Key) -> Result<Slot<R>, Shed> {
        let now = self.clock.elapsed();
        let entered = self.locked(now, |state| {
            let room = state.rule.has_room(key);
            room.then(|| state.rule.arrive(now, key, 0)).flatten()
        });
        let full = Shed::new(ShedReason::QueueFull, Duration::ZERO);
        entered.unwrap_or(Err(full)).map(|()| self.slot(key.clone()))
    }

    /// A slot, after waiting for `longest` at most.
    pub(super) async fn enter(self: &Arc<Self>, key: &R::Key, longest: Duration) -> Result<Slot<R>, Shed> {
        let ticket = match self.arrive(key) {
            Ok(slot) => return slot,
            Err(ticket) => ticket,
        };
        match select(ticket, self.clock.sleep(longest)).await {
            Either::Left((slot, _)) => slot,
            // Dropping the ticket leaves the queue, or gives back a slot that came at this very moment.
            Either::Right(((), _ticket)) => Err(Shed::new(ShedReason::WaitedTooLong, longest)),
        }
    }

    fn arrive(self: &Arc<Self>, key: &R::Key) -> Result<Result<Slot<R>, Shed>, Ticket<R>> {
        let now = self.clock.elapsed();
        let (id, verdict) = self.locked(now, |state| {
            state.last_id += 1;
            let id = state.last_id;
            let verdict = state.rule.arrive(now, key, id);
            if verdict.is_none() {
                state.waiting.insert(id, Waiting::default());
            }
            (id, verdict)
        });
        match verdict {
            Some(verdict) => Ok(verdict.map(|()| self.slot(key.clone()))),
            None => Err(Ticket {
                gate: Some(Arc::clone(self)),
                key: key.clone(),
                id,
            }),
        }
    }

    fn slot(self: &Arc<Self>, key: R::Key) -> Slot<R> {
        Slot {
            gate: Arc::clone(self),
            key,
        }
    }
}

/// A place in the queue. Dropping it leaves the queue.
struct Ticket<R: Rule> {
    gate: Option<Arc<Gate<R>>>,
    key: R::Key,
    id: u64,
}

impl<R: Rule> Unpin for Ticket<R> {}

impl<R: Rule> Future for Ticket<R> {
    type Output = Result<Slot<R>, Shed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        let verdict = self.gate.as_ref().and_then(|gate| {
            gate.locked(gate.clock.elapsed(), |state| {
                let waiting = state.waiting.get_mut(&id)?;
                let Some(verdict) = waiting.verdict else {
                    waiting.waker = Some(context.waker().clone());
                    return None;
                };
                state.waiting.remove(&id);
                Some(verdict)
            })
        });
        let Some(verdict) = verdict else {
            return Poll::Pending;
        };
        let key = self.key.clone();
        match self.gate.take() {
            Some(gate) => Poll::Ready(verdict.map(|()| gate.slot(key))),
            None => Poll::Pending,
        }
    }
}

impl<R: Rule> Drop for Ticket<R> {
    fn drop(&mut self) {
        let Some(gate) = self.gate.take() else { return };
        let now = gate.clock.elapsed();
        gate.locked(now, |state| {
            match state.waiting.remove(&self.id).and_then(|waiting| waiting.verdict) {
                Some(Ok(())) => state.rule.leave(now, &self.key),
                Some(Err(_)) => {}
                None => state.rule.abandon(self.id, &self.key),
            }
        });
    }
}

/// A slot. Dropping it frees it.
#[derive(Debug)]
pub(super) struct Slot<R: Rule> {
    gate: Arc<Gate<R>>,
    key: R::Key,
}

impl<R: Rule> Drop for Slot<R> {
    fn drop(&mut self) {
        let now = self.gate.clock.elapsed();
        self.gate.locked(now, |state| state.rule.leave(now, &self.key));
    }
}
