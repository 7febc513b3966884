//! How a set of targets is put together.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use tokio::sync::Notify;

use super::checks::Checks;
use super::error::{Error, ErrorKind};
use super::member::{Health, Member};
use super::selection::{ByPriority, Selection};
use super::statistics::Calls;
use super::target::Target;
use super::{Fallback, Inner};
use crate::monitor::Monitor;
use crate::resilience::{Breaker, BreakerBuilder, RetryBudget, RetryPolicy};
use crate::rng::Random;
use crate::time::{Clock, SystemClock};

/// A set has at most as many targets as a monitor has names unless told otherwise.
pub(super) const MAX_TARGETS: usize = 1_000;

/// Settings of a [`Fallback`].
#[derive(Debug)]
#[must_use]
pub struct FallbackBuilder<T> {
    targets: Vec<Target<T>>,
    selection: Arc<dyn Selection>,
    policy: RetryPolicy,
    budget: Budget,
    breaker: BreakerBuilder,
    last_resort: bool,
    checks: Option<Checks<T>>,
    monitor: Option<Monitor>,
    clock: Arc<dyn Clock>,
    random: Random,
}

/// What pays for retries.
#[derive(Debug, Clone)]
pub(super) enum Budget {
    /// A budget of this capacity for each target.
    PerTarget(u32),
    /// One for all targets, and for whoever else shares it.
    Shared(RetryBudget),
}

impl Budget {
    fn of_target(&self) -> RetryBudget {
        match self {
            Self::PerTarget(capacity) => RetryBudget::new(*capacity),
            Self::Shared(budget) => budget.clone(),
        }
    }
}

impl<T> Default for FallbackBuilder<T> {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            selection: Arc::new(ByPriority),
            policy: RetryPolicy::default(),
            budget: Budget::PerTarget(500),
            breaker: Breaker::builder(),
            last_resort: false,
            checks: None,
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

    /// In which order targets are tried; [`ByPriority`] unless told otherwise.
    pub fn selection(mut self, selection: impl Selection) -> Self {
        self.selection = Arc::new(selection);
        self
    }

    /// When to try the same target again.
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Pays for the retries at all targets from one budget, which others may share.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Budget::Shared(budget);
        self
    }

    /// Pays for the retries at each target from a budget of its own with this capacity. The default, with 500: a target
    /// that fails leaves the others what their retries need.
    pub fn budget_per_target(mut self, capacity: u32) -> Self {
        self.budget = Budget::PerTarget(capacity);
        self
    }

    /// Settings of every target's circuit breaker; name, clock and randomness are taken from here.
    pub fn breaker(mut self, breaker: BreakerBuilder) -> Self {
        self.breaker = breaker;
        self
    }

    /// When every circuit is open and none lets calls pass soon: probes the one that is nearest to it at once, instead of
    /// failing without having asked anybody.
    ///
    /// Off unless turned on: a call that would fail fast then waits for a target that is probably still down, and one
    /// whose load is the reason gets more of it. The harm is bounded, since it is a probe: as many calls as the breaker
    /// lets probe are asked, all others still fail at once. A target that asked to be left alone (`Retry-After`), or that
    /// refused our credentials, is not asked even so.
    pub const fn last_resort(mut self, on: bool) -> Self {
        self.last_resort = on;
        self
    }

    /// Asks the targets whether they are well, wherever [`Fallback::run_checks`] runs.
    pub fn checks(mut self, checks: Checks<T>) -> Self {
        self.checks = Some(checks);
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

    /// Takes jitter and draws from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The targets, all presumed healthy. There may be none yet: see [`Fallback::register`].
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] names everything that is wrong: two targets of the same name, an empty name, more than 1,000
    /// targets, checks out of their ranges.
    pub fn build(self) -> Result<Fallback<T>, Error> {
        let mut problems: Vec<_> = self
            .checks
            .iter()
            .flat_map(Checks::problems)
            .map(str::to_owned)
            .collect();
        let mut names = BTreeSet::new();
        for target in &self.targets {
            let name = &target.facts.name;
            if name.is_empty() {
                problems.push("a target needs a name".to_owned());
            } else if !names.insert(name.as_str()) {
                problems.push(format!("two targets are named {name:?}"));
            }
        }
        if self.targets.len() > MAX_TARGETS {
            problems.push(format!("at most {MAX_TARGETS} targets"));
        }
        if !problems.is_empty() {
            return Err(Error::new(ErrorKind::Settings, problems.join("; ")));
        }
        let monitor = self
            .monitor
            .unwrap_or_else(|| Monitor::new(Arc::clone(&self.clock)));
        let inner = Inner {
            targets: RwLock::new(Arc::from([])),
            selection: self.selection,
            policy: self.policy,
            budget: self.budget,
            breaker: self
                .breaker
                .clock(Arc::clone(&self.clock))
                .random(self.random.clone()),
            last_resort: self.last_resort,
            checks: self.checks,
            changed: Notify::new(),
            calls: Calls::default(),
            monitor,
            clock: self.clock,
            random: self.random,
        };
        let members = self.targets.into_iter().map(|target| inner.admit(target));
        inner.place(members.collect());
        Ok(Fallback {
            inner: Arc::new(inner),
        })
    }
}

impl<T> Inner<T> {
    /// A target that nothing is known of yet.
    pub(super) fn admit(&self, target: Target<T>) -> Arc<Member<T>> {
        let breaker = self.breaker.clone().name(&target.facts.name).build();
        let health = Arc::new(Health::new(breaker, self.budget.of_target()));
        Arc::new(Member { target, health })
    }
}
