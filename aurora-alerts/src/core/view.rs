//! What a core shows of itself.

use aurora_core::time::Timestamp;

use super::Core;
use crate::alert::{Alert, Posting};
use crate::labels::Fingerprint;
use crate::notification::Notification;
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

    /// The notification about an alert that is active or just over; `None` of any other.
    pub(crate) fn notification(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<Notification> {
        let known = self.pipeline.known(fingerprint);
        match (known, self.evaluator.get(fingerprint)) {
            // Of one that is over and comes again, what comes.
            (Some(known), Some(alert)) if !known.is_firing() && alert.state.is_active() => {
                self.notification_of(&alert, now)
            }
            (Some(known), _) => Some(self.pipeline.preview(known, now)),
            (None, alert) => self.notification_of(&alert?, now),
        }
    }

    /// The same of an alert that the pipeline does not know, or knows no more.
    pub(crate) fn notification_of(&self, alert: &Alert, now: Timestamp) -> Option<Notification> {
        let known = known_of(alert, now)?;
        Some(self.pipeline.preview(&known, now))
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
            escalation: self.pipeline.explain_chain(fingerprint),
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

/// What the pipeline would know of an alert that waits, is kept quiet or was forgotten; nothing of one that is inactive.
fn known_of(alert: &Alert, now: Timestamp) -> Option<Known> {
    let (fired_at, over) = match alert.state.phase {
        Phase::Inactive => return None,
        Phase::Pending { .. } => (now, None),
        Phase::Firing { fired_at, .. } => (fired_at, None),
        Phase::Resolved {
            fired_at,
            resolved_at,
            reason,
            ..
        } => (fired_at, Some((reason, resolved_at))),
    };
    let mut facts = super::facts(alert);
    let mut origin = Origin::Rule;
    if let Some(posting) = &alert.posting {
        facts.generator_url.clone_from(&posting.generator_url);
        origin = Origin::Posted {
            expires_at: posting.expires_at,
            guessed: false,
            at: posting.at,
        };
    }
    let mut known = Known::new(facts.clone(), origin);
    known.fire(facts, origin, fired_at);
    if let Some((reason, at)) = over {
        known.resolve(reason, at);
    }
    known.acknowledgement.clone_from(&alert.acknowledgement);
    Some(known)
}
