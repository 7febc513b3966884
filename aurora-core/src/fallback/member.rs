//! A target inside a set: what was registered, and what has been learned of it since.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::checks::CheckState;
use super::target::{Facts, Target};
use crate::failure::FailureClass;
use crate::resilience::{Breaker, RetryBudget};
use crate::time::Timestamp;

/// How fast the memory of a slow answer fades.
const FADES_IN: Duration = Duration::from_secs(10);
/// How much one outcome weighs in the recent share of answered calls.
const OUTCOME_WEIGHT: f64 = 0.1;

/// A target as it was registered or last updated. Calls under way keep theirs.
#[derive(Debug)]
pub(super) struct Member<T> {
    pub(super) target: Target<T>,
    pub(super) health: Arc<Health>,
}

/// What has been learned of a target; it outlives an update of the target.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) breaker: Breaker,
    pub(super) budget: RetryBudget,
    pub(super) counts: Counts,
    mode: AtomicU8,
    learned: Mutex<Learned>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) served: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) in_flight: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) left: AtomicU64,
    pub(super) taken_over: AtomicU64,
}

/// Whether somebody wants a target to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It takes calls.
    Enabled,
    /// It takes no new calls; those under way go on, and it is still checked.
    Draining,
    /// It takes no calls and is not checked.
    Disabled,
}

/// The last failure of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LastError {
    /// Its class, as [`FailureClass::as_str`] names it.
    pub class: &'static str,
    /// When it came.
    pub at: Timestamp,
}

#[derive(Debug)]
struct Learned {
    latency: Option<Latency>,
    /// The recent share of answered calls, from 0 to 1.
    answered: f64,
    last_error: Option<LastError>,
    check: CheckState,
}

#[derive(Debug, Clone, Copy)]
struct Latency {
    seconds: f64,
    at: Duration,
}

impl Latency {
    fn faded(self, now: Duration) -> f64 {
        let idle = now.saturating_sub(self.at).as_secs_f64();
        self.seconds * (-idle / FADES_IN.as_secs_f64()).exp()
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            latency: None,
            answered: 1.0,
            last_error: None,
            check: CheckState::default(),
        }
    }
}

impl<T> Member<T> {
    pub(super) fn name(&self) -> &str {
        &self.target.facts.name
    }

    pub(super) const fn facts(&self) -> &Facts {
        &self.target.facts
    }

    pub(super) const fn payload(&self) -> &T {
        &self.target.payload
    }
}

impl Health {
    pub(super) fn new(breaker: Breaker, budget: RetryBudget) -> Self {
        Self {
            breaker,
            budget,
            counts: Counts::default(),
            mode: AtomicU8::new(0),
            learned: Mutex::default(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        match self.mode.load(Ordering::Acquire) {
            0 => Mode::Enabled,
            1 => Mode::Draining,
            _ => Mode::Disabled,
        }
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        let mode = match mode {
            Mode::Enabled => 0,
            Mode::Draining => 1,
            Mode::Disabled => 2,
        };
        self.mode.store(mode, Ordering::Release);
    }

    /// Notes an answer. Its latency replaces a lower one at once and a higher one by and by ("peak EWMA").
    pub(super) fn answered(&self, now: Duration, took: Duration) {
        let mut learned = self.learned();
        learned.answered += OUTCOME_WEIGHT * (1.0 - learned.answered);
        let took = took.as_secs_f64();
        let seconds = match learned.latency {
            Some(latency) if took < latency.faded(now) => {
                let keep = (-now.saturating_sub(latency.at).as_secs_f64() / FADES_IN.as_secs_f64()).exp();
                latency.seconds * keep + took * (1.0 - keep)
            }
            _ => took,
        };
        learned.latency = Some(Latency { seconds, at: now });
    }

    pub(super) fn failed(&self, class: FailureClass, at: Timestamp) {
        let mut learned = self.learned();
        if class != FailureClass::Rejected {
            learned.answered -= OUTCOME_WEIGHT * learned.answered;
        }
        let class = class.as_str();
        learned.last_error = Some(LastError { class, at });
    }

    /// How long an answer takes, as far as it is known; it fades, so that a target that was slow is tried again.
    pub(super) fn latency(&self, now: Duration) -> Option<Duration> {
        let latency = self.learned().latency?;
        Some(Duration::try_from_secs_f64(latency.faded(now)).unwrap_or(Duration::MAX))
    }

    pub(super) fn answered_share(&self) -> f64 {
        self.learned().answered
    }

    pub(super) fn last_error(&self) -> Option<LastError> {
        self.learned().last_error
    }

    pub(super) fn check<R>(&self, act: impl FnOnce(&mut CheckState) -> R) -> R {
        act(&mut self.learned().check)
    }

    pub(super) fn is_down(&self) -> bool {
        self.check(|check| check.is_up() == Some(false))
    }

    pub(super) fn reset(&self) {
        self.breaker.reset();
        let counts = &self.counts;
        for count in [
            &counts.served,
            &counts.failed,
            &counts.cancelled,
            &counts.skipped,
            &counts.left,
            &counts.taken_over,
        ] {
            count.store(0, Ordering::Relaxed);
        }
        let mut learned = self.learned();
        let mut check = std::mem::take(&mut learned.check);
        check.reset();
        *learned = Learned {
            check,
            ..Learned::default()
        };
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
