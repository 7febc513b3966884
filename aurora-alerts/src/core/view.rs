//! What a core shows of itself.

use aurora_core::time::Timestamp;

use super::Core;
use crate::alert::{Alert, Posting};
use crate::labels::Fingerprint;
use crate::pipeline::{Explanation, Known, Origin};
use crate::rule::Rule;
use crate::state::{AlertState, Phase};

impl Core {
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.evaluator.rules()
    }

    /// Every alert that is pending or fires.
    pub(crate) fn active(&self) -> Vec<Alert> {
        let mut alerts = self.evaluator.alerts(AlertState::is_active);
        let others = self
            .pipeline
            .all_known()
            .filter(|known| known.origin != Origin::Rule && known.is_firing());
        alerts.extend(others.map(shown));
        for alert in &mut alerts {
            let known = self.pipeline.known(alert.fingerprint);
            alert.acknowledgement = known.and_then(|known| known.acknowledgement.clone());
        }
        alerts
    }

    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<Alert> {
        let known = self.pipeline.known(fingerprint);
        let mut alert = self.evaluator.get(fingerprint).or_else(|| known.map(shown))?;
        alert.acknowledgement = known.and_then(|known| known.acknowledgement.clone());
        Some(alert)
    }

    pub(crate) fn explain(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<Explanation> {
        let alert = self.get(fingerprint)?;
        let known = self.pipeline.known(fingerprint);
        let rule = self.rules().find(|rule| rule.name() == alert.rule);
        let (state, fires_at, cooldown_until) = match (alert.state.phase, rule) {
            _ if known.is_some_and(|known| known.origin != Origin::Rule) => ("posted", None, None),
            (Phase::Pending { active_since }, Some(rule)) => {
                ("pending", Some(active_since + rule.for_()), None)
            }
            (Phase::Firing { notified: false, .. }, Some(rule)) => {
                let last = alert.state.last_notified_at;
                ("firing", None, last.map(|last| last + rule.cooldown()))
            }
            (Phase::Inactive, _) => ("inactive", None, None),
            (Phase::Pending { .. }, None) => ("pending", None, None),
            (Phase::Firing { .. }, _) => ("firing", None, None),
            (Phase::Resolved { .. }, _) => ("resolved", None, None),
        };
        Some(Explanation {
            fingerprint,
            rule: alert.rule,
            at: now,
            state: state.to_owned(),
            fires_at,
            cooldown_until,
            acknowledged: known.and_then(|known| known.acknowledgement.clone()),
            next_escalation: known
                .and_then(|known| known.climb)
                .and_then(|climb| Some((climb.next + 1, climb.due?))),
            groups: self.pipeline.explain(fingerprint, now),
        })
    }
}

/// An alert that no rule of this engine found, in the shape of those that one did.
pub(super) fn shown(known: &Known) -> Alert {
    let facts = &known.facts;
    let fired_at = facts.starts_at;
    let phase = match (known.ends_at, known.resolve_reason) {
        (Some(resolved_at), Some(reason)) => Phase::Resolved {
            active_since: facts.starts_at,
            fired_at,
            resolved_at,
            reason,
        },
        _ => Phase::Firing {
            active_since: facts.starts_at,
            fired_at,
            notified: true,
        },
    };
    Alert {
        fingerprint: facts.fingerprint,
        rule: facts.rule.clone(),
        severity: facts.severity,
        metric: facts.metric.clone(),
        operator: facts.operator,
        threshold: facts.threshold,
        description: facts.description.clone(),
        labels: facts.labels.clone(),
        annotations: facts.annotations.clone(),
        acknowledgement: known.acknowledgement.clone(),
        posting: match known.origin {
            Origin::Posted { expires_at, at, .. } => Some(Posting {
                at,
                expires_at,
                generator_url: facts.generator_url.clone(),
            }),
            _ => None,
        },
        state: AlertState {
            phase,
            value: facts.value,
            ..AlertState::default()
        },
    }
}
