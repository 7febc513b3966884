//! How many retries a process may spend.

mod share;

use std::sync::Arc;

use crate::failure::FailureClass;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::time::Clock;
use share::Share;

const COST: u32 = 14;
const THROTTLE_COST: u32 = 5;

/// A budget that retries draw from, so that retries cannot turn a slow target into an outage. Clones share it.
///
/// One for each caller and target. There are two forms:
///
/// - **Tokens** (the default, [`new`](Self::new)): a retry costs 14 tokens (5 when the target was throttling), which come
///   back if that retry succeeds; a call that succeeds at once puts 1 token in. With a failing target the bucket runs dry
///   and calls fail at their first attempt. These are the figures of the AWS SDKs' standard retry mode; no clock is
///   involved, so it is exactly repeatable.
/// - **A share of the requests** ([`share_of_requests`](Self::share_of_requests)), as in Finagle: retries may be so many
///   percent of the requests of the last 10 seconds, and a few each second in any case.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Tokens(Arc<Bucket>),
    Share(Arc<Share>),
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
            form: Form::Tokens(Arc::new(Bucket {
                capacity,
                tokens: AtomicU32::new(capacity),
            })),
        }
    }

    /// Retries may be `percent` of the requests of the last 10 seconds, and `floor_per_second` in any case.
    ///
    /// Finagle's defaults are 20 and 10. With few requests the floor is what counts: 10 retries a second for a client
    /// that makes one request a second are no protection at all, so choose it by the rate of requests.
    #[must_use]
    pub fn share_of_requests(percent: u32, floor_per_second: u32, clock: impl Clock) -> Self {
        let share = Share::new(percent, floor_per_second, Arc::new(clock));
        Self {
            form: Form::Share(Arc::new(share)),
        }
    }

    /// Notes the first attempt of a call. A share of the requests needs to know them; tokens do not.
    pub fn requested(&self) {
        if let Form::Share(share) = &self.form {
            share.requested();
        }
    }

    /// Takes what one retry costs; `None` when there is too little.
    #[must_use]
    pub fn withdraw(&self, class: FailureClass) -> Option<Withdrawal> {
        let taken = match &self.form {
            Form::Tokens(bucket) => {
                let cost = if class == FailureClass::Throttled {
                    THROTTLE_COST
                } else {
                    COST
                };
                bucket.take(cost)?;
                Taken::Tokens(Arc::clone(bucket), cost)
            }
            Form::Share(share) => Taken::Retry(Arc::clone(share), share.withdraw()?),
        };
        Some(Withdrawal { taken, spent: false })
    }

    /// Notes a success: of the retry that `spent` paid for, or of a first attempt.
    pub fn succeeded(&self, spent: Option<Withdrawal>) {
        match spent {
            // Tokens come back by the drop; a retry that was made stays in its share of the requests.
            Some(mut withdrawal) => withdrawal.spent = matches!(withdrawal.taken, Taken::Retry(..)),
            None => {
                if let Form::Tokens(bucket) = &self.form {
                    bucket.put(1);
                }
            }
        }
    }

    /// What is left: tokens, or retries of a share.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        match &self.form {
            Form::Tokens(bucket) => bucket.tokens.load(Ordering::Acquire),
            Form::Share(share) => u32::try_from(share.left()).unwrap_or(u32::MAX),
        }
    }
}

impl Bucket {
    fn take(&self, cost: u32) -> Option<u32> {
        let less = |tokens: u32| tokens.checked_sub(cost);
        self.tokens
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less)
            .ok()
    }

    fn put(&self, back: u32) {
        let add = |tokens: u32| Some(tokens.saturating_add(back).min(self.capacity));
        // The closure always yields a value, so this cannot fail.
        self.tokens
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add)
            .ok();
    }
}

/// What was taken for one retry.
///
/// Dropping it before [`spend`](Self::spend) puts it back: a caller who leaves during the wait, or a target whose
/// circuit opens meanwhile, has cost the target nothing.
#[derive(Debug)]
#[must_use = "hand it back to `succeeded` when the retry succeeds"]
pub struct Withdrawal {
    taken: Taken,
    spent: bool,
}

#[derive(Debug)]
enum Taken {
    Tokens(Arc<Bucket>, u32),
    Retry(Arc<Share>, u64),
}

impl Withdrawal {
    /// Says that the retry is being made. From here on tokens come back by [`RetryBudget::succeeded`] alone.
    pub const fn spend(&mut self) {
        self.spent = true;
    }
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        if self.spent {
            return;
        }
        match &self.taken {
            Taken::Tokens(bucket, tokens) => bucket.put(*tokens),
            Taken::Retry(share, second) => share.put_back(*second),
        }
    }
}
