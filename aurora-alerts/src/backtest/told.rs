use std::collections::BTreeMap;

use serde::Serialize;

use crate::notification::{Notification, Reason, Status};
use crate::pipeline::LaneKey;
use crate::rule::Severity;

/// The most targets, and the most rules with their targets, that are counted apart.
const MOST_ROWS: usize = 10_000;

/// How many notifications would have been delivered, by their reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NotificationCounts {
    /// All of them.
    pub total: u64,
    /// Those of changes with something that fires.
    pub firing: u64,
    /// Those of changes after which all that they name is over.
    pub resolved: u64,
    /// Those that said again that something still fires.
    pub repeated: u64,
    /// Those of a step of an escalation chain.
    pub escalated: u64,
    /// Those that summed up alerts that change too often.
    pub flapping: u64,
    /// Those that told together what had to wait.
    pub digests: u64,
}

/// How often one target of a channel would have been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetNotifications {
    /// The channel.
    pub channel: String,
    /// The target; empty where the channel has but one.
    pub target: String,
    /// How often.
    #[serde(flatten)]
    pub counts: NotificationCounts,
}

/// How often one target of a channel would have been told of one rule at one severity.
///
/// A notification that names alerts of several rules counts for each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleNotifications {
    /// The rule, or the name of a posted alert.
    pub rule: String,
    /// How bad its alerts are.
    pub severity: Severity,
    /// The channel.
    pub channel: String,
    /// The target; empty where the channel has but one.
    pub target: String,
    /// How often.
    #[serde(flatten)]
    pub counts: NotificationCounts,
}

/// Who was told of what; names come from outside, so that their number has a limit.
#[derive(Debug, Default)]
pub(super) struct Told {
    targets: BTreeMap<LaneKey, NotificationCounts>,
    rules: BTreeMap<LaneKey, BTreeMap<(Severity, String), NotificationCounts>>,
    rows: usize,
    left_out: u64,
}

impl Told {
    pub(super) fn take(&mut self, lane: &LaneKey, notification: &Notification) {
        let counts = self.targets.entry(lane.clone()).or_default();
        counts.add(notification.reason, notification.status);
        // Firing where one of the rule's alerts fires: it sorts before resolved.
        let mut named: BTreeMap<(Severity, &str), Status> = BTreeMap::new();
        for alert in &notification.alerts {
            let status = named.entry((alert.severity, &alert.rule)).or_insert(alert.status);
            *status = alert.status.min(*status);
        }
        for ((severity, rule), status) in named {
            match self.row(lane, severity, rule) {
                Some(counts) => counts.add(notification.reason, status),
                None => self.left_out += 1,
            }
        }
    }

    fn row(&mut self, lane: &LaneKey, severity: Severity, rule: &str) -> Option<&mut NotificationCounts> {
        if !self.rules.contains_key(lane) {
            self.rules.insert(lane.clone(), BTreeMap::new());
        }
        let rules = self.rules.get_mut(lane)?;
        let key = (severity, rule.to_owned());
        if !rules.contains_key(&key) {
            if self.rows >= MOST_ROWS {
                return None;
            }
            self.rows += 1;
        }
        Some(rules.entry(key).or_default())
    }

    /// By channel and target; by rule, the most often told first; and how often there was no room to count.
    pub(super) fn finish(self) -> (Vec<TargetNotifications>, Vec<RuleNotifications>, u64) {
        let targets = self
            .targets
            .into_iter()
            .map(|(lane, counts)| TargetNotifications {
                channel: lane.channel.to_string(),
                target: lane.target.to_string(),
                counts,
            });
        let rules = self.rules.into_iter().flat_map(|(lane, rules)| {
            let row = move |((severity, rule), counts)| RuleNotifications {
                rule,
                severity,
                channel: lane.channel.to_string(),
                target: lane.target.to_string(),
                counts,
            };
            rules.into_iter().map(row)
        });
        let mut rules: Vec<_> = rules.collect();
        rules.sort_by(|one, other| {
            let by_total = other.counts.total.cmp(&one.counts.total);
            by_total.then_with(|| one.rule.cmp(&other.rule))
        });
        (targets.collect(), rules, self.left_out)
    }
}

impl NotificationCounts {
    fn add(&mut self, reason: Reason, status: Status) {
        self.total += 1;
        let counter = match (reason, status) {
            (Reason::Changed, Status::Firing) => &mut self.firing,
            (Reason::Changed, Status::Resolved) => &mut self.resolved,
            (Reason::Repeated, _) => &mut self.repeated,
            (Reason::Escalated, _) => &mut self.escalated,
            (Reason::Flapping, _) => &mut self.flapping,
            (Reason::Digest, _) => &mut self.digests,
            // Nobody acknowledges and nobody tries a channel.
            (Reason::Acknowledged | Reason::Test | Reason::Message, _) => return,
        };
        *counter += 1;
    }

    pub(super) const fn columns(&self) -> [u64; 7] {
        [
            self.total,
            self.firing,
            self.resolved,
            self.repeated,
            self.escalated,
            self.flapping,
            self.digests,
        ]
    }
}
