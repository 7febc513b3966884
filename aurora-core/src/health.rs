//! Readiness from named checks, cheap enough to be asked at any rate.
//!
//! Liveness needs none of this: a process that answers is alive. Readiness asks what the process depends on. All
//! checks run at once, each within its time limit; the report is kept for two seconds, and whoever asks while the
//! checks run waits for the same run. A storm of probes therefore costs one check of each component.
//!
//! # Examples
//! ```
//! use aurora_core::health::{Criticality, HealthCheck, HealthError, HealthRegistry, Status};
//!
//! #[derive(Debug)]
//! struct Queue;
//!
//! #[async_trait::async_trait]
//! impl HealthCheck for Queue {
//!     fn name(&self) -> &str {
//!         "queue"
//!     }
//!
//!     async fn check(&self) -> Result<(), HealthError> {
//!         Err(HealthError::new("the queue is full"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), aurora_core::health::DuplicateCheck> {
//! let health = HealthRegistry::builder().check(Criticality::Degraded, Queue).build()?;
//! let report = health.report().await;
//! assert_eq!(report.status, Status::Degraded);
//! assert!(report.is_ready());
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{BoxFuture, FutureExt, WeakShared, join_all};
use serde::{Serialize, Serializer};

use crate::failure::Failure;
use crate::time::{Clock, SystemClock, Timestamp};

/// Something that the process depends on and that can say whether it works.
#[async_trait]
pub trait HealthCheck: fmt::Debug + Send + Sync + 'static {
    /// Name of the component in reports and metrics; the same for the life of the process, unique in a registry.
    fn name(&self) -> &str;

    /// Asks the component.
    ///
    /// # Errors
    /// When the component does not work, with the reason in fixed words.
    ///
    /// # Cancel safety
    /// The future is dropped when its time limit has passed, so it has to be cancel-safe and must not block the thread.
    async fn check(&self) -> Result<(), HealthError>;

    /// Time that the check may take, where the registry's own limit does not suit it.
    fn time_limit(&self) -> Option<Duration> {
        None
    }
}

/// Why a component is not well.
///
/// Made of fixed words alone, because reports reach people who may see neither an address nor a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct HealthError {
    detail: &'static str,
}

impl HealthError {
    /// An error in fixed words, lower case.
    #[must_use]
    pub const fn new(detail: &'static str) -> Self {
        Self { detail }
    }

    /// The class of a failure, such as `timeout`, without its text.
    #[must_use]
    pub fn of(failure: &impl Failure) -> Self {
        Self::new(failure.class().as_str())
    }
}

/// What the failure of a component means for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    /// Nothing works without it.
    Critical,
    /// Something works worse without it.
    Degraded,
}

/// How well a component or the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything works.
    Ok,
    /// It serves, but worse than it should.
    Degraded,
    /// It cannot serve.
    Down,
}

/// The state of the whole and of each component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The worst of what the components mean for the whole.
    pub status: Status,
    /// Each component, in the order in which they were registered.
    pub components: Vec<Component>,
}

impl Report {
    /// Whether requests should be sent here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status != Status::Down
    }
}

/// The state of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Component {
    /// Name of the check.
    pub name: String,
    /// What its state means for the whole.
    pub status: Status,
    /// Why it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// When the check began.
    pub checked_at: Timestamp,
    /// How long the check took; serialised as `latency_ms`, in milliseconds.
    #[serde(rename = "latency_ms", serialize_with = "milliseconds")]
    pub latency: Duration,
}

/// Two checks have the same name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two health checks are named {name:?}")]
pub struct DuplicateCheck {
    name: String,
}

/// Runs the checks and keeps their report for a moment; clones share it.
#[derive(Debug, Clone)]
pub struct HealthRegistry {
    inner: Arc<Inner>,
}

impl HealthRegistry {
    /// A registry without checks, which is always well.
    #[must_use]
    pub fn builder() -> HealthRegistryBuilder {
        HealthRegistryBuilder {
            checks: Vec::new(),
            clock: Arc::new(SystemClock),
            time_limit: Duration::from_secs(1),
            fresh_for: Duration::from_secs(2),
        }
    }

    /// The state of everything: the last report while it is fresh, else that of a run which all callers share.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a run to those who still wait for it; with the last of them it is given up.
    pub async fn report(&self) -> Arc<Report> {
        let run = {
            let mut state = self.inner.state();
            if let Some(report) = state.fresh(&self.inner) {
                return report;
            }
            match state.run.as_ref().and_then(WeakShared::upgrade) {
                Some(run) => run,
                None => {
                    let run = Arc::clone(&self.inner).run().boxed().shared();
                    state.run = run.downgrade();
                    run
                }
            }
        };
        run.await
    }
}

/// Collects checks and settings for a [`HealthRegistry`].
#[derive(Debug)]
pub struct HealthRegistryBuilder {
    checks: Vec<(Criticality, Box<dyn HealthCheck>)>,
    clock: Arc<dyn Clock>,
    time_limit: Duration,
    fresh_for: Duration,
}

impl HealthRegistryBuilder {
    /// Adds a check.
    #[must_use]
    pub fn check(mut self, criticality: Criticality, check: impl HealthCheck) -> Self {
        self.checks.push((criticality, Box::new(check)));
        self
    }

    /// Time that a check may take unless it has a limit of its own (1 s).
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Time for which a report is kept (2 s).
    #[must_use]
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.fresh_for = fresh_for;
        self
    }

    /// The clock for limits, ages and times of checks (the system's).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the registry.
    ///
    /// # Errors
    /// When two checks have the same name.
    pub fn build(self) -> Result<HealthRegistry, DuplicateCheck> {
        let mut names: Vec<&str> = self.checks.iter().map(|(_, check)| check.name()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[first, second]| first == second) {
            return Err(DuplicateCheck {
                name: (*name).to_owned(),
            });
        }
        let inner = Inner {
            checks: self.checks,
            clock: self.clock,
            time_limit: self.time_limit,
            fresh_for: self.fresh_for,
            state: Mutex::default(),
        };
        Ok(HealthRegistry {
            inner: Arc::new(inner),
        })
    }
}

type Run = BoxFuture<'static, Arc<Report>>;

#[derive(Debug)]
struct Inner {
    checks: Vec<(Criticality, Box<dyn HealthCheck>)>,
    clock: Arc<dyn Clock>,
    time_limit: Duration,
    fresh_for: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last report and when it was made, in the clock's monotonic time.
    last: Option<(Duration, Arc<Report>)>,
    /// The run that is under way; weak, so that one which nobody waits for any more is not resumed later.
    run: Option<WeakShared<Run>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl State {
    fn fresh(&self, inner: &Inner) -> Option<Arc<Report>> {
        let (made, report) = self.last.as_ref()?;
        (inner.clock.elapsed().saturating_sub(*made) < inner.fresh_for).then(|| Arc::clone(report))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) -> Arc<Report> {
        let checks = self
            .checks
            .iter()
            .map(|(criticality, check)| self.ask(*criticality, check.as_ref()));
        let components = join_all(checks).await;
        let worst = components.iter().map(|component| component.status).max();
        let report = Arc::new(Report {
            status: worst.unwrap_or(Status::Ok),
            components,
        });
        *self.state() = State {
            last: Some((self.clock.elapsed(), Arc::clone(&report))),
            run: None,
        };
        report
    }

    async fn ask(&self, criticality: Criticality, check: &dyn HealthCheck) -> Component {
        let (checked_at, began) = (self.clock.now(), self.clock.elapsed());
        let limit = check.time_limit().unwrap_or(self.time_limit);
        let outcome = tokio::select! {
            biased;
            outcome = AssertUnwindSafe(check.check()).catch_unwind() => {
                outcome.unwrap_or(Err(HealthError::new("the check panicked")))
            }
            () = self.clock.sleep(limit) => Err(HealthError::new("no answer in time")),
        };
        Component {
            name: check.name().to_owned(),
            status: match (outcome, criticality) {
                (Ok(()), _) => Status::Ok,
                (Err(_), Criticality::Degraded) => Status::Degraded,
                (Err(_), Criticality::Critical) => Status::Down,
            },
            detail: outcome.err().map(|error| error.detail),
            checked_at,
            latency: self.clock.elapsed().saturating_sub(began),
        }
    }
}

fn milliseconds<S: Serializer>(latency: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(latency.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests;
