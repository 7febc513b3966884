//! Retrying one operation on its own.

use std::sync::Arc;
use std::time::Duration;

use super::outcome::{GaveUp, Idempotency, RetryError};
use super::{Backoff, RetryPolicy};
use crate::failure::Failure;
use crate::resilience::budget::{RetryBudget, Withdrawal};
use crate::resilience::call::{CallAttempt, CallBudget, CallExhausted};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// Retries one operation on its own, without other targets.
///
/// # Examples
/// ```
/// # use aurora_core::failure::{Failure, FailureClass};
/// use aurora_core::resilience::{Deadline, Idempotency, Retry};
/// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
/// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let retry = Retry::default();
/// let mut tries = 0;
/// let answer = retry.run(Deadline::NONE, Idempotency::Idempotent, |_inside| {
///     tries += 1;
///     std::future::ready(if tries < 2 { Err(Down) } else { Ok("up") })
/// });
/// assert_eq!(answer.await.unwrap(), "up");
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Retry {
    policy: RetryPolicy,
    budget: RetryBudget,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new(RetryPolicy::default())
    }
}

impl Retry {
    /// Retries by `policy`, with a budget of its own.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            budget: RetryBudget::default(),
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }

    /// Shares a budget with others that call the same thing.
    #[must_use]
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Takes time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes jitter from `random`.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Calls `operation` until it succeeds or no attempt is left.
    ///
    /// Every attempt is taken from `call` (a [`Deadline`](crate::resilience::Deadline) will do) and gets the
    /// [nested](CallBudget#nested-calls) budget for clients inside it, so that those do not retry again.
    ///
    /// An attempt that is under way is not cut off from here: it keeps within the deadline of its budget by itself, as
    /// with [`Deadline::run`](crate::resilience::Deadline::run).
    ///
    /// # Errors
    /// [`RetryError`] has the last attempt's error and says why there was no further one.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or the wait that is under way; what was taken for an attempt that has not
    /// begun goes back.
    pub async fn run<V, E, F, O>(
        &self,
        call: impl Into<CallBudget> + Send,
        idempotency: Idempotency,
        mut operation: O,
    ) -> Result<V, RetryError<E>>
    where
        V: Send,
        E: Failure + Send,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(CallBudget) -> F + Send,
    {
        let call = call.into();
        let mut made = 0;
        let mut spent = None;
        let mut attempt = call
            .take_attempt(&*self.clock)
            .map_err(|exhausted| RetryError::new(None, GaveUp::Call(exhausted), 0))?;
        self.budget.requested();
        loop {
            let error = match operation(attempt.begin().nested()).await {
                Ok(value) => {
                    self.budget.succeeded(spent);
                    return Ok(value);
                }
                Err(error) => error,
            };
            made += 1;
            // The tokens of a retry that failed are gone.
            drop(spent.take());
            let next = match self.wait(&call, idempotency, made, &error) {
                Ok((wait, taken)) => {
                    self.clock.sleep(wait).await;
                    // A wait may take longer than it was to.
                    let in_time = call.allows(&*self.clock, Duration::ZERO);
                    in_time
                        .then_some(taken)
                        .ok_or(GaveUp::Call(CallExhausted::Deadline))
                }
                Err(gave_up) => Err(gave_up),
            };
            let (taken, mut withdrawal) =
                next.map_err(|gave_up| RetryError::new(Some(error), gave_up, made))?;
            withdrawal.spend();
            (attempt, spent) = (taken, Some(withdrawal));
        }
    }

    /// How long to wait for the next attempt, and what was taken for it, if there is to be one.
    fn wait<E: Failure>(
        &self,
        call: &CallBudget,
        idempotency: Idempotency,
        made: u32,
        error: &E,
    ) -> Result<(Duration, (CallAttempt, Withdrawal)), GaveUp> {
        let (class, asked) = (error.class(), error.retry_after());
        if !class.is_retryable() {
            return Err(GaveUp::NotRetryable);
        }
        if !idempotency.allows(error) {
            return Err(GaveUp::NotIdempotent);
        }
        let wait = match self.policy.backoff(made, class, asked, &self.random) {
            Backoff::Wait(wait) => wait,
            Backoff::TooLong(asked) => return Err(GaveUp::RetryLater(asked)),
            Backoff::GiveUp => return Err(GaveUp::Attempts),
        };
        let attempt = call.take_retry(&*self.clock).map_err(GaveUp::Call)?;
        if !call.allows(&*self.clock, wait) {
            let too_late = GaveUp::Call(CallExhausted::Deadline);
            return Err(asked.map_or(too_late, GaveUp::RetryLater));
        }
        let withdrawal = self.budget.withdraw(class).ok_or(GaveUp::RetryBudgetExhausted)?;
        Ok((wait, (attempt, withdrawal)))
    }
}
