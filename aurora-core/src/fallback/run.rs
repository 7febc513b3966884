//! The way of one call over the targets.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::outcome::{AttemptOutcome, AttemptRecord, Exhausted, Lease, Served};
use super::plan::{Action, Plan};
use super::target::{Attempt, Member};
use super::{Fallback, Inner};
use crate::failure::Failure;
use crate::resilience::{Backoff, Deadline, Permit, Withdrawal};

impl<T: Send + Sync> Fallback<T> {
    /// Runs `operation` at the targets in order until one answers.
    ///
    /// The operation makes exactly one attempt, keeps within [`Attempt::remaining`] and must be repeatable: no attempt
    /// begins after the deadline, but one that is under way is not cut off from here. The answer's attempt is still open, so that a
    /// stream can tell later how it ended: see [`Served::into_parts`].
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or wait that is under way and says nothing about its target.
    pub async fn run<V, E, F, P, O>(
        &self,
        plan: &P,
        deadline: Deadline,
        operation: O,
    ) -> Result<Served<T, V, E>, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        P: Plan<T, E>,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        self.run_over(plan, deadline, |_| true, operation).await
    }

    /// As [`Fallback::run`], over those targets alone whose payload is wanted.
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Fallback::run`].
    pub async fn run_over<V, E, F, P, O>(
        &self,
        plan: &P,
        deadline: Deadline,
        wanted: impl Fn(&T) -> bool + Send + Sync,
        operation: O,
    ) -> Result<Served<T, V, E>, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        P: Plan<T, E>,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        let inner = &*self.inner;
        let mut walk = Walk {
            inner,
            plan,
            deadline,
            operation,
            number: 0,
            trail: Vec::new(),
            failed: Vec::new(),
        };
        for member in inner.targets.iter().filter(|member| wanted(member.payload())) {
            match walk.visit(member, Duration::ZERO).await {
                Visit::Served(value, attempt, lease) => return Ok(walk.served(value, attempt, lease)),
                Visit::Left => {}
                Visit::Surface => return Err(Exhausted::new(walk.trail)),
            }
        }
        // Every circuit was open. When one lets calls pass again soon enough, waiting for it beats failing.
        if let Some((member, wait)) = walk.soonest(&wanted) {
            inner.clock.sleep(wait).await;
            if let Visit::Served(value, attempt, lease) = walk.visit(&member, wait).await {
                return Ok(walk.served(value, attempt, lease));
            }
        }
        Err(Exhausted::new(walk.trail))
    }
}

/// One call under way.
struct Walk<'a, T, E, P, O> {
    inner: &'a Inner<T>,
    plan: &'a P,
    deadline: Deadline,
    operation: O,
    number: u32,
    trail: Vec<AttemptRecord<E>>,
    /// Which attempts of the trail left which target for another.
    failed: Vec<(usize, Arc<Member<T>>)>,
}

enum Visit<T, V> {
    Served(V, Attempt<T>, Lease<T>),
    Left,
    Surface,
}

impl<'a, T, V, E, F, P, O> Walk<'a, T, E, P, O>
where
    T: Send + Sync,
    V: Send,
    E: Failure + Send + Sync,
    P: Plan<T, E>,
    F: Future<Output = Result<V, E>> + Send,
    O: FnMut(Attempt<T>) -> F + Send,
{
    /// Attempts one target until it answers or is left.
    async fn visit(&mut self, member: &Arc<Member<T>>, waited: Duration) -> Visit<T, V> {
        if !self.may_visit(member) || self.deadline.is_past(&*self.inner.clock) {
            return Visit::Left;
        }
        let (mut waited, mut made, mut spent) = (waited, 0, None::<Withdrawal>);
        loop {
            let permit = match member.breaker.try_acquire() {
                Ok(permit) => permit,
                // A retry already waited for as long as the target asked: another call tripped it meanwhile.
                Err(rejected) => {
                    self.skip(member, rejected.retry_after);
                    return Visit::Left;
                }
            };
            if let Some(retry) = &mut spent {
                retry.spend();
            }
            made += 1;
            let (attempt, lease) = self.begin(member, permit);
            let error = match (self.operation)(attempt.clone()).await {
                Ok(value) => {
                    self.inner.budget.succeeded(spent);
                    let elapsed = lease.elapsed();
                    self.note(member, AttemptOutcome::Served, elapsed, waited);
                    return Visit::Served(value, attempt, lease);
                }
                Err(error) => error,
            };
            let (class, asked, elapsed) = (error.class(), error.retry_after(), lease.elapsed());
            lease.failed(class, asked);
            let action = self.plan.action(&error, member.payload());
            self.note(member, AttemptOutcome::Failed(error), elapsed, waited);
            self.failed.push((self.trail.len() - 1, Arc::clone(member)));
            match action {
                Action::Surface => return Visit::Surface,
                Action::Next => return Visit::Left,
                Action::RetryOnce if made > 1 => return Visit::Left,
                Action::Retry | Action::RetryOnce => {}
            }
            let Backoff::Wait(wait) = self.inner.policy.backoff(made, class, asked, &self.inner.random)
            else {
                return Visit::Left;
            };
            if !self.deadline.allows(&*self.inner.clock, wait) {
                return Visit::Left;
            }
            spent = self.inner.budget.withdraw(class);
            if spent.is_none() {
                return Visit::Left;
            }
            self.inner.clock.sleep(wait).await;
            waited = wait;
        }
    }

    /// Whether every error so far lets `member` hope to do better.
    fn may_visit(&self, member: &Member<T>) -> bool {
        self.failed.iter().all(|(at, failed)| {
            let error = self.trail.get(*at).and_then(AttemptRecord::error);
            error.is_none_or(|error| self.plan.may_follow(error, failed.payload(), member.payload()))
        })
    }

    fn begin(&mut self, member: &Arc<Member<T>>, permit: Permit) -> (Attempt<T>, Lease<T>) {
        self.number += 1;
        let remaining = self.deadline.remaining(&*self.inner.clock);
        let attempt = Attempt {
            member: Arc::clone(member),
            number: self.number,
            remaining,
        };
        let lease = Lease {
            member: Arc::clone(member),
            permit,
            monitor: self.inner.monitor.clone(),
            clock: Arc::clone(&self.inner.clock),
            started: self.inner.clock.elapsed(),
            answered: None,
        };
        (attempt, lease)
    }

    fn skip(&mut self, member: &Member<T>, retry_after: Duration) {
        member.counts.skipped.fetch_add(1, Ordering::Relaxed);
        self.note(
            member,
            AttemptOutcome::Skipped { retry_after },
            Duration::ZERO,
            Duration::ZERO,
        );
    }

    fn note(&mut self, member: &Member<T>, outcome: AttemptOutcome<E>, elapsed: Duration, waited: Duration) {
        self.trail.push(AttemptRecord {
            target: member.name().to_owned(),
            outcome,
            elapsed,
            waited,
        });
    }

    /// The target to wait for when all were passed over: the one that lets calls pass first, if that is soon enough.
    fn soonest(&self, wanted: impl Fn(&T) -> bool) -> Option<(Arc<Member<T>>, Duration)> {
        if self.number > 0 {
            return None; // somebody was asked and failed: waiting is the retry policy's business
        }
        let wait_of = |member: &&Arc<Member<T>>| {
            self.trail.iter().find_map(|record| match record.outcome {
                AttemptOutcome::Skipped { retry_after } if record.target == member.name() => {
                    Some(retry_after)
                }
                _ => None,
            })
        };
        let open = self
            .inner
            .targets
            .iter()
            .filter(|member| wanted(member.payload()));
        let (member, wait) = open
            .filter_map(|member| Some((member, wait_of(&member)?)))
            .min_by_key(|(_, wait)| *wait)?;
        if wait > self.inner.policy.longest_wait() {
            return None;
        }
        // Some spread on top, or all who wait for the same target come back together.
        let wait = wait.saturating_add((wait / 4).mul_f64(self.inner.random.unit()));
        let fits = self.deadline.allows(&*self.inner.clock, wait);
        fits.then(|| (Arc::clone(member), wait))
    }

    fn served(self, value: V, attempt: Attempt<T>, lease: Lease<T>) -> Served<T, V, E> {
        Served {
            value,
            attempt,
            attempts: self.trail,
            lease,
        }
    }
}
