//! When to try the same target again.

use std::sync::Arc;
use std::time::Duration;

use super::budget::{RetryBudget, Withdrawal};
use super::deadline::Deadline;
use crate::failure::{Failure, FailureClass};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// How long to wait before another attempt: `U(0,1) · min(cap, base · 2^retries)` ("full jitter").
///
/// Full jitter spreads callers that failed together over the whole wait, where a fixed or lightly jittered delay
/// would bring them back together. A `Retry-After` from the target is a floor for the wait, and when it is longer
/// than [`max_wait`](Self::max_wait) there is no wait at all: another target can answer meanwhile.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::{failure::FailureClass, resilience::{Backoff, RetryPolicy}, rng::Random};
///
/// let policy = RetryPolicy::default().attempts(2);
/// let random = Random::seeded(1);
/// assert!(matches!(policy.backoff(1, FailureClass::Transient, None, &random), Backoff::Wait(_)));
/// assert_eq!(policy.backoff(2, FailureClass::Transient, None, &random), Backoff::GiveUp);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    attempts: u32,
    base: Duration,
    throttle_base: Duration,
    cap: Duration,
    max_wait: Duration,
}

impl Default for RetryPolicy {
    /// 3 attempts, base 50 ms (1 s when throttled), cap 20 s, waits of at most 5 s on demand of the target.
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(50),
            throttle_base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            max_wait: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// One attempt, no retry.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// How often a target is called at most, the first time included; at least 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The widest wait before the first retry after an ordinary failure.
    #[must_use]
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The widest wait before the first retry when the target wants fewer calls.
    #[must_use]
    pub const fn throttle_base(mut self, base: Duration) -> Self {
        self.throttle_base = base;
        self
    }

    /// The widest wait of all.
    #[must_use]
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// The longest `Retry-After` that is waited for.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// The longest `Retry-After` that is waited for.
    #[must_use]
    pub const fn longest_wait(&self) -> Duration {
        self.max_wait
    }

    /// What to do after `made` attempts at the same target, the last of which failed as `class`.
    #[must_use]
    pub fn backoff(
        &self,
        made: u32,
        class: FailureClass,
        retry_after: Option<Duration>,
        random: &Random,
    ) -> Backoff {
        if made >= self.attempts || !class.is_retryable() {
            return Backoff::GiveUp;
        }
        let base = if class == FailureClass::Throttled {
            self.throttle_base
        } else {
            self.base
        };
        let doublings = made.saturating_sub(1).min(30);
        let widest = base.saturating_mul(1 << doublings).min(self.cap);
        let jittered = widest.mul_f64(random.unit());
        match retry_after {
            Some(asked) if asked > self.max_wait => Backoff::TooLong(asked),
            // Some spread on top, or all who were refused together come back together.
            Some(asked) => {
                let spread = (asked / 4).saturating_add(self.base);
                Backoff::Wait(asked.saturating_add(jittered.min(spread)))
            }
            None => Backoff::Wait(jittered),
        }
    }
}

/// What a [`RetryPolicy`] says after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Wait this long, then try again.
    Wait(Duration),
    /// The target asked for a longer wait than the policy grants.
    TooLong(Duration),
    /// No further attempt.
    GiveUp,
}

/// Retries one operation on its own, without other targets.
///
/// # Examples
/// ```
/// # use aurora_core::{cache, failure::{Failure, FailureClass}, resilience::{Deadline, Retry}};
/// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
/// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let retry = Retry::default();
/// let mut tries = 0;
/// let answer = retry.run(Deadline::NONE, || {
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

    /// Calls `operation` until it succeeds or no attempt is left. Only for operations that may be repeated.
    ///
    /// # Errors
    /// The last attempt's error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt or the wait that is under way.
    pub async fn run<V, E, F, O>(&self, deadline: Deadline, mut operation: O) -> Result<V, E>
    where
        E: Failure,
        F: Future<Output = Result<V, E>>,
        O: FnMut() -> F,
    {
        let mut made = 0;
        let mut spent: Option<Withdrawal> = None;
        loop {
            let error = match operation().await {
                Ok(value) => {
                    self.budget.succeeded(spent.take());
                    return Ok(value);
                }
                Err(error) => error,
            };
            made += 1;
            let class = error.class();
            let Backoff::Wait(wait) = self
                .policy
                .backoff(made, class, error.retry_after(), &self.random)
            else {
                return Err(error);
            };
            if !deadline.allows(&*self.clock, wait) {
                return Err(error);
            }
            spent = self.budget.withdraw(class);
            if spent.is_none() {
                return Err(error);
            }
            self.clock.sleep(wait).await;
            if let Some(retry) = &mut spent {
                retry.spend();
            }
        }
    }
}
