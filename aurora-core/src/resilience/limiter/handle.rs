//! The limiter that applications hold.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join;

use super::error::{Error, ErrorKind};
use super::lanes::Lanes;
use super::memory::MemoryLimiter;
use super::policy::Policies;
use super::reservation::{Adjustment, Reservation};
use super::subject::Subject;
use super::verdict::{Decision, Verdict};
use super::{RateLimiter, telemetry};
use crate::resilience::Deadline;
use crate::time::{Clock, SystemClock};

/// When to come again, of somebody who does not know.
const BLIND_RETRY: Duration = Duration::from_secs(1);

/// How many keys are counted in process while the store is away.
const LOCAL_KEYS: usize = 100_000;

/// How many adjustments wait for the store at most.
const LATE: usize = 1_024;

/// How many of them go with one request.
const LATE_AT_ONCE: usize = 8;

/// What decides while the store cannot be asked. It is never "everything passes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// Each replica counts by itself, with its share of every limit.
    ///
    /// A limit below the number of replicas becomes one unit in a longer period. What had been counted is not known,
    /// so that a key gets its share anew.
    Local {
        /// How many replicas share the limits, 1 or more.
        replicas: u32,
    },
    /// Nothing passes: for logins, and whatever else must stay closed.
    Deny,
}

/// A rate limiter in front of a store: what decides when the store is away, waiting, reservations, metrics.
///
/// Clones share everything. With a [`MemoryLimiter`] a check of a known key allocates nothing.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use aurora_core::resilience::limiter::{Limiter, Policies, Policy, Subject};
///
/// let limiter = Limiter::in_process();
/// let auth = Policies::new([Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)])?;
/// let who = Subject::new("login").principal("ana@example.org");
/// for _ in 0..5 {
///     assert!(limiter.check(&who, &auth, 1).await.is_allowed());
/// }
/// let verdict = limiter.check(&who, &auth, 1).await;
/// assert_eq!(verdict.violated().collect::<Vec<_>>(), ["auth"]);
/// # Ok::<(), aurora_core::resilience::limiter::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Limiter {
    inner: Arc<Inner>,
}

struct Inner {
    store: Box<dyn RateLimiter>,
    outage: Outage,
    local: MemoryLimiter,
    clock: Arc<dyn Clock>,
    max_wait: Duration,
    lanes: Lanes,
    late: Mutex<VecDeque<Adjustment>>,
    is_degraded: AtomicBool,
}

/// Who has counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Via {
    Store,
    Local(u32),
}

impl Via {
    /// The policies as they were counted.
    pub(super) fn policies(self, policies: &Policies) -> Policies {
        match self {
            Self::Store => policies.clone(),
            Self::Local(replicas) => policies.share(replicas),
        }
    }
}

impl Limiter {
    /// A limiter within this process, with the usual settings.
    #[must_use]
    pub fn in_process() -> Self {
        Self::builder(MemoryLimiter::new()).assemble()
    }

    /// Starts a limiter in front of `store`.
    pub fn builder(store: impl RateLimiter) -> LimiterBuilder {
        LimiterBuilder {
            store: Box::new(store),
            outage: Outage::Local { replicas: 1 },
            clock: Arc::new(SystemClock),
            max_wait: Duration::from_secs(60),
            max_waiters: 1_024,
        }
    }

    /// Checks a request that costs `cost` units, and counts it when every policy lets it pass.
    ///
    /// Always answers: when the store cannot be asked, [`Outage`] decides, and the verdict is
    /// [degraded](Verdict::is_degraded).
    ///
    /// # Cancel safety
    /// In process nothing is counted unless the verdict is handed out. With a store outside, a future that is dropped
    /// may have been counted or not.
    pub async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Verdict {
        self.decide(subject, policies, cost).await.0
    }

    /// Where the key stands. Nothing is counted, not even as a decision.
    ///
    /// # Cancel safety
    /// A drop has no effect.
    pub async fn peek(&self, subject: &Subject, policies: &Policies) -> Verdict {
        self.ask(subject, policies, 0).await.0
    }

    /// Waits until the request passes, at most until `deadline` and for
    /// [`max_wait`](LimiterBuilder::max_wait). Those who wait for one subject in this process pass in the order in
    /// which they came.
    ///
    /// # Errors
    /// [`ErrorKind::Limited`] at once when the limit does not free in time, [`ErrorKind::InsufficientCapacity`] when it
    /// never will, [`ErrorKind::TooManyWaiters`] when [`max_waiters`](LimiterBuilder::max_waiters) wait already.
    ///
    /// # Cancel safety
    /// As [`check`](Self::check): a wait that is dropped has counted nothing, and the next in line moves up.
    pub async fn until_ready(
        &self,
        subject: &Subject,
        policies: &Policies,
        cost: u32,
        deadline: Deadline,
    ) -> Result<Verdict, Error> {
        let (verdict, _) = self.wait(subject, policies, cost, deadline).await?;
        Ok(verdict)
    }

    /// Takes `units` as an upper bound of what will be used, if they are free.
    ///
    /// # Errors
    /// [`ErrorKind::Limited`] and [`ErrorKind::InsufficientCapacity`].
    ///
    /// # Cancel safety
    /// As [`check`](Self::check).
    pub async fn try_reserve(
        &self,
        subject: &Subject,
        policies: &Policies,
        units: u32,
    ) -> Result<Reservation, Error> {
        let (verdict, via) = self.decide(subject, policies, units).await;
        refusal(&verdict)?;
        Ok(Reservation::new(self.clone(), subject, units, verdict, via))
    }

    /// Takes `units` as an upper bound of what will be used, and waits for them like
    /// [`until_ready`](Self::until_ready).
    ///
    /// # Errors
    /// As [`until_ready`](Self::until_ready).
    ///
    /// # Cancel safety
    /// As [`until_ready`](Self::until_ready).
    pub async fn reserve(
        &self,
        subject: &Subject,
        policies: &Policies,
        units: u32,
        deadline: Deadline,
    ) -> Result<Reservation, Error> {
        let (verdict, via) = self.wait(subject, policies, units, deadline).await?;
        Ok(Reservation::new(self.clone(), subject, units, verdict, via))
    }

    async fn wait(
        &self,
        subject: &Subject,
        policies: &Policies,
        cost: u32,
        deadline: Deadline,
    ) -> Result<(Verdict, Via), Error> {
        let Inner { clock, lanes, .. } = &*self.inner;
        let deadline = deadline.earlier(Deadline::after(clock, self.inner.max_wait));
        if !lanes.is_waited_for(subject) {
            let (verdict, via) = self.decide(subject, policies, cost).await;
            match verdict.retry_after() {
                Some(wait) if deadline.allows(clock, wait) => {}
                _ => return refusal(&verdict).map(|()| (verdict, via)),
            }
        }
        let lane = lanes.enter(subject)?;
        let left = deadline.remaining(clock).unwrap_or_default();
        let turn = tokio::select! {
            biased;
            turn = lane.turn() => turn,
            () = clock.sleep(left) => return Err(Error::new(ErrorKind::Limited)),
        };
        loop {
            let (verdict, via) = self.decide(subject, policies, cost).await;
            match verdict.retry_after() {
                Some(wait) if deadline.allows(clock, wait) => clock.sleep(wait).await,
                _ => {
                    drop(turn);
                    return refusal(&verdict).map(|()| (verdict, via));
                }
            }
        }
    }

    async fn decide(&self, subject: &Subject, policies: &Policies, cost: u32) -> (Verdict, Via) {
        let (verdict, via) = self.ask(subject, policies, cost).await;
        telemetry::decided(&verdict);
        (verdict, via)
    }

    async fn ask(&self, subject: &Subject, policies: &Policies, cost: u32) -> (Verdict, Via) {
        let store = &self.inner.store;
        if let Some(verdict) = store.check_now(subject, policies, cost) {
            return (verdict, Via::Store);
        }
        let (answer, ()) = join(store.check(subject, policies, cost), self.settle_late()).await;
        match answer {
            Ok(verdict) => {
                if self.inner.is_degraded.swap(false, Ordering::Relaxed) {
                    tracing::info!("the store of the rate limiter answers again");
                }
                (verdict, Via::Store)
            }
            Err(error) => self.degraded(subject, policies, cost, &error),
        }
    }

    fn degraded(&self, subject: &Subject, policies: &Policies, cost: u32, error: &Error) -> (Verdict, Via) {
        if !self.inner.is_degraded.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, outage = ?self.inner.outage, "the rate limiter decides without its store");
        }
        match self.inner.outage {
            Outage::Local { replicas } => {
                telemetry::degraded("local");
                let share = policies.share(replicas);
                let verdict = self.inner.local.check(subject, &share, cost);
                (verdict.degraded(policies, BLIND_RETRY), Via::Local(replicas))
            }
            Outage::Deny => {
                telemetry::degraded("deny");
                let verdict = Verdict::blind(policies, BLIND_RETRY);
                (verdict.degraded(policies, BLIND_RETRY), Via::Store)
            }
        }
    }

    pub(super) async fn adjust(&self, adjustment: Adjustment, via: Via) {
        let is_done = match via {
            Via::Local(_) => self.inner.local.adjust_now(&adjustment),
            Via::Store => self.inner.store.adjust_now(&adjustment),
        };
        if !is_done {
            self.send(adjustment).await;
        }
    }

    /// For whoever cannot wait.
    pub(super) fn adjust_later(&self, adjustment: Adjustment, via: Via) {
        let is_done = match via {
            Via::Local(_) => self.inner.local.adjust_now(&adjustment),
            Via::Store => self.inner.store.adjust_now(&adjustment),
        };
        if !is_done {
            let mut late = self.late();
            // The oldest have the least left to put back.
            if late.len() == LATE {
                late.pop_front();
            }
            late.push_back(adjustment);
        }
    }

    async fn send(&self, adjustment: Adjustment) {
        if let Err(error) = self.inner.store.adjust(&adjustment).await {
            // Whether it was done is known here alone; done twice, it would put back what was used.
            if error.kind() == ErrorKind::Unavailable {
                self.adjust_later(adjustment, Via::Store);
            } else {
                tracing::debug!(%error, "a reservation stays counted");
            }
        }
    }

    async fn settle_late(&self) {
        for _ in 0..LATE_AT_ONCE {
            let Some(adjustment) = self.late().pop_front() else {
                return;
            };
            let is_away = self.inner.is_degraded.load(Ordering::Relaxed);
            self.send(adjustment).await;
            if is_away {
                return;
            }
        }
    }

    fn late(&self) -> MutexGuard<'_, VecDeque<Adjustment>> {
        self.inner.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(verdict: &Verdict) -> Result<(), Error> {
    match verdict.decision() {
        Decision::Allowed => Ok(()),
        Decision::Limited { retry_after } => Err(Error::limited(retry_after)),
        Decision::InsufficientCapacity => Err(Error::new(ErrorKind::InsufficientCapacity)),
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("store", &self.inner.store)
            .field("outage", &self.inner.outage)
            .field("is_degraded", &self.inner.is_degraded)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Limiter`].
#[derive(Debug)]
#[must_use]
pub struct LimiterBuilder {
    store: Box<dyn RateLimiter>,
    outage: Outage,
    clock: Arc<dyn Clock>,
    max_wait: Duration,
    max_waiters: usize,
}

impl LimiterBuilder {
    /// What decides while the store cannot be asked. `Local { replicas: 1 }` unless told otherwise: the number of
    /// replicas is to be said where there are several.
    pub const fn outage(mut self, outage: Outage) -> Self {
        self.outage = outage;
        self
    }

    /// The longest that [`Limiter::until_ready`] waits, whatever the deadline: up to a day, 60 s unless told otherwise.
    pub const fn max_wait(mut self, limit: Duration) -> Self {
        self.max_wait = limit;
        self
    }

    /// How many may wait at once, over all subjects: 1 to 1,000,000; 1,024 unless told otherwise.
    pub const fn max_waiters(mut self, waiters: usize) -> Self {
        self.max_waiters = waiters;
        self
    }

    /// Takes time from `clock`, for waiting and for what is counted while the store is away.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The limiter.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`], with everything that is wrong and what is allowed.
    pub fn build(self) -> Result<Limiter, Error> {
        let mut problems = Vec::new();
        if self.outage == (Outage::Local { replicas: 0 }) {
            problems.push("there is at least 1 replica");
        }
        if self.max_wait > Duration::from_secs(24 * 60 * 60) {
            problems.push("the longest wait is at most a day");
        }
        if !(1..=1_000_000).contains(&self.max_waiters) {
            problems.push("1 to 1,000,000 may wait at once");
        }
        if problems.is_empty() {
            Ok(self.assemble())
        } else {
            Err(Error::with_source(
                ErrorKind::InvalidSettings,
                problems.join("; "),
            ))
        }
    }

    fn assemble(self) -> Limiter {
        Limiter {
            inner: Arc::new(Inner {
                store: self.store,
                outage: self.outage,
                local: MemoryLimiter::sized(LOCAL_KEYS, Arc::clone(&self.clock)),
                clock: self.clock,
                max_wait: self.max_wait,
                lanes: Lanes::new(self.max_waiters),
                late: Mutex::new(VecDeque::new()),
                is_degraded: AtomicBool::new(false),
            }),
        }
    }
}
