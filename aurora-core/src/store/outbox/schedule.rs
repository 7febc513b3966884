//! When the next attempt is made.

use std::time::Duration;

use crate::failure::FailureClass;
use crate::resilience::{Backoff, RetryPolicy};
use crate::rng::Random;

use super::{DeadReason, Delivery, Failed, Outcome};

/// The longest that a receiver can ask us to wait with `Retry-After`.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3_600);

/// How long to wait after each failed attempt.
///
/// A `Retry-After` of the receiver is a floor, held to 24 hours. A message also ends with its own `max_attempts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    waits: Waits,
}

#[derive(Debug, Clone, PartialEq)]
enum Waits {
    Listed(Vec<Duration>),
    Policy(RetryPolicy),
}

impl Default for Schedule {
    /// Exponential with full jitter: base 1 s (5 s when throttled), cap 1 hour, for as many attempts as the message has.
    fn default() -> Self {
        let policy = RetryPolicy::default().attempts(u32::MAX);
        Self::policy(
            policy
                .base(Duration::from_secs(1))
                .throttle_base(Duration::from_secs(5))
                .cap(Duration::from_secs(3_600)),
        )
    }
}

impl Schedule {
    /// As [`RetryPolicy`] says; its `max_wait` does not bind, because nobody waits for the answer.
    #[must_use]
    pub const fn policy(policy: RetryPolicy) -> Self {
        Self {
            waits: Waits::Policy(policy),
        }
    }

    /// These waits, one after each failed attempt and up to a tenth longer; after the last the message is dead.
    #[must_use]
    pub fn listed(waits: impl Into<Vec<Duration>>) -> Self {
        Self {
            waits: Waits::Listed(waits.into()),
        }
    }

    /// At once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h: ten attempts in about three days,
    /// the schedule that [Standard Webhooks] recommends.
    ///
    /// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    #[must_use]
    pub fn standard_webhooks() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let seconds = [
            5,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ];
        Self::listed(seconds.map(Duration::from_secs))
    }

    /// What becomes of `delivery`, whose attempt has just failed.
    #[must_use]
    pub fn decide(&self, delivery: &Delivery, failed: Failed, random: &Random) -> Outcome {
        if failed.is_final {
            return Outcome::Dead(DeadReason::Rejected, failed);
        }
        if delivery.attempt >= delivery.max_attempts {
            return Outcome::Dead(DeadReason::Exhausted, failed);
        }
        match self.wait(delivery.attempt, &failed, random) {
            Some(wait) => Outcome::Retry(wait, failed),
            None => Outcome::Dead(DeadReason::Exhausted, failed),
        }
    }

    fn wait(&self, made: u32, failed: &Failed, random: &Random) -> Option<Duration> {
        let asked = failed.retry_after.map(|asked| asked.min(LONGEST_ASKED));
        match &self.waits {
            Waits::Listed(waits) => {
                let index = usize::try_from(made.saturating_sub(1)).unwrap_or(usize::MAX);
                let wait = waits.get(index)?.max(&asked.unwrap_or_default()).to_owned();
                Some(wait.saturating_add((wait / 10).mul_f64(random.unit())))
            }
            Waits::Policy(policy) => {
                let class = if failed.class.is_retryable() {
                    failed.class
                } else {
                    FailureClass::Transient
                };
                match policy
                    .clone()
                    .max_wait(LONGEST_ASKED)
                    .backoff(made, class, asked, random)
                {
                    Backoff::Wait(wait) | Backoff::TooLong(wait) => Some(wait),
                    Backoff::GiveUp => None,
                }
            }
        }
    }
}
