//! Health checks that ask before users do.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde::Serialize;

use super::member::{Member, Mode};
use super::target::Attempt;
use super::{Fallback, Inner};
use crate::failure::{Failure, FailureClass};
use crate::resilience::{CallBudget, Deadline};
use crate::time::Clock;

type CheckFn<T> = dyn Fn(Attempt<T>) -> BoxFuture<'static, Result<(), FailureClass>> + Send + Sync;

/// How each target is asked whether it is well, and what the answers mean.
///
/// Every `interval` (10 s) the check is made, at most `timeout` (2 s) long. After `fall` (3) failures in a row the target
/// is taken out; after `rise` (2) successes in a row it is back. Each success shortens an open circuit: the next call may
/// probe it at once. Targets that are disabled are not checked.
pub struct Checks<T> {
    check: Arc<CheckFn<T>>,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    pub(super) rise: u32,
    pub(super) fall: u32,
    pub(super) jitter_percent: u8,
    pub(super) concurrency: usize,
}

impl<T> Checks<T> {
    /// Makes `check` at each target. It makes one cheap attempt and repeats nothing.
    pub fn new<E, F>(check: impl Fn(Attempt<T>) -> F + Send + Sync + 'static) -> Self
    where
        E: Failure,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let check = move |attempt| {
            check(attempt)
                .map(|answer| answer.map_err(|error| error.class()))
                .boxed()
        };
        Self {
            check: Arc::new(check),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            rise: 2,
            fall: 3,
            jitter_percent: 10,
            concurrency: 4,
        }
    }

    /// How long after one check of a target the next begins: 10 ms to 1 h.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long one check may take: up to 1 min. A check that takes longer has failed.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How many successes in a row bring a target back, and how many failures in a row take it out: 1 to 100.
    #[must_use]
    pub const fn thresholds(mut self, rise: u32, fall: u32) -> Self {
        self.rise = rise;
        self.fall = fall;
        self
    }

    /// By how much the interval is varied, so that replicas do not check at the same moment: 0 to 50 percent.
    #[must_use]
    pub const fn jitter_percent(mut self, percent: u8) -> Self {
        self.jitter_percent = percent;
        self
    }

    /// How many checks may be under way at once: 1 to 100.
    #[must_use]
    pub const fn concurrency(mut self, checks: usize) -> Self {
        self.concurrency = checks;
        self
    }

    pub(super) fn problems(&self) -> Vec<&'static str> {
        let mut problems = Vec::new();
        if !(Duration::from_millis(10)..=Duration::from_secs(3_600)).contains(&self.interval) {
            problems.push("interval of the checks: 10 ms to 1 h");
        }
        if self.timeout.is_zero() || self.timeout > Duration::from_secs(60) {
            problems.push("time limit of a check: more than zero, up to 1 min");
        }
        if !(1..=100).contains(&self.rise) || !(1..=100).contains(&self.fall) {
            problems.push("thresholds of the checks: 1 to 100");
        }
        if self.jitter_percent > 50 {
            problems.push("jitter of the checks: 0 to 50 percent");
        }
        if !(1..=100).contains(&self.concurrency) {
            problems.push("checks at once: 1 to 100");
        }
        problems
    }
}

impl<T> fmt::Debug for Checks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks")
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .field("rise", &self.rise)
            .field("fall", &self.fall)
            .finish_non_exhaustive()
    }
}

/// What the checks of one target have found.
#[derive(Debug, Default)]
pub(super) struct CheckState {
    up: Option<bool>,
    successes: u32,
    failures: u32,
    due: Duration,
    under_way: bool,
}

/// What one more answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Up,
    Down,
}

impl CheckState {
    /// Whether the target is well; `None` while too few answers are known.
    pub(super) const fn is_up(&self) -> Option<bool> {
        self.up
    }

    /// How long until the target is asked again.
    pub(super) const fn due_in(&self, now: Duration) -> Duration {
        self.due.saturating_sub(now)
    }

    /// When the target is asked again; `None` while it is being asked.
    const fn next(&self) -> Option<Duration> {
        if self.under_way { None } else { Some(self.due) }
    }

    /// Begins a check, unless one is under way.
    const fn begin(&mut self, due: Duration) -> bool {
        if self.under_way {
            return false;
        }
        (self.under_way, self.due) = (true, due);
        true
    }

    /// Forgets everything but that a check is under way: the target is asked by one at a time.
    pub(super) fn reset(&mut self) {
        *self = Self {
            under_way: self.under_way,
            ..Self::default()
        };
    }

    pub(super) fn judge(&mut self, well: bool, rise: u32, fall: u32) -> Option<Turn> {
        if well {
            (self.successes, self.failures) = (self.successes.saturating_add(1), 0);
            if self.successes >= rise && self.up != Some(true) {
                let was_down = self.up == Some(false);
                self.up = Some(true);
                return was_down.then_some(Turn::Up);
            }
        } else {
            (self.successes, self.failures) = (0, self.failures.saturating_add(1));
            if self.failures >= fall && self.up != Some(false) {
                self.up = Some(false);
                return Some(Turn::Down);
            }
        }
        None
    }
}

/// How one check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// The target's name.
    pub target: String,
    /// Whether it was well this time.
    pub well: bool,
    /// Why it was not, as [`FailureClass::as_str`] names it.
    pub class: Option<&'static str>,
    /// How long the check took.
    #[serde(skip)]
    pub elapsed: Duration,
}

/// The end of a check that is dropped: nobody waits for its answer, so the target is due again.
struct UnderWay<T>(Arc<Member<T>>);

impl<T> Drop for UnderWay<T> {
    fn drop(&mut self) {
        self.0.health.check(|check| check.under_way = false);
    }
}

impl<T: Send + Sync> Fallback<T> {
    /// Checks every target that is not disabled, now, and waits for all answers.
    ///
    /// The answers count towards the thresholds as those of [`run_checks`](Self::run_checks) do. Without
    /// [`checks`](super::FallbackBuilder::checks) the list is empty.
    ///
    /// # Cancel safety
    /// Checks that are under way are dropped and say nothing.
    pub async fn check_now(&self) -> Vec<CheckReport> {
        let Some(checks) = &self.inner.checks else {
            return Vec::new();
        };
        let members = self.inner.members();
        let due = members
            .iter()
            .filter(|member| member.health.mode() != Mode::Disabled);
        let reports = futures::stream::iter(due.map(|member| self.inner.check(checks, member)));
        reports.buffered(checks.concurrency).collect().await
    }

    /// Checks every target at its interval until `stop` is ready; the caller decides where it runs. Targets that are
    /// registered meanwhile are checked at once.
    ///
    /// Without [`checks`](super::FallbackBuilder::checks) it only waits for `stop`. One loop per set is enough: a target
    /// that another loop is checking is left to it.
    ///
    /// # Cancel safety
    /// Dropping the future ends the checks that are under way; they say nothing.
    pub async fn run_checks(&self, stop: impl Future<Output = ()> + Send) {
        let inner = &*self.inner;
        let Some(checks) = &inner.checks else {
            return stop.await;
        };
        let mut under_way = FuturesUnordered::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let now = inner.clock.elapsed();
            let mut next = checks.interval;
            let mut overdue = Vec::new();
            for member in &*inner.members() {
                if member.health.mode() == Mode::Disabled {
                    continue;
                }
                match member.health.check(|check| check.next()) {
                    Some(due) if due <= now => overdue.push((due, Arc::clone(member))),
                    Some(due) => next = next.min((due - now).max(Duration::from_millis(1))),
                    None => {}
                }
            }
            // By how long they have waited: by their place, slow checks of the first would starve those of the last.
            overdue.sort_by_key(|(due, _)| *due);
            for (_, member) in overdue {
                if under_way.len() >= checks.concurrency {
                    break;
                }
                let due = now.saturating_add(checks.interval);
                if member.health.check(|check| check.begin(due)) {
                    let checked = UnderWay(member);
                    under_way.push(async move {
                        inner.check(checks, &checked.0).await;
                    });
                }
            }
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = inner.changed.notified() => {}
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                () = inner.clock.sleep(next), if under_way.len() < checks.concurrency => {}
            }
        }
    }
}

impl<T: Send + Sync> Inner<T> {
    /// Makes one check, within its limit, and draws the conclusion.
    async fn check(&self, checks: &Checks<T>, member: &Arc<Member<T>>) -> CheckReport {
        let started = self.clock.elapsed();
        let limit = Deadline::after(&*self.clock, checks.timeout);
        let attempt = Attempt {
            member: Arc::clone(member),
            number: 1,
            remaining: Some(checks.timeout),
            inside: CallBudget::new(limit).attempts(1),
        };
        let answer = AssertUnwindSafe(async { (checks.check)(attempt).await }).catch_unwind();
        let answer = tokio::select! {
            biased;
            answer = answer => answer.unwrap_or(Err(FailureClass::Transient)), // it panicked
            () = self.clock.sleep(checks.timeout) => Err(FailureClass::Timeout),
        };
        let now = self.clock.elapsed();
        let spread = (self.random.unit() * 2.0 - 1.0) * f64::from(checks.jitter_percent) / 100.0;
        let turn = member.health.check(|check| {
            check.due = started
                .saturating_add(checks.interval.mul_f64(1.0 + spread))
                .max(now);
            check.judge(answer.is_ok(), checks.rise, checks.fall)
        });
        match turn {
            Some(Turn::Down) => tracing::warn!(name = member.name(), "taken out by its health checks"),
            Some(Turn::Up) => tracing::info!(name = member.name(), "back after its health checks"),
            None => {}
        }
        if answer.is_ok() {
            member.health.breaker.probe_early();
        }
        CheckReport {
            target: member.name().to_owned(),
            well: answer.is_ok(),
            class: answer.err().map(FailureClass::as_str),
            elapsed: now.saturating_sub(started),
        }
    }
}
