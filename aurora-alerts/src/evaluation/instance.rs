use aurora_core::time::Timestamp;

use super::Transition;
use crate::alert::Alert;
use crate::labels::{Fingerprint, Labels};
use crate::rule::{NoData, Rule};
use crate::state::{AlertState, Decision, Observation, Phase, ResolveReason};

/// One rule on one label set.
#[derive(Debug, Clone, Default)]
pub(super) struct Instance {
    pub(super) state: AlertState,
    /// Whether there is a stored row of it.
    pub(super) stored: bool,
}

/// Whose instance it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) rule: &'a Rule,
    pub(super) series: &'a Labels,
    pub(super) fingerprint: Fingerprint,
}

impl Identity<'_> {
    pub(super) fn alert(&self, state: AlertState) -> Alert {
        Alert::of(self.rule, self.series, self.fingerprint, state)
    }

    fn transition(&self, state: AlertState, decision: Option<Decision>, at: Timestamp) -> Transition {
        Transition {
            at,
            fingerprint: self.fingerprint,
            decision,
            alert: self.alert(state),
        }
    }
}

impl Instance {
    /// Steps the state, and tells what must be told or stored.
    pub(super) fn step(
        &mut self,
        identity: Identity<'_>,
        observation: Observation,
        at: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let before = self.state;
        let (state, decision) = before.step(identity.rule, observation, at);
        self.state = state;
        let same = AlertState {
            value: before.value,
            ..state
        } == before;
        if decision.is_some() || !same {
            self.keep(identity.rule, at);
            out.push(identity.transition(self.state, decision, at));
        }
    }

    /// Decides whether there is a row of it. Without one it is as if it had never been, also before the next restart.
    fn keep(&mut self, rule: &Rule, now: Timestamp) {
        self.stored = !self.state.is_forgettable(rule, now);
        if !self.stored {
            self.state.last_notified_at = None;
        }
    }

    /// Lets go of the stored row once nothing would be lost by it.
    pub(super) fn let_go(&mut self, identity: Identity<'_>, now: Timestamp, out: &mut Vec<Transition>) {
        if !self.stored {
            return;
        }
        self.keep(identity.rule, now);
        if !self.stored {
            out.push(identity.transition(self.state, None, now));
        }
    }

    /// Whether time alone can change it.
    pub(super) fn is_restless(&self, rule: &Rule) -> bool {
        match self.state.phase {
            Phase::Inactive => self.stored || rule.no_data() == NoData::Fire,
            Phase::Pending { .. } | Phase::Resolved { .. } => true,
            Phase::Firing { notified, .. } => {
                !notified || self.state.clear_since.is_some() || rule.stale_after().is_some()
            }
        }
    }

    /// A raised `for` sends a firing alert back to pending: what was told is over until it has passed.
    pub(super) fn demote(&mut self, identity: Identity<'_>, now: Timestamp, out: &mut Vec<Transition>) {
        let Phase::Firing { active_since, .. } = self.state.phase else {
            return;
        };
        if now.since(active_since) >= identity.rule.for_() {
            return;
        }
        let decision = self.state.resolve(ResolveReason::RuleChanged, now);
        out.push(identity.transition(self.state, decision, now));
        self.state.phase = Phase::Pending { active_since };
        self.stored = true;
        out.push(identity.transition(self.state, Some(Decision::Pending), now));
    }

    /// Ends what is active, because nothing will judge it any more. Its row goes.
    pub(super) fn depart(
        mut alert: Alert,
        stored: bool,
        reason: ResolveReason,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let decision = match alert.state.phase {
            Phase::Pending { .. } => {
                alert.state.phase = Phase::Inactive;
                Some(Decision::Cleared)
            }
            _ => alert.state.resolve(reason, now),
        };
        if stored || decision.is_some() {
            out.push(Transition {
                at: now,
                fingerprint: alert.fingerprint,
                decision,
                alert,
            });
        }
    }
}
