//! The limiter that applications hold.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join;

use super::builder::{LimiterBuilder, Outage};
use super::error::{Error, ErrorKind};
use super::lanes::Lanes;
use super::memory::MemoryLimiter;
use super::policy::Policies;
use super::reservation::{Adjustment, Reservation};
use super::subject::Subject;
use super::verdict::{Decision, Verdict};
use super::{RateLimiter, telemetry};
use crate::resilience::Deadline;
use crate::telemetry::BoundedLabel;
use crate::time::Clock;

/// When to come again, of somebody who does not know.
const BLIND_RETRY: Duration = Duration::from_secs(1);

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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Box<dyn RateLimiter>,
    pub(super) outage: Outage,
    pub(super) local: MemoryLimiter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) max_wait: Duration,
    pub(super) lanes: Lanes,
    pub(super) late: Mutex<VecDeque<Adjustment>>,
    pub(super) is_degraded: AtomicBool,
    /// The names of policies that have series of their own.
    pub(super) names: BoundedLabel,
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
        LimiterBuilder::new(Box::new(store))
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
    /// Nothing is counted by a drop either.
    pub async fn peek(&self, subject: &Subject, policies: &Policies) -> Verdict {
        self.ask(subject, policies, 0).await.0
    }

    /// Waits until the request passes, at most until `deadline` and for
    /// [`max_wait`](LimiterBuilder::max_wait). Those who wait for one subject in this process pass in the order in
    /// which they came, the first of them as soon as a [`Reservation`] puts back enough.
    ///
    /// # Errors
    /// [`ErrorKind::Limited`] at once when the limit does not free in time or the deadline has passed,
    /// [`ErrorKind::InsufficientCapacity`] when it never will, [`ErrorKind::TooManyWaiters`] when
    /// [`max_waiters`](LimiterBuilder::max_waiters) wait already, and [`ErrorKind::Timeout`] when the deadline comes
    /// before the answer of the store, which may have counted then.
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
        let latest = deadline.earlier(Deadline::after(clock, self.inner.max_wait));
        if !lanes.is_waited_for(subject) {
            let (verdict, via) = self.decide_by(deadline, subject, policies, cost).await?;
            match verdict.retry_after() {
                Some(wait) if latest.allows(clock, wait) => {}
                _ => return refusal(&verdict).map(|()| (verdict, via)),
            }
        }
        let lane = lanes.enter(subject)?;
        let left = latest.remaining(clock).unwrap_or_default();
        let turn = tokio::select! {
            biased;
            turn = lane.turn() => turn,
            () = clock.sleep(left) => return Err(Error::new(ErrorKind::Limited)),
        };
        loop {
            let (verdict, via) = self.decide_by(deadline, subject, policies, cost).await?;
            match verdict.retry_after() {
                Some(wait) if latest.allows(clock, wait) => tokio::select! {
                    () = lane.freed() => {}
                    () = clock.sleep(wait) => {}
                },
                _ => {
                    drop(turn);
                    return refusal(&verdict).map(|()| (verdict, via));
                }
            }
        }
    }

    /// Asks nobody when the deadline has passed, and waits for no answer beyond it.
    async fn decide_by(
        &self,
        deadline: Deadline,
        subject: &Subject,
        policies: &Policies,
        cost: u32,
    ) -> Result<(Verdict, Via), Error> {
        let clock = &self.inner.clock;
        if deadline.is_past(clock) {
            return Err(Error::new(ErrorKind::Limited));
        }
        let decision = deadline.run(clock, self.decide(subject, policies, cost));
        decision.await.map_err(|_| Error::new(ErrorKind::Timeout))
    }

    async fn decide(&self, subject: &Subject, policies: &Policies, cost: u32) -> (Verdict, Via) {
        let (verdict, via) = self.ask(subject, policies, cost).await;
        telemetry::decided(&self.inner.names, &verdict);
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
