//! The life of one alert: inactive → pending → firing → resolved, as a pure function.
//!
//! [`AlertState::step`] takes what is known now and returns the state after it and what was decided. It asks no
//! clock and sends nothing; the same code runs live, in tests, and over recorded samples. The state is plain data
//! that can be stored and taken up again after a restart.

use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::Verdict;
use crate::notification::Status;
use crate::rule::{NoData, Rule};

/// How long a resolved alert is still shown as resolved, as in Prometheus.
pub const RESOLVED_SHOWN: Duration = Duration::from_secs(15 * 60);

/// What is known about a label set at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// The condition was judged, by a value where there is one.
    Judged(Verdict, Option<f64>),
    /// Nothing new: the last verdict stands, only time has passed.
    Unchanged,
    /// There is no data, or none for so long that the last verdict says nothing any more.
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
    /// Since when the condition of a firing alert has ended; it fires on for the rule's `keep_firing_for`.
    #[serde(default)]
    pub clear_since: Option<Timestamp>,
    /// Why the condition has ended, where it has.
    #[serde(default)]
    pub clear_reason: Option<ResolveReason>,
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
    /// The rule was changed: its `for` has not passed yet, or it no longer looks at these labels.
    RuleChanged,
    /// An alert that was posted was not posted again before its end.
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

impl Phase {
    /// Since when the condition holds or held; `None` of one that is inactive.
    #[must_use]
    pub const fn active_since(self) -> Option<Timestamp> {
        match self {
            Self::Inactive => None,
            Self::Pending { active_since }
            | Self::Firing { active_since, .. }
            | Self::Resolved { active_since, .. } => Some(active_since),
        }
    }

    /// A resolve from the future is one of now: the machine's clock was set back.
    const fn resolved_by(self, now: Timestamp) -> Self {
        match self {
            Self::Resolved {
                active_since,
                fired_at,
                reason,
                ..
            } => Self::Resolved {
                active_since,
                fired_at,
                resolved_at: now,
                reason,
            },
            other => other,
        }
    }
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
    /// - A pending alert is cleared by the first verdict other than a breach; a firing one ends when it is clear.
    /// - An alert that ends fires on for `keep_firing_for`; a breach in that time and it never ended.
    /// - Missing data clears a pending alert and ends a firing one, or counts as a breach ([`NoData::Fire`]).
    /// - A firing within the cooldown of the last notified one is not notified until the cooldown ends; a resolve is
    ///   notified if and only if its firing was.
    /// - A clock that was set back can shorten a wait but never makes one endless: when in doubt, it speaks.
    #[must_use]
    pub fn step(mut self, rule: &Rule, observation: Observation, now: Timestamp) -> (Self, Option<Decision>) {
        let holds = self.holds(rule, observation);
        if let Observation::Judged(_, Some(value)) = observation {
            self.value = Some(value);
        }
        let decision = match self.phase {
            Phase::Inactive | Phase::Resolved { .. } if holds => Some(self.activate(rule, now)),
            Phase::Inactive => None,
            Phase::Resolved { resolved_at, .. } => {
                if now.since(resolved_at) >= RESOLVED_SHOWN {
                    self.phase = Phase::Inactive;
                } else if resolved_at > now {
                    self.phase = self.phase.resolved_by(now);
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
            Phase::Firing { .. } if holds => {
                self.clear_since = None;
                self.clear_reason = None;
                self.speak_up(rule, now)
            }
            Phase::Firing { .. } => self.end(rule, observation, now),
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
        let keeps = matches!(self.phase, Phase::Firing { .. }) && self.clear_since.is_none();
        match observation {
            Observation::Judged(Verdict::Breached, _) => true,
            Observation::Judged(Verdict::Between, _) => keeps,
            Observation::Judged(Verdict::Clear, _) => false,
            // What was judged once is not judged again: only something new can begin an alert.
            Observation::Unchanged => keeps || matches!(self.phase, Phase::Pending { .. }),
            Observation::Missing => rule.no_data() == NoData::Fire,
        }
    }

    /// The condition of a firing alert does not hold: the alert ends, or fires on for a while.
    fn end(&mut self, rule: &Rule, observation: Observation, now: Timestamp) -> Option<Decision> {
        let reason = match observation {
            Observation::Missing => ResolveReason::NoData,
            Observation::Judged(Verdict::Clear, _) => ResolveReason::Recovered,
            Observation::Judged(..) | Observation::Unchanged => {
                self.clear_reason.unwrap_or(ResolveReason::Recovered)
            }
        };
        let since = self.clear_since.map_or(now, |since| since.min(now));
        if now.since(since) < rule.keep_firing_for() {
            self.clear_since = Some(since);
            self.clear_reason = Some(reason);
            return self.speak_up(rule, now);
        }
        self.resolve(reason, now)
    }

    /// Ends a firing alert now, for a reason that no observation gives.
    pub(crate) fn resolve(&mut self, reason: ResolveReason, now: Timestamp) -> Option<Decision> {
        let Phase::Firing {
            active_since,
            fired_at,
            notified,
        } = self.phase
        else {
            return None;
        };
        self.clear_since = None;
        self.clear_reason = None;
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

    /// A firing that the cooldown kept quiet is told once the cooldown is over.
    fn speak_up(&mut self, rule: &Rule, now: Timestamp) -> Option<Decision> {
        let Phase::Firing {
            active_since,
            fired_at,
            notified: false,
        } = self.phase
        else {
            return None;
        };
        if self.quiet_until(rule, now).is_some() {
            return None;
        }
        self.phase = Phase::Firing {
            active_since,
            fired_at,
            notified: true,
        };
        self.last_notified_at = Some(now);
        Some(Decision::CooldownOver)
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
