//! The way of one call over the targets.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;

use super::Inner;
use super::call::Call;
use super::member::Member;
use super::outcome::{AttemptOutcome, AttemptRecord, Exhausted, Lease, Served};
use super::plan::{Action, Admission, Gate, Plan};
use super::target::Attempt;
use crate::failure::{Failure, FailureClass};
use crate::resilience::{Backoff, CallAttempt, CallBudget, CallExhausted, Idempotency, Permit, Withdrawal};

impl<T: Send + Sync, P> Call<'_, T, P> {
    /// Runs `operation` at the targets in order until one answers.
    ///
    /// The operation makes exactly one attempt and keeps within [`Attempt::remaining`]: no attempt begins after the
    /// deadline, but one that is under way is not cut off from here. **It must be repeatable**, unless
    /// [`idempotency`](Self::idempotency) says that it is not. A panic in it counts as a failure of the target and goes on
    /// to the caller. The answer's attempt is still open, so that a stream can tell later how it ended: see
    /// [`Served::into_parts`].
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or wait that is under way and says nothing about its target.
    pub async fn run<V, E, F, O>(self, operation: O) -> Result<Served<T, V, E>, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        P: Plan<T, E>,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        let inner = &*self.fallback.inner;
        let under_way = inner.calls.begin();
        let members = inner.order(self.prefer, self.only, self.selection);
        let mut walk = Walk {
            inner,
            plan: self.plan,
            gate: self.gate,
            gated: Vec::new(),
            budget: self.budget,
            idempotency: self.idempotency,
            operation,
            number: 0,
            trail: Vec::new(),
            failed: Vec::new(),
            ended: None,
        };
        let outcome = walk.over(&members).await;
        under_way.end(outcome.is_some());
        match outcome {
            Some((value, attempt, lease)) => {
                walk.count_fallback(&members, attempt.name());
                Ok(Served {
                    value,
                    attempt,
                    attempts: walk.trail,
                    lease,
                })
            }
            None => Err(Exhausted::new(walk.trail, walk.ended)),
        }
    }
}

/// How long the gate holds the target back.
async fn held<T: Send + Sync>(gate: Option<&dyn Gate<T>>, member: &Member<T>) -> Option<Duration> {
    match gate?.admit(member.payload()) {
        Admission::Pass => None,
        Admission::Hold(wait) => Some(wait),
        Admission::Ask(answer) => answer.await,
    }
}

/// One call under way.
struct Walk<'a, T, E, P, O> {
    inner: &'a Inner<T>,
    plan: &'a P,
    gate: Option<&'a dyn Gate<T>>,
    /// Whom the gate held back.
    gated: Vec<Arc<Member<T>>>,
    budget: CallBudget,
    idempotency: Idempotency,
    operation: O,
    number: u32,
    trail: Vec<AttemptRecord<E>>,
    /// Which attempts of the trail left which target for another.
    failed: Vec<(usize, Arc<Member<T>>)>,
    /// What the budget has run out of.
    ended: Option<CallExhausted>,
}

type Answer<T, V> = (V, Attempt<T>, Lease<T>);

/// Why a target was left without an answer.
enum Left {
    /// Another may be asked.
    Next,
    /// Nobody could answer better.
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
    /// Tries the targets, and at last the one that was passed over and is back soonest.
    async fn over(&mut self, members: &[Arc<Member<T>>]) -> Option<Answer<T, V>> {
        // Checks that found everybody down have found nothing: it may as well be the way to them that is broken.
        let somebody_is_up = members.iter().any(|member| !member.health.is_down());
        let mut set_aside = Vec::new();
        for (at, member) in members.iter().enumerate() {
            if somebody_is_up && member.health.is_down() {
                let now = self.inner.clock.elapsed();
                self.skip(
                    member,
                    member.health.check(|check| check.due_in(now)),
                    Duration::ZERO,
                );
                set_aside.push(member);
                continue;
            }
            let rest = members.get(at + 1..).unwrap_or_default();
            match self.visit(member, Duration::ZERO, rest).await {
                Ok(answer) => return Some(answer),
                Err(Left::Next) => {}
                Err(Left::Surface) => return None,
            }
        }
        for member in set_aside {
            if self.number > 0 {
                break;
            }
            // Of those who are up nobody may be called, so one that failed its checks is better than none.
            match self.visit(member, Duration::ZERO, &[]).await {
                Ok(answer) => return Some(answer),
                Err(Left::Next) => {}
                Err(Left::Surface) => return None,
            }
        }
        if self.number > 0 {
            return None; // somebody was asked and failed: waiting is the retry policy's business
        }
        // Every circuit was open. When one lets calls pass again soon enough, waiting for it beats failing.
        if let Some((member, wait)) = self.soonest(members) {
            self.inner.clock.sleep(wait).await;
            return self.visit(&member, wait, &[]).await.ok();
        }
        let member = self.last_resort(members)?;
        self.visit(&member, Duration::ZERO, &[]).await.ok()
    }

    /// Attempts one target until it answers or is left for the `rest`.
    async fn visit(
        &mut self,
        member: &Arc<Member<T>>,
        waited: Duration,
        rest: &[Arc<Member<T>>],
    ) -> Result<Answer<T, V>, Left> {
        if !self.may_visit(member) {
            return Err(Left::Next);
        }
        let (mut waited, mut made, mut spent) = (waited, 0, None::<Withdrawal>);
        let mut paid = match self.budget.take_attempt(&*self.inner.clock) {
            Ok(paid) => paid,
            Err(exhausted) => {
                self.ended = Some(exhausted);
                return Err(Left::Next);
            }
        };
        loop {
            let permit = match member.health.breaker.try_acquire() {
                Ok(permit) => permit,
                // A retry already waited for as long as the target asked: another call tripped it meanwhile.
                Err(rejected) => {
                    self.skip(member, rejected.retry_after, waited);
                    return Err(Left::Next);
                }
            };
            if let Some(wait) = held(self.gate, member).await {
                self.skip(member, wait, waited);
                self.gated.push(Arc::clone(member));
                return Err(Left::Next);
            }
            if let Some(retry) = &mut spent {
                retry.spend();
            }
            if made == 0 {
                member.health.budget.requested();
            }
            made += 1;
            let (attempt, lease) = self.begin(member, permit, paid);
            let answer = AssertUnwindSafe(async { (self.operation)(attempt.clone()).await });
            let error = match answer.catch_unwind().await {
                Ok(Ok(value)) => {
                    member.health.budget.succeeded(spent);
                    let elapsed = lease.elapsed();
                    self.note(member, AttemptOutcome::Served, elapsed, waited);
                    return Ok((value, attempt, lease));
                }
                Ok(Err(error)) => error,
                Err(panic) => {
                    lease.failed(FailureClass::Transient, None);
                    resume_unwind(panic)
                }
            };
            let (class, asked, elapsed) = (error.class(), error.retry_after(), lease.elapsed());
            lease.failed(self.plan.tells(&error, member.payload()), asked);
            let done_perhaps = self.idempotency == Idempotency::Once && !error.not_executed();
            let action = match self.plan.action(&error, member.payload()) {
                _ if done_perhaps => Action::Surface,
                action => action,
            };
            self.note(member, AttemptOutcome::Failed(error), elapsed, waited);
            self.failed.push((self.trail.len() - 1, Arc::clone(member)));
            match action {
                Action::Surface => return Err(Left::Surface),
                Action::Next => return Err(Left::Next),
                Action::RetryOnce if made > 1 => return Err(Left::Next),
                Action::Retry | Action::RetryOnce => {}
            }
            let Backoff::Wait(wait) = self.inner.policy.backoff(made, class, asked, &self.inner.random)
            else {
                return Err(Left::Next);
            };
            if !self.budget.allows(&*self.inner.clock, wait) || !self.has_attempts_beyond(rest) {
                return Err(Left::Next);
            }
            let retry = match self.budget.take_retry(&*self.inner.clock) {
                Ok(retry) => retry,
                Err(exhausted) => {
                    self.ended = Some(exhausted);
                    return Err(Left::Next);
                }
            };
            spent = member.health.budget.withdraw(class);
            if spent.is_none() {
                return Err(Left::Next);
            }
            self.inner.clock.sleep(wait).await;
            // A wait may take longer than it was to.
            if !self.budget.allows(&*self.inner.clock, Duration::ZERO) {
                self.ended = Some(CallExhausted::Deadline);
                return Err(Left::Next);
            }
            (waited, paid) = (wait, retry);
        }
    }

    /// Whether a retry leaves an attempt for each target that has not been asked yet.
    fn has_attempts_beyond(&self, rest: &[Arc<Member<T>>]) -> bool {
        let may_be_asked = |member: &&Arc<Member<T>>| {
            let health = &member.health;
            !health.is_down() && health.breaker.state().admits() && self.may_visit(member)
        };
        let left = usize::try_from(self.budget.attempts_left()).unwrap_or(usize::MAX);
        // Counting ends where the answer is known: with nobody left a retry may take the last attempt, or find none.
        match rest.iter().filter(may_be_asked).take(left).count() {
            0 => true,
            wanted => wanted < left,
        }
    }

    /// Whether every error so far lets `member` hope to do better.
    fn may_visit(&self, member: &Member<T>) -> bool {
        self.failed.iter().all(|(at, failed)| {
            let error = self.trail.get(*at).and_then(AttemptRecord::error);
            error.is_none_or(|error| self.plan.may_follow(error, failed.payload(), member.payload()))
        })
    }

    fn begin(
        &mut self,
        member: &Arc<Member<T>>,
        permit: Permit,
        paid: CallAttempt,
    ) -> (Attempt<T>, Lease<T>) {
        self.number += 1;
        let clock = &self.inner.clock;
        let attempt = Attempt {
            member: Arc::clone(member),
            number: self.number,
            remaining: self.budget.deadline().remaining(&**clock),
            inside: paid.begin().nested(),
        };
        let timing = self.inner.monitor.start(member.name());
        let lease = Lease::new(Arc::clone(member), permit, timing, Arc::clone(clock));
        (attempt, lease)
    }

    fn skip(&mut self, member: &Member<T>, retry_after: Duration, waited: Duration) {
        member.health.counts.skipped.fetch_add(1, Ordering::Relaxed);
        let skipped = AttemptOutcome::Skipped { retry_after };
        self.note(member, skipped, Duration::ZERO, waited);
    }

    fn note(&mut self, member: &Member<T>, outcome: AttemptOutcome<E>, elapsed: Duration, waited: Duration) {
        self.trail.push(AttemptRecord {
            target: member.name().to_owned(),
            outcome,
            elapsed,
            waited,
        });
    }

    /// Counts that another than the first target answered, at all whom it concerns.
    fn count_fallback(&self, members: &[Arc<Member<T>>], served: &str) {
        let left = |member: &&Arc<Member<T>>| {
            member.name() != served && self.trail.iter().any(|record| record.target == member.name())
        };
        let mut fell_back = false;
        for member in members.iter().filter(left) {
            member.health.counts.left.fetch_add(1, Ordering::Relaxed);
            fell_back = true;
        }
        if fell_back {
            self.inner.calls.fell_back();
            if let Some(member) = members.iter().find(|member| member.name() == served) {
                member.health.counts.taken_over.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The targets that were passed over, with the time until they let calls pass.
    fn passed_over<'m>(
        &self,
        members: &'m [Arc<Member<T>>],
    ) -> impl Iterator<Item = (&'m Arc<Member<T>>, Duration)> {
        members.iter().filter_map(|member| {
            let mut records = self.trail.iter().rev();
            match records.find(|record| record.target == member.name())?.outcome {
                AttemptOutcome::Skipped { retry_after } => Some((member, retry_after)),
                _ => None,
            }
        })
    }

    /// The target to wait for when all were passed over: the one that lets calls pass first, if that is soon enough.
    fn soonest(&self, members: &[Arc<Member<T>>]) -> Option<(Arc<Member<T>>, Duration)> {
        // Who waits for a gate is the gate's business.
        let is_gated = |member: &Arc<Member<T>>| self.gated.iter().any(|gated| Arc::ptr_eq(gated, member));
        let waiting = self.passed_over(members).filter(|(member, _)| !is_gated(member));
        let (member, wait) = waiting.min_by_key(|(_, wait)| *wait)?;
        if wait > self.inner.policy.longest_wait() {
            return None;
        }
        // Some spread on top, or all who wait for the same target come back together.
        let wait = wait.saturating_add((wait / 4).mul_f64(self.inner.random.unit()));
        let fits = self.budget.allows(&*self.inner.clock, wait);
        fits.then(|| (Arc::clone(member), wait))
    }

    /// The target to probe when nobody was asked: see [`last_resort`](super::FallbackBuilder::last_resort).
    fn last_resort(&self, members: &[Arc<Member<T>>]) -> Option<Arc<Member<T>>> {
        if !self.inner.last_resort {
            return None;
        }
        let is_gated = |member: &Arc<Member<T>>| self.gated.iter().any(|gated| Arc::ptr_eq(gated, member));
        let passed_over = self.passed_over(members).filter(|(member, _)| !is_gated(member));
        let mut passed_over: Vec<_> = passed_over.collect();
        passed_over.sort_by_key(|(_, wait)| *wait);
        let probed = passed_over
            .into_iter()
            .find(|(member, _)| member.health.breaker.probe_early());
        probed.map(|(member, _)| Arc::clone(member))
    }
}
