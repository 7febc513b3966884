//! Whether a target is worth calling.

mod machine;
mod outcome;
mod permit;
mod settings;
mod state;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::guarded::Guarded;
use crate::failure::Failure;
use crate::rng::Random;
use crate::sync::{Mutex, PoisonError};
use crate::time::Clock;

use machine::Machine;
use settings::Settings;
use watch::Watch;

pub use outcome::Outcome;
pub use permit::Permit;
pub use settings::BreakerBuilder;
pub use state::{BreakerSnapshot, BreakerState, IllegalTransition, Rejected, Transition, TransitionReason};
pub use watch::Transitions;

/// A circuit breaker: it stops calls to a target that keeps failing, and finds out carefully when it is back.
///
/// - **Closed**: calls pass. It opens when, over the last calls (or the last seconds) and at least `minimum_calls`, the
///   share of failed or of slow calls reaches its threshold (≥, as in resilience4j; slow is what took longer than its
///   limit, and a slow success is no failure), or after `consecutive` hard failures in a row (Linkerd).
/// - **Open**: calls are refused for `open_for · 2^reopens` (jittered ±10 %, at most `open_cap`), and no shorter than the
///   last `Retry-After` asked for (at most `hold_cap`).
/// - **Half-open**: exactly `probes` calls pass in all and judge the target by the same shares. If one of them is not
///   back in time it opens again, so that it can never stick. A call that says nothing gives its place back.
///
/// What a failure means ([`FailureClass`](crate::failure::FailureClass)):
///
/// | class | share | row | probe | else |
/// | --- | --- | --- | --- | --- |
/// | transient, timeout | failure | counts | fails | `Retry-After` lengthens the next opening |
/// | throttled | failure | no | fails | `Retry-After` holds calls back: [`BreakerState::Held`] |
/// | credential | no | no | place given back | [`BreakerState::Refused`] for `refused_for`; the circuit stays as it is |
/// | rejected, cancelled | no | no | place given back | |
///
/// An outcome that comes late, from before the last change, changes nothing. A panic of the call is a failure.
/// By hand there are [`ForcedOpen`](BreakerState::ForcedOpen), [`Disabled`](BreakerState::Disabled) and
/// [`MetricsOnly`](BreakerState::MetricsOnly): see [`set`](Self::set).
///
/// Clones share the state. A check takes well under a microsecond and allocates nothing.
///
/// # Examples
/// ```
/// use aurora_core::{failure::FailureClass, resilience::{Breaker, Outcome}};
/// use std::time::Duration;
///
/// let breaker = Breaker::builder().consecutive(2).build();
/// for _ in 0..2 {
///     let permit = breaker.try_acquire().expect("closed");
///     permit.record(Outcome::Failed(FailureClass::Timeout, None), Duration::from_secs(1));
/// }
/// assert!(breaker.try_acquire().is_err());
/// ```
#[derive(Clone)]
pub struct Breaker {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<dyn Clock>,
    machine: Mutex<Machine>,
    watch: Watch,
}

impl Breaker {
    /// A breaker with the defaults: see [`BreakerBuilder`].
    pub fn builder() -> BreakerBuilder {
        BreakerBuilder::default()
    }

    fn new(settings: Settings, name: Option<String>, clock: Arc<dyn Clock>, random: Random) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                machine: Mutex::new(Machine::new(settings, random)),
                watch: Watch::new(name),
            }),
        }
    }

    /// Asks to make one call.
    ///
    /// # Errors
    /// [`Rejected`] says why and when to ask again.
    pub fn try_acquire(&self) -> Result<Permit, Rejected> {
        let now = self.elapsed();
        match self.with(|machine| machine.try_acquire(now)) {
            Ok(generation) => Ok(Permit::new(self.clone(), generation, now)),
            Err(rejected) => {
                self.inner.watch.rejected();
                Err(rejected)
            }
        }
    }

    /// Makes one call, if the circuit lets it pass, and records how it went and how long it took.
    ///
    /// # Errors
    /// [`Guarded::Refused`] when it does not; the operation was not begun then. [`Guarded::Failed`] is the call's own
    /// error.
    ///
    /// # Cancel safety
    /// Dropping the future drops the call and says nothing about the target.
    ///
    /// # Examples
    /// ```
    /// # use aurora_core::failure::{Failure, FailureClass};
    /// use aurora_core::resilience::{Breaker, Guarded};
    /// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
    /// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let breaker = Breaker::builder().consecutive(1).build();
    /// let failed = breaker.call(async || Err::<(), _>(Down)).await;
    /// assert!(matches!(failed, Err(Guarded::Failed(Down))));
    /// let refused = breaker.call(async || Ok::<_, Down>("never called")).await;
    /// assert!(matches!(refused, Err(Guarded::Refused(_))));
    /// # }
    /// ```
    pub async fn call<V, E, F>(&self, operation: impl FnOnce() -> F + Send) -> Result<V, Guarded<Rejected, E>>
    where
        V: Send,
        E: Failure + Send,
        F: Future<Output = Result<V, E>> + Send,
    {
        let permit = self.try_acquire().map_err(Guarded::Refused)?;
        let answer = operation().await;
        let elapsed = permit.elapsed();
        permit.record(Outcome::of(&answer), elapsed);
        answer.map_err(Guarded::Failed)
    }

    /// Where it stands now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        let now = self.elapsed();
        self.with(|machine| machine.state(now))
    }

    /// What it has seen.
    #[must_use]
    pub fn snapshot(&self) -> BreakerSnapshot {
        let now = self.elapsed();
        self.with(|machine| machine.snapshot(now))
    }

    /// The name in logs and metrics, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.watch.name()
    }

    /// Listens to the changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> Transitions {
        self.inner.watch.subscribe()
    }

    /// Changes the state by hand. The record begins anew; calls under way say nothing any more.
    ///
    /// # Errors
    /// [`IllegalTransition`]: a closed circuit cannot be half-open next, and [`Refused`](BreakerState::Refused) and
    /// [`Held`](BreakerState::Held) come from the target alone.
    pub fn set(&self, to: BreakerState) -> Result<(), IllegalTransition> {
        let now = self.elapsed();
        self.with(|machine| machine.set(now, to))
    }

    /// Makes an open circuit half-open before its time; `false` when it is not open, or when the target refused our
    /// credentials or asked to be left alone until later.
    pub(crate) fn probe_early(&self) -> bool {
        let now = self.elapsed();
        self.with(|machine| machine.probe_early(now))
    }

    /// Forgets everything and lets calls pass.
    pub fn reset(&self) {
        let now = self.elapsed();
        self.with(|machine| machine.reset(now));
    }

    fn elapsed(&self) -> Duration {
        self.inner.clock.elapsed()
    }

    fn release(&self, generation: u64) {
        self.with(|machine| machine.release(generation));
    }

    fn answered(&self, generation: u64, elapsed: Duration) -> Option<u64> {
        let now = self.elapsed();
        self.with(|machine| machine.answered(now, generation, elapsed))
    }

    fn record(&self, generation: u64, outcome: Outcome, elapsed: Duration, counted: bool) {
        let now = self.elapsed();
        self.with(|machine| machine.record(now, generation, outcome, elapsed, counted));
    }

    fn with<R>(&self, act: impl FnOnce(&mut Machine) -> R) -> R {
        let mut machine = self.inner.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut machine);
        let changes = machine.changes();
        self.inner.watch.publish(&changes);
        drop(machine);
        self.inner.watch.write(&changes);
        result
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("name", &self.name())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
