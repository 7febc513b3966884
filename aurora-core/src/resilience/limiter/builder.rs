//! The settings of a limiter.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::RateLimiter;
use super::error::{Error, ErrorKind};
use super::handle::{Inner, Limiter};
use super::lanes::Lanes;
use super::memory::MemoryLimiter;
use super::telemetry::MAX_LABELS;
use crate::telemetry::BoundedLabel;
use crate::time::{Clock, SystemClock};

/// How many keys are counted in process while the store is away.
const LOCAL_KEYS: usize = 100_000;

/// What decides while the store cannot be asked. It is never "everything passes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// Each replica counts by itself, with its share of every limit.
    ///
    /// A limit below the number of replicas becomes one unit in a longer period. What had been counted is not known,
    /// so that a key gets its share anew.
    Local {
        /// How many replicas share the limits, 1 or more.
        replicas: u32,
    },
    /// Nothing passes: for logins, and whatever else must stay closed.
    Deny,
}

/// Settings of a [`Limiter`].
#[derive(Debug)]
#[must_use]
pub struct LimiterBuilder {
    store: Box<dyn RateLimiter>,
    outage: Outage,
    clock: Arc<dyn Clock>,
    max_wait: Duration,
    max_waiters: usize,
}

impl LimiterBuilder {
    pub(super) fn new(store: Box<dyn RateLimiter>) -> Self {
        Self {
            store,
            outage: Outage::Local { replicas: 1 },
            clock: Arc::new(SystemClock),
            max_wait: Duration::from_secs(60),
            max_waiters: 1_024,
        }
    }

    /// What decides while the store cannot be asked. `Local { replicas: 1 }` unless told otherwise: the number of
    /// replicas is to be said where there are several.
    pub const fn outage(mut self, outage: Outage) -> Self {
        self.outage = outage;
        self
    }

    /// The longest that [`Limiter::until_ready`] waits, whatever the deadline: up to a day, 60 s unless told otherwise.
    pub const fn max_wait(mut self, limit: Duration) -> Self {
        self.max_wait = limit;
        self
    }

    /// How many may wait at once, over all subjects: 1 to 1,000,000; 1,024 unless told otherwise.
    pub const fn max_waiters(mut self, waiters: usize) -> Self {
        self.max_waiters = waiters;
        self
    }

    /// Takes time from `clock`, for waiting and for what is counted while the store is away.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The limiter.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSettings`], with everything that is wrong and what is allowed.
    pub fn build(self) -> Result<Limiter, Error> {
        let mut problems = Vec::new();
        if self.outage == (Outage::Local { replicas: 0 }) {
            problems.push("there is at least 1 replica");
        }
        if self.max_wait > Duration::from_secs(24 * 60 * 60) {
            problems.push("the longest wait is at most a day");
        }
        if !(1..=1_000_000).contains(&self.max_waiters) {
            problems.push("1 to 1,000,000 may wait at once");
        }
        if problems.is_empty() {
            Ok(self.assemble())
        } else {
            Err(Error::with_source(
                ErrorKind::InvalidSettings,
                problems.join("; "),
            ))
        }
    }

    pub(super) fn assemble(self) -> Limiter {
        Limiter {
            inner: Arc::new(Inner {
                store: self.store,
                outage: self.outage,
                local: MemoryLimiter::sized(LOCAL_KEYS, Arc::clone(&self.clock)),
                clock: self.clock,
                max_wait: self.max_wait,
                lanes: Lanes::new(self.max_waiters),
                late: Mutex::new(VecDeque::new()),
                is_degraded: AtomicBool::new(false),
                names: BoundedLabel::new(MAX_LABELS),
            }),
        }
    }
}
