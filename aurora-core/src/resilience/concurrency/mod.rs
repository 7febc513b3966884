//! How many calls at once are right, found out while they are made.

mod shares;
mod vegas;

use std::sync::Arc;
use std::time::Duration;

use super::breaker::Outcome;
use super::gate::{Gate, Slot};
use super::shed::Shed;
use crate::failure::FailureClass;
use crate::time::{Clock, SystemClock};

use shares::Shares;
use vegas::Vegas;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Somebody waits for it: nine tenths of the slots.
    Interactive,
    /// Nobody waits for it: one tenth of the slots.
    Batch,
    /// Health, metrics, login: a few slots beside the limit, and no queue.
    Reserved,
}

/// An adaptive concurrency limit: it finds out how many calls at once can be served, and refuses the rest early.
///
/// The limit follows TCP Vegas as in Netflix' concurrency-limits: it grows while calls take hardly longer than the fastest
/// did, shrinks when they must have waited somewhere, and when one comes too late or is refused. It stays between a floor
/// and a ceiling and begins at 20.
///
/// A class may use all of it while no other waits; when both wait, the one that uses the smaller part of its share is
/// next. The queue of each class is small. Once it has not been empty for as long as anybody may wait, the newest is next
/// and who has waited for a fifth of that is sent away (adaptive LIFO and controlled delay, "Fail at Scale").
///
/// Clones share the limit.
///
/// # Examples
/// ```
/// use aurora_core::resilience::{AdaptiveLimit, Class, Outcome};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let limit = AdaptiveLimit::new(4, 200);
/// let slot = limit.acquire(Class::Interactive).await.expect("twenty are free");
/// slot.record(Outcome::Success);
/// assert_eq!(limit.under_way(), 0);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AdaptiveLimit {
    gate: Arc<Gate<Shares>>,
    settings: Settings,
}

#[derive(Debug, Clone)]
struct Settings {
    floor: u32,
    ceiling: u32,
    queue: usize,
    max_wait: Duration,
    reserved: u32,
    clock: Arc<dyn Clock>,
}

impl Settings {
    fn open(self) -> AdaptiveLimit {
        let vegas = Vegas::new(self.floor, self.ceiling);
        let rule = Shares::new(vegas, self.queue, self.max_wait, self.reserved);
        AdaptiveLimit {
            gate: Arc::new(Gate::new(rule, Arc::clone(&self.clock))),
            settings: self,
        }
    }
}

impl AdaptiveLimit {
    /// A limit between `floor` (at least 1) and `ceiling`; 16 of each class may wait for 100 ms; 2 reserved slots.
    #[must_use]
    pub fn new(floor: u32, ceiling: u32) -> Self {
        let settings = Settings {
            floor,
            ceiling,
            queue: 16,
            max_wait: Duration::from_millis(100),
            reserved: 2,
            clock: Arc::new(SystemClock),
        };
        settings.open()
    }

    /// The same with another queue. It begins anew.
    #[must_use]
    pub fn queue(self, calls: usize, max_wait: Duration) -> Self {
        let mut settings = self.settings;
        (settings.queue, settings.max_wait) = (calls, max_wait);
        settings.open()
    }

    /// The same with so many reserved slots. It begins anew.
    #[must_use]
    pub fn reserved(self, slots: u32) -> Self {
        let mut settings = self.settings;
        settings.reserved = slots;
        settings.open()
    }

    /// The same on `clock`. It begins anew.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        let mut settings = self.settings;
        settings.clock = Arc::new(clock);
        settings.open()
    }

    /// A slot, after waiting in the queue if there is none.
    ///
    /// # Errors
    /// [`Shed`] when the queue is full or the wait was in vain.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue; a slot that came at the same moment goes to the next.
    pub async fn acquire(&self, class: Class) -> Result<LimitSlot, Shed> {
        let slot = self.gate.enter(&class, self.settings.max_wait).await?;
        Ok(LimitSlot {
            gate: Arc::clone(&self.gate),
            started: self.gate.clock().elapsed(),
            told: class == Class::Reserved,
            _slot: slot,
        })
    }

    /// How many calls may be under way now, besides reserved ones.
    #[must_use]
    pub fn limit(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between two numbers of this type"
        )]
        self.gate.with(|shares, _| shares.vegas.limit() as u32)
    }

    /// How many calls are under way, besides reserved ones.
    #[must_use]
    pub fn under_way(&self) -> u32 {
        self.gate.with(|shares, _| shares.under_way())
    }

    /// How many calls wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.with(|shares, _| shares.waiting())
    }
}

/// A slot under an [`AdaptiveLimit`]. Dropping it frees it and says nothing, unless the thread panics: that is a call
/// too many.
#[derive(Debug)]
#[must_use = "tell how the call went"]
pub struct LimitSlot {
    gate: Arc<Gate<Shares>>,
    started: Duration,
    told: bool,
    _slot: Slot<Shares>,
}

impl LimitSlot {
    /// Tells how the call went. Late and throttled means that there were too many; other failures say nothing.
    ///
    /// A reserved slot says nothing: a health check is so fast that by its measure every other call would seem to wait.
    pub fn record(mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        match outcome {
            Outcome::Success => self.sample(false),
            Outcome::Failed(FailureClass::Timeout | FailureClass::Throttled, _) => self.sample(true),
            Outcome::Failed(..) => {}
        }
    }

    fn sample(&self, dropped: bool) {
        self.gate.with(|shares, now| {
            let under_way = f64::from(shares.under_way());
            shares
                .vegas
                .sample(now.saturating_sub(self.started), under_way, dropped);
        });
    }
}

impl Drop for LimitSlot {
    fn drop(&mut self) {
        if !self.told && std::thread::panicking() {
            self.sample(true);
        }
    }
}
