//! Who hears of a breaker's changes.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use super::state::Transition;

/// Changes of the state of a named breaker; labels `breaker`, `from`, `to`, `reason`.
pub(super) const TRANSITIONS: &str = "aurora_breaker_transitions_total";
/// Calls that a named breaker refused; label `breaker`.
pub(super) const REJECTED: &str = "aurora_breaker_rejected_total";

/// How many changes a subscriber may be behind.
const BEHIND: usize = 64;

/// Passes changes on, and writes them to logs and metrics when the breaker has a name.
#[derive(Debug)]
pub(super) struct Watch {
    name: Option<String>,
    rejected: Option<metrics::Counter>,
    subscribers: Sender<Transition>,
}

impl Watch {
    pub(super) fn new(name: Option<String>) -> Self {
        // Registered once: a rejection allocates nothing.
        let rejected = name
            .clone()
            .map(|name| metrics::counter!(REJECTED, "breaker" => name));
        Self {
            name,
            rejected,
            subscribers: Sender::new(BEHIND),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn subscribe(&self) -> Transitions {
        Transitions {
            receiver: self.subscribers.subscribe(),
            missed: 0,
        }
    }

    pub(super) fn rejected(&self) {
        if let Some(counter) = &self.rejected {
            counter.increment(1);
        }
    }

    /// To the subscribers. Called while the state is locked, so that they hear the changes in their order.
    pub(super) fn publish(&self, changes: &[Transition]) {
        for change in changes {
            // An error says that nobody listens.
            self.subscribers.send(*change).ok();
        }
    }

    /// To logs and metrics. They are somebody else's code and are called without any lock.
    pub(super) fn write(&self, changes: &[Transition]) {
        let Some(name) = &self.name else { return };
        for Transition { from, to, reason } in changes {
            let (from, to, reason) = (from.as_str(), to.as_str(), reason.as_str());
            tracing::info!(breaker = %name, from, to, reason, "state_transition");
            metrics::counter!(
                TRANSITIONS, "breaker" => name.clone(), "from" => from, "to" => to, "reason" => reason
            )
            .increment(1);
        }
    }
}

/// The changes of a breaker from [`Breaker::subscribe`](super::Breaker::subscribe) on, each once and in order.
///
/// Whoever is more than 64 changes behind misses the oldest; [`missed`](Self::missed) counts them.
#[derive(Debug)]
pub struct Transitions {
    receiver: Receiver<Transition>,
    missed: u64,
}

impl Transitions {
    /// The next change; `None` once the breaker is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    pub async fn next(&mut self) -> Option<Transition> {
        loop {
            match self.receiver.recv().await {
                Ok(change) => return Some(change),
                Err(RecvError::Lagged(missed)) => self.missed = self.missed.saturating_add(missed),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How many changes were missed.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}
