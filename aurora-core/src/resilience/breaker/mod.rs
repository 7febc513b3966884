//! Whether a target is worth calling.

mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::window::OutcomeWindow;
use crate::failure::FailureClass;
use crate::sync::{Mutex, MutexGuard, PoisonError};

pub use settings::BreakerBuilder;

/// A circuit breaker: it stops calls to a target that keeps failing, and finds out carefully when it is back.
///
/// - **Closed**: calls pass. It opens when, over the last `window` calls and at least `minimum_calls`, the share of
///   failed or of slow calls reaches its threshold (≥, as in resilience4j), or after `consecutive` hard failures in a row.
/// - **Open**: calls are refused for `open_for · 2^reopens` (jittered ±10 %, at most `open_cap`).
/// - **Half-open**: exactly `probes` calls pass and judge the target. If one of them is not back in time it opens
///   again, so that it can never stick.
///
/// A target that is throttling is not broken: it counts in the share, not in the row (Linkerd's rule), and its
/// `Retry-After` holds calls back until then. One that refuses our credentials is held back for `refused_for`. The
/// caller's own mistakes say nothing about the target and are not counted.
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
    config: BreakerBuilder,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Counts phases; an outcome from an earlier one changes nothing.
    generation: u64,
    window: OutcomeWindow,
    consecutive: u32,
    reopens: u32,
    /// Calls are held back until then, in any phase, because the target asked for it.
    held_until: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open { until: Duration },
    HalfOpen { until: Duration, admitted: u32 },
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused, or held back because the target asked for it.
    Open,
    /// A few calls pass to find out.
    HalfOpen,
}

impl BreakerState {
    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How a call went, for the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Success,
    /// It failed so; the target may have asked to be left alone for a while.
    Failed(FailureClass, Option<Duration>),
}

/// The breaker refuses the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit is open")]
pub struct Rejected {
    /// When it makes sense to ask again.
    pub retry_after: Duration,
}

impl Breaker {
    /// A breaker with the defaults: see [`BreakerBuilder`].
    pub fn builder() -> BreakerBuilder {
        BreakerBuilder::default()
    }

    fn new(config: BreakerBuilder) -> Self {
        let state = State {
            phase: Phase::Closed,
            generation: 0,
            window: OutcomeWindow::new(config.window),
            consecutive: 0,
            reopens: 0,
            held_until: Duration::ZERO,
        };
        Self {
            inner: Arc::new(Inner {
                config,
                state: Mutex::new(state),
            }),
        }
    }

    /// Asks to make one call.
    ///
    /// # Errors
    /// [`Rejected`] says when to ask again.
    pub fn try_acquire(&self) -> Result<Permit, Rejected> {
        let now = self.inner.config.clock.elapsed();
        let mut state = self.lock();
        state.settle(now, &self.inner.config);
        if now < state.held_until {
            return Err(Rejected {
                retry_after: state.held_until - now,
            });
        }
        let judged = state.judged();
        match &mut state.phase {
            Phase::Closed => {}
            Phase::Open { until } => {
                return Err(Rejected {
                    retry_after: until.saturating_sub(now),
                });
            }
            Phase::HalfOpen { until, admitted } => {
                let config = &self.inner.config;
                if *admitted >= config.probes {
                    // The probes may take long, but most are back long before their limit.
                    let retry_after = until.saturating_sub(now).min(config.open_for);
                    return Err(Rejected { retry_after });
                }
                // Time runs only while a probe is under way: until somebody calls, there is nothing to give up on.
                if *admitted == judged {
                    *until = now.saturating_add(config.half_open_for);
                }
                *admitted += 1;
            }
        }
        Ok(Permit {
            breaker: self.clone(),
            generation: state.generation,
            open: true,
        })
    }

    /// Where it stands now.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        let now = self.inner.config.clock.elapsed();
        let mut state = self.lock();
        state.settle(now, &self.inner.config);
        match state.phase {
            Phase::Open { .. } => BreakerState::Open,
            _ if now < state.held_until => BreakerState::Open,
            Phase::Closed => BreakerState::Closed,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Forgets everything and lets calls pass.
    pub fn reset(&self) {
        let mut state = self.lock();
        state.reopens = 0;
        state.held_until = Duration::ZERO;
        state.enter(Phase::Closed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, generation: u64) {
        let mut state = self.lock();
        let judged = state.judged();
        if state.generation == generation
            && let Phase::HalfOpen { admitted, .. } = &mut state.phase
            && *admitted > judged
        {
            *admitted -= 1;
        }
    }

    /// Counts a probe that has begun to answer; gives the generation that its end belongs to.
    fn answered(&self, generation: u64, elapsed: Duration) -> Option<u64> {
        let config = &self.inner.config;
        let now = config.clock.elapsed();
        let mut state = self.lock();
        if state.generation != generation || !matches!(state.phase, Phase::HalfOpen { .. }) {
            return None;
        }
        state.window.push(false, elapsed > config.slow_after);
        state.judge(now, config);
        Some(state.generation)
    }

    fn record(&self, generation: u64, outcome: Outcome, elapsed: Duration) {
        let config = &self.inner.config;
        let now = config.clock.elapsed();
        let mut state = self.lock();
        if let Outcome::Failed(class, asked) = outcome {
            let hold = match class {
                FailureClass::Credential => Some(config.refused_for),
                FailureClass::Throttled => asked.map(|wait| wait.min(config.hold_cap)),
                _ => None,
            };
            if let Some(hold) = hold {
                state.held_until = state.held_until.max(now.saturating_add(hold));
            }
        }
        if state.generation != generation {
            return;
        }
        let (failed, hard) = match outcome {
            Outcome::Success => (false, false),
            Outcome::Failed(FailureClass::Transient | FailureClass::Timeout, _) => (true, true),
            Outcome::Failed(FailureClass::Throttled, _) => (true, false),
            Outcome::Failed(..) => {
                drop(state);
                return self.release(generation);
            }
        };
        state.window.push(failed, elapsed > config.slow_after);
        if hard {
            state.consecutive += 1;
        } else if !failed {
            state.consecutive = 0;
        }
        state.judge(now, config);
    }
}

impl State {
    /// Lets time pass: an open circuit becomes half-open, a half-open one that nobody judged opens again.
    fn settle(&mut self, now: Duration, config: &BreakerBuilder) {
        match self.phase {
            Phase::Open { until } if now >= until => {
                self.enter(Phase::HalfOpen {
                    until: now.saturating_add(config.half_open_for),
                    admitted: 0,
                });
            }
            Phase::HalfOpen { until, admitted } if now >= until && admitted > self.judged() => {
                self.trip(now, config);
            }
            _ => {}
        }
    }

    /// How many calls of this phase are back.
    fn judged(&self) -> u32 {
        u32::try_from(self.window.len()).unwrap_or(u32::MAX)
    }

    fn judge(&mut self, now: Duration, config: &BreakerBuilder) {
        let bad =
            self.window.failures_reach(config.failure_percent) || self.window.slow_reach(config.slow_percent);
        match self.phase {
            Phase::Closed => {
                let row = config.consecutive > 0 && self.consecutive >= config.consecutive;
                if row || (self.window.len() >= config.minimum_calls && bad) {
                    self.trip(now, config);
                }
            }
            Phase::HalfOpen { .. } if self.judged() >= config.probes => {
                if bad {
                    self.trip(now, config);
                } else {
                    self.reopens = 0;
                    self.enter(Phase::Closed);
                }
            }
            Phase::HalfOpen { .. } | Phase::Open { .. } => {}
        }
    }

    fn trip(&mut self, now: Duration, config: &BreakerBuilder) {
        let longer = config
            .open_for
            .saturating_mul(1 << self.reopens.min(20))
            .min(config.open_cap);
        let jittered = longer.as_secs_f64() * (0.9 + 0.2 * config.random.unit());
        // What is too long for a duration is above any cap.
        let wait =
            Duration::try_from_secs_f64(jittered).map_or(config.open_cap, |wait| wait.min(config.open_cap));
        self.reopens = self.reopens.saturating_add(1);
        self.enter(Phase::Open {
            until: now.saturating_add(wait),
        });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation += 1;
        self.window.clear();
        self.consecutive = 0;
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// Leave to make one call. Dropping it without an outcome gives it back, as if the call had never been.
#[derive(Debug)]
#[must_use = "tell how the call went"]
pub struct Permit {
    breaker: Breaker,
    generation: u64,
    open: bool,
}

impl Permit {
    /// Tells that the target has begun to answer, and how long that took.
    ///
    /// It is enough to judge a half-open circuit, for which the rest would come too late: a long answer, or a caller
    /// who reads it slowly. A failure that comes after all still counts.
    pub fn answered(&mut self, elapsed: Duration) {
        if self.open
            && let Some(generation) = self.breaker.answered(self.generation, elapsed)
        {
            self.generation = generation;
            self.open = false;
        }
    }

    /// Tells how the call went and how long it took.
    pub fn record(mut self, outcome: Outcome, elapsed: Duration) {
        let counted = !std::mem::replace(&mut self.open, false);
        if !(counted && outcome == Outcome::Success) {
            self.breaker.record(self.generation, outcome, elapsed);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.breaker.release(self.generation);
        }
    }
}
