//! How many calls of one kind may be under way.

mod fair;

use std::sync::Arc;
use std::time::Duration;

use super::deadline::Deadline;
use super::gate::{Gate, Slot};
use super::guarded::Guarded;
use super::shed::{Shed, ShedReason};
use crate::time::{Clock, SystemClock};

use fair::Fair;

/// A bulkhead: it bounds how many calls are under way, so that one slow target cannot take every worker with it.
///
/// Slots are shared by tenants. A free slot goes to whoever has the fewest among those who wait, and then to whoever was
/// not served for longest: while others wait, no tenant gets more than its share. The queue is bounded too, and when it is
/// full the newest of the tenant with the longest queue makes room for one who has less in it. A tenant may use all
/// slots while nobody else asks.
///
/// Clones share the slots. The semantics are those of resilience4j's semaphore bulkhead; the fairness is ours.
///
/// # Examples
/// ```
/// use std::{sync::Arc, time::Duration};
/// use aurora_core::resilience::{Bulkhead, Deadline};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bulkhead = Bulkhead::new(2).queue(10, Duration::from_secs(1));
/// let tenant: Arc<str> = "clinic-7".into();
/// let slot = bulkhead.acquire(&tenant, Deadline::NONE).await.expect("two are free");
/// assert_eq!(bulkhead.in_use(), 1);
/// drop(slot);
/// assert_eq!(bulkhead.in_use(), 0);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Bulkhead {
    gate: Arc<Gate<Fair>>,
    settings: Settings,
}

#[derive(Debug, Clone)]
struct Settings {
    permits: usize,
    queue: usize,
    max_wait: Duration,
    clock: Arc<dyn Clock>,
}

impl Settings {
    fn open(self) -> Bulkhead {
        let rule = Fair::new(self.permits, self.queue, self.max_wait);
        Bulkhead {
            gate: Arc::new(Gate::new(rule, Arc::clone(&self.clock))),
            settings: self,
        }
    }
}

impl Bulkhead {
    /// A bulkhead of `permits` slots (at least 1) where nobody waits.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        let settings = Settings {
            permits: permits.max(1),
            queue: 0,
            max_wait: Duration::ZERO,
            clock: Arc::new(SystemClock),
        };
        settings.open()
    }

    /// The same with a queue: so many calls may wait, each so long at most. It begins empty.
    #[must_use]
    pub fn queue(self, calls: usize, max_wait: Duration) -> Self {
        let mut settings = self.settings;
        (settings.queue, settings.max_wait) = (calls, max_wait);
        settings.open()
    }

    /// The same on `clock`. It begins empty.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        let mut settings = self.settings;
        settings.clock = Arc::new(clock);
        settings.open()
    }

    /// A slot for a call of `tenant`, without waiting.
    ///
    /// # Errors
    /// [`Shed`] when none is free.
    pub fn try_acquire(&self, tenant: &Arc<str>) -> Result<BulkheadSlot, Shed> {
        self.gate
            .try_enter(tenant)
            .map(|slot| BulkheadSlot { _slot: slot })
    }

    /// A slot for a call of `tenant`, after waiting in the queue until `deadline` or as long as anybody may.
    ///
    /// # Errors
    /// [`Shed`] when the queue is full, the wait was in vain or the deadline has passed already.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue; a slot that came at the same moment goes to the next.
    pub async fn acquire(&self, tenant: &Arc<str>, deadline: Deadline) -> Result<BulkheadSlot, Shed> {
        let longest = self.settings.max_wait;
        if deadline.is_past(self.gate.clock()) {
            // It must not push another out of the queue only to leave it at once.
            return Err(Shed::new(ShedReason::WaitedTooLong, Duration::ZERO));
        }
        let left = deadline.remaining(self.gate.clock());
        let longest = left.map_or(longest, |left| left.min(longest));
        let slot = self.gate.enter(tenant, longest).await?;
        Ok(BulkheadSlot { _slot: slot })
    }

    /// Makes a call of `tenant` in a slot.
    ///
    /// # Errors
    /// [`Guarded::Refused`] when there is no slot; the call was not begun then. [`Guarded::Failed`] is its own error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call and frees the slot.
    pub async fn call<V, E, F>(
        &self,
        tenant: &Arc<str>,
        deadline: Deadline,
        operation: impl FnOnce() -> F + Send,
    ) -> Result<V, Guarded<Shed, E>>
    where
        V: Send,
        E: Send,
        F: Future<Output = Result<V, E>> + Send,
    {
        let slot = self.acquire(tenant, deadline).await.map_err(Guarded::Refused)?;
        let answer = operation().await;
        drop(slot);
        answer.map_err(Guarded::Failed)
    }

    /// How many slots are in use.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.gate.with(|fair, _| fair.in_use())
    }

    /// How many calls wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.with(|fair, _| fair.waiting())
    }
}

/// A slot of a [`Bulkhead`]. Dropping it frees it, also when the call panics.
#[derive(Debug)]
#[must_use = "the slot is free as soon as this is dropped"]
pub struct BulkheadSlot {
    _slot: Slot<Fair>,
}
