//! The life of one alert: inactive → pending → firing → resolved, as a pure function.
//!
//! [`AlertState::step`] takes what is known now and returns the state after it and what was decided. It asks no
//! clock and sends nothing; the same code runs live, in tests, and over recorded samples. The state is plain data
//! that can be stored and taken up again after a restart.

use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::notification::Status;
use crate::rule::Rule;

/// How long a resolved alert is still shown as resolved, as in Prometheus.
pub const RESOLVED_SHOWN: Duration = Duration::from_secs(15 * 60);

/// What is known about a series at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// A new value; it must be a number.
    Sample(f64),
    /// Nothing new: the last value stands, only time has passed.
    Unchanged,
    /// The series has been silent for so long that its last value says nothing any more.
    Missing,
}

/// Everything that must be remembered about one alert (a rule and a label set).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertState {
    /// Where it stands.
    #[serde(flatten)]
    pub phase: Phase,
    /// The last value seen.
    pub value: Option<f64>,
    /// When a firing was last notified; the cooldown counts from here.
    pub last_notified_at: Option<Timestamp>,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// The condition does not hold.
    #[default]
    Inactive,
    /// The condition holds, but not yet for as long as the rule asks.
    Pending {
        /// Since when the condition holds.
        active_since: Timestamp,
    },
    /// The condition has held for as long as the rule asks.
    Firing {
        /// Since when the condition holds.
        active_since: Timestamp,
        /// When it began to fire.
        fired_at: Timestamp,
        /// Whether this firing was handed to the channels; false while the cooldown keeps it quiet.
        notified: bool,
    },
    /// It fired and is over; shown for [`RESOLVED_SHOWN`].
    Resolved {
        /// Since when the condition held.
        active_since: Timestamp,
        /// When it began to fire.
        fired_at: Timestamp,
        /// When it ended.
        resolved_at: Timestamp,
        /// Why it ended.
        reason: ResolveReason,
    },
}

/// Why a firing alert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResolveReason {
    /// The value passed the recovery threshold.
    Recovered,
    /// The series fell silent.
    NoData,
    /// The rule is no longer there.
    RuleRemoved,
    /// It was posted, and its end has passed.
    Expired,
    /// Whoever posted it said that it is over.
    Posted,
}

/// What one step decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// The condition holds; the alert waits for the rule's `for`.
    Pending,
    /// The condition ended before the alert fired.
    Cleared,
    /// The alert fires and is to be notified.
    Fired,
    /// The alert fires, but the cooldown keeps it quiet.
    FiredQuietly {
        /// When it will be notified if it still fires then.
        until: Timestamp,
    },
    /// The cooldown is over and the alert still fires: to be notified now.
    CooldownOver,
    /// The alert is over and is to be notified.
    Resolved,
    /// The alert is over; its firing was never notified, so neither is its end.
    ResolvedQuietly,
}

impl Decision {
    /// What to tell the channels, if anything.
    #[must_use]
    pub const fn notice(self) -> Option<Status> {
        match self {
            Self::Fired | Self::CooldownOver => Some(Status::Firing),
            Self::Resolved => Some(Status::Resolved),
            Self::Pending | Self::Cleared | Self::FiredQuietly { .. } | Self::ResolvedQuietly => None,
        }
    }

    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Cleared => "cleared",
            Self::Fired => "fired",
            Self::FiredQuietly { .. } => "fired_quietly",
            Self::CooldownOver => "cooldown_over",
            Self::Resolved => "resolved",
            Self::ResolvedQuietly => "resolved_quietly",
        }
    }
}

impl AlertState {
    /// The state after an observation at `now`, and what was decided.
    ///
    /// - Pending becomes firing when `now - active_since >= for`, in the same step when `for` is zero.
    /// - A pending alert is cleared by the first sample that does not breach the threshold; a firing one resolves
    ///   when its value passes the recovery threshold.
    /// - A missing series clears a pending alert and resolves a firing one.
    /// - A firing within the cooldown of the last notified one is not notified until the cooldown ends; a resolve is
    ///   notified if and only if its firing was.
    /// - A clock that was set back can shorten a wait but never makes one endless: when in doubt, it speaks.
    #[must_use]
    pub fn step(mut self, rule: &Rule, observation: Observation, now: Timestamp) -> (Self, Option<Decision>) {
        let holds = self.holds(rule, observation);
        if let Observation::Sample(value) = observation {
            self.value = Some(value);
        }
        let decision = match self.phase {
            Phase::Inactive if holds => Some(self.activate(rule, now)),
            Phase::Resolved { .. } if holds => Some(self.activate(rule, now)),
            Phase::Inactive => None,
            Phase::Resolved { resolved_at, .. } => {
                if now.since(resolved_at) >= RESOLVED_SHOWN {
                    self.phase = Phase::Inactive;
                }
                None
            }
            Phase::Pending { active_since } if holds => {
                let active_since = active_since.min(now);
                self.phase = Phase::Pending { active_since };
                (now.since(active_since) >= rule.for_()).then(|| self.fire(rule, active_since, now))
            }
            Phase::Pending { .. } => {
                self.phase = Phase::Inactive;
                Some(Decision::Cleared)
            }
            Phase::Firing {
                active_since,
                fired_at,
                notified: false,
            } if holds => self.quiet_until(rule, now).is_none().then(|| {
                self.phase = Phase::Firing {
                    active_since,
                    fired_at,
                    notified: true,
                };
                self.last_notified_at = Some(now);
                Decision::CooldownOver
            }),
            Phase::Firing { .. } if holds => None,
            Phase::Firing {
                active_since,
                fired_at,
                notified,
            } => {
                let reason = match observation {
                    Observation::Missing => ResolveReason::NoData,
                    Observation::Sample(_) | Observation::Unchanged => ResolveReason::Recovered,
                };
                self.phase = Phase::Resolved {
                    active_since,
                    fired_at,
                    resolved_at: now,
                    reason,
                };
                Some(if notified {
                    Decision::Resolved
                } else {
                    Decision::ResolvedQuietly
                })
            }
        };
        (self, decision)
    }

    /// Whether the alert is pending or firing.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Pending { .. } | Phase::Firing { .. })
    }

    /// Whether nothing would be lost by forgetting the alert: it is inactive and no cooldown runs.
    #[must_use]
    pub fn is_forgettable(&self, rule: &Rule, now: Timestamp) -> bool {
        self.phase == Phase::Inactive && self.quiet_until(rule, now).is_none()
    }

    fn holds(&self, rule: &Rule, observation: Observation) -> bool {
        let Some(threshold) = rule.threshold() else {
            return false;
        };
        match observation {
            Observation::Sample(value) if matches!(self.phase, Phase::Firing { .. }) => {
                !threshold.is_recovered(value)
            }
            Observation::Sample(value) => threshold.is_breached(value),
            // A value that was judged once is not judged again: only a new sample can begin an alert.
            Observation::Unchanged => self.is_active(),
            Observation::Missing => false,
        }
    }

    fn activate(&mut self, rule: &Rule, now: Timestamp) -> Decision {
        if rule.for_().is_zero() {
            return self.fire(rule, now, now);
        }
        self.phase = Phase::Pending { active_since: now };
        Decision::Pending
    }

    fn fire(&mut self, rule: &Rule, active_since: Timestamp, now: Timestamp) -> Decision {
        let quiet_until = self.quiet_until(rule, now);
        self.phase = Phase::Firing {
            active_since,
            fired_at: now,
            notified: quiet_until.is_none(),
        };
        if let Some(until) = quiet_until {
            return Decision::FiredQuietly { until };
        }
        self.last_notified_at = Some(now);
        Decision::Fired
    }

    fn quiet_until(&self, rule: &Rule, now: Timestamp) -> Option<Timestamp> {
        let last = self.last_notified_at?;
        let until = last + rule.cooldown();
        (last <= now && now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests;
