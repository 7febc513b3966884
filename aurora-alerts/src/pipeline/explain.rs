//! Why an alert was told, or was not.

use std::collections::BTreeSet;

use aurora_core::time::Timestamp;
use serde::Serialize;

use super::Pipeline;
use super::group::{Group, Told};
use super::known::{Acknowledgement, Known};
use super::lane::LaneKey;
use crate::labels::{Fingerprint, Labels};
use crate::notification::{DeliveryId, Status};
use crate::rule::Escalation;
use crate::silence::SilenceId;

/// Why somebody was or was not told of an alert, as it stands at one instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The alert.
    pub fingerprint: Fingerprint,
    /// Its rule.
    pub rule: String,
    /// When this was so.
    pub at: Timestamp,
    /// What its rule says: `inactive`, `pending`, `firing` or `resolved`; `posted` where no rule found it.
    pub state: String,
    /// Pending: when it will fire if its condition still holds then.
    pub fires_at: Option<Timestamp>,
    /// Firing quietly: until when the rule's cooldown holds it back.
    pub cooldown_until: Option<Timestamp>,
    /// Who takes care, if somebody does.
    pub acknowledged: Option<Acknowledgement>,
    /// The next step of its escalation chain, from 1, and when it is due.
    pub next_escalation: Option<(u32, Timestamp)>,
    /// That chain: its rule's, or of the first of its routes that has one; empty without.
    pub escalation: Vec<EscalationExplanation>,
    /// Where the routes lead it.
    pub groups: Vec<GroupExplanation>,
}

/// One step of the escalation chain of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EscalationExplanation {
    /// Which, from 1.
    pub step: u32,
    /// How long after the step before, in seconds.
    pub after_seconds: u64,
    /// The receiver that is told.
    pub receiver: String,
    /// The channels of that receiver.
    pub channels: Vec<String>,
}

/// One group that an alert belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupExplanation {
    /// The group.
    pub group_key: String,
    /// The labels by which it was formed.
    pub group_labels: Labels,
    /// The receiver of its route.
    pub receiver: String,
    /// When it is looked at next, if that is planned.
    pub next_look: Option<Timestamp>,
    /// Each of its targets.
    pub targets: Vec<TargetExplanation>,
}

/// One target and what it knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TargetExplanation {
    /// The channel.
    pub channel: String,
    /// Its target; empty where it has but one.
    pub target: String,
    /// Where the alert stands on its way there.
    #[serde(flatten)]
    pub stage: Stage,
}

/// Where an alert stands on its way to one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The target knows everything.
    Told {
        /// What it was told last.
        status: Status,
        /// When.
        at: Timestamp,
        /// When it is told again if nothing changes.
        repeats_at: Option<Timestamp>,
    },
    /// The target refused it for good; the fallback channel was told where there is one.
    Refused {
        /// When.
        at: Timestamp,
    },
    /// Silences keep it back.
    Silenced {
        /// Which.
        by: Vec<SilenceId>,
        /// When the last of them ends, as far as no interval ends it earlier.
        until: Timestamp,
    },
    /// Another alert keeps it back.
    Inhibited {
        /// Which.
        by: Fingerprint,
    },
    /// Named times keep its route quiet.
    Muted {
        /// Which.
        by: Vec<String>,
    },
    /// It changes so often that it is summed up.
    Flapping {
        /// When the next digest is due.
        digest_at: Option<Timestamp>,
    },
    /// The group waits for further alerts, or for its interval.
    Grouped {
        /// Until then.
        until: Timestamp,
    },
    /// A notification waits.
    Queued {
        /// Which.
        delivery: DeliveryId,
        /// Attempts made so far.
        attempts: u32,
        /// The next attempt, not before then.
        not_before: Timestamp,
        /// The channel or the target asked to be left alone until then.
        throttled_until: Option<Timestamp>,
    },
    /// A notification is being sent.
    InFlight {
        /// Which.
        delivery: DeliveryId,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The channel or the target is switched off, and nobody takes over.
    Disabled {
        /// Since when.
        since: Timestamp,
        /// Why.
        detail: String,
    },
    /// It ended before it could be told, and nothing is said of it.
    Dropped,
    /// Nothing is planned: it is told at the next look.
    Due,
}

impl Pipeline {
    /// Where the alert stands in each of its groups.
    pub(crate) fn explain(&self, fingerprint: Fingerprint, now: Timestamp) -> Vec<GroupExplanation> {
        let Some(known) = self.alerts.get(&fingerprint) else {
            return Vec::new();
        };
        let keys = self.memberships.get(&fingerprint).into_iter().flatten();
        keys.filter_map(|key| {
            let group = self.groups.get(key)?;
            let node = self.setup.tree.node(group.route)?;
            let mut lanes: BTreeSet<LaneKey> = self.lanes_of(&node.receiver);
            lanes.extend(group.listening().cloned());
            let target = |lane: &LaneKey| TargetExplanation {
                channel: lane.channel.to_string(),
                target: lane.target.to_string(),
                stage: self.stage(key, group, known, lane, now),
            };
            Some(GroupExplanation {
                group_key: key.clone(),
                group_labels: group.labels.clone(),
                receiver: node.receiver.clone(),
                next_look: group.timer,
                targets: lanes.iter().map(target).collect(),
            })
        })
        .collect()
    }

    /// The escalation chain of the alert, and to whom its steps lead.
    pub(crate) fn explain_chain(&self, fingerprint: Fingerprint) -> Vec<EscalationExplanation> {
        let known = self.alerts.get(&fingerprint);
        let chain = known.and_then(|known| self.chain_of(known));
        let steps = chain.map(Escalation::steps).unwrap_or_default();
        (1..)
            .zip(steps)
            .map(|(number, step)| EscalationExplanation {
                step: number,
                after_seconds: step.after.as_secs(),
                receiver: step.receiver.clone(),
                channels: self.setup.tree.channels(&step.receiver).to_vec(),
            })
            .collect()
    }

    fn stage(&self, key: &str, group: &Group, known: &Known, lane_key: &LaneKey, now: Timestamp) -> Stage {
        if let Some(stage) = self.on_its_way(key, known, lane_key, now) {
            return stage;
        }
        let told = group.told(lane_key, known.facts.fingerprint);
        if let Some(told) = told.filter(|told| told.seq == known.seq) {
            return self.told_stage(group, known, told);
        }
        if let Some(disabled) = self.disabled(lane_key) {
            return disabled;
        }
        self.held_stage(group, known, told, now)
            .unwrap_or(match group.flush_at {
                Some(until) if until > now => Stage::Grouped { until },
                _ => Stage::Due,
            })
    }

    fn on_its_way(&self, key: &str, known: &Known, lane_key: &LaneKey, now: Timestamp) -> Option<Stage> {
        let lane = self.lanes.get(lane_key)?;
        let item = lane.about(key).find(|item| {
            let part = |part: &&super::lane::Content| part.fingerprint == known.facts.fingerprint;
            item.content.iter().any(|content| part(&content))
        })?;
        let notification = &item.notification;
        if lane.is_flying(item) {
            return Some(Stage::InFlight {
                delivery: notification.id,
                attempt: notification.attempt,
            });
        }
        if let Some(disabled) = self.disabled(lane_key) {
            return Some(disabled);
        }
        let of_channel = self
            .channels
            .get(&*lane_key.channel)
            .and_then(|standing| standing.rest_until);
        Some(Stage::Queued {
            delivery: notification.id,
            attempts: notification.attempt.saturating_sub(1),
            not_before: item.not_before,
            throttled_until: of_channel
                .max(lane.standing.rest_until)
                .filter(|until| now < *until),
        })
    }

    fn told_stage(&self, group: &Group, known: &Known, told: Told) -> Stage {
        if !told.delivered {
            return Stage::Refused { at: told.at };
        }
        if !known.is_firing() && told.status == Status::Resolved && !known.held.is_empty() {
            return Stage::Dropped;
        }
        let repeats = known.is_firing() && known.acknowledgement.is_none();
        Stage::Told {
            status: told.status,
            at: told.at,
            repeats_at: self
                .setup
                .tree
                .node(group.route)
                .filter(|_| repeats)
                .map(|node| told.at + node.repeat_interval),
        }
    }

    fn held_stage(&self, group: &Group, known: &Known, told: Option<Told>, now: Timestamp) -> Option<Stage> {
        let muted = self
            .setup
            .tree
            .node(group.route)
            .map(|node| self.setup.tree.muted_by(node, now))
            .unwrap_or_default();
        if !muted.is_empty() {
            return Some(Stage::Muted { by: muted });
        }
        let knows_it_fires = told.is_some_and(|told| told.status == Status::Firing);
        if known.is_firing() || !knows_it_fires {
            let silences: Vec<_> = self.silenced_by(known, now).collect();
            if let Some(until) = silences.iter().map(|silence| silence.ends_at).max() {
                return Some(Stage::Silenced {
                    by: silences.iter().map(|silence| silence.id).collect(),
                    until,
                });
            }
            let inhibition = super::Inhibition::new(&self.setup.inhibit, self.alerts.values());
            if let Some(by) = inhibition.by(&self.setup.inhibit, known) {
                return Some(Stage::Inhibited { by });
            }
        }
        known.flap.since.map(|_| Stage::Flapping {
            digest_at: known.flap.digest_at,
        })
    }

    fn disabled(&self, key: &LaneKey) -> Option<Stage> {
        let of_channel = self
            .channels
            .get(&*key.channel)
            .and_then(|standing| standing.disabled.as_ref());
        let of_lane = self
            .lanes
            .get(key)
            .and_then(|lane| lane.standing.disabled.as_ref());
        of_channel.or(of_lane).map(|disabled| Stage::Disabled {
            since: disabled.at,
            detail: disabled.detail.clone(),
        })
    }
}
