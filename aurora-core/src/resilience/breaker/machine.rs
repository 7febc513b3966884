//! The states of a breaker as a function of time and outcomes. It reads no clock and tells nobody.

use std::time::Duration;

use super::outcome::Outcome;
use super::settings::Settings;
use super::state::{
    BreakerSnapshot, BreakerState, IllegalTransition, Rejected, Transition, TransitionReason,
};
use crate::failure::FailureClass;
use crate::resilience::window::{Tally, Window};
use crate::rng::Random;

#[derive(Debug)]
pub(super) struct Machine {
    settings: Settings,
    random: Random,
    phase: Phase,
    /// Counts phases; an outcome from an earlier one changes nothing.
    generation: u64,
    window: Window,
    consecutive: u32,
    reopens: u32,
    /// Calls are held back until then because the target refuses our credentials.
    refused_until: Duration,
    /// Calls are held back until then because the target asked for it.
    held_until: Duration,
    /// Until when the last 429 or 503 asked to be left alone: an open circuit opens no earlier.
    asked_until: Duration,
    not_permitted: u64,
    /// The state that was told last.
    told: BreakerState,
    changes: Vec<Transition>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed,
    Open {
        until: Duration,
    },
    HalfOpen {
        until: Duration,
        admitted: u32,
        back: Tally,
    },
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

impl Phase {
    const fn state(&self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
            Self::ForcedOpen => BreakerState::ForcedOpen,
            Self::Disabled => BreakerState::Disabled,
            Self::MetricsOnly => BreakerState::MetricsOnly,
        }
    }
}

impl Machine {
    pub(super) fn new(settings: Settings, random: Random) -> Self {
        Self {
            window: settings.window(),
            settings,
            random,
            phase: Phase::Closed,
            generation: 0,
            consecutive: 0,
            reopens: 0,
            refused_until: Duration::ZERO,
            held_until: Duration::ZERO,
            asked_until: Duration::ZERO,
            not_permitted: 0,
            told: BreakerState::Closed,
            changes: Vec::new(),
        }
    }

    /// The changes since the last time, in order.
    pub(super) fn changes(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.changes)
    }

    pub(super) fn state(&mut self, now: Duration) -> BreakerState {
        self.settle(now);
        self.told
    }

    /// Leave for one call, as the generation that its outcome belongs to.
    pub(super) fn try_acquire(&mut self, now: Duration) -> Result<u64, Rejected> {
        self.settle(now);
        if let Some(retry_after) = self.refuses(now) {
            self.not_permitted += 1;
            return Err(Rejected {
                retry_after,
                state: self.told,
            });
        }
        let within = self.settings.half_open_for;
        if let Phase::HalfOpen {
            until,
            admitted,
            back,
        } = &mut self.phase
        {
            // Time runs only while a probe is under way: until somebody calls, there is nothing to give up on.
            if u64::from(*admitted) == back.calls {
                *until = now.saturating_add(within);
            }
            *admitted += 1;
        }
        Ok(self.generation)
    }

    /// How long calls are refused from `now`; `None` when one may pass.
    fn refuses(&self, now: Duration) -> Option<Duration> {
        let held = match self.told {
            BreakerState::Refused => self.refused_until.max(self.held_until),
            BreakerState::Held => self.held_until,
            _ => Duration::ZERO,
        };
        if now < held {
            return Some(held - now);
        }
        match self.phase {
            Phase::Closed | Phase::Disabled | Phase::MetricsOnly => None,
            Phase::Open { until } => Some(until.saturating_sub(now)),
            // Nobody knows when; the longest that a circuit stays open by itself is a fair time to look again.
            Phase::ForcedOpen => Some(self.settings.open_cap),
            Phase::HalfOpen { until, admitted, .. } => {
                // The probes may take long, but most are back long before their limit.
                let out = admitted >= self.settings.probes;
                out.then(|| until.saturating_sub(now).min(self.settings.open_for))
            }
        }
    }

    /// Gives back the place of a call that says nothing about the target.
    pub(super) fn release(&mut self, generation: u64) {
        if self.generation == generation
            && let Phase::HalfOpen { admitted, back, .. } = &mut self.phase
            && u64::from(*admitted) > back.calls
        {
            *admitted -= 1;
        }
    }

    /// Counts a probe that has begun to answer; gives the generation that its end belongs to.
    pub(super) fn answered(&mut self, now: Duration, generation: u64, elapsed: Duration) -> Option<u64> {
        self.settle(now);
        let slow = elapsed > self.settings.slow_after;
        let Phase::HalfOpen { back, .. } = &mut self.phase else {
            return None;
        };
        if self.generation != generation {
            return None;
        }
        back.add(false, slow);
        self.judge(now);
        Some(self.generation)
    }

    /// Notes how a call ended. A probe that has [begun to answer](Self::answered) is `counted` already.
    pub(super) fn record(
        &mut self,
        now: Duration,
        generation: u64,
        outcome: Outcome,
        elapsed: Duration,
        counted: bool,
    ) {
        self.settle(now);
        if self.generation != generation || matches!(self.phase, Phase::Disabled) {
            return;
        }
        let (failed, hard) = match outcome {
            Outcome::Success => (false, false),
            Outcome::Failed(FailureClass::Transient | FailureClass::Timeout, asked) => {
                self.asked(now, asked);
                (true, true)
            }
            Outcome::Failed(FailureClass::Throttled, asked) => {
                if let Some(until) = self.asked(now, asked) {
                    self.held_until = until;
                }
                (true, false)
            }
            Outcome::Failed(class, _) => {
                if !counted {
                    self.release(generation);
                }
                if class == FailureClass::Credential {
                    let until = now.saturating_add(self.settings.refused_for);
                    self.refused_until = self.refused_until.max(until);
                    self.tell(now, TransitionReason::Credential);
                }
                return;
            }
        };
        let slow = elapsed > self.settings.slow_after;
        if let Phase::HalfOpen { back, .. } = &mut self.phase {
            if counted {
                back.failed += u64::from(failed);
            } else {
                back.add(failed, slow);
            }
        } else {
            self.window.push(now, failed, slow);
        }
        if hard {
            self.consecutive = self.consecutive.saturating_add(1);
        } else if !failed {
            self.consecutive = 0;
        }
        self.judge(now);
        self.tell(now, TransitionReason::RetryAfter);
    }

    /// Notes what the target asked for, within its bound.
    fn asked(&mut self, now: Duration, wait: Option<Duration>) -> Option<Duration> {
        let until = now.saturating_add(wait?.min(self.settings.hold_cap));
        self.asked_until = until;
        Some(until)
    }

    pub(super) fn snapshot(&mut self, now: Duration) -> BreakerSnapshot {
        self.settle(now);
        let (tally, minimum) = match self.phase {
            Phase::HalfOpen { back, .. } => (back, u64::from(self.settings.probes)),
            _ => (self.window.tally(now), self.settings.minimum_calls()),
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "a window holds far fewer than 2^52 calls"
        )]
        let rate =
            |part: u64| (tally.calls >= minimum.max(1)).then(|| part as f64 * 100.0 / tally.calls as f64);
        BreakerSnapshot {
            state: self.told,
            failure_rate: rate(tally.failed),
            slow_rate: rate(tally.slow),
            calls: tally.calls,
            failed: tally.failed,
            slow: tally.slow,
            consecutive: self.consecutive,
            reopens: self.reopens,
            not_permitted: self.not_permitted,
            retry_after: self.refuses(now),
        }
    }

    /// Changes the state by hand.
    pub(super) fn set(&mut self, now: Duration, to: BreakerState) -> Result<(), IllegalTransition> {
        self.settle(now);
        let from = self.phase.state();
        let phase = match to {
            BreakerState::Refused | BreakerState::Held => {
                return Err(IllegalTransition { from: self.told, to });
            }
            BreakerState::HalfOpen if from == BreakerState::Closed => {
                return Err(IllegalTransition { from: self.told, to });
            }
            BreakerState::Closed => Phase::Closed,
            BreakerState::Open => {
                self.trip(now, TransitionReason::Manual);
                return Ok(());
            }
            BreakerState::HalfOpen => self.probing(now),
            BreakerState::ForcedOpen => Phase::ForcedOpen,
            BreakerState::Disabled => Phase::Disabled,
            BreakerState::MetricsOnly => Phase::MetricsOnly,
        };
        if to == BreakerState::Closed {
            self.reopens = 0;
        }
        (self.refused_until, self.held_until, self.asked_until) = Default::default();
        self.enter(now, phase, TransitionReason::Manual);
        Ok(())
    }

    /// Lets an open circuit be probed before its time, unless the target asked for that time or refuses us.
    pub(super) fn probe_early(&mut self, now: Duration) -> bool {
        self.settle(now);
        let told_until = self.refused_until.max(self.held_until).max(self.asked_until);
        let may = matches!(self.phase, Phase::Open { .. }) && now >= told_until;
        if may {
            let probing = self.probing(now);
            self.enter(now, probing, TransitionReason::Manual);
        }
        may
    }

    pub(super) fn reset(&mut self, now: Duration) {
        self.not_permitted = 0;
        self.reopens = 0;
        (self.refused_until, self.held_until, self.asked_until) = Default::default();
        self.enter(now, Phase::Closed, TransitionReason::Manual);
    }

    /// Lets time pass: an open circuit becomes half-open, a half-open one that nobody judged opens again.
    fn settle(&mut self, now: Duration) {
        self.tell(now, TransitionReason::WaitOver);
        match self.phase {
            Phase::Open { until } if now >= until => {
                let probing = self.probing(now);
                self.enter(now, probing, TransitionReason::WaitOver);
            }
            Phase::HalfOpen {
                until,
                admitted,
                back,
            } if now >= until && u64::from(admitted) > back.calls => {
                self.trip(now, TransitionReason::ProbesTimedOut);
            }
            _ => {}
        }
    }

    fn probing(&self, now: Duration) -> Phase {
        Phase::HalfOpen {
            until: now.saturating_add(self.settings.half_open_for),
            admitted: 0,
            back: Tally::default(),
        }
    }

    fn judge(&mut self, now: Duration) {
        let settings = &self.settings;
        match self.phase {
            Phase::Closed => {
                let tally = self.window.tally(now);
                let enough = tally.calls >= settings.minimum_calls();
                if settings.consecutive > 0 && self.consecutive >= settings.consecutive {
                    self.trip(now, TransitionReason::Consecutive);
                } else if enough && tally.failures_reach(settings.failure_percent) {
                    self.trip(now, TransitionReason::FailureRate);
                } else if enough && tally.slow_reach(settings.slow_percent) {
                    self.trip(now, TransitionReason::SlowRate);
                }
            }
            Phase::HalfOpen { back, .. } if back.calls >= u64::from(settings.probes) => {
                if back.failures_reach(settings.failure_percent) || back.slow_reach(settings.slow_percent) {
                    self.trip(now, TransitionReason::ProbesFailed);
                } else {
                    self.reopens = 0;
                    self.enter(now, Phase::Closed, TransitionReason::ProbesPassed);
                }
            }
            _ => {}
        }
    }

    fn trip(&mut self, now: Duration, reason: TransitionReason) {
        let settings = &self.settings;
        let cap = settings.open_cap;
        let longer = settings
            .open_for
            .saturating_mul(1 << self.reopens.min(20))
            .min(cap);
        let jittered = longer.as_secs_f64() * (0.9 + 0.2 * self.random.unit());
        // What is too long for a duration is above any cap.
        let wait = Duration::try_from_secs_f64(jittered).map_or(cap, |wait| wait.min(cap));
        let until = now.saturating_add(wait).max(self.asked_until);
        self.reopens = self.reopens.saturating_add(1);
        self.enter(now, Phase::Open { until }, reason);
    }

    fn enter(&mut self, now: Duration, phase: Phase, reason: TransitionReason) {
        self.phase = phase;
        self.generation += 1;
        self.window.clear();
        self.consecutive = 0;
        self.tell(now, reason);
    }

    /// Tells the state if it is another one than was told last.
    fn tell(&mut self, now: Duration, reason: TransitionReason) {
        let state = match self.phase {
            Phase::Closed | Phase::HalfOpen { .. } if now < self.refused_until => BreakerState::Refused,
            Phase::Closed | Phase::HalfOpen { .. } if now < self.held_until => BreakerState::Held,
            _ => self.phase.state(),
        };
        let from = std::mem::replace(&mut self.told, state);
        if from != state {
            self.changes.push(Transition {
                from,
                to: state,
                reason,
            });
        }
    }
}
