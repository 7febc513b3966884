//! How a call over several targets went.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::member::Member;
use super::target::Attempt;
use crate::failure::{Failure, FailureClass};
use crate::monitor::Timing;
use crate::resilience::{CallExhausted, Outcome, Permit};
use crate::time::Clock;

/// One line of the trail that a call leaves.
#[derive(Debug)]
#[non_exhaustive]
pub struct AttemptRecord<E> {
    /// The target's name.
    pub target: String,
    /// How it went.
    pub outcome: AttemptOutcome<E>,
    /// How long the attempt took.
    pub elapsed: Duration,
    /// How long was waited before it, or before it was skipped.
    pub waited: Duration,
}

/// How one attempt went.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttemptOutcome<E> {
    /// It was answered.
    Served,
    /// It failed.
    Failed(E),
    /// Nothing was sent, because the target's circuit is open, or its health checks have taken it out, until then.
    Skipped {
        /// When it makes sense to ask again.
        retry_after: Duration,
    },
}

impl<E> AttemptRecord<E> {
    /// The error, if the attempt failed.
    pub const fn error(&self) -> Option<&E> {
        match &self.outcome {
            AttemptOutcome::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// An answer, who gave it, and what was tried before.
#[must_use]
pub struct Served<T, V, E> {
    pub(super) value: V,
    pub(super) attempt: Attempt<T>,
    pub(super) attempts: Vec<AttemptRecord<E>>,
    pub(super) lease: Lease<T>,
}

impl<T, V, E> Served<T, V, E> {
    /// The name of the target that answered.
    #[must_use]
    pub fn target(&self) -> &str {
        self.attempt.name()
    }

    /// What the target that answered was registered with.
    #[must_use]
    pub fn payload(&self) -> &T {
        self.attempt.payload()
    }

    /// Every attempt in order; the last one served.
    #[must_use]
    pub fn attempts(&self) -> &[AttemptRecord<E>] {
        &self.attempts
    }

    /// The answer; the attempt counts as a success.
    pub fn into_value(self) -> V {
        self.lease.succeeded();
        self.value
    }

    /// Everything apart, for an answer whose success is not known yet: a stream that is still being read.
    ///
    /// How long the target took is measured up to here: a long answer, or a caller who reads it slowly, does not make
    /// a target slow. A half-open circuit takes it that the target answers; a failure that is told later counts too.
    pub fn into_parts(mut self) -> (V, Attempt<T>, Vec<AttemptRecord<E>>, Lease<T>) {
        self.lease.answered();
        (self.value, self.attempt, self.attempts, self.lease)
    }
}

impl<T, V: fmt::Debug, E: fmt::Debug> fmt::Debug for Served<T, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served")
            .field("value", &self.value)
            .field("target", &self.target())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// An attempt whose outcome is still open. Dropping it says nothing about the target: the attempt was given up.
#[must_use = "tell how it ended"]
pub struct Lease<T> {
    member: Arc<Member<T>>,
    /// `None` once the outcome is known.
    open: Option<(Permit, Timing)>,
    clock: Arc<dyn Clock>,
    started: Duration,
    /// How long the target took, once it has begun to answer.
    answered: Option<Duration>,
}

impl<T> Lease<T> {
    pub(super) fn new(member: Arc<Member<T>>, permit: Permit, timing: Timing, clock: Arc<dyn Clock>) -> Self {
        member.health.counts.in_flight.fetch_add(1, Ordering::Relaxed);
        Self {
            started: clock.elapsed(),
            member,
            open: Some((permit, timing)),
            clock,
            answered: None,
        }
    }

    /// The target answered to the end.
    pub fn succeeded(mut self) {
        self.end(Ok(()));
    }

    /// The target failed after all.
    pub fn failed(mut self, class: FailureClass, retry_after: Option<Duration>) {
        self.end(Err((class, retry_after)));
    }

    /// How long the target took to answer, or has been taking so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let so_far = || self.clock.elapsed().saturating_sub(self.started);
        self.answered.unwrap_or_else(so_far)
    }

    fn answered(&mut self) {
        let elapsed = self.elapsed();
        self.answered = Some(elapsed);
        if let Some((permit, _)) = &mut self.open {
            permit.answered(elapsed);
        }
    }

    fn end(&mut self, outcome: Result<(), (FailureClass, Option<Duration>)>) {
        let Some((permit, timing)) = self.open.take() else {
            return;
        };
        let (elapsed, health) = (self.elapsed(), &self.member.health);
        let count = match outcome {
            Ok(()) => {
                health.answered(self.clock.elapsed(), elapsed);
                permit.record(Outcome::Success, elapsed);
                &health.counts.served
            }
            Err((FailureClass::Cancelled, _)) => {
                // It goes back unused, even if it is a panic of the reader that ends the attempt.
                permit.record(Outcome::Failed(FailureClass::Cancelled, None), elapsed);
                &health.counts.cancelled
            }
            Err((class, retry_after)) => {
                health.failed(class, self.clock.now());
                permit.record(Outcome::Failed(class, retry_after), elapsed);
                &health.counts.failed
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        health.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
        timing.record(outcome.map_err(|(class, _)| class), elapsed);
    }
}

impl<T> Drop for Lease<T> {
    fn drop(&mut self) {
        self.end(Err((FailureClass::Cancelled, None)));
    }
}

impl<T> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("target", &self.member.name())
            .finish_non_exhaustive()
    }
}

/// Nobody answered.
#[derive(Debug)]
pub struct Exhausted<E> {
    attempts: Vec<AttemptRecord<E>>,
    budget: Option<CallExhausted>,
}

impl<E> Exhausted<E> {
    pub(super) const fn new(attempts: Vec<AttemptRecord<E>>, budget: Option<CallExhausted>) -> Self {
        Self { attempts, budget }
    }

    /// What the call's budget had run out of, if that kept it from a retry or from another target.
    #[must_use]
    pub const fn budget(&self) -> Option<CallExhausted> {
        self.budget
    }

    /// Every attempt in order.
    #[must_use]
    pub fn attempts(&self) -> &[AttemptRecord<E>] {
        &self.attempts
    }

    /// Every attempt in order.
    #[must_use]
    pub fn into_attempts(self) -> Vec<AttemptRecord<E>> {
        self.attempts
    }

    /// The last error; `None` when every circuit was open or there is no target.
    #[must_use]
    pub fn last_error(&self) -> Option<&E> {
        self.attempts.iter().rev().find_map(AttemptRecord::error)
    }

    /// The shortest time after which a target may answer again, as far as circuits and targets told last.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration>
    where
        E: Failure,
    {
        let later = |at: usize| self.attempts.iter().skip(at + 1);
        let last = self
            .attempts
            .iter()
            .enumerate()
            .filter(|(at, attempt)| !later(*at).any(|later| later.target == attempt.target));
        let told = last.filter_map(|(_, attempt)| match &attempt.outcome {
            AttemptOutcome::Skipped { retry_after } => Some(*retry_after),
            AttemptOutcome::Failed(error) => error.retry_after(),
            AttemptOutcome::Served => None,
        });
        told.min()
    }
}

impl<E> fmt::Display for Exhausted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self
            .attempts
            .iter()
            .filter(|attempt| attempt.error().is_none())
            .count();
        let failed = self.attempts.len() - skipped;
        write!(
            f,
            "no target answered: {failed} attempts failed, {skipped} targets were passed over"
        )
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Exhausted<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.last_error()
            .map(|error| error as &(dyn std::error::Error + 'static))
    }
}
