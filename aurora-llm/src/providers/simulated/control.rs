//! The switch and the counters of a simulated provider.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::step::Step;

/// Breaks and heals a simulated provider while it runs, and counts its calls; clones control the same provider.
#[derive(Debug, Clone, Default)]
pub struct SimulatedControl {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    plan: Mutex<Plan>,
    calls: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
}

#[derive(Debug, Default)]
struct Plan {
    script: VecDeque<Step>,
    broken: Option<Step>,
}

impl SimulatedControl {
    /// From now on does this with every call, whatever the script says.
    pub fn break_with(&self, step: Step) {
        self.plan().broken = Some(step);
    }

    /// Ends what [`Self::break_with`] began; the script goes on where it was.
    pub fn heal(&self) {
        self.plan().broken = None;
    }

    /// Adds steps to the end of the script.
    pub fn follow(&self, steps: impl IntoIterator<Item = Step>) {
        self.plan().script.extend(steps);
    }

    /// Calls that were begun.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// Calls that were answered to the end.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// Calls that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Calls that were dropped before they had ended.
    #[must_use]
    pub fn cancelled(&self) -> u64 {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let ended = self.answered() + self.failed() + self.cancelled();
        self.calls().saturating_sub(ended)
    }

    /// The number of the call that begins, what to do with it, and what counts its end.
    pub(super) fn begin(&self) -> (u64, Step, Running) {
        let number = self.shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut plan = self.plan();
        let step = match &plan.broken {
            Some(step) => step.clone(),
            None => plan.script.pop_front().unwrap_or(Step::Ok),
        };
        let running = Running {
            shared: Arc::clone(&self.shared),
            ended: false,
        };
        (number, step, running)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call that is under way; dropped before its end it counts as cancelled.
#[derive(Debug)]
pub(super) struct Running {
    shared: Arc<Shared>,
    ended: bool,
}

impl Running {
    pub(super) fn answered(&mut self) {
        self.end(|shared| &shared.answered);
    }

    pub(super) fn failed(&mut self) {
        self.end(|shared| &shared.failed);
    }

    fn end(&mut self, counter: impl FnOnce(&Shared) -> &AtomicU64) {
        if !std::mem::replace(&mut self.ended, true) {
            counter(&self.shared).fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(|shared| &shared.cancelled);
    }
}
