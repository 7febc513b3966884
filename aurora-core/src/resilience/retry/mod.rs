//! When to try the same target again.

mod outcome;
mod run;

use std::time::Duration;

use crate::failure::FailureClass;
use crate::rng::Random;

pub use outcome::{GaveUp, Idempotency, RetryError};
pub use run::Retry;

/// How long to wait before another attempt: `U(0,1) · min(cap, base · 2^retries)` ("full jitter").
///
/// Full jitter spreads callers that failed together over the whole wait, where a fixed or lightly jittered delay
/// would bring them back together; the figures are those of the AWS SDKs' standard mode. A `Retry-After` from the target
/// is a floor for the wait: `clamp(asked, wait, wait + max_wait)`. When it is longer than
/// [`max_wait`](Self::max_wait) there is no wait at all: another target can answer meanwhile.
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
            Some(asked) => Backoff::Wait(asked.clamp(jittered, jittered.saturating_add(self.max_wait))),
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
