//! A second attempt before the first has ended.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use super::call::CallBudget;
use super::retry::{GaveUp, RetryError};
use crate::failure::Failure;
use crate::monitor::histogram::{Counted, Histogram};
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, PoisonError};
use crate::time::{Clock, SystemClock};

/// The time after which the 95th percentile is taken anew, and one of the slices that it is taken from.
const SLICE_SECS: u64 = 3;
/// The percentile is that of the last 30 s.
const SLICES: usize = 10;
/// No backup is sent earlier than this.
const FLOOR: Duration = Duration::from_millis(1);
/// What a backup costs, in hundredths of a request.
const COST: u32 = 100;
/// As many backups may be saved up.
const SAVED: u32 = 10;

/// Hedged requests: when an answer takes longer than 95 of 100 do, a second attempt is sent, and whoever answers first
/// counts ("The Tail at Scale").
///
/// It is off until [`hedgeable`](Self::hedgeable) says that the operation may be done twice and that twice costs nothing
/// that matters: on for reads and embeddings, off for what generates and is paid for.
///
/// - One backup, at the 95th percentile of the last 30 s, taken anew every 3 s, at least 1 ms. Before anything is known
///   there is none.
/// - All backups together are at most [`max_extra_load`](Self::max_extra_load) percent of the requests, 1 by default, with
///   no minimum per second, so that a client with few requests does not exceed it either (Finagle).
/// - A backup takes an attempt of the [`CallBudget`], and inside a layer that retries there is none.
/// - The one that loses is dropped, and the answer says that it was sent: what it cost is to be paid all the same.
///
/// Clones share what they know.
///
/// # Examples
/// ```
/// # use aurora_core::failure::{Failure, FailureClass};
/// use aurora_core::resilience::{Deadline, Hedge};
/// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
/// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let hedge = Hedge::default().hedgeable();
/// let answer = hedge.run(Deadline::NONE, |_inside| async { Ok::<_, Down>("up") }).await.unwrap();
/// assert!(!answer.backup_sent());
/// assert_eq!(answer.into_value(), "up");
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Hedge {
    hedgeable: bool,
    fixed: Option<Duration>,
    percent: u32,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Hundredths of a request that backups may cost.
    saved: AtomicU32,
    latencies: Mutex<Latencies>,
}

#[derive(Debug)]
struct Latencies {
    slices: [Histogram; SLICES],
    slice: u64,
    p95: Option<Duration>,
}

impl Latencies {
    fn settle(&mut self, now: Duration) {
        let current = now.as_secs() / SLICE_SECS;
        if current <= self.slice {
            return;
        }
        for passed in (self.slice + 1..=current).rev().take(SLICES) {
            if let Some(slice) = self.at(passed) {
                slice.clear();
            }
        }
        self.slice = current;
        let mut sum = Counted::new();
        for slice in &self.slices {
            slice.add_to(&mut sum);
        }
        let micros = sum.percentile(95.0);
        self.p95 = micros.map(|micros| Duration::from_secs_f64(micros / 1e6).max(FLOOR));
    }

    fn at(&self, slice: u64) -> Option<&Histogram> {
        self.slices.get(usize::try_from(slice % SLICES as u64).ok()?)
    }
}

impl Default for Hedge {
    /// Off.
    fn default() -> Self {
        let latencies = Latencies {
            slices: std::array::from_fn(|_| Histogram::new()),
            slice: 0,
            p95: None,
        };
        Self {
            hedgeable: false,
            fixed: None,
            percent: 1,
            clock: Arc::new(SystemClock),
            shared: Arc::new(Shared {
                saved: AtomicU32::new(0),
                latencies: Mutex::new(latencies),
            }),
        }
    }
}

impl Hedge {
    /// Says that the operation is idempotent and that doing it twice costs nothing that matters.
    #[must_use]
    pub const fn hedgeable(mut self) -> Self {
        self.hedgeable = true;
        self
    }

    /// Sends a backup after this time instead of at the percentile.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.fixed = Some(delay);
        self
    }

    /// How many backups there may be for 100 requests; at most 100.
    #[must_use]
    pub fn max_extra_load(mut self, percent: u32) -> Self {
        self.percent = percent.min(100);
        self
    }

    /// Takes time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// After what time a backup is sent; `None` while nothing is known, or when hedging is off.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        if !self.hedgeable {
            return None;
        }
        if self.fixed.is_some() {
            return self.fixed;
        }
        let now = self.clock.elapsed();
        let mut latencies = self
            .shared
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        latencies.settle(now);
        latencies.p95
    }

    /// Begins a request whose backup somebody sends himself, because it is not the same operation once more: one at another
    /// target. He waits for [`HedgedCall::delay`], takes an attempt of the [`CallBudget`], and asks
    /// [`HedgedCall::may_send`].
    pub fn begin(&self) -> HedgedCall<'_> {
        self.earn();
        HedgedCall {
            delay: self.delay(),
            hedge: self,
            started: self.clock.elapsed(),
        }
    }

    /// Calls `operation`, and a second time if the first takes too long.
    ///
    /// A failure of the one is no end while the other is under way.
    ///
    /// # Errors
    /// [`RetryError`] with the last error, when none of them answered.
    ///
    /// # Cancel safety
    /// Dropping the future drops every attempt that is under way.
    pub async fn run<V, E, F, O>(
        &self,
        call: impl Into<CallBudget> + Send,
        mut operation: O,
    ) -> Result<Hedged<V>, RetryError<E>>
    where
        V: Send,
        E: Failure + Send,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(CallBudget) -> F + Send,
    {
        let call = call.into();
        let clock = &*self.clock;
        let first = call
            .take_attempt(clock)
            .map_err(|exhausted| RetryError::new(None, GaveUp::Call(exhausted), 0))?;
        let timing = self.begin();
        let primary = pin!(operation(first.begin().nested()));
        let failed = |error, attempts| RetryError::new(Some(error), GaveUp::Attempts, attempts);
        let Some(delay) = timing.delay() else {
            return primary.await.map(Hedged::alone).map_err(|error| failed(error, 1));
        };
        let primary = match select(primary, clock.sleep(delay)).await {
            Either::Left((answer, _)) => return answer.map(Hedged::alone).map_err(|error| failed(error, 1)),
            Either::Right(((), primary)) => primary,
        };
        let second = match call.take_retry(clock) {
            Ok(second) if timing.may_send() => second,
            _ => return primary.await.map(Hedged::alone).map_err(|error| failed(error, 1)),
        };
        let backup = pin!(operation(second.begin().nested()));
        let (answer, by_backup) = match select(primary, backup).await {
            Either::Left((Ok(value), _)) => (Ok(value), false),
            Either::Right((Ok(value), _)) => (Ok(value), true),
            Either::Left((Err(_), backup)) => (backup.await, true),
            Either::Right((Err(_), primary)) => (primary.await, false),
        };
        let hedged = |value| Hedged {
            value,
            backup_sent: true,
            by_backup,
        };
        answer.map(hedged).map_err(|error| failed(error, 2))
    }

    fn earn(&self) {
        let add = |saved: u32| Some((saved + self.percent).min(SAVED * COST));
        // The closure always yields a value, so this cannot fail.
        self.shared
            .saved
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add)
            .ok();
    }

    fn spend(&self) -> bool {
        let take = |saved: u32| saved.checked_sub(COST);
        self.shared
            .saved
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
            .is_ok()
    }
}

/// A request under way. At its end it notes how long the first attempt has been under way: to its answer, or until it was
/// dropped.
#[derive(Debug)]
#[must_use = "it measures until it is dropped"]
pub struct HedgedCall<'a> {
    hedge: &'a Hedge,
    delay: Option<Duration>,
    started: Duration,
}

impl HedgedCall<'_> {
    /// After what time a backup may be sent; `None` is never.
    #[must_use]
    pub const fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// Whether there is a backup left to send; it is taken then.
    #[must_use]
    pub fn may_send(&self) -> bool {
        self.hedge.spend()
    }
}

impl Drop for HedgedCall<'_> {
    fn drop(&mut self) {
        if !self.hedge.hedgeable {
            return;
        }
        let now = self.hedge.clock.elapsed();
        let micros = now.saturating_sub(self.started).as_micros();
        let mut latencies = self
            .hedge
            .shared
            .latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        latencies.settle(now);
        if let Some(slice) = latencies.at(latencies.slice) {
            slice.record(u64::try_from(micros).unwrap_or(u64::MAX));
        }
    }
}

/// An answer, and what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedged<V> {
    value: V,
    backup_sent: bool,
    by_backup: bool,
}

impl<V> Hedged<V> {
    const fn alone(value: V) -> Self {
        Self {
            value,
            backup_sent: false,
            by_backup: false,
        }
    }

    /// Whether a second attempt was sent: then two were made and are to be accounted for.
    #[must_use]
    pub const fn backup_sent(&self) -> bool {
        self.backup_sent
    }

    /// Whether it is the second attempt that answered.
    #[must_use]
    pub const fn by_backup(&self) -> bool {
        self.by_backup
    }

    /// The answer.
    #[must_use]
    pub fn into_value(self) -> V {
        self.value
    }
}
