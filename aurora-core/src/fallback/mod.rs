//! One operation, several targets: whoever is healthy answers.
//!
//! A [`Fallback`] knows named targets with a priority and whatever a caller needs to reach them (an API client, a URL,
//! a provider and model). [`Fallback::run`] tries them in order: each behind its circuit breaker, retried within one
//! budget, until one answers, none is left, the deadline passes, or the error says that nobody could answer.
//!
//! # Examples
//! ```
//! use aurora_core::fallback::{ByClass, Fallback, Target};
//! use aurora_core::resilience::Deadline;
//! # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
//! # impl aurora_core::failure::Failure for Down {
//! #     fn class(&self) -> aurora_core::failure::FailureClass { aurora_core::failure::FailureClass::Credential }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let fallback = Fallback::builder()
//!     .target(Target::new("primary", "https://a.example"))
//!     .target(Target::new("backup", "https://b.example").priority(2))
//!     .build();
//! let served = fallback
//!     .run(&ByClass, Deadline::NONE, |attempt| async move {
//!         if attempt.name() == "primary" { Err(Down) } else { Ok(*attempt.payload()) }
//!     })
//!     .await
//!     .unwrap();
//! assert_eq!(served.target(), "backup");
//! assert_eq!(served.into_value(), "https://b.example");
//! # }
//! ```

mod outcome;
mod plan;
mod run;
mod target;

use std::fmt;
use std::sync::Arc;

use crate::monitor::Monitor;
use crate::resilience::{Breaker, BreakerBuilder, RetryBudget, RetryPolicy};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

pub use outcome::{AttemptOutcome, AttemptRecord, Exhausted, Lease, Served};
pub use plan::{Action, ByClass, Plan};
pub use target::{Attempt, Target, TargetStatus};

/// Named targets of one operation; clones share their health.
pub struct Fallback<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    targets: Vec<Arc<target::Member<T>>>,
    policy: RetryPolicy,
    budget: RetryBudget,
    monitor: Monitor,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl<T> Fallback<T> {
    /// Begins with no target.
    pub fn builder() -> FallbackBuilder<T> {
        FallbackBuilder::default()
    }

    /// Where each target stands, in the order in which they are tried.
    #[must_use]
    pub fn status(&self) -> Vec<TargetStatus> {
        self.inner.targets.iter().map(|member| member.status()).collect()
    }

    /// The targets' names and payloads, in the order in which they are tried.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &T)> {
        self.inner
            .targets
            .iter()
            .map(|member| (member.name(), member.payload()))
    }

    /// Closes every circuit and forgets every count.
    pub fn reset(&self) {
        for member in &self.inner.targets {
            member.reset();
        }
    }
}

impl<T> Clone for Fallback<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> fmt::Debug for Fallback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("targets", &self.status())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Fallback`].
#[derive(Debug)]
#[must_use]
pub struct FallbackBuilder<T> {
    targets: Vec<Target<T>>,
    policy: RetryPolicy,
    budget: RetryBudget,
    breaker: BreakerBuilder,
    monitor: Option<Monitor>,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl<T> Default for FallbackBuilder<T> {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            policy: RetryPolicy::default(),
            budget: RetryBudget::default(),
            breaker: Breaker::builder(),
            monitor: None,
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }
}

impl<T> FallbackBuilder<T> {
    /// Adds a target. Targets of the same priority are tried in the order in which they were added.
    pub fn target(mut self, target: Target<T>) -> Self {
        self.targets.push(target);
        self
    }

    /// When to try the same target again.
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Shares a retry budget.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Settings of every target's circuit breaker; clock and randomness are taken from here.
    pub fn breaker(mut self, breaker: BreakerBuilder) -> Self {
        self.breaker = breaker;
        self
    }

    /// Where every attempt is recorded under its target's name.
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The targets, all presumed healthy.
    #[must_use]
    pub fn build(self) -> Fallback<T> {
        let Self {
            mut targets,
            policy,
            budget,
            breaker,
            monitor,
            clock,
            random,
        } = self;
        targets.sort_by_key(|target| target.priority); // stable: equal priorities keep their order
        let breaker = breaker.clock(Arc::clone(&clock)).random(random.clone());
        let member = |target| Arc::new(target::Member::new(target, breaker.clone().build()));
        let targets = targets.into_iter().map(member).collect();
        let monitor = monitor.unwrap_or_else(|| Monitor::new(Arc::clone(&clock)));
        Fallback {
            inner: Arc::new(Inner {
                targets,
                policy,
                budget,
                monitor,
                clock,
                random,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
