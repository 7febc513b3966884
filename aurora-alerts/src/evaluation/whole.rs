use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::Transition;
use super::instance::{Identity, Instance};
use super::node::{Context, Judgements, Node};
use super::plan::patience;
use crate::condition::EvaluateError;
use crate::labels::{Fingerprint, Labels};
use crate::rule::{NoData, Rule};
use crate::state::{Observation, Phase};

/// A rule that judges by more than one series, with its alerts.
#[derive(Debug)]
pub(super) struct Whole {
    /// The place of the rule.
    pub(super) rule: usize,
    pub(super) node: Node,
    pub(super) held: BTreeMap<Arc<Labels>, Held>,
    /// How long alerts that were taken up again wait for a judgement.
    pub(super) patience: Option<Duration>,
    pub(super) began_at: Option<Timestamp>,
}

/// One of its alerts.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) fingerprint: Fingerprint,
    pub(super) instance: Instance,
    /// When it was last judged; `None` since it was taken up again.
    judged_at: Option<Timestamp>,
}

impl Whole {
    pub(super) fn new(place: usize, rule: &Rule) -> Self {
        Self {
            rule: place,
            node: Node::new(rule.condition(), ""),
            held: BTreeMap::new(),
            patience: patience(rule.condition()),
            began_at: None,
        }
    }

    /// Takes up an alert.
    pub(super) fn hold(&mut self, rule: &Rule, series: &Labels, instance: Instance) -> Fingerprint {
        let fingerprint = Fingerprint::of_alert(rule.name(), series);
        let held = Held {
            fingerprint,
            instance,
            judged_at: None,
        };
        self.held.insert(Arc::new(series.clone()), held);
        fingerprint
    }

    pub(super) fn is_active(&self) -> bool {
        self.held.values().any(|held| held.instance.state.is_active())
    }

    /// Judges and lets time pass; gives the label sets that are new.
    pub(super) fn tick(
        &mut self,
        rule: &Rule,
        most: usize,
        context: &mut Context<'_>,
        out: &mut Vec<Transition>,
    ) -> Result<Vec<(Fingerprint, Arc<Labels>)>, EvaluateError> {
        let now = context.now;
        self.began_at.get_or_insert(now);
        let judgements = self.node.judge(context)?;
        let mut found = Vec::new();
        for (labels, (verdict, value)) in &judgements {
            if !self.held.contains_key(labels) {
                if self.held.len() >= most {
                    continue;
                }
                let fingerprint = self.hold(rule, labels, Instance::default());
                found.push((fingerprint, Arc::clone(labels)));
            }
            let Some(held) = self.held.get_mut(labels) else {
                continue;
            };
            held.judged_at = Some(now);
            let identity = held.identity(rule, labels);
            held.instance
                .step(identity, Observation::Judged(*verdict, *value), now, out);
        }
        self.pass(rule, &judgements, now, out);
        Ok(found)
    }

    /// Lets time pass for label sets that were not judged.
    fn pass(&mut self, rule: &Rule, judgements: &Judgements, now: Timestamp, out: &mut Vec<Transition>) {
        let restart = self.began_at.unwrap_or(now).min(now);
        for (labels, held) in &mut self.held {
            let identity = held.identity(rule, labels);
            if !judgements.contains_key(labels) {
                let (since, limit) = match held.judged_at {
                    Some(judged_at) => (judged_at.min(now), Some(rule.stale_after().unwrap_or_default())),
                    None => (restart, rule.stale_after().or(self.patience)),
                };
                let missing = limit.is_some_and(|limit| now.since(since) >= limit);
                let observation = if missing {
                    Observation::Missing
                } else {
                    Observation::Unchanged
                };
                held.instance.step(identity, observation, now, out);
            }
            held.instance.let_go(identity, now, out);
        }
    }

    /// Forgets label sets that are not judged any more and have no alert; gives their fingerprints.
    pub(super) fn sweep(&mut self, rule: &Rule, now: Timestamp, kept: Duration) -> Vec<Fingerprint> {
        let mut gone = Vec::new();
        self.held.retain(|_, held| {
            let idle = held.instance.state.phase == Phase::Inactive && !held.instance.stored;
            let silent = held.judged_at.is_none_or(|at| now.since(at.min(now)) >= kept);
            let keep = !idle || !silent || rule.no_data() == NoData::Fire;
            if !keep {
                gone.push(held.fingerprint);
            }
            keep
        });
        gone
    }
}

impl Held {
    pub(super) fn identity<'a>(&self, rule: &'a Rule, series: &'a Labels) -> Identity<'a> {
        Identity {
            rule,
            series,
            fingerprint: self.fingerprint,
        }
    }
}
