//! The one budget of a logical call.

use std::sync::Arc;
use std::time::Duration;

use super::deadline::Deadline;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::time::Clock;

/// How many attempts one logical call may cost in all.
const ATTEMPTS: u32 = 16;
/// Attempts with less time than this are not begun.
const MIN_USEFUL: Duration = Duration::from_millis(10);

/// What one *logical call* may spend, whatever happens inside it: time, attempts, and layers that retry.
///
/// Retry, hedge and fallback each multiply attempts. Each alone is harmless; three of them on top of each other make
/// one question of a user into dozens of requests at the moment when the target can bear it least. So all of them
/// take every attempt from here, and when nothing is left the call ends with the error that it has.
///
/// The caller makes one per logical call and passes it along explicitly (tasks are spawned; a task-local would be
/// lost). Clones share the attempts.
///
/// # With the retry budget
/// A `CallBudget` bounds one call; a [`RetryBudget`](super::RetryBudget) bounds what all calls together add to one
/// target. A retry needs both, asked in this order: the policy (is there a point?), [`allows`](Self::allows) (is there
/// time to wait and then try?), [`take_retry`](Self::take_retry), and at last the target's
/// [`RetryBudget::withdraw`](super::RetryBudget::withdraw). Then it waits, asks the
/// [`Breaker`](super::Breaker), and [begins](CallAttempt::begin). What was taken and not begun goes back by itself.
/// The move to another target takes an attempt, but nothing from a retry budget: that target was not asked before.
///
/// # Nested calls
/// Retries belong to one layer: three layers of three attempts are 27. An attempt gives its operation
/// [`CallAttempt::nested`], a budget for a client inside: its first attempt is the one already paid for, it may not
/// retry or hedge ([`may_retry`](Self::may_retry)), and if it moves on to another target, that is taken from the same
/// total.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::{resilience::{CallBudget, CallExhausted, Deadline}, time::ManualClock};
///
/// let clock = ManualClock::default();
/// let call = CallBudget::new(Deadline::after(&clock, Duration::from_secs(2))).attempts(2);
/// let first = call.take_attempt(&clock)?.begin();
/// let retry = call.take_retry(&clock)?;
/// assert_eq!(call.take_attempt(&clock).unwrap_err(), CallExhausted::Attempts);
/// drop(retry); // it never began: somebody else may have it
/// assert_eq!(call.attempts_left(), 1);
///
/// let inside = first.nested();
/// inside.take_attempt(&clock)?.begin(); // paid for by `first`
/// assert_eq!(inside.take_retry(&clock).unwrap_err(), CallExhausted::Nested);
/// # Ok::<(), CallExhausted>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CallBudget {
    left: Arc<AtomicU32>,
    /// The attempt of the layer around that the first attempt here is a part of.
    prepaid: Option<Arc<AtomicBool>>,
    depth: u32,
    deadline: Deadline,
    min_useful: Duration,
}

impl CallBudget {
    /// A budget until `deadline`: at most 16 attempts, none with less than 10 ms left.
    pub fn new(deadline: Deadline) -> Self {
        Self {
            left: Arc::new(AtomicU32::new(ATTEMPTS)),
            prepaid: None,
            depth: 0,
            deadline,
            min_useful: MIN_USEFUL,
        }
    }

    /// How many attempts all layers may make in all; at least 1. Clones made before keep their own count.
    ///
    /// The outermost layer alone decides it: on a [nested](CallAttempt::nested) budget it changes nothing.
    pub fn attempts(mut self, attempts: u32) -> Self {
        if self.depth == 0 {
            self.left = Arc::new(AtomicU32::new(attempts.max(1)));
        }
        self
    }

    /// The least time that an attempt can do anything useful in: with less left, none is begun.
    pub const fn min_useful(mut self, least: Duration) -> Self {
        self.min_useful = least;
        self
    }

    /// The same budget, ending at the earlier of its own deadline and `deadline`.
    pub fn until(mut self, deadline: Deadline) -> Self {
        self.deadline = self.deadline.earlier(deadline);
        self
    }

    /// Until when the call makes sense.
    #[must_use]
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// How many layers that may retry are around this one; 0 for the outermost.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether this layer may make the same call twice: only the outermost may.
    #[must_use]
    pub const fn may_retry(&self) -> bool {
        self.depth == 0
    }

    /// How many attempts are left, for all layers together.
    #[must_use]
    pub fn attempts_left(&self) -> u32 {
        self.left.load(Ordering::Acquire)
    }

    /// Whether an attempt that begins after `wait` would still have its useful minimum of time.
    #[must_use]
    pub fn allows(&self, clock: &dyn Clock, wait: Duration) -> bool {
        let remaining = self.deadline.remaining(clock);
        remaining.is_none_or(|left| !left.is_zero() && left >= wait.saturating_add(self.min_useful))
    }

    /// Takes one attempt: the first, or one at another target.
    ///
    /// # Errors
    /// [`CallExhausted`] says what has run out. Nothing is taken then.
    pub fn take_attempt(&self, clock: &dyn Clock) -> Result<CallAttempt, CallExhausted> {
        if !self.allows(clock, Duration::ZERO) {
            return Err(CallExhausted::Deadline);
        }
        let prepaid = self
            .prepaid
            .as_ref()
            .is_some_and(|paid| paid.swap(false, Ordering::AcqRel));
        if !prepaid {
            let taken = self
                .left
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
            taken.map_err(|_| CallExhausted::Attempts)?;
        }
        Ok(CallAttempt {
            call: self.clone(),
            prepaid,
            begun: false,
        })
    }

    /// Takes one attempt that repeats an earlier one: a retry or a hedge.
    ///
    /// # Errors
    /// As [`take_attempt`](Self::take_attempt), and [`CallExhausted::Nested`] where a layer around already retries.
    pub fn take_retry(&self, clock: &dyn Clock) -> Result<CallAttempt, CallExhausted> {
        if !self.may_retry() {
            return Err(CallExhausted::Nested);
        }
        self.take_attempt(clock)
    }
}

impl Default for CallBudget {
    /// No deadline, 16 attempts.
    fn default() -> Self {
        Self::new(Deadline::NONE)
    }
}

impl From<Deadline> for CallBudget {
    fn from(deadline: Deadline) -> Self {
        Self::new(deadline)
    }
}

impl From<&Self> for CallBudget {
    /// A clone: it shares the attempts.
    fn from(call: &Self) -> Self {
        call.clone()
    }
}

/// One attempt taken from a [`CallBudget`]. Dropping it before it [begins](Self::begin) gives it back.
#[derive(Debug)]
#[must_use = "begin it, or it goes back"]
pub struct CallAttempt {
    call: CallBudget,
    prepaid: bool,
    begun: bool,
}

impl CallAttempt {
    /// Says that the target is being called now: from here on the attempt is spent.
    pub fn begin(mut self) -> Self {
        self.begun = true;
        self
    }

    /// The time that this attempt has: the smaller of `configured` and what is left of the call.
    #[must_use]
    pub fn timeout(&self, clock: &dyn Clock, configured: Duration) -> Duration {
        self.call
            .deadline
            .remaining(clock)
            .map_or(configured, |left| left.min(configured))
    }

    /// The budget for clients that are used inside this attempt; see [Nested calls](CallBudget#nested-calls).
    pub fn nested(&self) -> CallBudget {
        CallBudget {
            prepaid: Some(Arc::new(AtomicBool::new(true))),
            depth: self.call.depth.saturating_add(1),
            ..self.call.clone()
        }
    }
}

impl Drop for CallAttempt {
    fn drop(&mut self) {
        if self.begun {
            return;
        }
        match &self.call.prepaid {
            Some(paid) if self.prepaid => paid.store(true, Ordering::Release),
            _ => {
                self.call.left.fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}

/// What a [`CallBudget`] has run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CallExhausted {
    /// Too little time is left for another attempt.
    #[error("too little time is left for another attempt")]
    Deadline,
    /// The call has made all attempts that it may.
    #[error("the call has made all attempts that it may")]
    Attempts,
    /// A layer around this one retries already.
    #[error("a layer around this one retries already")]
    Nested,
}

impl CallExhausted {
    /// A short lower-case name, for records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Attempts => "attempts",
            Self::Nested => "nested",
        }
    }
}
