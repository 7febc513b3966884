//! How many retries a process may spend.

use std::sync::Arc;

use crate::failure::FailureClass;
use crate::sync::atomic::{AtomicU32, Ordering};

const COST: u32 = 14;
const THROTTLE_COST: u32 = 5;

/// A bucket of tokens that retries draw from, so that retries cannot turn a slow target into an outage.
///
/// A retry costs 14 tokens (5 when the target was throttling), which come back if that retry succeeds; a call that
/// succeeds at once puts 1 token in. With a failing target the bucket runs dry and calls fail at their first attempt.
/// These are the figures of the AWS SDKs' standard retry mode; no clock is involved, so it is exactly repeatable.
/// Clones share the bucket.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    bucket: Arc<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    capacity: u32,
    tokens: AtomicU32,
}

impl Default for RetryBudget {
    /// 500 tokens: 35 retries in a row without any success.
    fn default() -> Self {
        Self::new(500)
    }
}

impl RetryBudget {
    /// A full bucket of `capacity` tokens.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            bucket: Arc::new(Bucket {
                capacity,
                tokens: AtomicU32::new(capacity),
            }),
        }
    }

    /// Takes the tokens for one retry; `None` when there are too few.
    #[must_use]
    pub fn withdraw(&self, class: FailureClass) -> Option<Withdrawal> {
        let cost = if class == FailureClass::Throttled {
            THROTTLE_COST
        } else {
            COST
        };
        let taken = self
            .bucket
            .tokens
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |tokens| {
                tokens.checked_sub(cost)
            });
        taken.ok().map(|_| Withdrawal {
            bucket: Arc::clone(&self.bucket),
            tokens: cost,
            spent: false,
        })
    }

    /// Notes a success: of the retry that `spent` paid for, or of a first attempt.
    pub fn succeeded(&self, spent: Option<Withdrawal>) {
        match spent {
            Some(mut withdrawal) => withdrawal.spent = false, // and the drop puts it back
            None => self.bucket.put(1),
        }
    }

    /// How many tokens are left.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.bucket.tokens.load(Ordering::Acquire)
    }
}

impl Bucket {
    fn put(&self, back: u32) {
        let add = |tokens: u32| Some(tokens.saturating_add(back).min(self.capacity));
        // The closure always yields a value, so this cannot fail.
        self.tokens
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add)
            .ok();
    }
}

/// Tokens that were taken for one retry.
///
/// Dropping it before [`spend`](Self::spend) puts them back: a caller who leaves during the wait, or a target whose
/// circuit opens meanwhile, has cost the target nothing.
#[derive(Debug)]
#[must_use = "hand it back to `succeeded` when the retry succeeds"]
pub struct Withdrawal {
    bucket: Arc<Bucket>,
    tokens: u32,
    spent: bool,
}

impl Withdrawal {
    /// Says that the retry is being made. From here on the tokens come back by [`RetryBudget::succeeded`] alone.
    pub const fn spend(&mut self) {
        self.spent = true;
    }
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        if !self.spent {
            self.bucket.put(self.tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_target_is_retried_only_as_long_as_tokens_last() {
        let budget = RetryBudget::default();
        let retries = std::iter::from_fn(|| {
            budget
                .withdraw(FailureClass::Transient)
                .map(|mut retry| retry.spend())
        })
        .count();
        assert_eq!(retries, 35);
        assert_eq!(budget.tokens(), 10);
    }

    #[test]
    fn success_gives_back_what_it_cost_and_never_more_than_the_capacity() {
        let budget = RetryBudget::new(20);
        let mut retry = budget.withdraw(FailureClass::Throttled).unwrap();
        retry.spend();
        assert_eq!(budget.tokens(), 15);
        budget.succeeded(Some(retry));
        budget.succeeded(None);
        assert_eq!(budget.tokens(), 20);
    }

    #[test]
    fn a_retry_that_is_never_made_costs_nothing() {
        let budget = RetryBudget::new(100);
        drop(budget.withdraw(FailureClass::Transient));
        assert_eq!(budget.tokens(), 100);
        budget.withdraw(FailureClass::Transient).unwrap().spend();
        assert_eq!(budget.tokens(), 86);
        let unspent = budget.withdraw(FailureClass::Transient);
        budget.succeeded(unspent);
        assert_eq!(budget.tokens(), 86, "it comes back once");
    }
}
